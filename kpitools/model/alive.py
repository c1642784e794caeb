"""The deals of a window: those that were opened, open or decided in it, and what is told of them alone."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property, partial

import polars as pl

from kpitools.model.dataset import Dataset
from kpitools.model.frames import Make

#: Tables of which every row is part of one deal's story.
STORY = ("deal_changes", "deal_versions", "stage_history")
PLACE = "deal:place"


class Alive:
    """The deals that were alive in a window, of a dataset that is held in memory.

    What is told of deals that were opened, open or decided in a window needs no others, and where there are years of
    deals these are few. Where each row of a deal's story belongs is worked out once, so that a window is a look-up.
    """

    def __init__(self, whole: Dataset) -> None:
        self._whole = whole
        self._places: dict[str, pl.Series] = {}

    def between(self, first: date, last: date) -> Dataset:
        """The data with the deals alone that were alive on a day of a window, and their story; the rest is whole.

        A deal is over after the day it closes. One without a date is left out: nothing can be told of it by time.
        """
        if not self._dated:
            return self._whole
        inside = self._inside(first, last)
        makers: dict[str, Make] = {"deals": partial(self._deals, inside)}
        makers |= {name: partial(self._told, name, inside) for name in STORY if name in self._whole}
        return self._whole.narrowed(makers)

    @cached_property
    def _dated(self) -> bool:
        return "created_at" in self._whole.columns("deals")

    @cached_property
    def _deals_held(self) -> pl.DataFrame:
        return self._whole["deals"].collect()

    def _inside(self, first: date, last: date) -> pl.Series:
        there = pl.col("created_at") < pl.lit(last).cast(pl.Datetime("us")) + timedelta(days=1)
        if "closed_at" in self._deals_held.columns:
            there &= pl.col("closed_at").is_null() | (pl.col("closed_at") >= pl.lit(first).cast(pl.Datetime("us")))
        return self._deals_held.select(there.fill_null(False)).to_series()

    def _deals(self, inside: pl.Series) -> pl.LazyFrame:
        return self._deals_held.filter(inside).lazy()

    def _told(self, name: str, inside: pl.Series) -> pl.LazyFrame:
        return self._whole[name].collect().filter(inside.gather(self._place(name)).fill_null(False)).lazy()

    def _place(self, name: str) -> pl.Series:
        """For each row of a table, which of the deals it tells of."""
        if name not in self._places:
            deals = self._deals_held.lazy().select("deal_id").with_row_index(PLACE)
            rows = self._whole[name].select("deal_id").join(deals, on="deal_id", how="left", maintain_order="left")
            self._places[name] = rows.select(PLACE).collect().to_series()
        return self._places[name]
