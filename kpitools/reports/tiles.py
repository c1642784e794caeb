"""The page's first figures, large: those of its scorecard, each with its interval, what it is compared with, and how it
stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kpitools.formats import format_difference, format_interval, format_value, heading, is_figure
from kpitools.tables import Table
from kpitools.tables.cells import STATUS, parts

MOST = 6


@dataclass(frozen=True)
class Tile:
    """One figure in words; what there is nothing to say of is empty, and so is a unit that the figures bear."""

    label: str
    unit: str
    value: str
    interval: str
    against: str
    status: str
    benchmark: str
    benchmark_status: str
    small: bool

    @staticmethod
    def sign(status: str) -> str:
        """The sign beside a status, so that colour is never the only one."""
        return STATUS.get(status, "")


def tiles(tables: Iterable[Mapping[str, Any]]) -> list[Tile]:
    """The first rows of the first scorecard among tables as plain data; none where there is no scorecard.

    >>> from kpitools.tables import Column
    >>> columns = [Column("kpi", "KPI"), Column("value", "Value", "number"), Column("interval", "", "interval")]
    >>> row = {"kpi": "Win rate", "unit": "percent", "value": 59.7, "interval": [47.2, 71.0]}
    >>> tiles([Table("Core figures", columns, [row]).to_json()])[0].interval
    '47–71 %'
    """
    for content in tables:
        table = Table.from_json(content)
        names = {column.key: column.label for column in table.columns}
        if {"kpi", "value", "interval"} <= names.keys():
            return [_tile(dict(row), names) for row in list(table.rows)[:MOST]]
    return []


def _tile(row: Mapping[str, Any], names: Mapping[str, str]) -> Tile:
    label, unit = str(row["kpi"]), str(row.get("unit", "number"))
    lower, upper, _ = parts(row.get("interval"))
    _, difference, status = parts(row.get("previous"))
    words, stands, _ = parts(row.get("benchmark"))
    return Tile(
        label=label,
        unit=heading(label, unit).removeprefix(label).strip(),
        value=format_value(row["value"], unit, short=True),
        interval=format_interval(lower, upper, unit) if is_figure(lower) and is_figure(upper) else "",
        against=f"{format_difference(difference, unit, short=True)} to the {names['previous'].lower()}"
        if is_figure(difference)
        else "",
        status=str(status or ""),
        benchmark="" if words in (None, "none") else str(words),
        benchmark_status=str(stands or ""),
        small=bool(parts(row.get("n"))[1]),
    )
