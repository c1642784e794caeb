"""How far deals get: the funnel of those opened in a period, and what became of the visits to each stage.

A deal that is still open is not a lost deal. It is counted where it stands, apart, and is in no share of the decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from kpitools.analyses.stages import LOST, WON, deal_visits, open_stages
from kpitools.analyses.view import (
    AsOf,
    Schema,
    cents,
    choose,
    column_or_null,
    grouped,
    inside,
    last_day,
    money,
    need,
    one_period,
    percent,
    seen,
    shaped,
)
from kpitools.errors import EvaluationError
from kpitools.evaluation.intervals import wilson
from kpitools.measures.aggregates import days_between
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

FIRST, LAST = "Created", "Won"
OPEN = pl.col("status") == "open"

FUNNEL: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "amount": pl.Float64,
    "share_of_first": pl.Float64,
    "share_of_previous": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "share_of_decided": pl.Float64,
    "still_open": pl.Int64,
    "lost": pl.Int64,
}
CONVERSION: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "advanced": pl.Int64,
    "lost": pl.Int64,
    "moved_back": pl.Int64,
    "still_open": pl.Int64,
    "conversion": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


@dataclass(frozen=True)
class Steps:
    """The steps of the funnel in order (`stage`, `position`, `step`), and the visits of deals to them."""

    names: pl.DataFrame
    visits: pl.LazyFrame

    @property
    def last(self) -> int:
        """The number of the last step, Won."""
        return self.names.height - 1


def funnel(
    data: Dataset,
    *,
    period: str | Period,
    as_of: AsOf = None,
    by: str | None = None,
    rule: str = "reached",
    within: int | None = None,
) -> pl.DataFrame:
    """How far the deals opened in a period have come, as seen at an instant.

    The steps are the stages, then Won. Each deal that entered a step went on, was lost there, or is still open there:
    `entered` of the next step = `entered` - `still_open` - `lost`. Where the data has no stage history, the stage a
    deal stands or ended in says how far it came; where closed deals have none either, the steps are Created and Won.

    Args:
        data: deals with created_at and status; for steps in between also stages with position, and stage_history.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.
        rule: `reached`: a deal that reached a stage or a later one entered it, whatever it skipped, and a deal that
            was opened entered the first. `through`: a deal entered a stage if it visited that and all before it.
        within: a window in days: only deals opened that long ago, each as it stood so many days after. Everyone had
            the same time. Without stage history the steps are then Created and Won.

    Returns:
        [group,] stage, position, entered, amount (of those deals), share_of_first (percent of all deals of the first
        step, those still open included: how many have come this far so far), share_of_previous (percent of the deals
        decided in the step before: went on or lost) with its Wilson interval lower and upper, share_of_decided
        (percent of the first step's deals that are not still open in an earlier step), still_open and lost (there).

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such rule or dimension.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c", "d"], "status": ["won", "lost", "lost", "open"],
    ...     "created_at": [datetime(2026, 7, 1)] * 4, "amount": [10.0, 20.0, 30.0, 40.0]})
    >>> steps = funnel(Dataset.of({"deals": deals}), period="2026Q3")
    >>> steps.select("stage", "entered", "still_open", "lost", pl.col("share_of_previous").round(1)).rows()
    [('Created', 4, 1, 2, None), ('Won', 1, 0, 0, 33.3)]
    """
    choose("rule", rule, RULES)
    view = seen(data, as_of)
    need("The funnel", view, "deals.created_at", "deals.status")
    view = view if within is None else _for_days(view, within)
    steps = _steps(view, rule)
    deals = grouped(view["deals"], view, "deals", by).filter(inside("created_at", one_period(period)))
    deals = deals.select("deal_id", "group", "status", column_or_null(view, "deals", "amount", pl.Float64))
    placed = RULES[rule](deals, steps).collect()
    return shaped(decided_steps(placed, steps.names), FUNNEL, by)


def _for_days(view: Dataset, within: int) -> Dataset:
    """Each deal opened that many days ago or more, as it stood after so many days."""
    if within < 1:
        raise EvaluationError(f"The window is {within} days; it must be a whole day or more, such as 90.")
    need("The funnel of a window", view, "deals.closed_at")
    ripe = days_between("created_at", pl.lit(last_day(view), pl.Date)) >= within
    late = days_between("created_at", "closed_at") > within
    deals = view["deals"].filter(ripe)
    as_then = deals.with_columns(status=pl.when(late).then(pl.lit("open")).otherwise("status"))
    frames = dict(view.frames) | {"deals": as_then.drop("stage", strict=False)}
    if "stage_history" in view and {"deal_id", "entered_at"} <= set(view.columns("stage_history")):
        opened = deals.select("deal_id", opened_at="created_at")
        visits = view["stage_history"].join(opened, on="deal_id", maintain_order="left")
        early = days_between("opened_at", "entered_at") <= within
        frames["stage_history"] = visits.filter(early).drop("opened_at")
    return replace(view, frames=frames)


def decided_steps(placed: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The steps of a funnel with their shares, from how far each deal (or lead) has come.

    Args:
        placed: `group`, `step` (the number of the last step it came to), `status` (open, won or lost), `amount`.
        names: the steps in order: `stage`, `position`, `step`.
    """
    return _shares(_entered(placed, names))


def _steps(data: Dataset, rule: str) -> Steps:
    """From the stage history, else from the stage that deals stand or ended in, else only opened and won."""
    stages = open_stages(data)
    if "stage_history" in data and {"deal_id", "stage", "entered_at"} <= set(data.columns("stage_history")):
        visits = data["stage_history"].select("deal_id", "stage")
    elif stages.height and _ended_in_stages(data):
        if rule == "through":
            need("The funnel through all stages", data, "stage_history.stage", "stage_history.entered_at")
        visits = data["deals"].select("deal_id", "stage")
    else:
        stages = stages.clear()
        visits = data["deals"].select("deal_id", stage=pl.lit(FIRST))
    if stages.is_empty():
        stages = pl.DataFrame({"stage": [FIRST], "position": [0]})
        visits = data["deals"].select("deal_id", stage=pl.lit(FIRST))
    end = pl.DataFrame({"stage": [LAST], "position": [stages["position"].max()]})
    named = pl.concat([stages, end.with_columns(pl.col("position") + 1)])
    named = named.with_columns(step=pl.int_range(pl.len(), dtype=pl.Int64))
    numbers = named.head(-1).select("stage", "step").lazy()
    return Steps(named, visits.join(numbers, on="stage").select("deal_id", "step"))


def _ended_in_stages(data: Dataset) -> bool:
    """Whether deals that were lost still say in which stage: without that, no step in between can be counted."""
    if "stage" not in data.columns("deals"):
        return False
    lost = data["deals"].filter(pl.col("status") == "lost").select(pl.len(), said=pl.col("stage").count()).collect()
    return lost.item(0, "said") > 0 or lost.item(0, "len") == 0


def _reached(deals: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    furthest = steps.visits.group_by("deal_id").agg(pl.col("step").max())
    placed = deals.join(furthest, on="deal_id", how="left")
    won = pl.col("status") == "won"
    return placed.with_columns(step=pl.when(won).then(steps.last).otherwise(pl.col("step").fill_null(0)))


def _through(deals: pl.LazyFrame, steps: Steps) -> pl.LazyFrame:
    """The steps visited, in order, count as far as none is left out."""
    unbroken = (pl.col("step").sort() == pl.int_range(pl.len(), dtype=pl.Int64)).sum().cast(pl.Int64)
    passed = steps.visits.unique().group_by("deal_id").agg(step=unbroken - 1)
    placed = deals.join(passed, on="deal_id").filter(pl.col("step") >= 0)
    won = (pl.col("status") == "won") & (pl.col("step") == steps.last - 1)
    return placed.with_columns(step=pl.when(won).then(steps.last).otherwise("step"))


RULES: dict[str, Callable[[pl.LazyFrame, Steps], pl.LazyFrame]] = {"reached": _reached, "through": _through}


def _entered(placed: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Per group and step: the deals that came this far or further, and what became of those that came no further."""
    here = placed.group_by("group", "step").agg(
        here=pl.len().cast(pl.Int64),
        worth=cents(pl.col("amount")).sum(),
        known=pl.col("amount").count().cast(pl.Int64),
        still_open=OPEN.sum().cast(pl.Int64),
        lost=(pl.col("status") == "lost").sum().cast(pl.Int64),
    )
    groups = placed.select("group").unique().sort("group", nulls_last=True)
    every = groups.join(names, how="cross", maintain_order="left_right")
    joined = every.join(here, on=["group", "step"], how="left", nulls_equal=True, maintain_order="left")
    counts = joined.with_columns(pl.col("here", "worth", "known", "still_open", "lost").fill_null(0))
    onward = {name: pl.col(name).cum_sum(reverse=True).over("group") for name in ("here", "worth", "known")}
    return counts.with_columns(entered=onward["here"], amount=pl.when(onward["known"] > 0).then(money(onward["worth"])))


def _shares(steps: pl.DataFrame) -> pl.DataFrame:
    entered, still_open = pl.col("entered"), pl.col("still_open")
    first = entered.first().over("group")
    decided = (entered - still_open).shift(1).over("group").cast(pl.Float64)
    open_before = still_open.cum_sum().shift(1, fill_value=0).over("group")
    lower, upper = wilson(entered.cast(pl.Float64), decided)
    return steps.with_columns(
        share_of_first=percent(entered, first),
        share_of_previous=percent(entered, decided),
        lower=lower,
        upper=upper,
        share_of_decided=percent(entered, first - open_before),
    )


def stage_conversion(data: Dataset, *, period: str | Period, as_of: AsOf = None, by: str | None = None) -> pl.DataFrame:
    """What became of the visits of deals to each stage that began in a period, as seen at an instant.

    Args:
        data: deals with status, stages with position, stage_history with deal_id, stage and entered_at.
        period: the visits that began on its days, whenever the deal was opened.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.

    Returns:
        [group,] stage, position, entered = advanced (to a later stage, or won) + lost + moved_back (to an earlier
        stage, or one without a place in the order) + still_open, conversion (percent of the decided: advanced or
        lost) with its Wilson interval lower and upper.

    Raises:
        EvaluationError: the data lacks what is needed, or cannot be broken down so.
        UnknownNameError: no such dimension.
    """
    view = seen(data, as_of)
    columns = ("deal_id", "stage", "entered_at")
    need("Stage conversion", view, "deals.status", "stages.position", *(f"stage_history.{name}" for name in columns))
    stages = open_stages(view)
    visits = deal_visits(view).filter(inside("entered_at", one_period(period)))
    # a dimension may be reached along columns that the visits no longer have
    key = ["deal_id", "stage", "entered_at"]
    groups = grouped(view["stage_history"], view, "stage_history", by).select(*key, "group").unique(key, keep="any")
    visits = visits.join(groups, on=key).join(stages.lazy(), on="stage")
    after = stages.lazy().select(pl.col("stage").alias("outcome"), after="position")
    tally = _outcomes(visits.join(after, on="outcome", how="left")).collect()
    lower, upper = wilson(pl.col("advanced").cast(pl.Float64), pl.col("advanced") + pl.col("lost"))
    done = _every_stage(tally, stages).with_columns(
        conversion=percent(pl.col("advanced"), pl.col("advanced") + pl.col("lost")), lower=lower, upper=upper
    )
    return shaped(done, CONVERSION, by)


def _outcomes(visits: pl.LazyFrame) -> pl.LazyFrame:
    outcome = pl.col("outcome").str.to_lowercase()
    advanced = outcome.is_in(WON) | (pl.col("after") > pl.col("position")).fill_null(False)
    lost = outcome.is_in(LOST)
    parts = {
        "entered": pl.lit(True),
        "advanced": advanced,
        "lost": lost,
        "moved_back": outcome.is_not_null() & ~advanced & ~lost,
        "still_open": outcome.is_null(),
    }
    marked = visits.with_columns(part.fill_null(False).cast(pl.Int64).alias(name) for name, part in parts.items())
    return marked.group_by("group", "stage").agg(pl.col(list(parts)).sum())


def _every_stage(tally: pl.DataFrame, stages: pl.DataFrame) -> pl.DataFrame:
    groups = tally.select("group").unique().sort("group", nulls_last=True)
    every = groups.join(stages, how="cross", maintain_order="left_right")
    joined = every.join(tally, on=["group", "stage"], how="left", nulls_equal=True, maintain_order="left")
    return joined.with_columns(pl.col(pl.Int64).exclude("position").fill_null(0))
