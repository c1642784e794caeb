"""A small table that is data first: it becomes HTML, text, CSV or JSON, and comes back from JSON unchanged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, cast

import polars as pl

from kpitools.errors import DataError, UnknownNameError
from kpitools.formats import UNITS, is_figure, spreadsheet_safe, unit_of

MIME = "application/vnd.kpitools.table+json"
KINDS = ("text", "number", "comparison", "interval", "sample", "status", "benchmark", "spark", "date")
CSV_PARTS = {
    "interval": (" lower", " upper"),
    "sample": ("", " small"),
    "comparison": ("", " difference", " status"),
    "benchmark": ("", " status"),
    "spark": (),
}


@dataclass(frozen=True)
class Column:
    """One column: where its cells are in a row, what it is called, and what they are.

    Args:
        key: The key of the cell in a row.
        label: The heading.
        kind: "text"; "number" (a figure); "comparison" ([figure, difference, status]); "interval" ([lower, upper]);
            "sample" (a number of cases, or [cases, small]); "status" ("better", "worse", "level", "within", ...);
            "benchmark" ([words, status]); "spark" (a list of figures, oldest first); "date".
        unit: The unit of its figures. Left out, each row may say its own under the key `unit`.
    """

    key: str
    label: str
    kind: str = "text"
    unit: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError("kind of column", self.kind, KINDS)
        if self.unit:
            unit_of(self.unit)


@dataclass(frozen=True)
class Table:
    """A caption, columns, rows and a note. The first column names the row; a folded table opens on a click.

    >>> table = Table("Win rate", [Column("rep", "Rep"), Column("rate", "Win rate", "number", "percent")],
    ...               [{"rep": "Ann", "rate": 63.15}, {"rep": "Bob", "rate": None}])
    >>> print(table.to_text())
    Win rate
    Rep  Win rate
    ---  --------
    Ann    63.2 %
    Bob         –
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]] | pl.DataFrame
    note: str = ""
    folded: bool = False

    def __post_init__(self) -> None:
        rows = self.rows.to_dicts() if isinstance(self.rows, pl.DataFrame) else self.rows
        kept = [*(column.key for column in self.columns), "unit"]
        plain_rows = tuple({key: plain(row[key]) for key in kept if key in row} for row in rows)
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", plain_rows)

    @property
    def cells(self) -> list[list[tuple[Column, Any, str]]]:
        """The rows as column, value and unit of each cell."""
        rows = cast(Sequence[Mapping[str, Any]], self.rows)
        return [[(column, row.get(column.key), self._unit(column, row)) for column in self.columns] for row in rows]

    @staticmethod
    def _unit(column: Column, row: Mapping[str, Any]) -> str:
        unit = column.unit or str(row.get("unit"))
        return unit if unit in UNITS else "number"

    def to_json(self) -> dict[str, Any]:
        """The whole table as plain data, for `Table.from_json`."""
        columns = [asdict(column) for column in self.columns]
        return {
            "caption": self.caption,
            "columns": columns,
            "rows": [dict(row) for row in self.rows],
            "note": self.note,
            "folded": self.folded,
        }

    @classmethod
    def from_json(cls, obj: Any) -> Table:
        """The table that `to_json` wrote; raises DataError for anything else."""
        try:
            columns = [Column(**checked(column, Column)) for column in obj["columns"]]
            return cls(**checked({**obj, "columns": columns, "rows": [dict(row) for row in obj["rows"]]}, cls))
        except (TypeError, KeyError, ValueError, AttributeError, UnknownNameError) as error:
            raise DataError(f"This is not a table written by kpitools: {error}") from error

    def to_html(self, links: Mapping[str, str] = MappingProxyType({})) -> str:
        """The table as an HTML fragment without style or script; `table.css` dresses it.

        Args:
            links: addresses for headings and names of rows: those of the definitions on a page.
        """
        from kpitools.tables.html import fragment

        return fragment(self, links)

    def to_text(self) -> str:
        """The table in columns of fixed width, for a terminal."""
        from kpitools.tables.text import fixed_width

        return fixed_width(self)

    def to_csv(self) -> str:
        """The figures unrounded, one line a row; text that a spreadsheet would compute is made harmless."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([spreadsheet_safe(name) for column in self.columns for name in csv_names(column)])
        writer.writerows([value for cell in cells for value in csv_values(*cell[:2])] for cells in self.cells)
        return out.getvalue()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from kpitools.tables.html import with_style

        return {MIME: self.to_json(), "text/html": with_style(self.to_html()), "text/plain": self.to_text()}


def plain(value: Any) -> Any:
    """A value as JSON knows it; what is not finite is no figure."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if isinstance(value, Iterable):
        return [plain(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        number = value if isinstance(value, int) else float(value)
        return number if is_figure(number) else None
    return str(value)


def checked(part: Any, kind: type) -> dict[str, Any]:
    """The fields of a table or a column; raises ValueError where one is unknown or is no text that should be."""
    known = {field.name for field in fields(kind)}
    if unknown := set(part) - known:
        raise ValueError(f"unknown {sorted(unknown)}")
    if not isinstance(part.get("folded", False), bool):
        raise ValueError("folded is yes or no")
    if not all(isinstance(value, str) for name, value in part.items() if name not in ("columns", "rows", "folded")):
        raise ValueError("caption, note and the facts of a column are text")
    return dict(part)


def csv_names(column: Column) -> list[str]:
    """The CSV headings of a column: the parts of a cell get one each."""
    return [column.label + part for part in CSV_PARTS.get(column.kind, ("",))]


def csv_values(column: Column, value: Any) -> list[Any]:
    """The CSV values of a cell, as many as there are headings."""
    count = len(csv_names(column))
    values = value if isinstance(value, list) else [value]
    padded = [*values, *[None] * count][:count]
    return [spreadsheet_safe(part) if isinstance(part, str) else part for part in padded]
