"""Rows as files that a spreadsheet opens: written whole or not at all, with no text that it would compute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from kpitools.errors import ReportError
from kpitools.formats import format_number, harmless, is_figure
from kpitools.formats.whole import whole
from kpitools.tables.sheets import TEXT, legal, sheet_name, workbook

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: Rows of a sheet, its heading included; digits of a number that Excel keeps; the year in which its days begin.
MOST_ROWS, MOST_DIGITS, FIRST_YEAR = 1_048_576, 15, 1900
WIDEST, NARROWEST = 60, 10
#: How Excel shows what is of these kinds; all else as it usually does.
SHOWN = {pl.Date: "yyyy-mm-dd", pl.Datetime: "yyyy-mm-dd hh:mm:ss"}

Put = Callable[["Worksheet", int, int, Any, "Format | None"], object]


def write_csv(frame: pl.DataFrame, path: Path) -> Path:
    """Write rows as CSV: UTF-8 with a byte-order mark, ISO dates, figures unrounded.

    A text that a spreadsheet would take for a formula gets an apostrophe.

    Args:
        frame: the rows.
        path: the file; a file of that name is replaced, and its folder is made where there is none.

    Raises:
        ReportError: a column holds lists or records, which a cell cannot.
    """
    _check(frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part:
        harmless(frame).write_csv(part, include_bom=True, datetime_format="%Y-%m-%d %H:%M:%S%.f")
    return path


def write_xlsx(frame: pl.DataFrame, path: Path, *, title: str) -> Path:
    """Write rows as a workbook of one sheet: days as days, figures as figures, and every text as text.

    Args:
        frame: the rows.
        path: the file; a file of that name is replaced, and its folder is made where there is none.
        title: what the rows are: the name of the sheet.

    Raises:
        ReportError: XlsxWriter is not installed, there are more rows than a sheet holds, or a column holds lists or
            records, which a cell cannot.
    """
    _check(frame)
    if frame.height >= MOST_ROWS:
        raise ReportError(
            f"A sheet of Excel holds {format_number(MOST_ROWS - 1)} rows; these are {format_number(frame.height)}."
            " Narrow the slice or the search, or export CSV, which has no limit."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as part, workbook(str(part), title=title, constant_memory=True) as book:
        _sheet(book, frame, title)
    return path


def _check(frame: pl.DataFrame) -> None:
    if nested := [name for name, kind in frame.schema.items() if kind.is_nested()]:
        raise ReportError(f"A cell holds one value; these columns hold several: {', '.join(nested)}. Leave them out.")


def _sheet(book: Workbook, frame: pl.DataFrame, title: str) -> None:
    sheet = book.add_worksheet(sheet_name(title, []))
    text, head = book.add_format(TEXT), book.add_format({"bold": True, "bottom": 1, "quote_prefix": True})
    columns = [
        (_put(kind), book.add_format({"num_format": SHOWN[kind.base_type()]}) if kind.base_type() in SHOWN else text)
        for kind in frame.dtypes
    ]
    for place, (name, series) in enumerate(frame.to_dict().items()):
        sheet.set_column(place, place, _width(name, series))
        sheet.write_string(0, place, legal(name), head)
    for number, row in enumerate(frame.iter_rows(), start=1):
        for place, value in enumerate(row):
            if value is not None:
                put, shown = columns[place]
                put(sheet, number, place, value, shown)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _width(name: str, series: pl.Series) -> float:
    longest: Any = series.str.len_chars().max() if series.dtype == pl.String else 0
    return min(WIDEST, max(NARROWEST, len(name) + 4, 2 + (longest or 0)))


def _put(kind: pl.DataType) -> Put:
    """How values of this kind get into their cells."""
    if kind == pl.Boolean:
        return lambda sheet, row, place, value, shown: sheet.write_boolean(row, place, value)
    if kind.is_numeric():
        return _put_number
    return _put_day if kind.base_type() in SHOWN else _put_text


def _put_text(sheet: Worksheet, row: int, place: int, value: Any, shown: Format | None) -> None:
    sheet.write_string(row, place, legal(str(value)), shown)


def _put_number(sheet: Worksheet, row: int, place: int, value: Any, shown: Format | None) -> None:
    if isinstance(value, int) and len(str(abs(value))) > MOST_DIGITS:
        _put_text(sheet, row, place, value, shown)
    elif is_figure(number := float(value)):
        sheet.write_number(row, place, number)


def _put_day(sheet: Worksheet, row: int, place: int, value: date, shown: Format | None) -> None:
    if value.year < FIRST_YEAR:
        _put_text(sheet, row, place, value.isoformat(), None)
    else:
        sheet.write_datetime(row, place, value.replace(tzinfo=None) if isinstance(value, datetime) else value, shown)
