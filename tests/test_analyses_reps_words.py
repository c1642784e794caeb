"""Reps in words: who differs, who leads, what changed; for both signs and for cannot tell."""

from __future__ import annotations

import polars as pl
import pytest

from kpitools import charts
from kpitools.analyses.discoveries import discoveries
from kpitools.analyses.ranks import pooled_leaderboard, standing
from kpitools.analyses.reps import rep_table
from kpitools.analyses.words.reps import discovery_words, rep_words, standing_words
from kpitools.model.dataset import Dataset

REST = {f"R{place:02}": (12, 40) for place in range(10)}


def table(reps: dict[str, tuple[int, int]]) -> pl.DataFrame:
    rows = [(rep, "ae", won, n) for rep, (won, n) in reps.items()]
    return pl.DataFrame(
        rows, schema={"rep": pl.String, "role": pl.String, "won": pl.Int64, "n": pl.Int64}, orient="row"
    )


@pytest.mark.parametrize(("reps", "said"), [
    (REST, "10 sellers with at least 10 closed deals were compared with the others in the role; with so many "
     "comparisons, none differs by more than chance explains."),
    ({**REST, "A*": (38, 40)}, "11 sellers with at least 10 closed deals were compared with the others in the role; "
     "1 differs: above them A\\*. On average at most one such finding in twenty is false."),
    ({**REST, "A": (38, 40), "B": (0, 40)}, "12 sellers with at least 10 closed deals were compared with the others "
     "in the role; 2 differ: above them A; below them B. On average at most one such finding in twenty is false."),
    ({"A": (3, 4), "B": (0, 4)}, "Nobody closed enough deals to be compared with the others in the role."),
])  # fmt: skip
def test_who_differs_is_said_with_the_number_compared(reps: dict, said: str):
    assert discovery_words(discoveries(table(reps))) == [said]


def test_who_leads():
    clear = standing_words(standing(table({**REST, "A*": (400, 410), "B": (360, 390), "C": (370, 380)})))[0]
    assert clear.startswith(
        "Of 13 sellers ranked within their role, 3 are in the top quarter with a chance of at least"
    )
    assert "A\\* (100.0 %)" in clear
    assert standing_words(standing(table(REST))) == [
        "Of 10 sellers ranked within their role, none is in the top quarter with a chance of at least 80 %."
    ]
    assert standing_words(standing(table({"A": (3, 4)}))) == [
        "Fewer than four sellers of a role closed deals, so there is no top quarter to be in."
    ]


def test_the_sample_in_words_and_as_a_board(data: Dataset):
    found = rep_table(data, period="2026Q2")
    assert 3 <= len(rep_words(found, discoveries(found))) <= 5
    assert "compared with the others in the role" in rep_words(found, discoveries(found))[2]
    board = pooled_leaderboard(standing(found))
    assert board["value"].is_sorted(descending=True)
    assert board.height == found.filter(pl.col("n") > 0).height
    assert "top quarter" in str(charts.rep_leaderboard(board, "Pooled win rate", "percent").to_dict())
