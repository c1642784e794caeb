"""How far deals get: the funnel of those opened in a period.

A deal that is still open is not a lost deal. It is counted where it stands, apart, and is in no share of the decided.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from kpitools.analyses.funnel_steps import RULES, Steps, opened, steps_of
from kpitools.analyses.outcomes import OUTCOMES, by_outcome
from kpitools.analyses.spells import IN_STAGE, spell_times, tally
from kpitools.analyses.view import (
    AsOf,
    Schema,
    cents,
    choose,
    grouped,
    inside,
    money,
    need,
    one_period,
    percent,
    seen,
    shaped,
)
from kpitools.evaluation.intervals import wilson
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

FUNNEL: Schema = {
    "group": pl.String,
    "stage": pl.String,
    "position": pl.Int64,
    "entered": pl.Int64,
    "amount": pl.Float64,
    "share_of_first": pl.Float64,
    "first_lower": pl.Float64,
    "first_upper": pl.Float64,
    "share_of_previous": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "share_of_decided": pl.Float64,
    "still_open": pl.Int64,
    "lost": pl.Int64,
    "skipped": pl.Int64,
}
TIMED: Schema = FUNNEL | IN_STAGE


def funnel(
    data: Dataset,
    *,
    period: str | Period,
    as_of: AsOf = None,
    by: str | None = None,
    rule: str = "reached",
    reopened: str = "last",
    within: int | None = None,
) -> pl.DataFrame:
    """How far the deals opened in a period have come, as seen at an instant.

    The steps are the stages, then Won. Each deal that entered a step went on, was lost there, is still open there, or
    has skipped the next: `entered` of the next step = `entered` - `still_open` - `lost` - `skipped`. Where the data
    has no stage history, the stage a deal stands or ended in says how far it came; where closed deals have none
    either, the steps are Created and Won.

    Args:
        data: deals with created_at and status; for steps in between also stages with position, and stage_history.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension to break down by, in the column `group`.
        rule: `reached`: a deal that reached a stage or a later one entered it, whatever it skipped, and a deal that
            was opened entered the first; one that moved back keeps the furthest it reached. `through`: a deal entered a
            stage if it visited that and all before it; one that skipped a stage comes no further.
        reopened: how a deal counts that was closed and opened again: by the `last` outcome (open, until it is closed
            again) or by the `first`, as if nothing had come after it. Only a stage history tells of the first.
        within: a window in days: only deals opened that long ago, each as it stood so many days after. Everyone had
            the same time. Without stage history the steps are then Created and Won.

    Returns:
        [group,] stage, position, entered, amount (of those deals), share_of_first (percent of all deals of the first
        step, those still open included: how many have come this far so far) with its Wilson interval first_lower and
        first_upper, share_of_previous (percent of the deals decided in the step before: went on or lost) with its
        Wilson interval lower and upper, share_of_decided (percent of the first step's deals that are neither still
        open in an earlier step nor skipped the next there), still_open, lost and skipped (there; skipped: by the rule
        `through` those that went further without the next step), and the days the deals stood in the step at each
        visit: quartile_1, median, quartile_3 (days after which a quarter, half, three quarters had left it; null where
        fewer have) and mean. Visits not over count as long as they were seen, as in `stage_times`.

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
    return timed(placed(data, period=period, as_of=as_of, by=by, rule=rule, reopened=reopened, within=within))


class Placed(NamedTuple):
    """How far each deal has come by a rule, the steps, and the dimension they are broken down by."""

    deals: pl.DataFrame
    steps: Steps
    by: str | None


def placed(
    data: Dataset, *, period: str | Period, as_of: AsOf, by: str | None, rule: str, reopened: str, within: int | None
) -> Placed:
    """What a funnel is counted from; arguments and errors are those of `funnel`."""
    choose("rule", rule, RULES)
    choose("outcome", reopened, OUTCOMES)
    data = seen(data, as_of)
    need("The funnel", data, "deals.created_at", "deals.status")
    view = by_outcome(data, reopened)
    deals = grouped(view["deals"], view, "deals", by).filter(inside("created_at", one_period(period)))
    found = opened(deals, view, within)
    steps = steps_of(view, found, *([] if by is None else ["group"]), rule=rule, within=within)
    return Placed(RULES[rule](found, steps), steps, by)


def counted(found: Placed) -> pl.DataFrame:
    """The frame of `funnel` without the days in each step: most of it, and sooner had."""
    return shaped(decided_steps(found.deals, found.steps.names), FUNNEL, found.by)


def timed(found: Placed) -> pl.DataFrame:
    """The frame of `funnel`; where visits to the steps are not dated, the days are null."""
    counts, spells = decided_steps(found.deals, found.steps.names), found.steps.spells
    if spells is None:
        counts = counts.with_columns(pl.lit(None, kind).alias(name) for name, kind in IN_STAGE.items())
        return shaped(counts, TIMED, found.by)
    on = ["step"] if found.by is None else ["group", "step"]
    times = spell_times(tally(spells(), *on), *on).select(*on, *IN_STAGE)
    return shaped(counts.join(times, on=on, how="left", nulls_equal=True, maintain_order="left"), TIMED, found.by)


def deals_of_step(
    data: Dataset,
    step: str,
    *,
    period: str | Period,
    as_of: AsOf = None,
    rule: str = "reached",
    reopened: str = "last",
    within: int | None = None,
) -> pl.DataFrame:
    """The deals that entered a step of the funnel, and what became of each there: the rows behind its counts.

    Args:
        data: the deals, as for `funnel`.
        step: the `stage` of a row of the funnel.
        period: the deals opened on its days.
        as_of: the day (to its end) or instant from which the data is seen.
        rule: by what a deal has entered a stage, as for `funnel`.
        reopened: by which outcome a re-opened deal counts, as for `funnel`.
        within: a window in days, as for `funnel`.

    Returns:
        deal_id, one row for each deal of `entered`, and went_on, still_open, lost and skipped: in each row just one is
        true, save that in the last step, Won, none is. Their sums are the counts of the funnel.

    Raises:
        EvaluationError: the data lacks what is needed.
        UnknownNameError: no such step, rule or outcome.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": ["a", "b", "c"], "status": ["won", "lost", "open"],
    ...     "created_at": [datetime(2026, 7, 1)] * 3})
    >>> deals_of_step(Dataset.of({"deals": deals}), "Created", period="2026Q3").select("deal_id", "went_on").rows()
    [('a', True), ('b', False), ('c', False)]
    """
    found = placed(data, period=period, as_of=as_of, by=None, rule=rule, reopened=reopened, within=within)
    numbers = dict(found.steps.names.select("stage", "step").iter_rows())
    choose("step of the funnel", step, numbers)
    here, stands = pl.col("step") == numbers[step], ~pl.col("skipped")
    return found.deals.filter(pl.col("step") >= numbers[step]).select(
        "deal_id",
        went_on=~here,
        still_open=here & stands & (pl.col("status") == "open"),
        lost=here & stands & (pl.col("status") == "lost"),
        skipped=here & pl.col("skipped"),
    )


def decided_steps(placed: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The steps of a funnel with their shares, from how far each deal (or lead) has come.

    Args:
        placed: `group`, `step` (the number of the last step it came to), `status` (open, won or lost), `amount`,
            `skipped` (whether it went further, but not by the rule).
        names: the steps in order: `stage`, `position`, `step`.
    """
    return _shares(_entered(placed, names))


def _entered(placed: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Per group and step: the deals that came this far or further, and what became of those that came no further."""
    stands = ~pl.col("skipped")
    here = placed.group_by("group", "step").agg(
        here=pl.len().cast(pl.Int64),
        worth=cents(pl.col("amount")).sum(),
        known=pl.col("amount").count().cast(pl.Int64),
        still_open=(stands & (pl.col("status") == "open")).sum().cast(pl.Int64),
        lost=(stands & (pl.col("status") == "lost")).sum().cast(pl.Int64),
        skipped=pl.col("skipped").sum().cast(pl.Int64),
    )
    groups = here.select("group").unique().sort("group", nulls_last=True)
    every = groups.join(names, how="cross", maintain_order="left_right")
    joined = every.join(here, on=["group", "step"], how="left", nulls_equal=True, maintain_order="left")
    counts = joined.with_columns(pl.col("here", "worth", "known", "still_open", "lost", "skipped").fill_null(0))
    onward = {name: pl.col(name).cum_sum(reverse=True).over("group") for name in ("here", "worth", "known")}
    return counts.with_columns(entered=onward["here"], amount=pl.when(onward["known"] > 0).then(money(onward["worth"])))


def _shares(steps: pl.DataFrame) -> pl.DataFrame:
    entered, undecided = pl.col("entered"), pl.col("still_open") + pl.col("skipped")
    first = entered.first().over("group")
    decided = (entered - undecided).shift(1).over("group").cast(pl.Float64)
    before = undecided.cum_sum().shift(1, fill_value=0).over("group")
    bounds = wilson(entered.cast(pl.Float64), decided), wilson(entered.cast(pl.Float64), first.cast(pl.Float64))
    later = pl.col("step") > 0
    return steps.with_columns(
        share_of_first=percent(entered, first),
        first_lower=pl.when(later).then(bounds[1][0]),
        first_upper=pl.when(later).then(bounds[1][1]),
        share_of_previous=percent(entered, decided),
        lower=bounds[0][0],
        upper=bounds[0][1],
        share_of_decided=percent(entered, first - before),
    )
