"""Conversion, the time it takes, stage times, reasons and earlier periods in words."""

from __future__ import annotations

from typing import Any

import polars as pl

from kpitools.analyses.chance import Share, apart
from kpitools.analyses.conversion import CENSORED, MATURED, NAIVE
from kpitools.analyses.words.plain import between, counted, interval_words, listed, name
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_value

Row = dict[str, Any]


def ways_words(frame: pl.DataFrame) -> list[str]:
    """What share of the deals is won, how sure that is, and how far the naive share is off.

    Args:
        frame: the frame of `conversion`, not broken down.
    """
    if frame.is_empty():
        return ["No deal was opened in the time looked at."]
    rows = {row["way"]: row for row in frame.to_dicts()}
    aware, matured, naive = (rows[way] for way in (CENSORED, MATURED, NAIVE))
    return [_aware(aware), _matured(matured), _naive(naive, aware)]


def _aware(row: Row) -> str:
    window = counted(row["within"], "day")
    if row["conversion"] is None:
        return f"No deal has been seen for {window}: what share is won in that time cannot be told yet."
    still_open = _percent(row["share_open"])
    told = f"{_percent(row['conversion'])} of {counted(row['deals'], 'deal')} are won within {window} of opening"
    return f"{told}{_interval(row)}, each counted as long as it was seen; {still_open} are still open then."


def _matured(row: Row) -> str:
    window = counted(row["within"], "day")
    if not row["deals"]:
        return f"No deal has had the whole {window} yet."
    share = f"{_percent(row['conversion'])} were won in them{_interval(row)}"
    told = f"Of the {counted(row['deals'], 'deal')} that have had the whole {window}, {share}"
    return f"{told}, and {_percent(row['share_open'])} were still open at their end."


def _naive(row: Row, aware: Row) -> str:
    told = f"Won by now, of all deals, are {_percent(row['conversion'])}"
    if not row["still_open"]:
        return f"{told}; none is still open."
    told += f", as if the {_percent(row['share_open'])} still open had failed"
    if aware["lower"] is None:
        return f"{told}: by how much that is off cannot be told."
    if row["conversion"] < aware["lower"]:
        return f"{told}: that lies below the interval of those won in time."
    if row["conversion"] > aware["upper"]:
        return f"{told}: that lies above the interval of those won in time, for it counts those won later too."
    return f"{told}: that lies within the interval of those won in time."


def time_words(frame: pl.DataFrame) -> list[str]:
    """How long it takes to win a deal.

    Args:
        frame: the frame of `time_to_win`, not broken down.
    """
    if frame.is_empty() or frame.item(0, "median") is None:
        return ["How long it takes to win a deal cannot be told yet."]
    row = frame.row(0, named=True)
    window, quarter = counted(row["within"], "day"), counted(row["quartile_1"], "day")
    rest = f"half within {row['median']} and three quarters within {row['quartile_3']}"
    return [f"Of the deals won within {window} of opening, a quarter are won within {quarter}, {rest}."]


def group_words(ways: pl.DataFrame, times: pl.DataFrame) -> list[str]:
    """What share of each group's deals is won, and how long that takes; groups of few deals are only counted.

    Args:
        ways: the frame of `conversion`, broken down.
        times: the frame of `time_to_win`, broken down likewise.
    """
    median = dict(times.select("group", "median").rows())
    rows = ways.filter(pl.col("way") == CENSORED).sort("conversion", descending=True, nulls_last=True).to_dicts()
    judged = [row for row in rows if row["deals"] >= SMALL]
    few = len(rows) - len(judged)
    said = [_group(row, median[row["group"]]) for row in judged]
    return [*said, f"{counted(few, 'group')} with fewer than {SMALL} deals not told here."] if few else said


def _group(row: Row, median: int | None) -> str:
    who, window = name(row["group"]), counted(row["within"], "day")
    if row["conversion"] is None:
        return f"{who}: no deal has been seen for {window}."
    told = (
        f"{who}: {_percent(row['conversion'])} of {counted(row['deals'], 'deal')} won within {window}{_interval(row)}"
    )
    return f"{told}." if median is None else f"{told}, half of these within {counted(median, 'day')}."


def apart_words(frame: pl.DataFrame) -> list[str]:
    """Whether the groups are won at rates that differ by more than chance explains.

    Args:
        frame: the frame of `conversion_apart`.
    """
    rows = [row for row in frame.to_dicts() if row["lower"] is not None]
    if not rows:
        return ["Whether the groups differ cannot be told: too few of their deals have been seen for long enough."]
    clear = sorted((row for row in rows if apart((row["lower"], row["upper"]))), key=lambda row: -row["difference"])
    if not clear:
        return ["Between the groups no difference is clear: chance alone can explain those there are."]
    return [_apart(row) for row in clear]


def _apart(row: Row) -> str:
    more, points = row["difference"] > 0, format_value(round(abs(row["difference"]), 1), "number")
    bounds = sorted(round(abs(row[bound]), 1) for bound in ("lower", "upper"))
    told = f"{name(row['group'])}: clearly {'more' if more else 'less'} is won than of the others"
    return f"{told}, by {points} points ({_points(*bounds)})."


def stage_time_words(frame: pl.DataFrame) -> list[str]:
    """In which stage deals stand longest, and of which stages that is not known yet.

    Args:
        frame: the frame of `stage_times`, not broken down.
    """
    judged = [row for row in frame.to_dicts() if row["entered"] >= SMALL]
    if not judged:
        return ["Too few visits to a stage began in the period to tell how long they take."]
    known = [row for row in judged if row["median"] is not None]
    unknown = [name(row["stage"]) for row in judged if row["median"] is None]
    said = [_longest(known)] if known else []
    if unknown:
        said.append(f"Not half of the visits to {listed(unknown)} are over: how long they take is not known yet.")
    return said


def _longest(rows: list[Row]) -> str:
    row = max(rows, key=lambda row: row["median"])
    told = f"Deals stand longest in {name(row['stage'])}: half have left it after {counted(row['median'], 'day')}"
    still_there = counted(row["still_open"], "visit is", "visits are")
    return f"{told}. {still_there} not over and counted as long as seen." if row["still_open"] else f"{told}."


def reason_words(frame: pl.DataFrame) -> list[str]:
    """The commonest reason for losing a deal, and whether it clearly is that.

    Args:
        frame: the frame of `lost_reasons`, not broken down.
    """
    lost = int(frame["lost"].sum())
    if lost == 0:
        return ["No deal opened in the period is lost."]
    given = frame.drop_nulls("reason").group_by("reason").agg(pl.col("lost").sum())
    counts = given.sort(["lost", "reason"], descending=[True, False]).rows()
    unsaid = lost - sum(count for _, count in counts)
    said = [_commonest(counts, lost)] if counts else []
    return [*said, f"For {counted(unsaid, 'lost deal')} no reason is given."] if unsaid else said


def _commonest(counts: list[tuple[str, int]], lost: int) -> str:
    if lost < SMALL:
        return f"{counted(lost, 'deal is', 'deals are')} lost, too few to tell the commonest reason."
    (reason, most), *others = counts
    share = Share(most, lost)
    told = f"The commonest reason is {name(reason)}: {_percent(share.percent)} of {counted(lost, 'lost deal')}"
    told += f" ({interval_words(share.interval())})"
    # of the deals lost for either reason, more than half for this one
    alike = [name(other) for other, n in others if Share(most, most + n).interval(len(others))[0] <= 50]
    if not others:
        return f"{told}; no other is given."
    return f"{told}, {f'not clearly more than {listed(alike)}' if alike else 'clearly more than any other'}."


def beside_words(frame: pl.DataFrame) -> list[str]:
    """Whether more or fewer of the deals have been won than of those of an earlier period.

    Args:
        frame: the frame of `funnel_beside`, not broken down.
    """
    if frame.is_empty():
        return ["No deal was opened in the period."]
    row = frame.sort("position").row(-1, named=True)
    if row["difference"] is None:
        return [f"No deal was opened in {name(row['before'])} to compare with."]
    shares = f"{_percent(row['share_of_first'])} of the deals are won so far, {_percent(row['before_share'])} of those"
    told = f"{shares} of {name(row['before'])} were at the same point"
    bounds = row["lower"], row["upper"]
    points = f"difference {format_value(row['difference'], 'number')} points, {_points(*bounds)}"
    if not apart(bounds):
        return [f"{told}: no clear difference ({points})."]
    return [f"{told}: clearly {'more' if row['difference'] > 0 else 'fewer'} ({points})."]


def _points(lower: float, upper: float) -> str:
    return f"95 % interval {between(lower, upper, 'number')}"


def _percent(share: float) -> str:
    return format_value(share, "percent")


def _interval(row: Row) -> str:
    if row["lower"] is None:
        return ""
    return f" ({interval_words((row['lower'], row['upper']))})"
