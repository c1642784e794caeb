"""Deals that were closed, opened again and closed again: by which of their outcomes they count."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from kpitools.analyses.stages import LOST, WON
from kpitools.analyses.view import column_or_null
from kpitools.model.dataset import Dataset
from kpitools.model.frames import replaced

Kind = pl.DataType | type[pl.DataType]


def end_names(data: Dataset) -> dict[str, list[str]]:
    """The names under which a stage history may say that a deal was won or lost."""
    listed = data["stages"].select("stage").collect()["stage"].to_list() if "stages" in data else []
    return {
        status: [*words, *(name for name in listed if name not in words and name.lower() in words)]
        for status, words in (("won", WON), ("lost", LOST))
    }


def endings(data: Dataset) -> pl.LazyFrame:
    """Each time the stage history says that a deal ended: `deal_id`, `ended_at`, `ended` (won or lost).

    It says so by what came after a visit, or, where a CRM lists the ends as stages, by a visit to such a one.
    """
    ended = [_said(data, column) for column in ("stage", "next_stage")]
    at = pl.when(ended[0].is_not_null()).then("entered_at").otherwise(_or_null(data, "left_at", pl.Datetime("us")))
    found = data["stage_history"].select("deal_id", ended_at=at, ended=pl.coalesce(ended))
    return found.filter(pl.all_horizontal(pl.all().is_not_null()))


def by_outcome(data: Dataset, which: str) -> Dataset:
    """The data in which every deal has one outcome: the `first` that its stage history tells, or the `last`.

    By the first, nothing that came after it is seen. By the last, a deal that was opened again is open until it is
    closed again; as of an instant, one that was opened again only later is as its history says, for its own row has
    forgotten that.
    """
    has = "stage_history" in data and {"deal_id", "stage", "entered_at"} <= set(data.columns("stage_history"))
    return OUTCOMES[which](data) if has else data


def _last(data: Dataset) -> Dataset:
    if data.seen_at is None:
        return data
    going_on = data["deals"].filter(pl.col("status").fill_null("open") == "open").select("deal_id")
    found = endings(data).join(going_on, on="deal_id", how="semi").collect()
    if found.is_empty():
        return data
    last = found.sort("ended_at").group_by("deal_id").last().lazy()
    names = [name for names in end_names(data).values() for name in names]
    visits = data["stage_history"].filter(~pl.col("stage").is_in(names)).join(last, on="deal_id")
    resumed = visits.filter(pl.col("entered_at") > pl.col("ended_at"))
    return _with(data, last.join(resumed, on="deal_id", how="anti"))


def _first(data: Dataset) -> Dataset:
    first = endings(data).sort("ended_at").group_by("deal_id", maintain_order=True).first()
    visits = data["stage_history"].join(first, on="deal_id", how="left", maintain_order="left")
    early = ((pl.col("entered_at") <= pl.col("ended_at")) | pl.col("ended_at").is_null()).fill_null(True)
    changed = _with(data, first)
    visits = visits.filter(early).drop("ended_at", "ended")
    return changed.part(replaced(changed.frames, {"stage_history": lambda: visits}), changed.lookups)


def _with(data: Dataset, ends: pl.LazyFrame) -> Dataset:
    """The deals with these outcomes."""
    closed = _or_null(data, "closed_at", pl.Datetime("us"), "deals")
    deals = data["deals"].join(ends, on="deal_id", how="left", maintain_order="left")
    told = deals.with_columns(status=pl.coalesce("ended", "status"), closed_at=pl.coalesce("ended_at", closed))
    deals = told.drop("ended_at", "ended")
    return data.part(replaced(data.frames, {"deals": lambda: deals}), data.lookups)


#: The outcomes by which a deal that was opened again may count.
OUTCOMES: dict[str, Callable[[Dataset], Dataset]] = {"last": _last, "first": _first}


def _said(data: Dataset, column: str) -> pl.Expr:
    told = _or_null(data, column, pl.String)
    names = end_names(data)
    return pl.when(told.is_in(names["won"])).then(pl.lit("won")).when(told.is_in(names["lost"])).then(pl.lit("lost"))


def _or_null(data: Dataset, column: str, kind: Kind, table: str = "stage_history") -> pl.Expr:
    return column_or_null(data, table, column, kind)
