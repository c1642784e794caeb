"""What Excel takes: workbooks, names of sheets, and texts that stay texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from kpitools.errors import ReportError

if TYPE_CHECKING:
    from xlsxwriter import Workbook

#: Every workbook says that it was made then, so that the same contents give the same bytes.
MADE = datetime(2000, 1, 1)
#: Letters in a cell, letters in the name of a sheet, and those that a name must not have.
LONGEST_TEXT, LONGEST_NAME, NOT_IN_NAMES = 32_767, 31, r"[\[\]:*?/\\\x00-\x1f]"
#: A cell of this format holds text that stays text when the cell is edited.
TEXT = {"quote_prefix": True, "valign": "top"}


@contextmanager
def workbook(target: str | IO[bytes], *, title: str, **options: Any) -> Iterator[Workbook]:
    """A workbook that is written when the block ends.

    Args:
        target: the file, or where its bytes go.
        title: what the workbook says that it is.
        options: how XlsxWriter is to write it, such as `in_memory` or `constant_memory`.

    Raises:
        ReportError: the package that writes workbooks is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise ReportError("Excel workbooks need XlsxWriter: pip install 'kpitools[xlsx]'.") from None
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": legal(title), "created": MADE})
        yield book


def sheet_name(wanted: str, taken: Iterable[str]) -> str:
    """A caption as the name of a sheet: short, without what Excel forbids, and not one that is taken already.

    >>> sheet_name("Win rate by [rep]", []), sheet_name("Deals", ["deals"]), sheet_name("'?'", [])
    ('Win rate by rep', 'Deals 2', 'Table')
    """
    plain = " ".join(re.sub(NOT_IN_NAMES, " ", wanted).split()).strip("' ")[:LONGEST_NAME].rstrip("' ") or "Table"
    known = {name.casefold() for name in (*taken, "History")}  # Excel keeps that one for itself
    name, number = plain, 1
    while name.casefold() in known:
        number += 1
        name = f"{plain[: LONGEST_NAME - len(str(number)) - 1].rstrip()} {number}"
    return name


def legal(text: str) -> str:
    """A text that a cell can hold.

    >>> legal("North"), len(legal("x" * 40_000))
    ('North', 32767)
    """
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
