"""A table's rows kept and set aside, each of the latter as it was found, with where and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from kpitools.errors import DataError
from kpitools.intake.plan import LOADED, Column, Source
from kpitools.intake.raw import ROW, Raw
from kpitools.intake.rules import REASONS, judge
from kpitools.intake.shape import UNKNOWN, UNREAD, marks, unread
from kpitools.model.dataset import Quality
from kpitools.model.derived import complete

#: Which source of its table a row comes from.
SOURCE = "|source"
BESIDE = (SOURCE, ROW)
#: Their own columns, while ours are beside them.
FOUND = "found|"
#: What is said of a row that is set aside, before its cells as they were found.
SAID = ("file", "row", "reasons")


@dataclass(frozen=True)
class Opened:
    """A source with its file open and its columns known."""

    source: Source
    raw: Raw
    columns: Mapping[str, Column]


@dataclass(frozen=True)
class Judged:
    """A table after its rules were held against it."""

    kept: pl.DataFrame
    aside: pl.DataFrame
    quality: Quality


def judged(name: str, sources: Sequence[Opened], frame: pl.DataFrame, keys: Mapping[str, pl.Series]) -> Judged:
    """Hold the rules of a table against its rows; a broken record is set aside for that alone.

    Args:
        name: the table.
        sources: where its rows come from.
        frame: its typed rows.
        keys: every key that was read, by table.
    """
    columns = [column for column in LOADED[name].column_names() if column in frame.columns]
    foreign = LOADED[name].foreign_keys.items()
    parents = {
        column: pl.concat([keys[parent], pl.Series(LOADED[name].words.get(column, ()), dtype=pl.String)])
        for column, parent in foreign
        if parent in keys and column in columns
    }
    beside = marks(dict.fromkeys(columns, Column()), frame.columns)
    broken = _is_broken(sources)
    kept, bad = judge(frame.filter(~broken), LOADED[name], parents=parents, marks=beside, beside=BESIDE)
    torn = frame.filter(broken).with_columns(pl.lit([], pl.List(pl.String)).alias(REASONS))
    aside = _as_found(name, sources, pl.concat([bad, torn], how="diagonal"))
    if frame.height != kept.height + aside.height:
        raise DataError(f"{name}: {frame.height} rows read are not {kept.height} kept and {aside.height} set aside.")
    quality = Quality(frame.height, kept.height, aside.height, _undated(name, kept))
    return Judged(kept.drop(BESIDE), aside, quality)


def _is_broken(sources: Sequence[Opened]) -> pl.Expr:
    rows = [
        (pl.col(SOURCE) == number) & pl.col(ROW).is_in(list(opened.raw.broken))
        for number, opened in enumerate(sources)
        if opened.raw.broken
    ]
    return pl.any_horizontal(rows) if rows else pl.lit(False)


def _undated(name: str, kept: pl.DataFrame) -> int:
    """How many rows no date places in time; none where the data has no such column at all."""
    dated = LOADED[name].dated
    frame = complete({name: kept.lazy()})[name]
    if dated is None or dated not in frame.collect_schema():
        return 0
    return int(frame.select(pl.col(dated).null_count()).collect().item())


def _as_found(name: str, sources: Sequence[Opened], bad: pl.DataFrame) -> pl.DataFrame:
    parts = [_of_source(name, opened, bad.filter(pl.col(SOURCE) == number)) for number, opened in enumerate(sources)]
    return pl.concat([part for part in parts if part.height] or parts[:1], how="diagonal")


def _of_source(name: str, opened: Opened, bad: pl.DataFrame) -> pl.DataFrame:
    """The rows of one source as they stand in it: file, line, reasons, cells."""
    raw = opened.raw
    found = raw.rows(bad[ROW]).rename(lambda column: column if column == ROW else FOUND + column)
    rows = found.join(bad, on=ROW, how="left", maintain_order="left")
    said = rows.select(
        pl.lit(raw.file).alias("file"),
        pl.Series("row", raw.places(rows[ROW]), pl.Int64),
        _reasons(name, opened, rows.columns).list.join("; ").alias("reasons"),
    )
    cells = found.drop(ROW).rename(lambda column: _apart(column.removeprefix(FOUND)))
    return pl.concat([said, cells], how="horizontal")


def _apart(column: str) -> str:
    return f"{column} (as found)" if column in SAID else column


def _reasons(name: str, opened: Opened, there: Sequence[str]) -> pl.Expr:
    """Every reason of a row: that it is no whole record, or cells that could not be read and rules it broke."""
    types = LOADED[name].columns()
    broken = pl.col(ROW).replace_strict(opened.raw.broken, default=None, return_dtype=pl.String)
    cells: list[pl.Expr] = []
    for ours, column in opened.columns.items():
        text = pl.col(FOUND + column.column).str.strip_chars() if column.column is not None else pl.lit("")
        if UNREAD + ours in there:
            cells.append(pl.when(UNREAD + ours).then(_quoted(unread(ours, column, types[ours].dtype), text)))
        if UNKNOWN + ours in there:
            remedy = f" has no translation, add it to {opened.source.place(f'columns.{ours}.values')}"
            cells.append(pl.when(UNKNOWN + ours).then(_quoted(ours, text, remedy)))
    each = pl.concat_list([*cells, pl.col(REASONS)]) if cells else pl.col(REASONS)
    return pl.when(broken.is_null()).then(each).otherwise(pl.concat_list(broken)).list.drop_nulls()


def _quoted(before: str, text: pl.Expr, after: str = "") -> pl.Expr:
    return pl.concat_str(pl.lit(f'{before}: "'), text, pl.lit(f'"{after}'))
