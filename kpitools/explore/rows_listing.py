"""Rows as a person leafs through them: which of them, in which order, and the page of them that is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from kpitools.formats import format_number, one_line
from kpitools.tables import Table, frame_table
from kpitools.views.behind import telling

#: Rows of a page, and letters of a text that are shown of it; a file holds it in full.
PAGE, LONGEST = 20, 160


@dataclass(frozen=True)
class Asked:
    """Which rows are asked for, and in which order.

    Attributes:
        counted: the input of the figure that counts them; empty for any.
        search: a part of a text that they show; empty for all.
        by: the column they are sorted by.
        descending: whether the greatest or latest comes first.
    """

    counted: str = ""
    search: str = ""
    by: str = ""
    descending: bool = False


class Listing:
    """Rows to search, sort and leaf through. Of however many there are, a page is made of twenty.

    Args:
        frame: the rows; the first column names them.
        marks: its boolean columns that say which input of a figure counts the row.

    Attributes:
        asked: which rows, in which order; at first all, those of the largest amount before.
        page: the number of the page in sight, from 0.

    >>> listing = Listing(pl.DataFrame({"deal_id": ["a", "b", "c"], "amount": [10.0, None, 30.0]}))
    >>> listing.rows()["deal_id"].to_list(), listing.range()
    (['c', 'a', 'b'], 'Rows 1 to 3 of 3')
    """

    def __init__(self, frame: pl.DataFrame, marks: Sequence[str] = ()) -> None:
        self.frame, self.marks, self.page = frame, tuple(marks), 0
        large = "amount" in self.shown
        self.asked = Asked(by="amount" if large else self.shown[0], descending=large)

    @cached_property
    def shown(self) -> list[str]:
        """The columns by which people know a row."""
        return telling(self.frame.drop(self.marks))

    def ask(self, **changed: Any) -> None:
        """Ask for other rows or another order; that begins with the first page."""
        asked = replace(self.asked, **changed)
        if asked != self.asked:
            self.asked, self.page = asked, 0
            self.__dict__.pop("_order", None)

    def turn(self, pages: int) -> None:
        """Go on by so many pages, or back, as far as there are any."""
        self.page = min(max(self.page + pages, 0), self.last)

    @property
    def found(self) -> int:
        """How many rows are asked for."""
        return self._order.len()

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(self.found - 1, 0) // PAGE

    def range(self) -> str:
        """Which rows are in sight."""
        if not self.found:
            return "No row" if self.frame.is_empty() else "No row fits"
        first = self.page * PAGE
        ends = map(format_number, (first + 1, min(first + PAGE, self.found), self.found))
        return "Rows {} to {} of {}".format(*ends)

    def rows(self) -> pl.DataFrame:
        """All rows asked for, in their order, with all their columns."""
        return self.frame[self._order]

    def table(self, caption: str) -> Table:
        """The page in sight, with the columns that tell rows apart and the inputs that count them."""
        rows = self.frame[self._order.slice(self.page * PAGE, PAGE)]
        names = [pl.when(pl.col(name)).then(pl.lit(in_words(name))) for name in self.marks]
        counted = [pl.concat_str(names, separator=", ", ignore_nulls=True).alias("Counted in")] if names else []
        text = pl.col(pl.String)
        short = pl.when(text.str.len_chars() > LONGEST).then(text.str.head(LONGEST) + "…").otherwise(text)
        page = rows.select(*self.shown, *counted).with_columns(short)
        units = {"amount": "currency"} if "amount" in page.columns and page["amount"].dtype.is_numeric() else {}
        labels = {name: in_words(name) for name in self.shown}
        return frame_table(page, caption=caption, labels=labels, units=units)

    @cached_property
    def _order(self) -> pl.Series:
        """The places of the rows asked for; those without a value stand last, equal ones as they are stored."""
        number = pl.int_range(pl.len(), dtype=pl.UInt32).alias("number")
        found = self.frame.select(number, _key(self.frame, self.asked.by).alias("key")).filter(self._fits())
        return found.sort("key", descending=self.asked.descending, nulls_last=True, maintain_order=True)["number"]

    def _fits(self) -> pl.Series:
        fits = [pl.lit(True)]
        if self.asked.counted:
            fits.append(pl.col(self.asked.counted))
        if needle := one_line(self.asked.search).lower():
            fits.append(pl.any_horizontal(_says(self.frame, name, needle) for name in self.shown))
        every = pl.repeat(True, pl.len()) & pl.all_horizontal(fits)
        return self.frame.select(every.fill_null(False).alias("fits")).to_series()


def in_words(name: str) -> str:
    """The name of a column or an input as a label.

    >>> in_words("owner_rep_id"), in_words("lifespan.lost")
    ('Owner rep id', 'Lifespan: lost')
    """
    words = name.replace("_", " ").replace(".", ": ")
    return words[:1].upper() + words[1:]


def _key(frame: pl.DataFrame, name: str) -> pl.Expr:
    """What a column is sorted by: texts as a dictionary sorts them; what is no number has no place."""
    kind = frame.schema[name]
    if _is_text(kind):
        return pl.col(name).cast(pl.String).str.to_lowercase()
    return pl.col(name).fill_nan(None) if kind.is_float() else pl.col(name)


def _says(frame: pl.DataFrame, name: str, needle: str) -> pl.Expr:
    """Whether what a column shows contains a text: a day as it is shown or as 2026-09-30, a number by its digits."""
    kind, column = frame.schema[name], pl.col(name)
    if _is_text(kind):
        return column.cast(pl.String).str.to_lowercase().str.contains(needle, literal=True)
    if kind.base_type() in (pl.Date, pl.Datetime):
        days = frame.select(column.cast(pl.Date).unique().alias("day"))["day"]
        said = days.dt.strftime("%-d %b %Y %F").str.to_lowercase().str.contains(needle, literal=True)
        return column.cast(pl.Date).is_in(days.filter(said).implode())
    if kind.is_numeric():
        digits = needle.replace(",", "")
        exact, whole = column.cast(pl.String), column.cast(pl.Float64).round(0).cast(pl.Int64, strict=False)
        return exact.str.contains(digits, literal=True) | whole.cast(pl.String).str.contains(digits, literal=True)
    return pl.when(column).then(pl.lit("yes")).otherwise(pl.lit("no")).str.contains(needle, literal=True)


def _is_text(kind: pl.DataType) -> bool:
    return kind.base_type() in (pl.String, pl.Categorical, pl.Enum)
