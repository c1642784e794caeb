"""Reps: what each brought in, how sure that is, and what they do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import polars as pl

from kpitools.analyses import activity, words
from kpitools.analyses import pacing as pace
from kpitools.analyses import reps as analysis
from kpitools.analyses.coaching import NEEDED, coachings
from kpitools.analyses.discoveries import discoveries
from kpitools.analyses.effort import effort_and_outcome
from kpitools.analyses.mix import mix_and_rate
from kpitools.analyses.ramp import ramp_curves
from kpitools.analyses.ranks import pooled_leaderboard, standing
from kpitools.analyses.view import lacking
from kpitools.analyses.words.figures import period_name
from kpitools.analyses.words.plain import counted
from kpitools.analyses.words.rep_changes import coaching_words, effort_words, ramp_words, rep_change_words
from kpitools.analyses.words.reps import mix_words, standing_words
from kpitools.charts import activity_mix, rep_leaderboard
from kpitools.charts import ramp_curves as ramp_chart
from kpitools.charts.style import PICKED
from kpitools.evaluation.intervals import SMALL
from kpitools.evaluation.windows import moment
from kpitools.formats import format_date
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import median_sales_cycle_length
from kpitools.kpis.rep import individual_quota_attainment, number_of_deals_closed
from kpitools.kpis.team import coaching_effectiveness
from kpitools.pages.linked import Linked
from kpitools.pages.view import View
from kpitools.tables import frame_table
from kpitools.views.parts import sentences

POOLED = "Pooled win rate"
#: What the table of the leaderboard shows under which heading.
BOARD = {
    "value": POOLED,
    "lower": "95 % from",
    "upper": "95 % to",
    "top_quarter": "Chance of the top quarter",
    "rank_lower": "Best likely rank",
    "rank_upper": "Worst likely rank",
    "compared": "Of so many reps",
    "win_rate": "Own win rate",
    "n": "Deals closed",
    "alike": "Peers of the same",
}
#: What deals are told apart by to split a difference: the first that the data has.
PARTS = ("segment", "deal_kind", "industry")
#: Of so many reps the changes are told.
MOST_TOLD = 20
#: How many are drawn; a table has all of them.
MOST_DRAWN = 60
SHARED = "Coachings of the same weeks share their peers: together they say less than as many far apart would."
SHARES = ("value", "lower", "upper", "top_quarter", "win_rate")


def findings(view: View) -> Iterable[Any]:
    """The reps in words."""
    said = words.rep_words(_table(view), discoveries(_sellers(view)))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def leaderboard(view: View) -> Iterable[Any]:
    """Win rates pooled within the role, with their intervals and ranks, beside those of the others."""
    yield from ranked(view)
    yield frame_table(
        _board(view).select("rep", *BOARD),
        caption=f"{POOLED} by rep",
        labels=BOARD,
        units=dict.fromkeys(SHARES, "percent"),
    )


def ranked(view: View) -> Iterable[Any]:
    """The same in words and as a chart, without the table."""
    view.use([win_rate, individual_quota_attainment, number_of_deals_closed, median_sales_cycle_length])
    frame = _board(view)
    drawn = frame.filter(pl.col("n").rank("ordinal", descending=True) <= MOST_DRAWN)
    left = [f"Drawn are the {MOST_DRAWN} of {counted(frame.height, 'seller')} with the most closed deals."]
    yield from sentences(standing_words(_placed(view)) + left * (drawn.height < frame.height))
    yield Linked.of(rep_leaderboard(drawn, POOLED, win_rate.unit), "rep", PICKED, "rep", drawn["rep"])


def _placed(view: View) -> pl.DataFrame:
    return view.once("reps ranked", lambda: standing(_sellers(view)))


def _board(view: View) -> pl.DataFrame:
    return view.once("leaderboard", lambda: pooled_leaderboard(_placed(view)))


def attainment(view: View) -> Iterable[Any]:
    """What each rep won, against quota."""
    frame = _table(view)
    labels = {
        "won": "Deals won",
        "won_amount": "Amount won",
        "quota": "Quota",
        "attainment": "Attainment",
        "peers_attainment": "Peers' attainment",
        "median_cycle": "Median cycle",
        "activities": "Activities",
        "tenure_days": "Days since hire",
    }
    units = dict.fromkeys(("won", "activities", "tenure_days"), "count")
    units |= dict.fromkeys(("won_amount", "quota"), "currency") | {"median_cycle": "days"}
    units |= dict.fromkeys(("attainment", "peers_attainment"), "percent")
    shown = frame.select("rep", *labels)
    return [frame_table(shown, caption="Attainment by rep", labels=labels, units=units)]


def activities(view: View) -> Iterable[Any]:
    """What each rep does."""
    frame = activity.activity_mix(view.data, period=view.period, by="rep", as_of=view.as_of)
    return [activity_mix(frame)]


def _sellers(view: View) -> pl.DataFrame:
    return view.once("sellers", lambda: analysis.sellers(view.data, period=view.period))


def _table(view: View) -> pl.DataFrame:
    return view.once("reps", lambda: analysis.with_sales(_sellers(view), view.data, period=view.period))


def pacing(view: View) -> Iterable[Any]:
    """What each working day left must bring for the quotas, and where the pace so far leads."""
    frame = pace.pacing(_table(view), period=view.period, as_of=view.as_of)
    if frame.is_empty():
        return sentences(["No quota is known for the period, so there is nothing to pace."])
    if not frame["days_left"][0]:
        return sentences(["The period is over: no working day is left, and attainment is as it stands above."])
    labels = {"attainment": "Attainment", "expected": "Of the working days", "days_left": "Working days left"}
    labels |= {"needed_per_day": "Needed per working day", "projected_attainment": "Attainment at this pace"}
    units = dict.fromkeys(("attainment", "expected", "projected_attainment"), "percent")
    units |= {"days_left": "count", "needed_per_day": "currency"}
    return [frame_table(frame.select("rep", *labels), caption="Pacing to quota by rep", labels=labels, units=units)]


def differences(view: View) -> Iterable[Any]:
    """How each rep's win rate differs from that of the peers, split into mix and rate."""
    by = next((name for name in PARTS if name in view.data.dimensions("deals")), None)
    if by is None:
        return sentences(["The data has no segment and no kind of deal, so mix and rate cannot be told apart."])
    frame = mix_and_rate(view.data, _sellers(view), period=view.period, by=by, as_of=view.as_of)
    if frame.is_empty():
        return sentences(["Nobody closed a deal beside others of the same role, so there is nothing to compare."])
    labels = {"win_rate": "Win rate", "peers": "Peers", "difference": "Difference"}
    labels |= {"mix": "By mix", "rate": "By rate", "n": "Deals closed"}
    units = {"win_rate": "percent", "peers": "percent", "difference": "score", "mix": "score", "rate": "score"}
    caption = f"Difference to peers by {by.replace('_', ' ')}: mix and rate"
    shown = frame.select("rep", *labels)
    table = frame_table(shown, caption=caption, labels=labels, units={**units, "n": "count"})
    return [*sentences(mix_words(frame, discoveries(_sellers(view)))), table]


def ramp(view: View) -> Iterable[Any]:
    """How many months after joining sellers win their first deal and meet their first quota."""
    if lacking(view.data, ["reps.hired_at"]):
        return sentences(["The data does not say when reps were hired, so there is no ramp to show."])
    found = ramp_curves(view.data, as_of=view.as_of)
    enough = found.filter(pl.col("at_risk") >= SMALL).height > 0
    return [*sentences(ramp_words(found)), *([ramp_chart(found)] if enough else [])]


def coaching(view: View) -> Iterable[Any]:
    """What coaching aimed at, before and after, beside the reps of the role who were not coached."""
    if lacking(view.data, NEEDED):
        return sentences(["The data has no coaching with an end and an aim, so before and after cannot be compared."])
    view.use([coaching_effectiveness])
    found = coachings(view.data, period=view.period, as_of=view.as_of)
    said = coaching_words(found)
    if found.is_empty():
        return sentences(said)
    labels = {"focus_kpi": "Aimed at", "ended_at": "Ended", "own": "Improved by", "usual": "Uncoached reps by"}
    labels |= {"effect": "Difference"}
    units = {"own": "percent", "usual": "percent", "effect": "score"}
    aims = {kpi.id: kpi.label for kpi in CATALOGUE.values()}
    shown = found.head(MOST_TOLD).with_columns(pl.col("focus_kpi").replace(aims)).select("rep", *labels)
    caption = "Coaching, before and after" if shown.height == found.height else f"The last {shown.height} coachings"
    return [*sentences(said), frame_table(shown, caption=caption, labels=labels, units=units, note=SHARED)]


def changes(view: View) -> Iterable[Any]:
    """What changed for each rep since the period before, and which activities go with winning."""
    at = moment(view.period, view.data.seen_at).shifted("previous")
    if at is None:
        return sentences(["There is no period before to compare with."])
    upto = at.until - timedelta(days=1)
    before = analysis.rep_table(view.data, period=at.period, as_of=view.as_of if at.complete else upto)
    name = period_name(at.period.label)
    than = name if at.complete else f"{name} up to {format_date(upto)}"
    now = _table(view)
    active = now.filter(pl.col("n") > 0).sort(pl.col("won_amount").fill_null(0), "rep", descending=[True, False])
    told = [" ".join(rep_change_words(now, before, rep, than)) for rep in active["rep"].head(MOST_TOLD)]
    if active.height > MOST_TOLD:
        told.append(f"Told of the {MOST_TOLD} who won most, of {counted(active.height, 'seller')} who closed deals.")
    if "activities" in view.data:
        mix = activity.activity_mix(view.data, period=view.period, by="rep", as_of=view.as_of)
        told += effort_words(effort_and_outcome(now, mix))
    return sentences(told)
