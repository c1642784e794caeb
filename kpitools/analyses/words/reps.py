"""Reps in words: totals, quotas, and who can be told apart from the others at all."""

from __future__ import annotations

import polars as pl

from kpitools.analyses.words.plain import counted, listed, name, total
from kpitools.evaluation.intervals import CONFIDENCE, SMALL
from kpitools.formats import format_value

#: A chance in percent from which somebody is said to be likely there.
LIKELY = 80


def rep_words(table: pl.DataFrame, found: pl.DataFrame | None = None) -> list[str]:
    """What the sellers won, how many reached their quota, and whose win rate differs from that of their peers.

    With many reps some differ by chance alone: the sentence says how many that would be.

    Args:
        table: the frame of `rep_table`.
        found: the frame of `discoveries`, to say who differs with false findings held down.
    """
    if table.is_empty():
        return ["No seller was employed in the period or closed a deal in it."]
    return [_totals(table), _quotas(table), *_peers(table, found)]


def _totals(table: pl.DataFrame) -> str:
    amount = total(table["won_amount"]) if table["won_amount"].count() else None
    worth = f", worth {format_value(amount, 'currency')}" if amount is not None else ""
    closed, won = total(table["n"]), total(table["won"])
    told = f"{counted(table.height, 'seller')} closed {counted(closed, 'deal')} and won {format_value(won, 'count')}"
    return f"{told} of them{worth}."


def _quotas(table: pl.DataFrame) -> str:
    held = table.filter(pl.col("attainment").is_not_null())
    if held.is_empty():
        return "No quota is known for the period, so attainment cannot be told."
    reached = held.filter(pl.col("attainment") >= 100).height
    together = 100 * total(held["won_amount"]) / total(held["quota"])
    told = f"{format_value(reached, 'count')} of {counted(held.height, 'seller')} with a quota reached it"
    return f"{told}; together they stand at {format_value(together, 'percent')}."


def _peers(table: pl.DataFrame, found: pl.DataFrame | None) -> list[str]:
    judged = table.filter(pl.col("n") >= SMALL, pl.col("overlaps_peers").is_not_null())
    few = table.filter(pl.col("n") < SMALL, pl.col("n") > 0).height
    said = [_apart(judged)] if judged.height else []
    if found is not None and found.height:
        said = discovery_words(found)
    if few:
        said.append(f"{counted(few, 'seller')} closed fewer than {SMALL} deals: too few to judge a win rate by.")
    return said or ["Nobody closed a deal, so there is no win rate to judge."]


def _apart(judged: pl.DataFrame) -> str:
    whom = f"{counted(judged.height, 'seller')} with at least {SMALL} closed deals"
    different = judged.filter(~pl.col("overlaps_peers")).sort("win_rate", descending=True)
    if different.is_empty():
        return f"Of {whom}, none has a win rate that can be told from that of the others in the role."
    sides = {
        "above": different.filter(pl.col("win_rate") > pl.col("peers")),
        "below": different.filter(pl.col("win_rate") < pl.col("peers")),
    }
    named = [f"{side} them {listed([name(rep) for rep in rows['rep']])}" for side, rows in sides.items() if rows.height]
    by_chance = (1 - CONFIDENCE) * judged.height
    expected = "fewer than one" if by_chance < 1 else f"about {format_value(round(by_chance), 'count')}"
    told = f"Of {whom}, {counted(different.height, 'has', 'have')} a win rate whose interval leaves out that of the "
    return f"{told}others in the role: {'; '.join(named)}. By chance alone {expected} would."


def standing_words(placed: pl.DataFrame) -> list[str]:
    """Who is likely among the best quarter of the role, and how far the ranks can be told.

    Args:
        placed: the frame of `standing`.
    """
    ranked = placed.filter(pl.col("top_quarter").is_not_null())
    if ranked.is_empty():
        return ["Fewer than four sellers of a role closed deals, so there is no top quarter to be in."]
    likely = ranked.filter(pl.col("top_quarter") >= LIKELY).sort("top_quarter", "rep", descending=[True, False])
    whom = f"Of {counted(ranked.height, 'seller')} ranked within their role"
    if likely.is_empty():
        return [f"{whom}, none is in the top quarter with a chance of at least {LIKELY} %."]
    named = [f"{name(rep)} ({format_value(chance, 'percent')})" for rep, chance in _pairs(likely, "top_quarter")]
    told = counted(likely.height, "is", "are")
    return [f"{whom}, {told} in the top quarter with a chance of at least {LIKELY} %: {listed(named)}."]


def discovery_words(found: pl.DataFrame) -> list[str]:
    """Which reps differ from their peers, said with how many were compared.

    Args:
        found: the frame of `discoveries`.
    """
    if found.is_empty():
        return ["Nobody closed enough deals to be compared with the others in the role."]
    whom = f"{counted(found.height, 'seller')} with at least {SMALL} closed deals"
    compared = f"{whom} {'was' if found.height == 1 else 'were'} compared with the others in the role"
    differ = found.filter(pl.col("side").is_not_null())
    if differ.is_empty():
        return [f"{compared}; with so many comparisons, none differs by more than chance explains."]
    sides = [(side, differ.filter(pl.col("side") == side)) for side in ("above", "below")]
    named = [f"{side} them {listed([name(rep) for rep in rows['rep']])}" for side, rows in sides if rows.height]
    told = f"{counted(differ.height, 'differs', 'differ')}: {'; '.join(named)}"
    return [f"{compared}; {told}. On average at most one such finding in twenty is false."]


def _pairs(rows: pl.DataFrame, column: str) -> list[tuple[str, float]]:
    return list(zip(rows["rep"], rows[column], strict=True))
