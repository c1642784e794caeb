"""Coaching before and after: by eye, as the KPI has it, and in words for both signs and for cannot tell."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from scipy import stats
from small import dataset
from test_kpis_teams import COACHED

from kpitools.analyses.coaching import COACHINGS, coachings, median_interval
from kpitools.analyses.words.rep_changes import coaching_words
from kpitools.errors import EvaluationError
from kpitools.evaluation.evaluate import evaluate
from kpitools.model.dataset import Dataset


@pytest.mark.parametrize(("focus", "own", "usual"), [
    ("win_rate", 100, 0),
    ("average_deal_size", 200, 50),
    ("sales_cycle_length", -100 * (38 - 31) / 31, -100 * (309 - 31) / 31),  # shorter is better
    ("activity_volume", 200, -50),
])  # fmt: skip
def test_before_and_after_beside_the_uncoached(focus: str, own: float, usual: float):
    found = coachings(dataset(COACHED.format(focus=focus)), period="2026Q4", as_of="2026-10-06")
    assert found.select("rep", "focus_kpi", "own", "usual", "effect").rows() == [
        ("r", focus, pytest.approx(own), pytest.approx(usual), pytest.approx(own - usual))
    ]
    assert dict(found.schema) == COACHINGS


def test_a_coaching_is_told_from_the_end_of_its_time_after_on():
    data = dataset(COACHED.format(focus="win_rate"))
    assert coachings(data, period="2026Q4", as_of="2026-10-05").is_empty()
    assert coachings(data, period="2026Q3").is_empty()
    assert coachings(data, period="2027Q1").height == 1  # in every later period as well


def test_where_nobody_is_left_to_compare_with_there_is_no_effect():
    alone = dataset(COACHED.format(focus="average_deal_size").replace("s ae South", "s am South"))
    found = coachings(alone, period="2026Q4")
    assert found.select("own", "usual", "effect").rows() == [(pytest.approx(200), None, None)]
    assert coaching_words(found) == ["1 coaching has no uncoached reps of the role to compare with."]


def test_what_is_missing_is_named():
    with pytest.raises(EvaluationError, match=r"The effect of coaching needs coaching, reps\.role, which"):
        coachings(dataset("reps: rep_id\n r\n deals: deal_id owner_rep_id closed_at\n 1 r -"), period="2026Q3")


def test_the_effects_are_those_of_the_kpi(data: Dataset):
    found = coachings(data, period="2026Q3", as_of="2026-09-30")
    over = pl.col("ended_at") + pl.duration(days=179)
    for period, start, end in (("2026Q2", (2026, 4, 1), (2026, 7, 1)), ("2025Q3", (2025, 7, 1), (2025, 10, 1))):
        inside = found.filter(over >= pl.date(*start), over < pl.date(*end))["effect"]
        figure = evaluate("coaching_effectiveness", data, periods=period, as_of="2026-09-30").frame
        assert (figure["value"].item(), figure["n"].item()) == (pytest.approx(inside.median()), inside.len())
    assert found["ended_at"].is_sorted(descending=True)


# --- The median, and what is said of it -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 6, 7, 20, 41, 200])
def test_the_interval_of_a_median_against_scipy(n: int):
    place = int(stats.binom.ppf(0.025, n, 0.5)) - 1  # the last place that leaves out at most 2.5 %
    place += int(stats.binom.cdf(place + 1, n, 0.5) <= 0.025)
    expected = (float(place + 1), float(n - place)) if place >= 0 else None
    assert median_interval(pl.Series(range(1, n + 1)).cast(pl.Float64)) == expected


def test_the_interval_of_a_median_covers_it():
    draw, within = Random(4), 0
    for _ in range(3_000):
        low, high = median_interval(pl.Series([draw.lognormvariate(0, 1) for _ in range(41)])) or (0, 0)
        within += low <= 1 <= high
    assert 0.95 <= within / 3_000 < 0.98  # places are whole numbers: at least what it says


def effects(values: list[float | None]) -> pl.DataFrame:
    return pl.DataFrame([{"effect": value} for value in values], schema=COACHINGS)


BEYOND = (
    "which is beyond what chance alone explains. They go together; no cause is shown: who is picked after a weak "
    "quarter improves by chance alone."
)


@pytest.mark.parametrize(("values", "said"), [
    ([10, 20, 30, 40, 50, 60], "6 coachings compared with uncoached reps of the role: in the middle, what was aimed at "
     f"improved by 35.0 percentage points more (95 % interval 10.0 to 60.0 %), {BEYOND}"),
    ([-10, -20, -30, -40, -50, -60], "6 coachings compared with uncoached reps of the role: in the middle, what was "
     f"aimed at improved by 35.0 percentage points less (95 % interval −60.0 to −10.0 %), {BEYOND}"),
    ([-10, -5, 1, 3, 4, 9], "6 coachings compared with uncoached reps of the role: in the middle, what was aimed at "
     "improved by 2.0 percentage points more (95 % interval −10.0 to 9.0 %): within what chance alone explains."),
    ([10, 20, 30, 40, 50], "5 coachings compared with uncoached reps of the role: too few to tell whether those "
     "coached improved by more."),
])  # fmt: skip
def test_coaching_in_words(values: list[float], said: str):
    assert coaching_words(effects(list(values))) == [said]
    assert coaching_words(effects([*values, None, None])) == [
        said, "2 coachings have no uncoached reps of the role to compare with.",
    ]  # fmt: skip


def test_no_coaching_in_words():
    assert coaching_words(effects([])) == [
        "No coaching has its time after behind it, so there is nothing to compare yet."
    ]
