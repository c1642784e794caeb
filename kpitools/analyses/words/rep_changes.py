"""One rep in words against the period before, and what goes with what: from figures, chance told from change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from kpitools.analyses.chance import Share, apart, shares_differ_by
from kpitools.analyses.coaching import median_interval
from kpitools.analyses.words.plain import counted, interval_words, listed, name
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_value

Row = Mapping[str, Any]


def rep_change_words(now: pl.DataFrame, before: pl.DataFrame, rep: str, than: str) -> list[str]:
    """What changed for a rep since the period before, in three sentences: won, win rate, activities and cycle.

    The more reps there are whose win rate can be judged, the larger a change must be (Bonferroni).

    Args:
        now: the frame of `rep_table` of the period.
        before: that of the period before, to the same point where the period is not over.
        rep: whose.
        than: what the period before is called.
    """
    this, that = (frame.filter(pl.col("rep") == rep) for frame in (now, before))
    if this.is_empty():
        return [f"{name(rep)} was not there in the period."]
    if that.is_empty():
        return [f"{name(rep)} was not there in {than}, so there is nothing to compare with."]
    one, other = this.row(0, named=True), that.row(0, named=True)
    return [_won(rep, one, other, than), _rate(one, other, than, _judged(now, before)), _done(one, other)]


def _judged(now: pl.DataFrame, before: pl.DataFrame) -> int:
    """Of how many reps it can be told whether the win rate changed: of many, some change by chance alone."""
    enough = pl.col("n") >= SMALL
    return now.filter(enough).join(before.filter(enough), on="rep", how="semi").height


def _won(rep: str, now: Row, before: Row, than: str) -> str:
    then = format_value(before["won"] or 0, "count")
    told = f"{name(rep)} won {counted(now['won'] or 0, 'deal')}, after {then} in {than}"
    if now["won_amount"] is None or before["won_amount"] is None:
        return f"{told}; the amounts are not known."
    change = now["won_amount"] - before["won_amount"]
    worth = f"worth {format_value(now['won_amount'], 'currency')}"
    return f"{told}, {worth}, {_moved(change, 'currency')}."


def _moved(change: float, unit: str) -> str:
    less = "fewer" if unit == "count" else "less"
    if format_value(abs(change), unit) == format_value(0, unit):
        return "level with then"
    return f"{format_value(abs(change), unit)} {'more' if change > 0 else less} than then"


def _rate(now: Row, before: Row, than: str, judged: int) -> str:
    if min(now["n"] or 0, before["n"] or 0) < SMALL:
        few = f"{format_value(now['n'] or 0, 'count')} now and {format_value(before['n'] or 0, 'count')} in {than}"
        return f"Whether the win rate changed cannot be told: too few deals were closed, {few}."
    one, other = Share(now["won"], now["n"]), Share(before["won"], before["n"])
    change = one.percent - other.percent
    rate = f"The win rate was {format_value(one.percent, 'percent')} after {format_value(other.percent, 'percent')}"
    if not apart(shares_differ_by(one, other, judged)):
        return f"{rate}: within what chance alone explains."
    return f"{rate}: {'up' if change > 0 else 'down'} by more than chance alone explains."


def _done(now: Row, before: Row) -> str:
    if now["activities"] is None or before["activities"] is None:
        return f"Activities are not known{_cycle(now, before)}."
    change = now["activities"] - before["activities"]
    done = f"{counted(now['activities'], 'activity', 'activities')} took place, {_moved(change, 'count')}"
    return f"{done}{_cycle(now, before)}."


def _cycle(now: Row, before: Row) -> str:
    if now["median_cycle"] is None or before["median_cycle"] is None:
        return "; how long deals took cannot be compared"
    took = ", after ".join(format_value(row["median_cycle"], "days") for row in (now, before))
    return f"; the median won deal took {took}"


def effort_words(found: pl.DataFrame) -> list[str]:
    """Which activities go with the outcome, said as association.

    Args:
        found: the frame of `effort_and_outcome`.
    """
    judged = found.filter(pl.col("lower").is_not_null())
    if judged.is_empty():
        return ["There are too few sellers with activities to see what goes with winning."]
    sides = {"more": judged.filter(pl.col("lower") > 0), "less": judged.filter(pl.col("upper") < 0)}
    told = [
        f"more {listed([name(kind) for kind in rows['kind']])} also won {side}"
        for side, rows in sides.items()
        if rows.height
    ]
    looked = f"{counted(judged.height, 'kind')} of activity and {counted(judged['reps'].max() or 0, 'seller')}"  # type: ignore[arg-type]
    if not told:
        return [f"Over {looked}, no kind goes with the amount won by more than chance explains."]
    return [
        f"Over {looked}, within their role those with {'; those with '.join(told)}. "
        "They go together; no cause is shown."
    ]


def coaching_words(found: pl.DataFrame) -> list[str]:
    """Whether those who were coached improved by more than those who were not, said as association.

    Args:
        found: the frame of `coachings`.
    """
    if found.is_empty():
        return ["No coaching has its time after behind it, so there is nothing to compare yet."]
    beside = found["effect"].drop_nulls()
    alone = found.height - beside.len()
    said = [f"{counted(alone, 'coaching has', 'coachings have')} no uncoached reps of the role to compare with."]
    return [*(_coached(beside) if beside.len() else []), *(said if alone else [])]


def _coached(effects: pl.Series) -> list[str]:
    """The median effect with its interval."""
    whom = f"{counted(effects.len(), 'coaching')} compared with uncoached reps of the role"
    interval = median_interval(effects)
    if interval is None:
        return [f"{whom}: too few to tell whether those coached improved by more."]
    median = float(effects.median())  # type: ignore[arg-type]
    points = format_value(abs(median), "percent").removesuffix(" %")
    side = "more" if median >= 0 else "less"
    told = f"{whom}: in the middle, what was aimed at improved by {points} percentage points {side}"
    if not apart(interval):
        return [f"{told} ({interval_words(interval)}): within what chance alone explains."]
    return [
        f"{told} ({interval_words(interval)}), which is beyond what chance alone explains. They go together; no cause "
        "is shown: who is picked after a weak quarter improves by chance alone."
    ]


def ramp_words(found: pl.DataFrame) -> list[str]:
    """How many months it takes half of the sellers to their first deal and first quota.

    Args:
        found: the frame of `ramp_curves`.
    """
    if found.is_empty():
        return ["No seller was hired within the data, so there is no ramp to show."]
    return [
        _milestone(str(each), found.filter(pl.col("milestone") == each)) for each in found["milestone"].unique().sort()
    ]


def _milestone(what: str, curve: pl.DataFrame) -> str:
    seen, there = int(curve["at_risk"][0]), int(curve["events"].sum())
    some = f"{format_value(there, 'count')} of {counted(seen, 'seller')}"
    told = f"{what[:1].upper()}{what[1:]}: {some} hired within the data"
    half = curve.filter(pl.col("reached") >= 50)["months"]
    if seen < SMALL:
        return f"{told}, too few to say how long it takes."
    if half.is_empty():
        return f"{told}; half of them are not there within the months seen."
    within = f"half of them within {format_value(half[0], 'score')} months"
    return f"{told}; {within}, those not there yet counted as long as seen."
