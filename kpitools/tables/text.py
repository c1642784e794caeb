"""A table in columns of fixed width."""

from __future__ import annotations

import textwrap
from itertools import starmap
from typing import Any
from unicodedata import category, east_asian_width

from kpitools.tables.cells import TO_THE_RIGHT, cell_text, plain_text, row_name
from kpitools.tables.table import Column, Table


def fixed_width(table: Table) -> str:
    """The table for a terminal: caption, headings, rows, note."""
    lines = [[_text(*cell, first=at == 0) for at, cell in enumerate(cells)] for cells in table.cells]
    heads = [plain_text(column.label) for column in table.columns]
    widths = [max(map(width, column)) for column in zip(heads, *lines, strict=True)]
    body = [_line(table.columns, texts, widths) for texts in (heads, ["-" * size for size in widths], *lines)]
    empty = [] if lines else ["No data"]
    return "\n".join([plain_text(table.caption), *body, *empty, *textwrap.wrap(table.note, 100)])


def _text(column: Column, value: Any, unit: str, *, first: bool) -> str:
    return row_name(value, unit) if first and column.kind == "text" else cell_text(column.kind, value, unit)


def width(text: str) -> int:
    """How many columns of a terminal a text takes.

    >>> width("Ann"), width("李"), width("🚀")
    (3, 2, 2)
    """
    return sum(0 if category(c) in ("Mn", "Cf") else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _line(columns: object, texts: list[str], widths: list[int]) -> str:
    return "  ".join(starmap(_padded, zip(columns, texts, widths, strict=True))).rstrip()  # type: ignore[call-overload]


def _padded(column: Column, text: str, size: int) -> str:
    space = " " * (size - width(text))
    return space + text if column.kind in TO_THE_RIGHT else text + space
