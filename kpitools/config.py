"""`kpitools.toml`: a company's own settings, beside its data. Every unknown key is an error."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kpitools.errors import DataError, DeclarationError, UnknownNameError
from kpitools.evaluation.targets import Targets
from kpitools.kpis.benchmarks import check_scope
from kpitools.kpis.catalogue import CATALOGUE, kpis_of
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.settings import with_settings

NAME = "kpitools.toml"


@dataclass(frozen=True)
class Config:
    """What `kpitools.toml` says.

    Attributes:
        data: the folder or mapping file that is meant when none is named.
        fiscal_start: first month of the fiscal year, 1 to 12.
        kpis: the catalogue with the company's own KPIs, settings and benchmarks.
        flags: id of a red flag -> its limits, where they are the company's own.
        targets: KPI id -> target, or -> target by team, rep or period, or -> by team or rep and there by period.
        reports: defaults for `kpitools report`: by, templates, out, min_peers.
    """

    data: Path | None = None
    fiscal_start: int = 1
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: dict(CATALOGUE))
    targets: Targets = field(default_factory=dict)
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)


_KNOWN: dict[str, dict[str, type | tuple[type, ...]]] = {
    "calendar": {"fiscal_start": int},
    "kpis": {"modules": list},
    "reports": {"by": str, "templates": list, "out": str, "min_peers": int},
}


def read_config(path: Path | str | None = None) -> Config:
    """The settings of a file; of `kpitools.toml` in the current folder where none is named and there is one.

    Raises:
        DataError: the file is missing or is not TOML, or a value has the wrong type.
        UnknownNameError: a key or KPI there is not.
        DeclarationError: a module of KPIs that is missing or cannot be imported.
    """
    if path is None and not Path(NAME).is_file():
        return Config()
    place = Path(path or NAME)
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DataError(f"There is no settings file {place}; leave --config out or name one that exists.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{place} is not a TOML file: {error}.") from None
    return _checked(found, place)


def _checked(found: dict[str, Any], place: Path) -> Config:
    _only_known(found, ["benchmarks", "data", "flags", "settings", "targets", *_KNOWN], "setting", place)
    for section, keys in _KNOWN.items():
        _only_known(_typed(found, section, dict, place), keys, f"setting in [{section}]", place)
        for key, kind in keys.items():
            _typed(found.get(section, {}), key, kind, place)
    kpis = dict(CATALOGUE)
    for module in found.get("kpis", {}).get("modules", []):
        kpis |= own_kpis(place.parent, module)
    kpis = with_settings(kpis, _typed(found, "settings", dict, place))
    kpis = _with_benchmarks(kpis, _typed(found, "benchmarks", dict, place), place)
    targets = _typed(found, "targets", dict, place)
    _only_known(targets, kpis, "KPI", place)
    _check_numbers("targets", targets, place, depth=3)
    start = found.get("calendar", {}).get("fiscal_start", 1)
    if start not in range(1, 13):
        raise DataError(f"{place}: fiscal_start is {start}; it is a month, 1 to 12.")
    data = _typed(found, "data", str, place)
    flags = _typed(found, "flags", dict, place)
    _check_numbers("flags", flags, place, depth=2)
    return Config(place.parent / data if data else None, start, kpis, targets, flags, found.get("reports", {}))


def _with_benchmarks(kpis: dict[str, Kpi], found: dict[str, Any], place: Path) -> dict[str, Kpi]:
    """The KPIs with the benchmarks of the scope that is chosen and the company's own."""
    own = {name: bounds for name, bounds in found.items() if name != "scope"}
    _only_known(own, kpis, "KPI", place)
    for name in own:
        kpis[name] = _with_own(kpis[name], _typed(own, name, dict, place), place)
    if scope := _typed(found, "scope", str, place):
        check_scope(scope)
        kpis = {name: kpi.in_scope(scope) for name, kpi in kpis.items()}
    return kpis


def _with_own(kpi: Kpi, bounds: dict[str, Any], place: Path) -> Kpi:
    _only_known(bounds, ("low", "high"), f"setting in [benchmarks.{kpi.id}]", place)
    _check_numbers(f"benchmarks.{kpi.id}", bounds, place)
    low, high = bounds.get("low"), bounds.get("high")
    if not bounds or (low is not None and high is not None and low > high):
        raise DataError(f"{place}: [benchmarks.{kpi.id}] is {bounds}; give low, high or both, the lower one as low.")
    return kpi.with_own_benchmark(low, high)


def _check_numbers(what: str, found: Mapping[str, Any], place: Path, *, depth: int = 1) -> None:
    """Refuse what is neither a number nor, as far down as `depth`, a table of such."""
    for name, value in found.items():
        if isinstance(value, dict) and depth > 1:
            _check_numbers(f"{what}.{name}", value, place, depth=depth - 1)
        elif not isinstance(value, int | float) or isinstance(value, bool):
            raise DataError(f"{place}: {what}.{name} is {value!r}; it must be a number.")


def own_kpis(folder: Path, name: str) -> dict[str, Kpi]:
    """The KPIs that a user's module declares: `my_kpis` or `my_kpis.py` beside the settings file.

    Raises:
        DeclarationError: there is no such module, it cannot be imported, or it declares none.
    """
    path = folder / (name if name.endswith(".py") else f"{name}.py")
    if not path.is_file():
        raise DeclarationError(f"There is no module of KPIs at {path}; `modules` in {NAME} names files beside it.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except DeclarationError:
        raise
    except Exception as error:
        raise DeclarationError(f"{path} cannot be imported: {type(error).__name__}: {error}.") from error
    return _declared(module, path)


def _declared(module: ModuleType, path: Path) -> dict[str, Kpi]:
    found = kpis_of(module)
    if not found:
        raise DeclarationError(f"{path} declares no KPI; decorate a function with @kpi(...).")
    if twice := sorted(found.keys() & CATALOGUE.keys()):
        raise DeclarationError(
            f"{path} declares {', '.join(twice)}, which the catalogue has already; choose another name."
        )
    return found


def _only_known(found: Iterable[str], known: Iterable[str], what: str, place: Path) -> None:
    known = list(known)
    for name in found:
        if name not in known:
            raise UnknownNameError(what, name, known, hint=f"(in {place})")


def _typed(found: Mapping[str, Any], key: str, kind: Any, place: Path) -> Any:
    value = found.get(key, kind())
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{place}: {key} must be a {kind.__name__}, not {value!r}.")
    return value
