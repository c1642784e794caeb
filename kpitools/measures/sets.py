"""Several ids as one text, so that an attribute can hand them to the row it speaks of."""

from __future__ import annotations

import polars as pl

#: Stands around every id; no id has one inside.
BORDER = "\n"


def set_of(ids: pl.Expr) -> pl.Expr:
    """An aggregate: all ids of the group."""
    return pl.lit(BORDER) + ids.cast(pl.String).str.join(BORDER) + pl.lit(BORDER)


def has(ids: str, one: pl.Expr) -> pl.Expr:
    """Whether one of the ids is this one; not where there are none.

    >>> tools = pl.DataFrame({"id": ["t1", "t12"]}).select(set_of(pl.col("id")).alias("ids"))
    >>> tools.select(yes=has("ids", pl.lit("t1")), no=has("ids", pl.lit("t2"))).row(0)
    (True, False)
    """
    named = pl.concat_str(pl.lit(BORDER), one.cast(pl.String), pl.lit(BORDER))
    return pl.col(ids).str.contains(named, literal=True).fill_null(False)
