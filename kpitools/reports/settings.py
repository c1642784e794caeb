"""The company's own settings, as far as a report needs them: what a cut is given of `kpitools.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kpitools.config import NAME
from kpitools.errors import EvaluationError
from kpitools.model.calendar import Period, parse_period

#: The sections that change figures and what is said of them. Everything else is nothing a notebook needs to know.
SECTIONS = ("benchmarks", "flags", "formats", "kpis", "settings", "targets")
Settings = Mapping[str, Any]


def read_settings(path: Path | str | None = None) -> dict[str, Any]:
    """The sections of a settings file that `read_config` has found right, modules of KPIs as name -> source.

    Args:
        path: the file; `kpitools.toml` in the current folder where left out and there is one.
    """
    place = Path(path or NAME)
    if path is None and not place.is_file():
        return {}
    found = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    kept = {name: found[name] for name in SECTIONS if found.get(name)}
    if names := found.get("kpis", {}).get("modules"):
        files = [name if name.endswith(".py") else f"{name}.py" for name in names]
        kept["kpis"] = {"modules": {Path(name).name: (place.parent / name).read_text("utf-8") for name in files}}
    return kept


def write_settings(settings: Settings, folder: Path, members: Iterable[str | None], period: Period) -> None:
    """Write the settings into a cut, as a `kpitools.toml` of its own with the modules beside it.

    Args:
        settings: as `read_settings` gives them.
        folder: the folder of the cut.
        members: whom the cut is for: targets of others are left out.
        period: the period reported on.
    """
    said = dict(settings)
    if modules := said.pop("kpis", {}).get("modules", {}):
        for name, source in modules.items():
            (folder / name).write_text(source, encoding="utf-8")
        said["kpis"] = {"modules": list(modules)}
    if targets := own_targets(said.pop("targets", {}), members, period):
        said["targets"] = targets
    if said:
        lines = (f"{_toml(name)} = {_toml(value)}\n" for name, value in sorted(said.items()))
        (folder / NAME).write_text("".join(lines), encoding="utf-8")


def own_targets(targets: Mapping[str, Any], members: Iterable[str | None], period: Period) -> dict[str, float]:
    """The target of each KPI for a slice in a period: that of the slice, else that of everybody.

    A cut is a group whose name it does not know, so its own target is all that is said to it.

    >>> goals = {"win_rate": {"North": {"2026Q3": 40, "2026Q4": 45}, "South": 30}, "won_deals": 7}
    >>> [own_targets(goals, [name], parse_period("2026Q3")) for name in ("North", "South", "West")]
    [{'win_rate': 40, 'won_deals': 7}, {'win_rate': 30, 'won_deals': 7}, {'won_deals': 7}]
    """
    found = {kpi: _target(said, set(members), period) for kpi, said in targets.items()}
    return {kpi: value for kpi, value in found.items() if value is not None}


def _target(said: Any, members: set[str | None], period: Period) -> Any:
    if not isinstance(said, Mapping):
        return said
    own = [value for name, value in said.items() if name in members]
    general = {name: value for name, value in said.items() if name not in members and not isinstance(value, Mapping)}
    for value in (*own, general):
        if not isinstance(value, Mapping):
            return value
        for name, number in value.items():
            if _same(name, period):
                return number
    return None


def _same(name: str, period: Period) -> bool:
    try:
        asked = parse_period(name)
    except EvaluationError:
        return False
    return (asked.start, asked.end) == (period.start, period.end)


def _toml(value: Any) -> str:
    """A value as TOML in one line, tables as inline tables; names of the data stay text whatever is in them."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(name))} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
