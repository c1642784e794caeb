"""What changed for a rep, and which activities go with winning: both signs, cannot tell, and beside scipy."""

from __future__ import annotations

import polars as pl
import pytest
from scipy import stats

from kpitools.analyses.activity import activity_mix
from kpitools.analyses.effort import EFFORT, effort_and_outcome
from kpitools.analyses.reps import REPS, rep_table
from kpitools.analyses.words.rep_changes import effort_words, rep_change_words
from kpitools.model.dataset import Dataset


def table(**figures) -> pl.DataFrame:
    return pl.DataFrame([{"rep": "A*", "role": "ae", **figures}], schema=REPS)


MANY = table(won=30, n=40, won_amount=900.0, activities=50, median_cycle=20.0)
FEW = table(won=10, n=40, won_amount=400.0, activities=80, median_cycle=30.0)


@pytest.mark.parametrize(("now", "before", "said"), [
    (MANY, FEW, [
        "A\\* won 30 deals, after 10 in Q2 2026, worth 900, 500 more than then.",
        "The win rate was 75.0 % after 25.0 %: up by more than chance alone explains.",
        "50 activities took place, 30 fewer than then; the median won deal took 20.0 d, after 30.0 d.",
    ]),
    (FEW, MANY, [
        "A\\* won 10 deals, after 30 in Q2 2026, worth 400, 500 less than then.",
        "The win rate was 25.0 % after 75.0 %: down by more than chance alone explains.",
        "80 activities took place, 30 more than then; the median won deal took 30.0 d, after 20.0 d.",
    ]),
    (MANY, MANY, [
        "A\\* won 30 deals, after 30 in Q2 2026, worth 900, level with then.",
        "The win rate was 75.0 % after 75.0 %: within what chance alone explains.",
        "50 activities took place, level with then; the median won deal took 20.0 d, after 20.0 d.",
    ]),
    (table(won=1, n=3), table(won=0, n=0), [
        "A\\* won 1 deal, after 0 in Q2 2026; the amounts are not known.",
        "Whether the win rate changed cannot be told: too few deals were closed, 3 now and 0 in Q2 2026.",
        "Activities are not known; how long deals took cannot be compared.",
    ]),
])  # fmt: skip
def test_what_changed(now: pl.DataFrame, before: pl.DataFrame, said: list[str]):
    assert rep_change_words(now, before, "A*", "Q2 2026") == said


def test_among_many_reps_a_change_must_be_larger():
    def crew(won: int, others: int) -> pl.DataFrame:
        rows = [{"rep": "A", "won": won, "n": 40}, *({"rep": str(place), "won": 9, "n": 40} for place in range(others))]
        return pl.DataFrame(rows, schema=REPS)

    alone, among = (rep_change_words(crew(24, others), crew(14, others), "A", "Q2")[1] for others in (0, 30))
    assert alone == "The win rate was 60.0 % after 35.0 %: up by more than chance alone explains."
    assert among == "The win rate was 60.0 % after 35.0 %: within what chance alone explains."


def test_who_was_not_there():
    assert rep_change_words(MANY, MANY.clear(), "A*", "Q2 2026") == [
        "A\\* was not there in Q2 2026, so there is nothing to compare with."
    ]
    assert rep_change_words(MANY, MANY, "B", "Q2 2026") == ["B was not there in the period."]


def _reps(calls: list[int], won: list[float]) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = [f"r{place}" for place in range(len(won))]
    rows = [{"rep": rep, "role": "ae", "won_amount": amount} for rep, amount in zip(names, won, strict=True)]
    return pl.DataFrame(rows, schema=REPS), pl.DataFrame(
        {"rep": names, "kind": ["calls"] * len(names), "count": calls},
        schema={"rep": pl.String, "kind": pl.String, "count": pl.Int64},
    )


WON = [3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0, 5.0, 3.5, 8.0, 7.0, 2.5]


def test_spearman_against_scipy():
    calls = [5, 2, 2, 4, 9, 1, 6, 3, 8, 8, 4, 1]
    found = effort_and_outcome(*_reps(calls, WON))
    assert found["correlation"].item() == pytest.approx(stats.spearmanr(calls, WON).statistic)
    assert dict(found.schema) == EFFORT


@pytest.mark.parametrize(("sign", "said"), [(1, "those with more calls also won more."), (-1, "also won less.")])
def test_what_goes_together_is_said_as_association(sign: int, said: str):
    calls = [int(100 + sign * 10 * amount) + place % 2 for place, amount in enumerate(WON)]
    told = effort_words(effort_and_outcome(*_reps(calls, WON)))[0]
    assert told.startswith("Over 1 kind of activity and 12 sellers, within their role those with more calls")
    assert said in told
    assert told.endswith("They go together; no cause is shown.")


def test_what_does_not_go_together():
    none = effort_words(effort_and_outcome(*_reps([5, 2, 2, 4, 1, 9, 1, 3, 8, 2, 4, 6], WON)))
    assert none == [
        "Over 1 kind of activity and 12 sellers, no kind goes with the amount won by more than chance explains."
    ]
    few = ["There are too few sellers with activities to see what goes with winning."]
    assert effort_words(effort_and_outcome(*_reps([1, 2, 3], [1.0, 2.0, 3.0]))) == few
    assert effort_words(effort_and_outcome(*_reps([4] * 12, WON))) == few
    assert effort_words(effort_and_outcome(*_reps([], []))) == few


def test_the_sample(data: Dataset):
    now, before = (rep_table(data, period=period) for period in ("2026Q2", "2026Q1"))
    for rep in now["rep"].head(12):
        said = rep_change_words(now, before, rep, "Q1 2026")
        assert len(said) in (1, 3)
        assert not any("None" in sentence or "nan" in sentence for sentence in said)
    assert len(effort_words(effort_and_outcome(now, activity_mix(data, period="2026Q2")))) == 1
