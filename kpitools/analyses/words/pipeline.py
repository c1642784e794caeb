"""The open pipeline in words."""

from __future__ import annotations

from typing import Any

import polars as pl

from kpitools.analyses.chance import Share, apart
from kpitools.analyses.words.plain import between, counted, interval_words, listed, name, total
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_difference, format_value

WHOSE = {"rep": "Forecasts of reps", "team": "Forecasts of teams", "company": "Forecasts of the company"}


def pipeline_words(frame: pl.DataFrame) -> list[str]:
    """How much is open, where most of it stands, and how much of it is old.

    Args:
        frame: the frame of `by_stage_and_age`.
    """
    if frame.is_empty():
        return ["No deal is open."]
    deals, amount = total(frame["deals"]), total(frame["amount"]) if frame["amount"].count() else None
    worth = f", worth {format_value(amount, 'currency')}" if amount is not None else ""
    stages = frame.group_by("stage", maintain_order=True).agg(pl.col("deals").sum())
    top = stages.sort("deals", descending=True, maintain_order=True).row(0, named=True)
    oldest = frame.filter(pl.col("age_position") == pl.col("age_position").max())
    share = format_value(100 * total(oldest["deals"]) / deals, "percent")
    where = f"Most stand in {name(top['stage'])}: {format_value(top['deals'], 'count')}."
    age = f"{share} are {oldest.item(0, 'age_band').replace(' days', ' days old')}."
    return [f"{counted(deals, 'deal is', 'deals are')} open{worth}.", *([where] if stages.height > 1 else []), age]


def bridge_words(frame: pl.DataFrame) -> list[str]:
    """From what to what the pipeline went, what brought most in and what took most out.

    Args:
        frame: the frame of `bridge`, not broken down.
    """
    rows = {row["step"]: row for row in frame.to_dicts()}
    if not rows or not frame["deals"].sum():
        return ["No deal was open in the period."]
    first, last = rows["opening"]["amount"], rows["closing"]["amount"]
    way = "grew" if last > first else "shrank"
    moved = "stayed the same" if first == last else f"{way} by {_amount(abs(last - first))}"
    told = f"The open pipeline {moved}: it opened at {_amount(first)} and closed at {_amount(last)}."
    moves = [row for step, row in rows.items() if step not in ("opening", "closing") and row["amount"]]
    came = sorted((row for row in moves if row["amount"] > 0), key=lambda row: -row["amount"])
    went = sorted((row for row in moves if row["amount"] < 0), key=lambda row: row["amount"])
    both = {"Most came in as": came, "Most went out as": went}
    return [told, *(f"{begin} {listed([_move(row) for row in side[:2]])}." for begin, side in both.items() if side)]


def velocity_words(frame: pl.DataFrame) -> list[str]:
    """By how much the pipeline became faster or slower, and what each driver did to it.

    Args:
        frame: the frame of `velocity_change`, not broken down.
    """
    rows = frame.to_dicts()
    if not rows or rows[-1]["contribution"] is None:
        return ["What changed the velocity of the pipeline cannot be told: one of its drivers has no figure."]
    *drivers, whole = rows
    change = whole["contribution"]
    now, before = (format_value(whole[when], whole["unit"]) for when in ("now", "before"))
    moved = f"{'rose' if change > 0 else 'fell'} to {now} from {before}" if now != before else f"stayed at {now}"
    told = f"The pipeline's velocity {moved}."
    ordered = sorted(drivers, key=lambda row: -abs(row["contribution"]))
    parts = [f"{row['label'].lower()} {format_difference(row['contribution'], whole['unit'])}" for row in ordered]
    return [told, f"Its drivers together make the whole change: {listed(parts)}."]


def ageing_words(frame: pl.DataFrame) -> list[str]:
    """How many open deals are older than most won deals ever got.

    Args:
        frame: the frame of `ageing`, not broken down.
    """
    if frame.is_empty():
        return ["No deal is open."]
    row = frame.row(0, named=True)
    if row["won"] < SMALL:
        few = counted(row["won"], "recent win says", "recent wins say")
        return [f"{few} how long a deal takes: too few to call open deals old."]
    share = Share(row["older_than_p75"], row["open"])
    who = f"Of {counted(row['open'], 'open deal')}, {format_value(share.some, 'count')}"
    than = f"older than three quarters of the won deals took ({format_value(row['won_p75'], 'days')})"
    told = f"{who} ({format_value(share.percent, 'percent')}; {interval_words(share.interval())})"
    worth = f"; worth {_amount(row['amount_older'])}" if row["amount_older"] else ""
    return [f"{told} {'is' if share.some == 1 else 'are'} {than}{worth}."]


def slippage_words(frame: pl.DataFrame) -> list[str]:
    """How many deals were put off, and by how much.

    Args:
        frame: the frame of `slippage`, not broken down.
    """
    if frame.is_empty():
        return ["No deal was open in the period."]
    row = frame.row(0, named=True)
    if not row["slipped"]:
        return [f"Of {counted(row['worked'], 'deal')} worked, none had its expected closing put off."]
    share = Share(row["slipped"], row["worked"])
    off = f"{format_value(row['slipped'], 'count')} had {'its' if row['slipped'] == 1 else 'their'} expected closing"
    how = f"{counted(row['pushes'], 'time')}, by {format_value(row['median_days'], 'days')} in the median"
    told = f"Of {counted(row['worked'], 'deal')} worked, {off} put off ({format_value(share.percent, 'percent')}; "
    return [f"{told}{interval_words(share.interval())}): {how}."]


def coverage_words(frame: pl.DataFrame) -> list[str]:
    """How much of the pipeline at the start of past periods was won in them.

    Args:
        frame: the frame of `coverage`, not broken down.
    """
    over = frame.filter(pl.col("complete"), pl.col("open") > 0)
    if over.is_empty():
        return ["No period that is over began with an open pipeline: what coverage brings cannot be told."]
    least, most = over["yielded"].min(), over["yielded"].max()
    share = format_value(100 * total(over["won_of_open"]) / total(over["open"]), "percent")
    spread = "" if over.height == 1 else f" ({between(float(least), float(most), 'percent')} in single periods)"  # type: ignore[arg-type]
    return [f"Of the pipeline open when {counted(over.height, 'period')} began, {share} was won within it{spread}."]


def rush_words(frame: pl.DataFrame) -> list[str]:
    """Whether more wins come at the end of periods than an even spread would put there.

    Args:
        frame: the frame of `rush`, not broken down.
    """
    won, late = total(frame["won"]), total(frame["late"])
    if won < SMALL:
        return [f"{counted(won, 'win')} in periods that are over: too few to tell a rush at their end."]
    share = Share(late, won)
    even = float((frame["even"] * frame["won"]).sum()) / won
    low, high = share.interval()
    verdict = "more than" if low > even else "less than" if high < even else "not clearly other than"
    wins = f"{format_value(share.percent, 'percent')} of {counted(won, 'win')} came in the last days of their period"
    return [f"{wins} ({interval_words((low, high))}), {verdict} an even spread would put there: "
            f"{format_value(even, 'percent')}."]  # fmt: skip


def forecast_words(frame: pl.DataFrame) -> list[str]:
    """Whether forecasts promised too much or too little, one sentence for each level and lead time.

    Args:
        frame: the frame of `forecast_bias` by level and lead.
    """
    if frame.is_empty():
        return ["No forecast is for a span that is over."]
    return [_forecast(row) for row in frame.to_dicts()]


def _forecast(row: dict[str, Any]) -> str:
    whose = WHOSE[row["level"]]
    begin = f"{whose} made {row['lead']} ({format_value(row['forecasts'], 'count')})"
    if row["forecasts"] < SMALL or row["bias"] is None or row["lower"] is None:
        return f"{begin} are too few to call them too high or too low."
    size, side = format_value(abs(row["bias"]), "percent"), "above" if row["bias"] > 0 else "below"
    where = "level with" if size == format_value(0, "percent") else f"{size} {side}"
    bounds = interval_words((row["lower"], row["upper"]))
    clear = "more than" if apart((row["lower"], row["upper"])) else "within what"
    return f"{begin} lay {where} what was won ({bounds}) - {clear} chance alone explains."


def _move(row: dict[str, Any]) -> str:
    return f"{row['step'].replace('_', ' ')} ({_amount(abs(row['amount']))}, {counted(row['deals'], 'deal')})"


def _amount(value: float) -> str:
    return format_value(value, "currency")
