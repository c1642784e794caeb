"""Measures of effect: how the KPI that coaching or a new tool aims at moved, beside reps of the role without it.

The KPIs that can be aimed at are those of `_of_deals` and, for coaching, the volume of activities; rows that aim at
another one are not counted. Amounts and counts are taken per day and rep, so that windows may differ in length and
groups grow. One rep has few deals in ninety days: what single rows say scatters widely, so their median is taken.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from kpitools.measures.activities import KIND, OUT
from kpitools.measures.aggregates import Aggregate, days_between, median
from kpitools.measures.attribute import OWN, attribute
from kpitools.measures.deals import CLOSED, WON
from kpitools.measures.measure import measure
from kpitools.measures.sets import has, set_of
from kpitools.model.tables import Activities, Coaching, Deals, InitiativeUsers

LOWER_IS_BETTER = ("sales_cycle_length",)
BEFORE_DAYS, AFTER_FROM, AFTER_TO = 90, 90, 180
USE_DAYS = 90
#: The column that says what an initiative aims at, seen from one of its users.
AIM = "initiative_id.focus_kpi"
ACTION = OUT | KIND.is_in(["meeting", "demo", "proposal"])
#: The rep of the row, since activities have a `rep_id` as well.
REP = pl.col(OWN + "rep_id").cast(pl.String)
OWNED = pl.col("owner_rep_id").cast(pl.String) == REP
Figure = Callable[[pl.Expr, int], pl.Expr]
#: Which rows fall within some days, and how many days those are.
Window = tuple[pl.Expr, int]


def _within(at: str, start: str, first: int, last: int) -> pl.Expr:
    """From the first up to the last day, counted from a day on; `last` is the first day outside."""
    days = days_between(start, at)
    return (days >= first) & (days < last)


def _of_deals(focus: str) -> Figure:
    """The KPI aimed at, over the deals of some rows that closed within some days."""

    def figure(inside: pl.Expr, days: int) -> pl.Expr:
        won = inside & WON
        amount = pl.when(won).then("amount")
        rep_days = _reps("owner_rep_id", inside) * days
        figures = {
            "win_rate": won.sum() / inside.sum(),
            "average_deal_size": amount.mean(),
            "sales_cycle_length": pl.when(won).then(days_between("created_at", "closed_at")).mean(),
            "number_of_deals_closed": won.sum() / rep_days,
            "sales_per_rep": amount.sum() / rep_days,
            "total_sales_revenue": amount.sum() / rep_days,
        }
        aim = pl.col(focus).first()
        return pl.coalesce(*(pl.when(aim == name).then(value) for name, value in figures.items()))

    return figure


def _of_activities(inside: pl.Expr, days: int) -> pl.Expr:
    volume = inside.sum() / (_reps("rep_id", inside) * days)
    return pl.when(pl.col("focus_kpi").first() == "activity_volume").then(volume)


def _reps(owner: str, inside: pl.Expr) -> pl.Expr:
    """How many reps there are; nobody's nothing is nothing of one."""
    return pl.max_horizontal(pl.when(inside).then(owner).drop_nulls().n_unique(), 1)


def _change(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    change = 100 * (after - before) / before.abs()
    return pl.when(change.is_finite()).then(change)


def _improved(figure: Figure, focus: str, who: pl.Expr, before: Window, after: Window) -> pl.Expr:
    """The change of a figure from before to after, over some of the rows; a fall is good where less is better."""
    (then, then_days), (now, now_days) = before, after
    change = _change(figure(who & then, then_days), figure(who & now, now_days))
    return pl.when(pl.col(focus).first().is_in(LOWER_IS_BETTER)).then(-change).otherwise(change)


def _effect(figure: Figure, focus: str, own: pl.Expr, peers: pl.Expr, before: Window, after: Window) -> pl.Expr:
    """What one's own figure improved by, less the same of the peers where there are any."""
    usual = _improved(figure, focus, peers, before, after).fill_null(0)
    return _improved(figure, focus, own, before, after) - usual


def _over(start: str, days: int) -> pl.Expr:
    """Whether so many days from a day on came to their end in the period, as far as it has been seen."""
    last = pl.col(start) + pl.duration(days=days - 1)
    return (last >= pl.col("period_start")) & (last < pl.col("until")) & (last <= pl.col("seen_on"))


def _around_coaching(at: str, before: int, after_from: int, after_to: int) -> dict[str, Window]:
    return {
        "before": (_within(at, "started_at", -before, 0), before),
        "after": (_within(at, "ended_at", after_from, after_to), after_to - after_from),
    }


def _uncoached(first: str, after_to: int) -> pl.Expr:
    """Not yet coached when the row's time after is over."""
    return pl.col(first).is_null() | (days_between("ended_at", first) >= after_to)


@attribute(Coaching, on="owner_rep_id", key="rep_id")
def owner_coached_on() -> pl.Expr:
    """When the owner of the deal was first coached."""
    return pl.col("started_at").min()


@attribute(Coaching, on="rep_id")
def rep_coached_on() -> pl.Expr:
    """When the rep of the activity was first coached."""
    return pl.col("started_at").min()


@attribute(Deals, on="rep_id.role", key="owner_rep_id.role", where=CLOSED, uses=(owner_coached_on,))
def effect_on_deals(before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO) -> pl.Expr:
    """How the KPI of deals that a coaching aims at moved for the rep, less the same for reps not yet coached."""
    windows = _around_coaching("closed_at", before, after_from, after_to)
    peers = ~OWNED & _uncoached("owner_coached_on", after_to)
    return _effect(_of_deals("focus_kpi"), "focus_kpi", OWNED, peers, **windows)


@attribute(Activities, on="rep_id.role", key="rep_id.role", where=ACTION, uses=(rep_coached_on,))
def effect_on_activities(before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO) -> pl.Expr:
    """The same where a coaching aims at the volume of activities."""
    windows = _around_coaching("at", before, after_from, after_to)
    own = pl.col("rep_id").cast(pl.String) == REP
    return _effect(_of_activities, "focus_kpi", own, ~own & _uncoached("rep_coached_on", after_to), **windows)


@attribute(Deals, on="rep_id.role", key="owner_rep_id.role", where=CLOSED)
def improvement_on_deals(before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO) -> pl.Expr:
    """How the KPI of deals that a coaching aims at moved for the rep alone."""
    windows = _around_coaching("closed_at", before, after_from, after_to)
    return _improved(_of_deals("focus_kpi"), "focus_kpi", OWNED, **windows)


@attribute(Deals, on="rep_id.role", key="owner_rep_id.role", where=CLOSED, uses=(owner_coached_on,))
def usual_on_deals(before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO) -> pl.Expr:
    """How it moved for the reps not yet coached."""
    windows = _around_coaching("closed_at", before, after_from, after_to)
    return _improved(_of_deals("focus_kpi"), "focus_kpi", ~OWNED & _uncoached("owner_coached_on", after_to), **windows)


@attribute(Activities, on="rep_id.role", key="rep_id.role", where=ACTION)
def improvement_on_activities(
    before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO
) -> pl.Expr:
    """How the volume of activities moved for the rep alone, where a coaching aims at it."""
    own = pl.col("rep_id").cast(pl.String) == REP
    return _improved(_of_activities, "focus_kpi", own, **_around_coaching("at", before, after_from, after_to))


@attribute(Activities, on="rep_id.role", key="rep_id.role", where=ACTION, uses=(rep_coached_on,))
def usual_on_activities(before: int = BEFORE_DAYS, after_from: int = AFTER_FROM, after_to: int = AFTER_TO) -> pl.Expr:
    """How it moved for the reps not yet coached."""
    peers = (pl.col("rep_id").cast(pl.String) != REP) & _uncoached("rep_coached_on", after_to)
    return _improved(_of_activities, "focus_kpi", peers, **_around_coaching("at", before, after_from, after_to))


@measure(Coaching, alive=("ended_at", None), unit="percent", uses=(effect_on_deals, effect_on_activities))
def coaching_effect(after_to: int = AFTER_TO) -> Aggregate:
    """Median effect of the coachings whose time after came to its end in the period."""
    return median(pl.coalesce("effect_on_deals", "effect_on_activities"), _over("ended_at", after_to))


@attribute(InitiativeUsers, on="owner_rep_id", key="rep_id")
def initiatives_of_owner() -> pl.Expr:
    """The initiatives that the owner of the deal takes part in."""
    return set_of(pl.col("initiative_id"))


@attribute(Deals, on="rep_id.role", key="owner_rep_id.role", where=CLOSED, uses=(initiatives_of_owner,))
def effect_of_use(days: int = USE_DAYS) -> pl.Expr:
    """How the KPI of deals that an initiative aims at moved for the rep, less the same for reps who do not use it."""
    windows = {
        "before": (_within("closed_at", "first_used_at", -days, 0), days),
        "after": (_within("closed_at", "first_used_at", 0, days), days),
    }
    peers = ~OWNED & ~has("initiatives_of_owner", pl.col("initiative_id"))
    return _effect(_of_deals(AIM), AIM, OWNED, peers, **windows)


@measure(InitiativeUsers, alive=("first_used_at", None), unit="percent", uses=(effect_of_use,))
def innovation_effect(days: int = USE_DAYS) -> Aggregate:
    """Median effect of initiatives on those who took them up and whose time after came to its end in the period."""
    return median("effect_of_use", _over("first_used_at", days))
