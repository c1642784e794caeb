"""Settings: the limits, caps and weights that a company may decide for itself, KPI by KPI and measure by measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from kpitools.errors import DataError, UnknownNameError
from kpitools.kpis.kpi import Kpi, weighted_mean
from kpitools.measures.attribute import Attribute
from kpitools.measures.measure import Measure, PerEntity, settings_of

Settings = Mapping[str, Mapping[str, Any]]
Declared = Kpi | Measure | PerEntity | Attribute


def settings(kpis: Mapping[str, Kpi]) -> dict[str, dict[str, Any]]:
    """What can be set for these KPIs: name of KPI, measure or attribute -> parameter -> value in force.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> settings(CATALOGUE)["stale_deals"]
    {'days': 30}
    """
    found = {each.id: _own(each) for kpi in kpis.values() for each in _through(kpi)}
    return {name: own for name, own in sorted(found.items()) if own}


def with_settings(kpis: Mapping[str, Kpi], chosen: Settings) -> dict[str, Kpi]:
    """The KPIs with some of their settings changed, in whatever they rest on.

    Raises:
        UnknownNameError: nothing of that name can be set, or it has no such setting.
        DataError: a value of another kind than the one it replaces.
    """
    known = settings(kpis)
    for name, values in chosen.items():
        if name not in known:
            raise UnknownNameError("setting of a KPI or measure", name, known)
        for key, value in values.items():
            if key not in known[name]:
                raise UnknownNameError(f"setting of {name}", key, known[name])
            _check_kind(name, key, value, known[name][key])
    done: dict[int, Any] = {}
    return {name: _changed(kpi, chosen, done) for name, kpi in kpis.items()}


def _own(declared: Declared) -> dict[str, Any]:
    if isinstance(declared, Kpi):
        return dict(declared.weights) or settings_of(declared.formula)
    return settings_of(declared.build)


def _through(declared: Any) -> Iterator[Declared]:
    """A KPI and everything it rests on."""
    if isinstance(declared, Kpi | Measure | PerEntity | Attribute):
        yield declared
    if isinstance(declared, Kpi | PerEntity):
        for anchored in declared.inputs.values():
            yield from _through(anchored.source)
    if isinstance(declared, Measure | Attribute):
        for use in declared.uses:
            yield from _through(use)


def _check_kind(name: str, key: str, value: Any, before: Any) -> None:
    kind: Any = str if isinstance(before, str) else int | float
    if not isinstance(value, kind) or isinstance(value, bool) != isinstance(before, bool):
        raise DataError(f"{name}.{key} is {before!r}; it cannot be set to {value!r}: give a value of the same kind.")


def _changed(declared: Any, chosen: Settings, done: dict[int, Any]) -> Any:
    """The same declaration over changed parts; one that nothing changes in is left as it is."""
    if id(declared) not in done:
        done[id(declared)] = _remade(declared, chosen, done)
    return done[id(declared)]


def _remade(declared: Any, chosen: Settings, done: dict[int, Any]) -> Any:
    if isinstance(declared, Kpi | PerEntity):
        inputs = {
            name: replace(anchored, source=_changed(anchored.source, chosen, done))
            for name, anchored in declared.inputs.items()
        }
        if any(inputs[name].source is not anchored.source for name, anchored in declared.inputs.items()):
            declared = replace(declared, inputs=inputs)
    elif isinstance(declared, Measure | Attribute):
        uses = tuple(_changed(use, chosen, done) for use in declared.uses)
        if any(new is not old for new, old in zip(uses, declared.uses, strict=True)):
            declared = replace(declared, uses=uses)
    else:
        return declared
    own = chosen.get(declared.id)
    if not own:
        return declared
    if isinstance(declared, Kpi) and declared.weights:
        weights = {**declared.weights, **own}
        return replace(declared, weights=weights, formula=weighted_mean(weights))
    if isinstance(declared, Kpi):
        return replace(declared, formula=partial(declared.formula, **own))
    return replace(declared, build=partial(declared.build, **own))
