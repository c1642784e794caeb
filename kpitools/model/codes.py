"""Numbers that stand for values: to join by them and to count them is much faster than by text."""

from __future__ import annotations

import polars as pl


def code(value: pl.Expr) -> pl.Expr:
    """A number for each value, null for null.

    Of a thousand million different values, that any two have the same number has a chance of 1 in 10^20.

    >>> keys = pl.DataFrame({"key": ["a", "b", "a", None]}).select(code(pl.col("key")))["key"]
    >>> keys[0] == keys[2], keys[0] == keys[1], keys[3]
    (True, False, None)
    """
    return pl.when(value.is_not_null()).then(value.hash(1).cast(pl.UInt128) * 2**64 + value.hash(2))
