"""From a plan to rows that keep the rules, and an account of those that do not."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kpitools.errors import UnknownNameError
from kpitools.intake.account import SOURCE, Judged, Opened, judged
from kpitools.intake.plan import LOADED, Column, Plan, Source
from kpitools.intake.raw import ROW, Raw, listed, read_file
from kpitools.intake.shape import UNKNOWN, UNREAD, columns_of, left_out, marks, shaped
from kpitools.model.dataset import Quality


@dataclass(frozen=True)
class Loaded:
    """What came of reading: the rows kept, the rows set aside as they were found, counts and notes."""

    name: str
    frames: Mapping[str, pl.DataFrame | pl.LazyFrame]
    quality: Mapping[str, Quality]
    aside: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


def read(plan: Plan) -> Loaded:
    """Read every file of a plan and hold the rules against its rows.

    Raises:
        DataError, UnknownNameError: a file cannot be read as what it is said to be.
    """
    with tempfile.TemporaryDirectory(prefix="kpitools-") as work:
        opened = _open_all(plan, Path(work))
        frames = {name: _table(name, sources) for name, sources in opened.items()}
        frames = {name: _filled(name, opened[name], frames) for name in frames}
        keys = {name: _keys(name, frame) for name, frame in frames.items()}
        done = {name: judged(name, opened[name], frames[name], keys) for name in frames}
        notes = _notes(opened)
    return Loaded(
        plan.name,
        {name: table.kept for name, table in done.items()},
        {name: table.quality for name, table in done.items()},
        {name: table.aside for name, table in done.items() if table.aside.height},
        (*plan.notes, *notes, *(note for name, table in done.items() for note in _set_aside(name, table))),
    )


def _open_all(plan: Plan, work: Path) -> dict[str, list[Opened]]:
    files: dict[object, Raw] = {}

    def raw(source: Source) -> Raw:
        if source.file is None:
            return listed(source.rows, file=f"{source.path} of {source.mapping}")
        how = (source.file, source.encoding, source.separator)
        if how not in files:
            files[how] = read_file(source.file, encoding=source.encoding, separator=source.separator, work=work)
        return files[how]

    return {name: [_open(raw(source), source, name) for source in sources] for name, sources in plan.tables.items()}


def _open(raw: Raw, source: Source, name: str) -> Opened:
    return Opened(source, raw, columns_of(raw, source, LOADED[name]))


def _table(name: str, sources: list[Opened]) -> pl.DataFrame:
    """All rows of a table with our columns; of a `distinct` source those whose key was not there yet."""
    table = LOADED[name]
    keys = table.primary_key()
    whole = pl.DataFrame()
    for number, opened in enumerate(sources):
        frame = shaped(opened.raw, opened.columns, table).collect()
        frame = frame if frame[ROW].is_sorted() else frame.sort(ROW)
        frame = frame.with_columns(pl.lit(number, pl.UInt16).alias(SOURCE))
        if opened.source.distinct:
            torn = pl.col(ROW).is_in(list(opened.raw.broken))
            frame = pl.concat([_new_keys(frame.filter(~torn), keys, whole), frame.filter(torn)])
        whole = pl.concat([whole, frame], how="diagonal") if number else frame
    return whole.with_columns(
        pl.col(name).fill_null(False) for name in whole.columns if name.startswith((UNREAD, UNKNOWN))
    )


def _new_keys(frame: pl.DataFrame, keys: list[str], before: pl.DataFrame) -> pl.DataFrame:
    """Each key once that is not there yet. Rows that say different things of one key all stay, to be set aside."""
    named = pl.all_horizontal(pl.col(keys).is_not_null())
    marked = [pl.col(name) for name in frame.columns if name.startswith((UNREAD, UNKNOWN))]
    frame = frame.filter(pl.any_horizontal(named, *marked)).unique(
        [name for name in frame.columns if name != ROW], keep="first", maintain_order=True
    )
    return frame.join(before, on=keys, how="anti", maintain_order="left") if before.width else frame


def _filled(name: str, sources: list[Opened], frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table with its fallbacks looked up. They read the other tables as their files have them."""
    frame = frames[name]
    for number, opened in enumerate(sources):
        for ours, column in opened.columns.items():
            if column.fallback:
                frame = frame.with_columns(_fallback(ours, column, number, frame, frames))
    return frame


def _fallback(
    ours: str, column: Column, number: int, frame: pl.DataFrame, frames: Mapping[str, pl.DataFrame]
) -> pl.Expr:
    said = column.fallback
    assert said is not None
    parent = frames[said.table]
    key = LOADED[said.table].primary_key()[0]
    if said.column not in parent.columns:
        raise UnknownNameError(
            f"column of {said.table} in this mapping", said.column, parent.columns, hint=f"{ours} falls back on it."
        )
    values = parent.select(key, said.column).drop_nulls().unique(key, keep="none")
    found = pl.col(said.by).replace_strict(
        values[key], values[said.column], default=None, return_dtype=frame.schema[ours]
    )
    empty = (pl.col(SOURCE) == number) & pl.col(ours).is_null()
    for mark in marks({ours: column}, frame.columns)[ours]:
        empty &= ~pl.col(mark)
    for other, words in said.where.items():
        empty &= pl.col(other).cast(pl.String).is_in(list(words))
    return pl.when(empty).then(found).otherwise(ours).alias(ours)


def _keys(name: str, frame: pl.DataFrame) -> pl.Series:
    return frame[LOADED[name].primary_key()[0]].drop_nulls().unique()


def _notes(opened: Mapping[str, list[Opened]]) -> list[str]:
    """What to know of the files: columns named twice, columns left out, files without rows; each once."""
    notes: list[str | None] = []
    for name, sources in opened.items():
        for one in sources:
            empty = one.raw.frame.head(1).select(ROW).collect().is_empty()
            notes += [*one.raw.notes, left_out(one.raw, one.source, LOADED[name])]
            notes += [f"{one.raw.file} has a header and no rows: {name} is empty."] if empty else []
    return list(dict.fromkeys(filter(None, notes)))


def _set_aside(name: str, table: Judged) -> list[str]:
    if not table.aside.height:
        return []
    first, counts = table.aside.row(0, named=True), table.quality
    return [
        f"{name}: {counts.aside:,} of {counts.read:,} rows were set aside. The first is row {first['row']} of "
        f"{first['file']}: {first['reasons']}. `kpitools check` writes them all to a file."
    ]
