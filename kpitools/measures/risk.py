"""Measures of open deals that show a sign of trouble, each deal as it stood at the boundary."""

from __future__ import annotations

import polars as pl

from kpitools.measures.aggregates import Aggregate, count, days_between
from kpitools.measures.attribute import attribute
from kpitools.measures.deals import WON
from kpitools.measures.measure import measure
from kpitools.measures.mood import mood_slope_of_deal
from kpitools.measures.pipeline import LIFE, OPEN, last_touch_on, stage_entered_on
from kpitools.model.tables import Activities, DealChanges, Deals, DealVersions, StageHistory

OPENED_ON = pl.col("created_at").cast(pl.Date)


def _flagged(sign: pl.Expr) -> Aggregate:
    """Open deals that show the sign; where it cannot be told, they do not."""
    return count(OPEN & sign.fill_null(False))


@measure(DealVersions, alive=LIFE, unit="count", uses=(last_touch_on,))
def untouched_deals(days: int = 14) -> Aggregate:
    """Open deals without a touch in the last days; one never touched counts from its opening."""
    return _flagged(days_between(pl.coalesce("last_touch_on", OPENED_ON), "day") >= days)


@attribute(Deals, on="deal_id", where=WON)
def won_on() -> pl.Expr:
    """The day the deal was won."""
    return pl.col("closed_at").cast(pl.Date).max()


@attribute(StageHistory, on="stage", where=pl.col("deal_id").is_not_null(), uses=(won_on,))
def usual_stay_of_won(quantile: float = 0.75) -> pl.Expr:
    """The days in the stage that so large a share of the deals won by then did not exceed."""
    past = (pl.col("won_on") <= pl.col("day")) & (pl.col("left_at").cast(pl.Date) <= pl.col("day"))
    return days_between("entered_at", "left_at").filter(past).quantile(quantile, "linear")


@measure(DealVersions, alive=LIFE, unit="count", uses=(stage_entered_on, usual_stay_of_won))
def slow_deals() -> Aggregate:
    """Open deals that have stood in their stage longer than three quarters of the won deals did."""
    stay = days_between(pl.coalesce("stage_entered_on", OPENED_ON), "day")
    return _flagged(stay > pl.col("usual_stay_of_won"))


@attribute(DealChanges, on="deal_id", where=pl.col("field") == "expected_close_at")
def times_pushed() -> pl.Expr:
    """How often the expected closing date was moved later."""
    later = pl.col("new_value").str.slice(0, 10) > pl.col("old_value").str.slice(0, 10)
    return (later & (pl.col("changed_at").cast(pl.Date) <= pl.col("day"))).sum()


@measure(DealVersions, alive=LIFE, unit="count", uses=(times_pushed,))
def pushed_deals(times: int = 2) -> Aggregate:
    """Open deals whose expected closing date was moved later again and again."""
    return _flagged(pl.col("times_pushed") >= times)


@measure(DealVersions, alive=LIFE, unit="count")
def overdue_deals() -> Aggregate:
    """Open deals whose expected closing date is over."""
    return _flagged(pl.col("expected_close_at") <= pl.col("day"))


@attribute(Activities, on="deal_id", where=pl.col("next_step_at").is_not_null())
def agreed_step_on() -> pl.Expr:
    """The last day for which the buyer has agreed to a next step."""
    return pl.when(pl.col("at").cast(pl.Date) <= pl.col("day")).then(pl.col("next_step_at").cast(pl.Date)).max()


@measure(DealVersions, alive=LIFE, unit="count", uses=(agreed_step_on,))
def deals_without_plan() -> Aggregate:
    """Open deals without a next step still to come: none agreed on a touch, none that the deal names today."""
    step = pl.max_horizontal("agreed_step_on", pl.col("deal_id.next_step_at").cast(pl.Date))
    return _flagged(step.is_null() | (step <= pl.col("day")))


@measure(DealVersions, alive=LIFE, unit="count", uses=(mood_slope_of_deal,))
def souring_deals() -> Aggregate:
    """Open deals on whose calls the buyer sounds worse and worse."""
    return _flagged(pl.col("mood_slope_of_deal") < 0)


@attribute(DealChanges, on="deal_id", where=pl.col("field") == "amount")
def highest_amount() -> pl.Expr:
    """The highest contract value the deal has had."""
    known = pl.col("changed_at").cast(pl.Date) <= pl.col("day")
    amounts = pl.max_horizontal(pl.col(value).cast(pl.Float64, strict=False) for value in ("old_value", "new_value"))
    return pl.when(known).then(amounts).max()


@measure(DealVersions, alive=LIFE, unit="count", uses=(highest_amount,))
def cut_deals(share: float = 0.20) -> Aggregate:
    """Open deals that are worth a fifth less, or lower still, than they once were."""
    return _flagged(pl.col("amount") <= pl.col("highest_amount") * (1 - share))


@attribute(Activities, on="deal_id", where=pl.col("decision_maker_present"))
def decision_maker_met() -> pl.Expr:
    """Whether a decision maker took part in a touch of the deal."""
    return (pl.col("at").cast(pl.Date) <= pl.col("day")).any()


@measure(DealVersions, alive=LIFE, unit="count", uses=(decision_maker_met,))
def deals_without_decision_maker() -> Aggregate:
    """Open deals on which no decision maker has been met."""
    return _flagged(~pl.col("decision_maker_met").fill_null(False))
