"""CSV line by line: whether every line is a whole record, and what to do where one is not.

A file whose lines are all whole records, which is nearly every file, is only looked over, in one pass of Polars.
Any other one is read again record by record, and a clean copy is written beside a list of what was broken.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from kpitools.errors import DataError

#: A field in quotes may go over at most so many lines; beyond, its quotation mark was never closed.
LONGEST_RECORD = 500
LONGEST_FIELD = 1 << 30
TOO_WIDE = "{found} fields where the header has {width}"
NOT_CLOSED = "a quotation mark is opened and not closed"
AFTER_QUOTE = "a quotation mark in the middle of a field"


@dataclass(frozen=True)
class Record:
    """One row of a file: the line it starts on, its fields, what is wrong with it, its text where that is as good."""

    line: int
    fields: list[str]
    problem: str | None = None
    plain: str | None = None


@dataclass(frozen=True)
class Mended:
    """The records of a file that had to be read one by one: the line of each, and what is wrong with the broken."""

    lines: array[int] = field(default_factory=lambda: array("q"))
    broken: dict[int, str] = field(default_factory=dict)


def header(path: Path, *, separator: str) -> tuple[list[str], int]:
    """The names in the first record of a file, and the number of the line it ends on.

    Raises:
        DataError: a quotation mark in it does not fit.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        try:
            names = next(names for names in reader if any(name.strip() for name in names))
        except (csv.Error, StopIteration):
            raise DataError(
                f"{path.name}: the quotation marks in its header do not fit. Mend its first line."
            ) from None
        return [name.strip() for name in names], reader.line_num


def all_whole(path: Path, *, separator: str, width: int) -> bool:
    """Whether every line is one record of `width` fields, so that Polars reads it right and lines can be counted."""
    mark = re.escape(separator)
    one = f'(?:[^"{mark}]*|"(?:[^"]|"")*")'
    whole = pl.col("line").str.contains(f"^{one}(?:{mark}{one}){{{width - 1}}}$")
    blank = pl.col("line").str.contains(rf'^[\s"{mark}]*$')
    return not pl.scan_lines(path).select((~whole | blank).any()).collect().item()


def mend(path: Path, out: Path, *, separator: str, width: int) -> Mended:
    """Write the records of a CSV to `out`, without its header, each exactly `width` fields wide.

    A record that is too short is padded, of one that is too long the rest stays together in the last field;
    both are named as broken, so that nothing of them is lost and nothing of them is believed.
    """
    mended = Mended()
    limit = csv.field_size_limit(LONGEST_FIELD)
    try:
        _copy(path, out, mended, separator=separator, width=width)
    finally:
        csv.field_size_limit(limit)
    return mended


def _copy(path: Path, out: Path, mended: Mended, *, separator: str, width: int) -> None:
    with path.open(encoding="utf-8-sig", newline="\n") as file, out.open("w", encoding="utf-8", newline="") as clean:
        writer = csv.writer(clean, delimiter=separator, lineterminator="\n")
        for record in _after_header(_records(file, separator, width)):
            if record.problem:
                mended.broken[len(mended.lines)] = record.problem
            mended.lines.append(record.line)
            if record.plain is None:
                writer.writerow(_fitted(record.fields, width, separator))
            else:
                clean.write(record.plain + "\n")


def _after_header(records: Iterator[Record]) -> Iterator[Record]:
    next(records, None)
    return records


def _records(lines: Iterator[str], separator: str, width: int) -> Iterator[Record]:
    """The records in order; blank lines are none."""
    waiting: deque[str] = deque()
    number = 0
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        number += 1
        text = line.rstrip("\r\n")
        if not text.strip(separator + ' \t"'):
            continue
        if '"' not in text:
            yield _plain(number, text, separator, width)
            continue
        record, used = _quoted(number, text, lines, waiting, separator, width)
        yield record
        number += used


def _plain(number: int, text: str, separator: str, width: int) -> Record:
    found = text.count(separator) + 1
    if found == width:
        return Record(number, [], plain=text)
    return Record(number, text.split(separator), TOO_WIDE.format(found=found, width=width))


def _quoted(
    number: int, text: str, lines: Iterator[str], waiting: deque[str], separator: str, width: int
) -> tuple[Record, int]:
    """The record that starts here, and how many more lines it takes.

    Where a quotation mark leads over the line's end and no whole record comes of it, this one line is broken
    and the next one starts anew: an open quotation mark must not swallow the rest of the file.
    """
    fields = _fields(text, separator)
    if fields is not None:
        problem = None if len(fields) == width else TOO_WIDE.format(found=len(fields), width=width)
        return Record(number, fields, problem), 0
    if text.count('"') % 2 == 0:
        return Record(number, text.split(separator), AFTER_QUOTE), 0
    more = _until_closed(lines, waiting)
    fields = _fields("\n".join([text, *(line.rstrip("\r\n") for line in more)]), separator) if more else None
    if fields is not None and len(fields) == width:
        for _ in more:
            waiting.popleft()
        return Record(number, fields), len(more)
    return Record(number, text.split(separator), NOT_CLOSED), 0


def _until_closed(lines: Iterator[str], waiting: deque[str]) -> list[str]:
    """The next lines up to the one that closes an open quotation mark; they stay waiting."""
    for count in range(LONGEST_RECORD):
        if count == len(waiting):
            line = next(lines, None)
            if line is None:
                return []
            waiting.append(line)
        if waiting[count].count('"') % 2:
            return [waiting[index] for index in range(count + 1)]
    return []


def _fields(text: str, separator: str) -> list[str] | None:
    """The fields of one whole record, or None where its quotation marks do not fit."""
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None


def _fitted(fields: list[str], width: int, separator: str) -> list[str]:
    if len(fields) > width:
        return [*fields[: width - 1], separator.join(fields[width - 1 :])]
    return fields + [""] * (width - len(fields))
