"""The visits of deals to stages as spells: how long each was seen, whether it is over, and what times that gives."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.incidence import WON as LEFT
from kpitools.analyses.incidence import aalen_johansen, ages_reached
from kpitools.analyses.view import Schema, column_or_null, last_day
from kpitools.measures.aggregates import days_between
from kpitools.model.codes import code
from kpitools.model.dataset import Dataset

QUARTERS = {"quartile_1": 0.25, "median": 0.5, "quartile_3": 0.75}
#: The days deals stand in a stage: after which a quarter, half, three quarters have left it, and their mean.
IN_STAGE: Schema = {**dict.fromkeys(QUARTERS, pl.Int64), "mean": pl.Float64}


def step_of(stages: pl.DataFrame) -> pl.Expr:
    """The place of a visit's stage in the order; null for any other."""
    names = stages["stage"].to_list()
    return pl.col("stage").replace_strict(names, range(len(names)), default=None, return_dtype=pl.Int16).alias("step")


def step_visits(frame: pl.LazyFrame, view: Dataset, stages: pl.DataFrame, *more: str) -> pl.LazyFrame:
    """The visits of deals to the stages: `deal_id`, `step`, `entered_at`, `left_at` where the visit says it."""
    left = column_or_null(view, "stage_history", "left_at", pl.Datetime("us"))
    visits = frame.select("deal_id", "entered_at", left, step_of(stages), *more)
    return visits.filter(pl.col("step").is_not_null())


def deals_seen(deals: pl.LazyFrame, view: Dataset) -> pl.DataFrame:
    """The deals as `spells` takes them, seen until the last day there is."""
    closed = pl.when(pl.col("status") != "open").then(column_or_null(view, "deals", "closed_at", pl.Datetime("us")))
    found = deals.select("deal_id", until=pl.lit(last_day(view), pl.Date), closed_at=closed)
    return found.collect().with_row_index("row")


def spells(visits: pl.LazyFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """The visits with `over_at`: when they were left, else when the next began, else when the deal closed.

    Args:
        visits: the frame of `step_visits`, every visit of the deals.
        deals: `deal_id`, `row` (its place among them), `closed_at` (null while open), `until` (the last day
            on which it is seen) and what the visits are to have of their deal.
    """
    return ended(visits_of(visits, deals), deals)


def visits_of(visits: pl.LazyFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """The visits of some deals, both as for `spells`, with `over_at` as far as the visits themselves say it."""
    keyed = deals.lazy().drop("closed_at").with_columns(key=code(pl.col("deal_id"))).drop("deal_id")
    numbered = visits.with_columns(key=code(pl.col("deal_id"))).drop("deal_id")
    return numbered.join(keyed, on="key").drop("key").collect().rename({"left_at": "over_at"})


def ended(visits: pl.DataFrame, deals: pl.DataFrame) -> pl.DataFrame:
    """The frame of `visits_of` with `over_at` of every visit that is over."""
    return visits.with_columns(_ends(visits, deals.select("row", "closed_at")))


def _ends(visits: pl.DataFrame, closed: pl.DataFrame) -> pl.Series:
    """When each visit was left. Only visits of deals with one that does not say so are put in order: it takes long."""
    unsaid, rows = pl.col("over_at").is_null(), visits["row"]
    asked = pl.repeat(False, closed.height, eager=True).scatter(rows.filter(visits["over_at"].is_null()), True)
    placed = visits.select("row", "entered_at", "over_at").with_row_index("place")
    some = placed.filter(asked.gather(rows)).sort("row", "entered_at")
    following = pl.when(pl.col("row").shift(-1) == pl.col("row")).then(pl.col("entered_at").shift(-1))
    ended = some.with_columns(following=following).filter(unsaid).join(closed, on="row")
    ends = ended.select("place", over_at=pl.coalesce("following", "closed_at"))
    return visits["over_at"].scatter(ends["place"], ends["over_at"])


def tally(spells: pl.DataFrame, *on: str) -> pl.DataFrame:
    """How many spells were seen for how many days (`age`) and were over then (`ended`); the rest were still going on.

    Args:
        spells: the frame of `spells`; a visit without a day is in no row.
        on: what is counted apart.
    """
    over = pl.col("over_at").cast(pl.Date)
    over = pl.when(over <= pl.col("until")).then(over)
    age = days_between("entered_at", pl.coalesce(over, "until"))
    aged = spells.lazy().select(*on, age=age, over=over.is_not_null())
    counts = aged.filter(pl.col("age") >= 0).group_by(*on, "age", "over").agg(n=pl.len()).collect()
    return counts.select(*on, "age", "n", ended=pl.when("over").then(pl.lit(LEFT)))


def spell_times(tallied: pl.DataFrame, *on: str) -> pl.DataFrame:
    """The times of each kind of spell from the Kaplan-Meier curve of its end: `on`, and the columns of `IN_STAGE`,
    `entered` and `still_open` (spells), `longest` (days).

    Each is a curve; its key is the row's place, so that no name can be mistaken for another.
    """
    keys = tallied.select(on).unique().sort(on, nulls_last=True).with_row_index("key")
    rows = tallied.join(keys, on=on, nulls_equal=True).select("age", "ended", "n", group="key")
    curve = aalen_johansen(rows)
    going_on = pl.col("n").filter(pl.col("ended").is_null()).sum()
    counts = rows.group_by("group").agg(entered=pl.col("n").sum(), still_open=going_on)
    found = ages_reached(curve, QUARTERS, of=pl.lit(100.0)).join(_means(curve), on="group").join(counts, on="group")
    return keys.join(found.rename({"group": "key"}), on="key", maintain_order="left").drop("key")


def _means(curve: pl.DataFrame) -> pl.DataFrame:
    """The area under the share still there, up to the longest spell."""
    width = pl.col("age").shift(-1) - pl.col("age")
    return curve.group_by("group").agg(mean=(pl.col("still_open") / 100 * width).sum(), longest=pl.col("age").max())
