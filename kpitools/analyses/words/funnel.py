"""The funnel in words."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl

from kpitools.analyses.chance import Share, apart, shares_differ_by
from kpitools.analyses.moves import BACK, REOPENED, SKIPPED
from kpitools.analyses.words.plain import counted, interval_words, listed, name
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_value


def funnel_words(frame: pl.DataFrame) -> list[str]:
    """What became of the deals, how sure their conversion is, where they are lost, and how many are still open.

    Args:
        frame: the frame of `funnel`; broken down, it gives one sentence per group.
    """
    if frame.is_empty():
        return ["No deal was opened in the period."]
    if "group" in frame.columns:
        parts = frame.partition_by("group", maintain_order=True)
        said = [f"{name(part.item(0, 'group'))}: {_won(part)}" for part in parts[:4]]
        return [*said, f"{counted(len(parts) - 4, 'further group')} not told here."] if len(parts) > 4 else said
    rows = frame.sort("position").to_dicts()
    first, last = rows[0], rows[-1]
    if not first["entered"]:
        return ["No deal went through the first stage in the period."]
    still_open, lost = (sum(row[column] for row in rows) for column in ("still_open", "lost"))
    won, left = counted(last["entered"], "was won", "were won"), counted(still_open, "is", "are")
    opened = f"Of {counted(first['entered'], 'deal')} opened"
    told = f"{opened}, {won}, {format_value(lost, 'count')} lost and {left} still open."
    skipped = sum(row["skipped"] for row in rows)
    if skipped:
        told += f" {counted(skipped, 'deal has', 'deals have')} skipped a stage and {'is' if skipped == 1 else 'are'} "
        told += "followed no further."
    moves = [
        (before["stage"], Share(row["entered"], row["entered"] + before["lost"]))
        for before, row in pairwise(rows)
        if row["entered"] + before["lost"] > 0
    ]
    return list(filter(None, [told, _won(frame), _weakest(moves), _open(first["entered"], still_open, "deals")]))


#: What a funnel's rule means, and by which outcome a re-opened deal counts.
RULES_SAID = {
    "reached": "A deal that reached a stage or a later one counts as having entered it, whatever it skipped; one that "
    "moved back keeps the furthest it reached.",
    "through": "A deal counts in a stage if it visited that and all before it; one that skipped a stage comes no "
    "further.",
}
OUTCOMES_SAID = {
    "last": "A re-opened deal counts by its last outcome: open, until it is closed again.",
    "first": "A re-opened deal counts by its first outcome, as if nothing had come after it.",
}


def rule_words(rule: str, reopened: str, window_days: int) -> list[str]:
    """By which rules deals are counted.

    Args:
        rule, reopened: as for `funnel`.
        window_days: the window in days; 0 where there is none.
    """
    said = [RULES_SAID[rule], OUTCOMES_SAID[reopened]]
    if window_days:
        window = counted(window_days, "day")
        said.append(f"Only deals that have had {window} since they were opened count, each as it stood after them.")
    return said


def move_words(frame: pl.DataFrame) -> list[str]:
    """How many deals skipped a stage, moved back or were opened again.

    Args:
        frame: the frame of `unusual_moves`, not broken down.
    """
    if frame.is_empty():
        return ["No deal opened in the period has visited a stage."]
    deals = {row["move"]: row for row in frame.to_dicts()}
    of = counted(frame.item(0, "opened"), "deal")
    skipped, back, again = (_some(deals[move]) for move in (SKIPPED, BACK, REOPENED))
    told = f"Of {of} opened, {skipped} skipped a stage or began beyond the first, {back} moved back"
    return [f"{told} and {again} {'was' if deals[REOPENED]['deals'] == 1 else 'were'} opened again after closing."]


def _some(row: dict[str, Any]) -> str:
    if not row["deals"]:
        return "none"
    return f"{format_value(row['deals'], 'count')} ({format_value(row['share'], 'percent')})"


def conversion_words(frame: pl.DataFrame) -> list[str]:
    """Which stage most deals are lost in, and whether that is more than chance; the open ones in numbers.

    Args:
        frame: the frame of `stage_conversion`, not broken down.
    """
    rows = frame.sort("position").to_dicts()
    moves = [(r["stage"], Share(r["advanced"], d)) for r in rows if (d := r["advanced"] + r["lost"]) > 0]
    if not moves:
        return ["No visit to a stage that began in the period is decided yet."]
    entered, still_open = (sum(row[column] for row in rows) for column in ("entered", "still_open"))
    return list(filter(None, [_weakest(moves), _open(entered, still_open, "visits")]))


def lead_words(frame: pl.DataFrame) -> list[str]:
    """What became of the leads, and at which step most of them end.

    Args:
        frame: the frame of `lead_funnel`, not broken down.
    """
    rows = frame.sort("position").to_dicts()
    if not rows or not rows[0]["entered"]:
        return ["No lead came in in the period."]
    leads, won = rows[0]["entered"], rows[-1]["entered"]
    lost, still_open = (sum(row[column] for row in rows) for column in ("lost", "still_open"))
    told = f"Of {counted(leads, 'lead')}, {counted(won, 'has become a won deal', 'have become won deals')}, "
    told += f"{counted(lost, 'is', 'are')} lost and {counted(still_open, 'is', 'are')} still open."
    moves = [
        (before["stage"], Share(row["entered"], row["entered"] + before["lost"]))
        for before, row in pairwise(rows)
        if row["entered"] + before["lost"] > 0
    ]
    return list(filter(None, [told, _weakest(moves, "lead"), _open(leads, still_open, "leads")]))


def _won(frame: pl.DataFrame) -> str:
    """The conversion of the decided: won, of won and lost."""
    last = frame.sort("position").row(-1, named=True)
    won, lost = last["entered"], int(frame["lost"].sum())
    if won + lost < SMALL:
        return f"{counted(won + lost, 'deal is', 'deals are')} decided, too few for a conversion rate."
    share = Share(won, won + lost)
    rate = format_value(share.percent, "percent")
    return f"Of {counted(won + lost, 'deal')} decided, {rate} were won ({interval_words(share.interval())})."


def _weakest(moves: list[tuple[Any, Share]], noun: str = "deal") -> str:
    """The stage from which the smallest share of the decided goes on, and which others it cannot be told from."""
    judged = sorted(((stage, share) for stage, share in moves if share.of >= SMALL), key=lambda move: move[1].percent)
    if len(judged) < 2:
        return ""
    (stage, low), *others = judged
    told = f"Fewest go on from {name(stage)}: {format_value(low.percent, 'percent')} of {counted(low.of, noun)}"
    told += f" decided there ({interval_words(low.interval())})"
    alike = [name(other) for other, share in others if not apart(shares_differ_by(low, share, len(others)))]
    return (
        f"{told}, {f'not clearly fewer than from {listed(alike)}' if alike else 'clearly fewer than from the others'}."
    )


def _open(entered: float, still_open: float, what: str) -> str:
    if not still_open:
        return ""
    share = format_value(100 * still_open / entered, "percent")
    return f"{share} of the {what} are still open: they count as neither won nor lost, and the shares can still change."
