"""Reps in words: who differs, who leads, what changed; for both signs and for cannot tell."""

from __future__ import annotations

import polars as pl
import pytest

from kpitools import charts
from kpitools.analyses.discoveries import discoveries
from kpitools.analyses.mix import MIX_AND_RATE
from kpitools.analyses.ranks import pooled_leaderboard, standing
from kpitools.analyses.reps import REPS, rep_table
from kpitools.analyses.words.reps import discovery_words, mix_words, rep_words, standing_words
from kpitools.model.dataset import Dataset

REST = {f"R{place:02}": (12, 40) for place in range(10)}


def table(reps: dict[str, tuple[int, int]]) -> pl.DataFrame:
    rows = [{"rep": rep, "role": "ae", "alike": "role", "won": won, "n": n} for rep, (won, n) in reps.items()]
    return pl.DataFrame(rows, schema=REPS)


ALL = "were compared with peers, the others of the same role"
FALSE = "On average at most one such finding in twenty is false."


@pytest.mark.parametrize(("reps", "said"), [
    (REST, f"10 sellers with at least 10 closed deals {ALL}; with so many comparisons, all differences are within "
     "what chance explains."),
    ({**REST, "A*": (38, 40)}, f"11 sellers with at least 10 closed deals {ALL}; 1 differs: above them A\\*. {FALSE}"),
    ({**REST, "B": (0, 40)}, f"11 sellers with at least 10 closed deals {ALL}; 1 differs: below them B. {FALSE}"),
    ({**REST, "A": (38, 40), "B": (0, 40)}, f"12 sellers with at least 10 closed deals {ALL}; 2 differ: above them A; "
     f"below them B. {FALSE}"),
    ({"A": (10, 20), "B": (1, 4)}, "1 seller with at least 10 closed deals was compared with peers, the others of the "
     "same role; the difference is within what chance explains."),
    ({"A": (3, 4), "B": (0, 4)}, "Nobody closed enough deals to be compared with peers."),
])  # fmt: skip
def test_who_differs_is_said_with_the_number_compared(reps: dict, said: str):
    assert discovery_words(discoveries(table(reps))) == [said]


def test_who_the_peers_are_is_said():
    reps = table({**REST, "A": (10, 40)})
    mixed = reps.with_columns(alike=pl.when(pl.col("rep") == "A").then(pl.lit("role and segment")).otherwise("alike"))
    said = discovery_words(discoveries(mixed.with_columns(segment=pl.lit("smb"))))[0]
    assert "compared with peers, the others of the same role and segment for 1 and the same role for 10;" in said


def test_the_whole_in_words():
    names = {"A*": (38, 40), **REST, "B": (3, 4)}
    money = {"won_amount": 1000.0, "quota": 500.0, "attainment": 200.0}
    some = table(names).with_columns(pl.when(pl.col("rep") == "A*").then(value).alias(name)
                                     for name, value in money.items())  # fmt: skip
    assert rep_words(some, discoveries(some)) == [
        "12 sellers closed 444 deals and won 161 of them, worth 1,000.",
        "1 of 1 seller with a quota reached it; together they stand at 200.0 %.",
        f"11 sellers with at least 10 closed deals {ALL}; 1 differs: above them A\\*. {FALSE}",
        "1 seller closed fewer than 10 deals: too few to judge a win rate by.",
    ]


def test_nothing_to_tell():
    idle = table({"Eva": (0, 0)})
    assert rep_words(idle, discoveries(idle)) == [
        "1 seller closed 0 deals and won 0 of them.",
        "No quota is known for the period, so attainment cannot be told.",
        "Nobody closed a deal, so there is no win rate to judge.",
    ]
    assert rep_words(idle.clear(), discoveries(idle)) == [
        "No seller was employed in the period or closed a deal in it."
    ]


@pytest.mark.parametrize(("reps", "parts", "said"), [
    ({"A*": (38, 40)}, [("A*", 65.0, 5.0, 60.0), ("R01", -6.0, 2.0, -8.0)],
     ["A\\* is 65.0 points above peers: +5.0 by mix, +60.0 by rate."]),
    ({"B": (0, 40)}, [("B", -30.0, -32.0, 2.0)], ["B is 30.0 points below peers: −32.0 by mix, +2.0 by rate."]),
    ({}, [("R01", -6.0, 2.0, -8.0)],
     ["Nobody differs from peers by more than chance explains, so neither part of a difference says much."]),
])  # fmt: skip
def test_mix_and_rate_are_told_of_those_who_differ(reps: dict, parts: list[tuple], said: list[str]):
    rows = [dict(zip(("rep", "difference", "mix", "rate"), row, strict=True)) for row in parts]
    split = pl.DataFrame(rows, schema=MIX_AND_RATE)
    assert mix_words(split, discoveries(table({**REST, **reps}))) == said


def test_who_leads():
    clear = standing_words(standing(table({**REST, "A*": (400, 410), "B": (360, 390), "C": (370, 380)})))[0]
    assert clear.startswith(
        "Of 13 sellers ranked among their peers, 3 are in the top quarter with a chance of at least"
    )
    assert "A\\* (100.0 %)" in clear
    assert standing_words(standing(table(REST))) == [
        "Of 10 sellers ranked among their peers, none is in the top quarter with a chance of at least 80 %."
    ]
    assert standing_words(standing(table({"A": (3, 4)}))) == [
        "Nobody has 3 peers who closed deals, so there is no top quarter to be in."
    ]


def test_the_sample_in_words_and_as_a_board(data: Dataset):
    found = rep_table(data, period="2026Q2")
    said = rep_words(found, discoveries(found))
    assert 3 <= len(said) <= 4
    assert "compared with peers, the others of the same role, segment and ramp stage for " in said[2]
    board = pooled_leaderboard(standing(found))
    assert board["value"].is_sorted(descending=True)
    assert board.height == found.filter(pl.col("n") > 0).height
    assert "top quarter" in str(charts.rep_leaderboard(board, "Pooled win rate", "percent").to_dict())
