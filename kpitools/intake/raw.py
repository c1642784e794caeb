"""A file as it stands: its columns, not yet ours, and where each of its rows is."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kpitools.errors import DataError
from kpitools.intake.encoding import as_utf8
from kpitools.intake.lines import all_whole, header, mend

#: The column that says which row of its file a row is, from 0.
ROW = "|row"
TEXT_FILES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class Raw:
    """The rows of one file, or of a list in a mapping, as they were found.

    Attributes:
        file: the name for messages.
        frame: the columns under their own names, with `ROW`.
        schema: the columns and their types; of a text file all are text.
        first: the number of the first row: a header is line 1.
        lines: the line of each row, where they are not simply consecutive.
        broken: rows that are no whole record, and why.
        notes: what else a reader should know.
    """

    file: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    first: int = 1
    lines: array[int] | None = None
    broken: Mapping[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def places(self, rows: Iterable[int]) -> list[int]:
        """The line number of each row."""
        return [self.lines[row] if self.lines is not None else row + self.first for row in rows]

    def rows(self, chosen: pl.Series) -> pl.DataFrame:
        """The chosen rows as text, in the file's order, with `ROW`."""
        wanted = pl.LazyFrame({ROW: chosen.cast(pl.UInt32).unique()})
        texts = [_shown(name, dtype) for name, dtype in self.schema.items()]
        return self.frame.join(wanted, on=ROW, how="semi").select(ROW, *texts).sort(ROW).collect()


def read_csv(path: Path, *, encoding: str | None, separator: str, work: Path) -> Raw:
    """A CSV with every column as text. Blank lines are no rows; a line that is no whole record is named as broken.

    Raises:
        DataError: the file is empty or in another encoding.
    """
    text = as_utf8(path, encoding=encoding, work=work)
    found, header_end = header(text, separator=separator)
    names, notes = _told_apart(found, path.name)
    schema = {name: pl.String() for name in names}
    if header_end == 1 and all_whole(text, separator=separator, width=len(names)):
        return Raw(path.name, _scan(text, schema, separator, skip=1), schema, first=2, notes=notes)
    copy = work / f"{len(list(work.iterdir()))}-{path.stem}-mended.csv"
    mended = mend(text, copy, separator=separator, width=len(names))
    return Raw(path.name, _scan(copy, schema, separator), schema, 2, mended.lines, mended.broken, notes)


def read_parquet(path: Path) -> Raw:
    """A Parquet file with its own types.

    Raises:
        DataError: it is no Parquet file.
    """
    try:
        schema = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path.name} is no whole Parquet file ({error}). Write it again.") from None
    return Raw(path.name, pl.scan_parquet(path, glob=False).with_row_index(ROW), dict(schema))


def read_file(path: Path, *, encoding: str | None, separator: str | None, work: Path) -> Raw:
    """A file by its ending.

    Raises:
        DataError: the ending is none of those that can be read, or the file is not what it is said to be.
    """
    ending = path.suffix.lower()
    if ending == ".parquet":
        return read_parquet(path)
    if ending in TEXT_FILES:
        separator = separator or ("\t" if ending == ".tsv" else ",")
        return read_csv(path, encoding=encoding, separator=separator, work=work)
    raise DataError(f"{path.name} is neither CSV nor Parquet. Save it as CSV in UTF-8 and name that file.")


def listed(rows: Sequence[Mapping[str, str]], *, file: str) -> Raw:
    """Rows written down in a mapping, as text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    schema = {name: pl.String() for name in names}
    frame = pl.DataFrame([[row.get(name) for name in names] for row in rows], schema=schema, orient="row")
    return Raw(file, frame.lazy().with_row_index(ROW), schema)


def _scan(path: Path, schema: Mapping[str, pl.DataType], separator: str, *, skip: int = 0) -> pl.LazyFrame:
    return pl.scan_csv(
        path, has_header=False, skip_lines=skip, schema=schema, separator=separator, row_index_name=ROW,
        glob=False, raise_if_empty=False,
    )  # fmt: skip


def _told_apart(found: Sequence[str], file: str) -> tuple[list[str], tuple[str, ...]]:
    """The names of a header, a second one of the same name numbered, and a note of each that is."""
    names: list[str] = []
    notes: list[str] = []
    for name in found:
        count = 2
        own = name
        while own in names:
            own = f"{name} ({count})"
            count += 1
        if own != name and name:
            notes.append(f'{file}: column "{name}" is there more than once; this one is read as "{own}".')
        names.append(own)
    return names, tuple(notes)


def _shown(name: str, dtype: pl.DataType) -> pl.Expr:
    """A value as text, of whatever type."""
    if dtype.is_nested() or dtype == pl.Binary:
        return pl.lit(f"({dtype})").alias(name)
    return pl.col(name).cast(pl.String)
