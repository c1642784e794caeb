"""A mapping file (TOML): for files in a layout of their own, which of their columns each of ours comes from.

At the top: `folder` (relative to the mapping), and for all files `encoding`, `separator`, `decimal`, `date_format`.
Then for each table:

    [tables.deals]
    file = "sales_pipeline.csv"              # or rows = [{stage = "Open", position = 1}, ...], written down here

    [tables.deals.columns]
    deal_id = "opportunity_id"               # ours = "theirs"
    kind = { constant = "new" }              # not in the file: the same in every row
    status = { column = "stage", values = { Engaging = "open", Won = "won" } }     # every value of theirs is listed
    product_id = { column = "product", aliases = { GTXPro = "GTX Pro" } }          # single corrections
    closed_at = { column = "closed", format = "%d/%m/%Y" }
    amount = { column = "value", decimal = ",", default = "0" }
    list_amount = { fallback = { from = "products.list_price", by = "product_id", where = { status = "open" } } }

    [[tables.deals.also]]                    # a further source; without `columns` those above hold
    file = "older_deals.csv"
    distinct = true                          # one row for each key that was not there yet

`file`, `rows`, `distinct`, `encoding`, `separator`, `decimal` and `date_format` may stand in a table or an `also`.
In `values` an empty text on the right means: no value. Any other key is an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.errors import DataError, UnknownNameError
from kpitools.intake.plan import LOADED, Column, Fallback, Plan, Source
from kpitools.intake.types import Form, expected, parse

READING = ("encoding", "separator", "decimal", "date_format")
TOP = ("folder", "tables", *READING)
SOURCE = ("file", "rows", "columns", "distinct", *READING)
COLUMN = ("column", "values", "aliases", "format", "decimal", "default", "constant", "fallback")
FALLBACK = ("from", "by", "where")


@dataclass(frozen=True)
class Place:
    """A spot in a mapping file: for messages, and to read from it what may stand there and nothing else."""

    file: str
    path: str

    def __str__(self) -> str:
        return f"[{self.path}] of {self.file}" if self.path else self.file

    def at(self, key: str) -> Place:
        """The spot one level down."""
        return Place(self.file, f"{self.path}.{key}" if self.path else key)

    def wrong(self, found: object, wanted: str) -> DataError:
        """The error for a value of the wrong type."""
        return DataError(f"{self} is {found!r}. Write {wanted}.")

    def table(self, found: Any, allowed: Collection[str] | None = None) -> dict[str, Any]:
        """A TOML table, with no keys but the allowed ones."""
        if not isinstance(found, dict):
            raise self.wrong(found, "a table of keys and values")
        for key in found if allowed is not None else ():
            if key not in (allowed or ()):
                raise UnknownNameError(f"key in {self}", key, allowed or ())
        return found

    def text(self, found: Any) -> str:
        """A text."""
        if not isinstance(found, str):
            raise self.wrong(found, "a text in quotes")
        return found

    def cell(self, found: Any) -> str:
        """A value as the text it would have in a file."""
        if isinstance(found, bool):
            return str(found).lower()
        if isinstance(found, str | int | float):
            return str(found)
        if isinstance(found, date):
            return found.isoformat()
        raise self.wrong(found, "a text, a number, a date, true or false")

    def cells(self, found: Any) -> dict[str, str]:
        """A table of such values."""
        return {key: self.at(key).cell(value) for key, value in self.table(found).items()}


def of_mapping(path: Path, *, folder: Path | None = None) -> Plan:
    """The plan of a mapping file; `folder` instead of the one it names.

    Raises:
        DataError: no such file or folder, no TOML, a value of the wrong type, a table without its key.
        UnknownNameError: a key, table, column or file that there is not.
    """
    if not path.is_file():
        raise DataError(f"There is no mapping file {path}. Name a mapping (.toml) or a folder of CSV or Parquet files.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is no TOML in UTF-8: {error}. Mend that place.") from None
    place = Place(path.name, "")
    top = place.table(found, TOP)
    home = folder or path.parent / place.at("folder").text(top.get("folder", "."))
    if not home.is_dir():
        raise DataError(f"There is no folder {home}, which {path.name} reads from. Mend its folder, or name another.")
    tables = place.at("tables").table(top.get("tables", {}), LOADED)
    if not tables:
        raise DataError(f"{path.name} names no table. Begin with [tables.deals].")
    inherited = {key: top[key] for key in READING if key in top}
    sources = {name: _sources(name, tables[name], inherited, home, place.at(f"tables.{name}")) for name in tables}
    _check_fallbacks(sources)
    return Plan(path.name, path.resolve().parent, sources, text=f"{text}\n{path.name}")


def _sources(name: str, found: Any, inherited: Mapping[str, Any], home: Path, place: Place) -> tuple[Source, ...]:
    main = place.table(found, (*SOURCE, "also"))
    further = main.get("also", [])
    if not isinstance(further, list):
        raise place.at("also").wrong(further, f"[[{place.path}.also]]")
    first = {key: value for key, value in main.items() if key != "also"}
    if {"rows", "columns"} <= first.keys():
        raise DataError(f"{place} has rows, which bear our names already: leave its columns out.")
    below = {**inherited, **{key: main[key] for key in (*READING, "columns") if key in main}}
    return (
        _source(name, {**inherited, **first}, home, place),
        *(_source(name, {**below, **place.at("also").table(also, SOURCE)}, home, place.at("also")) for also in further),
    )


def _source(name: str, found: Mapping[str, Any], home: Path, place: Place) -> Source:
    if ("file" in found) == ("rows" in found):
        raise DataError(f"{place} needs either a file or rows, and not both.")
    form = _form(found, place)
    columns = None
    if "columns" in found and "rows" not in found:
        table = place.at("columns").table(found["columns"])
        columns = {
            ours: _column(name, ours, theirs, form, place.at(f"columns.{ours}")) for ours, theirs in table.items()
        }
        _needs_key(name, columns, place)
    return Source(
        file=_file(home, found["file"], place.at("file")) if "file" in found else None,
        rows=_rows(name, found["rows"], place.at("rows")) if "rows" in found else (),
        columns=columns,
        distinct=_yes(found.get("distinct", False), place.at("distinct")),
        encoding=place.at("encoding").text(found["encoding"]) if "encoding" in found else None,
        separator=_one_sign(found["separator"], place.at("separator")) if "separator" in found else None,
        path=place.path,
        mapping=place.file,
    )


def _file(home: Path, found: Any, place: Place) -> Path:
    path = home / place.text(found)
    if not path.is_file():
        there_are = [file.name for file in home.iterdir() if file.is_file()]
        raise UnknownNameError(f"file in {home}", str(found), there_are, hint=f"Mend {place}.")
    return path


def _rows(name: str, found: Any, place: Place) -> tuple[Mapping[str, str], ...]:
    if not isinstance(found, list):
        raise place.wrong(found, 'a list of rows: [{stage = "Open", position = 1}]')
    for row in found:
        for column in place.table(row):
            _known(name, column, place)
    return tuple(place.cells(row) for row in found)


def _column(name: str, ours: str, found: Any, form: Form, place: Place) -> Column:
    _known(name, ours, place)
    if isinstance(found, str):
        return Column(column=found, form=form)
    said = place.table(found, COLUMN)
    if ("column" in said) + ("constant" in said) > 1 or not {"column", "constant", "fallback"} & said.keys():
        raise DataError(f"{place} needs a column, or a constant, or a fallback; and not a column with a constant.")
    for key in said.keys() & {"constant", "default"}:
        _a_value(name, ours, place.at(key).cell(said[key]), place.at(key))
    written = {**said, **({"date_format": said["format"]} if "format" in said else {})}
    return Column(
        column=place.at("column").text(said["column"]) if "column" in said else None,
        values=place.at("values").cells(said["values"]) if "values" in said else None,
        aliases=place.at("aliases").cells(said.get("aliases", {})),
        form=_form(written, place, inherited=form),
        default=place.at("default").cell(said["default"]) if "default" in said else None,
        constant=place.at("constant").cell(said["constant"]) if "constant" in said else None,
        fallback=_fallback(name, said["fallback"], place.at("fallback")) if "fallback" in said else None,
    )


def _fallback(name: str, found: Any, place: Place) -> Fallback:
    said = place.table(found, FALLBACK)
    if not {"from", "by"} <= said.keys():
        raise DataError(f'{place} needs from = "table.column" and by = "the column that holds its key".')
    table, _, column = place.at("from").text(said["from"]).partition(".")
    if table not in LOADED:
        raise UnknownNameError("table", table, LOADED, hint=f"Mend {place.at('from')}.")
    _known(table, column, place.at("from"))
    by = place.at("by").text(said["by"])
    where = {key: _some(value, place.at(f"where.{key}")) for key, value in said.get("where", {}).items()}
    for own in (by, *where):
        _known(name, own, place)
    return Fallback(table, column, by, where)


def _some(found: Any, place: Place) -> tuple[str, ...]:
    return tuple(map(place.cell, found)) if isinstance(found, list) else (place.cell(found),)


def _form(found: Mapping[str, Any], place: Place, *, inherited: Form | None = None) -> Form:
    before = inherited or Form()
    dates, decimal = found.get("date_format", list(before.dates)), found.get("decimal", before.decimal)
    if decimal not in (None, ".", ","):
        raise place.at("decimal").wrong(decimal, '"," or "."')
    return Form(tuple(map(place.text, dates if isinstance(dates, list) else [dates])), decimal)


def _known(name: str, column: str, place: Place) -> None:
    if column not in LOADED[name].column_names():
        raise UnknownNameError(f"column of {name}", column, LOADED[name].column_names(), hint=f"Mend {place}.")


def _a_value(name: str, column: str, text: str, place: Place) -> None:
    dtype = LOADED[name].columns()[column].dtype
    if parse(pl.Series([text]), dtype).item() is None:
        raise DataError(f"{place} is {text!r}: {expected(dtype)}.")


def _needs_key(name: str, columns: Collection[str], place: Place) -> None:
    missing = [key for key in LOADED[name].primary_key() if key not in columns]
    if missing:
        raise DataError(f"{place.at('columns')} lacks {' and '.join(missing)}, the key of {name}. Say where it is.")


def _yes(found: Any, place: Place) -> bool:
    if not isinstance(found, bool):
        raise place.wrong(found, "true or false")
    return found


def _one_sign(found: Any, place: Place) -> str:
    if len(place.text(found).encode()) != 1 or found in '"\n\r':
        raise place.wrong(found, 'one sign, for example ";"')
    return str(found)


def _check_fallbacks(tables: Mapping[str, tuple[Source, ...]]) -> None:
    for name, sources in tables.items():
        for source in sources:
            for ours, column in (source.columns or {}).items():
                if column.fallback:
                    _check_fallback(
                        column.fallback, source, tables, hint=f"Mend {ours} of {name} in {source.place('columns')}."
                    )


def _check_fallback(fallback: Fallback, source: Source, tables: Collection[str], *, hint: str) -> None:
    if fallback.table not in tables:
        raise UnknownNameError("table in this mapping", fallback.table, tables, hint=hint)
    for own in (fallback.by, *fallback.where):
        if own not in (source.columns or {}):
            raise UnknownNameError("column in this mapping", own, source.columns or {}, hint=hint)
