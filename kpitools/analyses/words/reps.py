"""Reps in words: totals, quotas, and who can be told apart from the others at all."""

from __future__ import annotations

from typing import Any

import polars as pl

from kpitools.analyses.alike import LIKENESS
from kpitools.analyses.ranks import FEWEST
from kpitools.analyses.words.plain import counted, listed, name, total
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_difference, format_value

#: A chance in percent from which somebody is said to be likely there.
LIKELY = 80
#: Of so many reps, those furthest from their peers, it is said whether mix or rate sets them apart.
MOST_SPLIT = 5


def rep_words(table: pl.DataFrame, found: pl.DataFrame) -> list[str]:
    """What the sellers won, how many reached their quota, and whose win rate differs from that of their peers.

    Args:
        table: the frame of `rep_table`.
        found: the frame of `discoveries` over it.
    """
    if table.is_empty():
        return ["No seller was employed in the period or closed a deal in it."]
    if not total(table["n"]):
        return [_totals(table), _quotas(table), "Nobody closed a deal, so there is no win rate to judge."]
    few = table.filter(pl.col("n") < SMALL, pl.col("n") > 0).height
    small = (
        [f"{counted(few, 'seller')} closed fewer than {SMALL} deals: too few to judge a win rate by."] if few else []
    )
    return [_totals(table), _quotas(table), *discovery_words(found), *small]


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


def _few(table: pl.DataFrame) -> list[str]:
    few = table.filter(pl.col("n") < SMALL, pl.col("n") > 0).height
    return [f"{counted(few, 'seller')} closed fewer than {SMALL} deals: too few to judge a win rate by."] if few else []


def standing_words(placed: pl.DataFrame) -> list[str]:
    """Who is likely among the best quarter of the rep and its peers.

    Args:
        placed: the frame of `standing`.
    """
    ranked = placed.filter(pl.col("top_quarter").is_not_null())
    if ranked.is_empty():
        return [f"Nobody has {FEWEST - 1} peers who closed deals, so there is no top quarter to be in."]
    likely = ranked.filter(pl.col("top_quarter") >= LIKELY).sort("top_quarter", "rep", descending=[True, False])
    whom = f"Of {counted(ranked.height, 'seller')} ranked among their peers"
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
        return ["Nobody closed enough deals to be compared with peers."]
    whom = f"{counted(found.height, 'seller')} with at least {SMALL} closed deals"
    compared = f"{whom} {'was' if found.height == 1 else 'were'} compared with peers, {_peers(found['alike'])}"
    differ = found.filter(pl.col("side").is_not_null())
    if differ.is_empty():
        none = "the difference is" if found.height == 1 else "with so many comparisons, all differences are"
        return [f"{compared}; {none} within what chance explains."]
    sides = [(side, differ.filter(pl.col("side") == side)) for side in ("above", "below")]
    named = [f"{side} them {listed([name(rep) for rep in rows['rep']])}" for side, rows in sides if rows.height]
    told = f"{counted(differ.height, 'differs', 'differ')}: {'; '.join(named)}"
    return [f"{compared}; {told}. On average at most one such finding in twenty is false."]


def mix_words(split: pl.DataFrame, found: pl.DataFrame) -> list[str]:
    """Whether those who differ from their peers have other deals, or win more of the same.

    Args:
        split: the frame of `mix_and_rate`.
        found: the frame of `discoveries`: a difference that may be chance is not explained.
    """
    differ = split.join(
        found.filter(pl.col("side").is_not_null()).select("rep", "side"), on="rep", maintain_order="left"
    )
    if differ.is_empty():
        return ["Nobody differs from peers by more than chance explains, so neither part of a difference says much."]
    return [_parts(row) for row in differ.head(MOST_SPLIT).iter_rows(named=True)]


def _parts(row: dict[str, Any]) -> str:
    mix, rate = (format_difference(row[part], "score") for part in ("mix", "rate"))
    points = format_value(abs(row["difference"]), "score")
    return f"{name(row['rep'])} is {points} points {row['side']} peers: {mix} by mix, {rate} by rate."


def _peers(alike: pl.Series) -> str:
    """Who the peers are, and for how many sellers where that is not the same for all."""
    held = {each: alike.to_list().count(each) for each in LIKENESS}
    there = {each: number for each, number in held.items() if number}
    if len(there) == 1:
        return f"the others of the same {next(iter(there))}"
    each = [f"the same {what} for {format_value(number, 'count')}" for what, number in there.items()]
    return f"the others of {listed(each)}"


def _pairs(rows: pl.DataFrame, column: str) -> list[tuple[str, float]]:
    return list(zip(rows["rep"], rows[column], strict=True))
