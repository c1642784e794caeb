"""The tables of an executed notebook as one Excel workbook: figures as figures, text as text, a sheet per table."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from kpitools.formats import is_figure, unit_of
from kpitools.reports.export import gather
from kpitools.reports.words.reading import Reading
from kpitools.tables import MIME, Column, Table
from kpitools.tables.sheets import TEXT, legal, sheet_name, workbook
from kpitools.tables.table import CSV_PARTS
from kpitools.views.foot import stated

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

WIDEST, NARROWEST = 60, 8
FIRST = "Report"
SPAN = {"Period": "period", "Days": "dates", "As seen at the end of": "as_of"}
DEFINED = {"label": "KPI", "unit": "Unit", "definition": "Definition", "formula": "Formula", "benchmark": "Benchmark"}


def to_workbook(notebook: Mapping[str, Any], reading: Reading | None = None) -> bytes:
    """The workbook of an executed notebook: what the report is, each of its tables, and the definitions.

    Text is written as text whatever it looks like, and stays so when its cell is edited: nothing in it is computed,
    linked or loaded.

    Args:
        notebook: a notebook of format 4 as nested mappings.
        reading: what puts captions, headings and texts into the reader's language; English where left out.

    Raises:
        ReportError: the package that writes workbooks is not installed.
    """
    said, out = gather(notebook), io.BytesIO()
    with workbook(out, title=f"{said['title']} {said.get('subject', '')}".strip(), in_memory=True) as book:
        pen = _Pen(book, reading)
        pen.report(said)
        for table in tables(notebook):
            pen.table(table)
        pen.definitions(said["definitions"])
    return out.getvalue()


def tables(notebook: Mapping[str, Any]) -> Iterator[Table]:
    """The tables that the notebook's cells put out, in their order."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if MIME in output.get("data", {}):
                yield Table.from_json(output["data"][MIME])


class _Pen:
    """Writes sheets of one workbook, all in the same hand."""

    def __init__(self, book: Workbook, reading: Reading | None) -> None:
        self._book = book
        self._reading = reading
        self._formats: dict[str, Format] = {}
        self._text = book.add_format(TEXT | {"text_wrap": True})
        self._title = book.add_format({"bold": True, "font_size": 14, "quote_prefix": True})
        self._head = book.add_format({"bold": True, "bottom": 1, "quote_prefix": True, "text_wrap": True})

    def report(self, said: Mapping[str, Any]) -> None:
        """The first sheet: what this is about and where its figures come from."""
        sheet = self._sheet(FIRST)
        self._write(sheet, 0, 0, f"{said['title']} {said.get('subject', '')}".strip(), style=self._title)
        lines = [
            ("Period", said.get("period")),
            ("Days", said.get("dates")),
            ("As seen at the end of", said.get("as_of")),
        ]
        for row, (name, value) in enumerate([*lines, *stated(said)], start=2):
            self._write(sheet, row, 0, name, style=self._head)
            self._write(sheet, row, 1, str(value or ""))
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, WIDEST)

    def table(self, table: Table) -> None:
        """A sheet of one table: its caption, its headings, its rows with their figures unrounded, its note."""
        sheet = self._sheet(table.caption)
        self._write(sheet, 0, 0, table.caption, style=self._title)
        heads = [f"{column.label}{part}" for column in table.columns for part in _parts(column)]
        for place, head in enumerate(heads):
            self._write(sheet, 2, place, head, style=self._head)
        rows = [
            [each for column, value, unit in cells for each in _values(column, value, unit)] for cells in table.cells
        ]
        for row, values in enumerate(rows, start=3):
            for place, (value, unit) in enumerate(values):
                self._write(sheet, row, place, value, unit)
        self._write(sheet, len(rows) + 4, 0, table.note)
        _fit(sheet, heads, [[value for value, _ in values] for values in rows])

    def definitions(self, several: Iterable[Mapping[str, str]]) -> None:
        """The last sheet: what each KPI means."""
        if found := list(several):
            keys = {
                "label": "KPI",
                "unit": "Unit",
                "definition": "Definition",
                "formula": "Formula",
                "benchmark": "Benchmark",
            }
            self.table(Table("Definitions", [Column(key, label) for key, label in keys.items()], found))

    def _sheet(self, wanted: str) -> Worksheet:
        sheet = self._book.add_worksheet(sheet_name(self._say(wanted), self._book.sheetnames))
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        return sheet

    def _write(self, sheet: Worksheet, row: int, place: int, value: Any, unit: str = "", *, style: Any = None) -> None:
        if isinstance(value, date):
            sheet.write_datetime(row, place, value, self._format("yyyy-mm-dd"))
        elif isinstance(value, bool):
            sheet.write_string(row, place, self._say("yes" if value else "no"), self._text)
        elif is_figure(value):
            sheet.write_number(row, place, value, self._format(number_format(unit, value)))
        elif value not in (None, ""):
            sheet.write_string(row, place, legal(self._say(str(value), cell=style is None)), style or self._text)

    def _say(self, text: str, *, cell: bool = False) -> str:
        return self._reading.text(text, cell=cell) if self._reading else text

    def _format(self, code: str) -> Format:
        if code not in self._formats:
            self._formats[code] = self._book.add_format({"num_format": code, "valign": "top"})
        return self._formats[code]


def number_format(unit: str, value: float) -> str:
    """Excel's way to show a figure of this unit; whole counts have no decimals.

    >>> number_format("percent", 63.15), number_format("currency", 10.0), number_format("count", 3)
    ('#,##0.0" %"', '#,##0', '#,##0')
    """
    style = unit_of(unit or "number")
    decimals = 0 if unit in ("", "number", "count") and float(value).is_integer() else style.decimals
    fraction = f".{'0' * decimals}" if decimals else ""
    return f'#,##0{fraction}" {style.sign}"' if style.sign else f"#,##0{fraction}"


def _parts(column: Column) -> tuple[str, ...]:
    return CSV_PARTS.get(column.kind, ("",))


def _values(column: Column, value: Any, unit: str) -> list[tuple[Any, str]]:
    """A cell's parts with the unit of each: cases and words have none of the column's."""
    parts = _parts(column)
    values = [*(value if isinstance(value, list) else [value]), *[None] * len(parts)][: len(parts)]
    units = ["count" if column.kind == "sample" else unit for _ in parts]
    return [(_dated(column, one), each) for one, each in zip(values, units, strict=True)]


def _dated(column: Column, value: Any) -> Any:
    if column.kind == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return value
    return value


def _fit(sheet: Worksheet, heads: list[str], rows: list[list[Any]]) -> None:
    """Columns as wide as what is in them, within reason; headings stay in sight."""
    for place, head in enumerate(heads):
        longest = max((len(str(row[place] or "")) for row in rows if not is_figure(row[place])), default=0)
        sheet.set_column(place, place, min(WIDEST, max(NARROWEST, len(head) + 2, longest + 2)))
    sheet.freeze_panes(3, 1)
