"""A file's columns become ours: translated, corrected, typed; what could not be read is marked, never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import polars as pl

from kpitools.errors import DataError, UnknownNameError, shortened
from kpitools.intake.plan import Column, Source
from kpitools.intake.raw import ROW, Raw
from kpitools.intake.types import PLAIN, expected, parse
from kpitools.model.tables import Table

#: Marks beside a column: its text is no value of the type; its value has no translation.
UNREAD, UNKNOWN = "unread|", "unknown|"


def columns_of(raw: Raw, source: Source, table: type[Table]) -> dict[str, Column]:
    """How each of our columns is filled: as the mapping says, or by the columns of the same name.

    Raises:
        UnknownNameError: the mapping names a column that the file lacks.
        DataError: the file lacks the key.
    """
    if source.columns is None:
        missing = [key for key in table.primary_key() if key not in raw.schema]
        if missing:
            raise DataError(_no_key(raw, missing, table.name))
        return {name: Column(column=name) for name in table.column_names() if name in raw.schema}
    for ours, column in source.columns.items():
        if column.column is not None and column.column not in raw.schema:
            hint = f"Mend {ours} in {source.place('columns')}."
            raise UnknownNameError(f"column in {raw.file}", column.column, raw.schema, hint=hint)
    return dict(source.columns)


def left_out(raw: Raw, source: Source, table: type[Table]) -> str | None:
    """A note on the columns of a file that no column of the table bears the name of."""
    own = table.column_names()
    unknown = [name for name in raw.schema if name not in own] if source.columns is None else []
    if not unknown:
        return None
    names = ", ".join(_with_nearest(name, own) for name in unknown)
    return f"{raw.file}: {table.name} has no such columns, they were left out: {names}."


def _with_nearest(unknown: str, own: list[str]) -> str:
    near = get_close_matches(unknown.casefold(), own, n=1, cutoff=0.75)
    return f'"{unknown}" (did you mean {near[0]}?)' if near else f'"{unknown}"'


def _no_key(raw: Raw, missing: list[str], table: str) -> str:
    found = list(raw.schema)
    other = next((sign for sign in (";", "\t", "|") if len(found) == 1 and sign in found[0]), None)
    remedy = (
        f'Its fields seem to be separated by {other!r}: say separator = "{other}" in a mapping.'
        if other
        else f"Name it so in the header, or say in a mapping which column it is: [tables.{table}.columns]."
    )
    return (
        f"{raw.file} lacks {' and '.join(missing)}, the key of {table}. Its columns are: {shortened(found)}. {remedy}"
    )


def shaped(raw: Raw, columns: Mapping[str, Column], table: type[Table]) -> pl.LazyFrame:
    """Our columns with our types and `ROW`, and beside a column a mark where its text could not be read.

    Raises:
        DataError: a column of a Parquet file is of a type that ours cannot be made of.
    """
    types = {ours: table.columns()[ours].dtype for ours in columns}
    direct = {ours for ours, column in columns.items() if _is_typed(raw, column)}
    texts = [_text(raw, column).alias(ours) for ours, column in columns.items() if ours not in direct]
    typed = [_cast(raw, columns[ours], ours, types[ours]) for ours in columns if ours in direct]
    frame = raw.frame.select(ROW, *texts, *[part for parts in typed for part in parts])
    lists = {ours: column.values for ours, column in columns.items() if column.values is not None}
    frame = frame.with_columns(_not_listed(ours, values) for ours, values in lists.items())
    frame = frame.with_columns(_translated(ours, columns[ours], types[ours]) for ours in columns if ours not in direct)
    parsed = [ours for ours in columns if ours not in direct and types[ours] != pl.String]
    frame = frame.with_columns(_parsed(ours, types[ours], columns[ours]) for ours in parsed)
    return frame.with_columns(part for ours in parsed for part in _marked(ours, columns[ours], types[ours]))


def marks(columns: Mapping[str, Column], names: list[str]) -> dict[str, list[str]]:
    """The marks that are beside each column."""
    return {ours: [mark + ours for mark in (UNREAD, UNKNOWN) if mark + ours in names] for ours in columns}


def unread(ours: str, column: Column, dtype: pl.DataType) -> str:
    """What is wrong with a text that could not be read."""
    return f"{ours}: {expected(dtype, column.form)}"


def _is_typed(raw: Raw, column: Column) -> bool:
    """Whether a Parquet column's own type is to be kept."""
    if column.column is None or column.values is not None or column.aliases or column.default is not None:
        return False
    return raw.schema[column.column] not in (pl.String, pl.Categorical, pl.Enum)


def _text(raw: Raw, column: Column) -> pl.Expr:
    """A cell as text without the white space around it, null where nothing is left."""
    if column.column is None:
        return pl.lit(column.constant, pl.String)
    dtype = raw.schema[column.column]
    whole = dtype.is_float() or dtype.is_decimal()
    cell = _whole_numbers(pl.col(column.column)) if whole else pl.col(column.column).cast(pl.String)
    text = cell.str.strip_chars()
    return pl.when(text != "").then(text)


def _whole_numbers(cell: pl.Expr) -> pl.Expr:
    """12.0 is the text 12: a key that came through a float is still that key."""
    number = cell.cast(pl.Float64).fill_nan(None)
    return (
        pl.when(number == number.round())
        .then(number.cast(pl.Int64, strict=False).cast(pl.String))
        .otherwise(number.cast(pl.String))
    )


def _not_listed(ours: str, values: Mapping[str, str]) -> pl.Expr:
    known = pl.Series(list(values), dtype=pl.String).implode()
    return (pl.col(ours).is_not_null() & ~pl.col(ours).is_in(known)).alias(UNKNOWN + ours)


def _translated(ours: str, column: Column, dtype: pl.DataType) -> pl.Expr:
    text = pl.col(ours)
    if column.aliases:
        text = text.replace(column.aliases)
    if column.values is not None:
        nothing = {theirs: own or None for theirs, own in column.values.items()}
        text = text.replace_strict(nothing, default=None, return_dtype=pl.String)
    if column.default is not None and dtype == pl.String:
        text = text.fill_null(column.default)
    return text.alias(ours)


def _parsed(ours: str, dtype: pl.DataType, column: Column) -> pl.Expr:
    """The value, beside its text; words of the mapping are written plainly, whatever the file's form is."""
    form = PLAIN if column.column is None or column.values is not None else column.form
    values = pl.col(ours).map_batches(lambda text: parse(text, dtype, form), return_dtype=dtype, is_elementwise=True)
    return values.alias(UNREAD + ours)


def _marked(ours: str, column: Column, dtype: pl.DataType) -> list[pl.Expr]:
    """The value in its place, and the mark where there is a text and no value."""
    value, text = pl.col(UNREAD + ours), pl.col(ours)
    mark = (value.is_null() & text.is_not_null()).alias(UNREAD + ours)
    if column.default is not None:
        default = parse(pl.Series([column.default]), dtype).item()
        value = pl.when(text.is_null()).then(pl.lit(default, dtype)).otherwise(value)
    return [value.alias(ours), mark]


def _cast(raw: Raw, column: Column, ours: str, dtype: pl.DataType) -> list[pl.Expr]:
    """A typed column as ours, with its mark where a value may not fit."""
    found = raw.schema[column.column or ""]
    cell = pl.col(column.column or "")
    value = _kindly(cell, found, dtype)
    if value is None:
        raise DataError(
            f'{raw.file}: column "{column.column}" is of type {found}, {ours} needs {dtype}. '
            f"Write it as {dtype} or as text."
        )
    present = cell.is_not_null() & cell.is_not_nan() if found.is_float() else cell.is_not_null()
    return [value.alias(ours), (value.is_null() & present).alias(UNREAD + ours)]


def _kindly(cell: pl.Expr, found: pl.DataType, dtype: pl.DataType) -> pl.Expr | None:
    """The cast that loses nothing, or None where there is none."""
    if found == pl.Null:
        return cell.cast(dtype)
    if dtype == pl.String:
        simple = found.is_integer() or found.is_temporal() or found == pl.Boolean
        return cell.cast(pl.String) if simple else _whole_numbers(cell) if found.is_numeric() else None
    if dtype.is_float() and found.is_numeric():
        return cell.cast(dtype).fill_nan(None)
    if dtype.is_integer() and found.is_numeric():
        number = cell.cast(pl.Float64)
        return (
            cell.cast(dtype, strict=False)
            if found.is_integer()
            else pl.when(number == number.round()).then(number.cast(dtype, strict=False))
        )
    if dtype == pl.Boolean and (found == pl.Boolean or found.is_integer()):
        return cell if found == pl.Boolean else pl.when(cell.is_in([0, 1])).then(cell == 1)
    if dtype.is_temporal() and found in (pl.Date, pl.Datetime):
        utc = cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if getattr(found, "time_zone", None) else cell
        return utc.cast(dtype)
    return None
