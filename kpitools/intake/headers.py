"""Files as a first mapping sees them: what they may hold, the columns under their headers, how values are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kpitools.errors import DataError
from kpitools.intake.plan import ENDINGS, LOADED
from kpitools.intake.raw import Raw, read_file
from kpitools.intake.types import PLAIN, Form, parse
from kpitools.intake.words import FILE_WORDS, TABLE_WORDS, words

#: So many values of a column are looked at to tell how it is written.
SAMPLE = 10_000
#: A way of writing must read at least so much of them.
READ = 0.95
_SEPARATORS = (";", "\t", "|")
_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y")
_DATES = tuple(Form((day + time,)) for day in _DAYS for time in ("", " %H:%M", " %H:%M:%S"))
_NUMBERS = (Form(decimal="."), Form(decimal=","))


@dataclass(frozen=True)
class Headed:
    """A file that could be read, and the tables whose rows it may hold."""

    path: Path
    raw: Raw
    separator: str
    tables: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that have a name."""
        return [name for name in self.raw.schema if name.strip()]

    def values(self, column: str) -> pl.Series:
        """A column as texts, without what is empty."""
        text = pl.col(column).cast(pl.String).str.strip_chars()
        return self.raw.frame.select(text).collect()[column].replace("", None)


def read_headers(folder: Path, work: Path) -> tuple[list[Headed], Mapping[str, str]]:
    """The files of a folder that can be read, and of the others the reason why not.

    Raises:
        DataError: there is no such folder, or no CSV or Parquet file in it.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Name one that holds CSV or Parquet files.")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    if not paths:
        raise DataError(f"{folder} holds no CSV or Parquet file. Save your exports there as CSV in UTF-8.")
    found, unread = [], {}
    for path in paths:
        try:
            found.append(_read(path, work))
        except DataError as error:
            unread[path.name] = str(error)
    return found, unread


def _read(path: Path, work: Path) -> Headed:
    raw = read_file(path, encoding=None, separator=",", work=work)
    (only, *more) = list(raw.schema) or [""]
    separator = next((sign for sign in _SEPARATORS if not more and sign in only), ",")
    if separator != ",":
        raw = read_file(path, encoding=None, separator=separator, work=work)
    return Headed(path, raw, separator, _tables(path.stem))


def _tables(stem: str) -> tuple[str, ...]:
    """The tables that a file's name speaks of; the one whose name it bears and no other, where there is one.

    >>> _tables("reps"), _tables("sales_pipeline"), _tables("LeadActivities"), _tables("data_dictionary")
    (('reps',), ('deals',), ('activities', 'leads'), ())
    """
    if stem in LOADED:
        return (stem,)
    said = set(words(stem))
    return tuple(name for name, nouns in TABLE_WORDS.items() if (nouns | FILE_WORDS.get(name, set())) & said)


def forms(values: pl.Series, dtype: pl.DataType) -> list[tuple[Form, int]]:
    """The ways of writing that read nearly all values, and how many each leaves unread; those that read most.

    Two ways that read as much are both given: 03/04/2026 may be a day in March or in April.

    >>> [form.dates for form, _ in forms(pl.Series(["03/04/2026", "05/06/2026"]), pl.Date())]
    [('%d/%m/%Y',), ('%m/%d/%Y',)]
    >>> forms(pl.Series(["2026-04-03"]), pl.Date()) == [(PLAIN, 0)], forms(pl.Series(["blue"]), pl.Float64())
    (True, [])
    """
    seen = values.drop_nulls().head(SAMPLE)
    further = _DATES if dtype.is_temporal() else _NUMBERS if dtype.is_numeric() else ()
    for choice in ((PLAIN,), further):
        left = [(form, parse(seen, dtype, form).null_count()) for form in choice]
        good = [(form, unread) for form, unread in left if unread <= (1 - READ) * len(seen)]
        if good:
            return [(form, unread) for form, unread in good if unread == min(unread for _, unread in good)]
    return []
