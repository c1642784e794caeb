"""Text of the data made harmless for a spreadsheet: one rule for all files that one may open."""

from __future__ import annotations

import re

import polars as pl

#: A spreadsheet takes a text that begins so for a formula; a plain number is harmless.
FORMULA = r"^[\s\x00-\x1f]*[=+\-@＝＋－＠]|^[\t\r\n]"
NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)*$"


def spreadsheet_safe(text: str) -> str:
    """Text that a spreadsheet shows instead of computing it: what it would take for a formula gets an apostrophe.

    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("North"), spreadsheet_safe("-5")
    ("'=1+1", 'North', '-5')
    """
    return f"'{text}" if re.search(FORMULA, text) and not re.search(NUMBER, text) else text


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with no cell or name that a spreadsheet would run as a formula.

    >>> harmless(pl.DataFrame({"name": ["Acme", "=1+1", "-5"]}))["name"].to_list()
    ['Acme', "'=1+1", '-5']
    """
    words = [name for name, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
    text = pl.col(pl.String)
    formula = text.str.contains(FORMULA) & ~text.str.contains(NUMBER)
    plain = frame.with_columns(pl.col(words).cast(pl.String))
    safe = plain.with_columns(pl.when(formula).then(text.str.replace("^", "'")).otherwise(text))
    return safe.rename({name: spreadsheet_safe(name) for name in frame.columns})
