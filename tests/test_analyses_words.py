"""Findings in words: for both signs, for cannot tell, and with names that would be markup."""

from __future__ import annotations

import polars as pl
import pytest
from scipy import stats
from small import dataset

from kpitools.analyses import words
from kpitools.analyses.chance import Mean, Share, means_differ_by, shares_differ_by
from kpitools.analyses.funnel import funnel
from kpitools.analyses.pipeline import by_stage_and_age
from kpitools.analyses.retention import cohorts
from kpitools.analyses.scorecard import scorecard
from kpitools.analyses.stage_conversion import stage_conversion
from kpitools.analyses.words.figures import MATURING, NOUNS
from kpitools.formats import markdown_text
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.sample import truth

# --- Chance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("some", "of", "comparisons"), [(7, 20, 1), (0, 5, 1), (5, 5, 1), (190, 387, 1), (7, 20, 8)])
def test_wilson_against_scipy(some: int, of: int, comparisons: int):
    oracle = stats.binomtest(some, of).proportion_ci(1 - 0.05 / comparisons, method="wilson")
    assert Share(some, of).interval(comparisons) == pytest.approx((100 * oracle.low, 100 * oracle.high), abs=1e-9)


def test_newcombe_on_the_published_examples():
    # Newcombe 1998, Statistics in Medicine 17: 873, table II, method 10
    published = {(56, 70, 48, 80): (5.24, 33.39), (9, 10, 3, 10): (17.05, 80.90), (10, 10, 0, 10): (60.75, 100.0)}
    for (a, n, b, m), bounds in published.items():
        assert shares_differ_by(Share(a, n), Share(b, m)) == pytest.approx(bounds, abs=0.005)
        assert shares_differ_by(Share(b, m), Share(a, n)) == pytest.approx((-bounds[1], -bounds[0]), abs=0.005)


def _mean(values: list[float]) -> Mean:
    low, high = stats.ttest_1samp(values, 0).confidence_interval()
    return Mean(sum(values) / len(values), low, high, len(values))


def test_welch_against_scipy():
    one, other = [1.0, 4.0, 2.5, 7.0, 3.5, 6.0, 2.0], [2.0, 9.0, 4.0, 8.5, 11.0]
    oracle = stats.ttest_ind(one, other, equal_var=False)
    found = means_differ_by(_mean(one), _mean(other))
    error = abs(oracle.confidence_interval().low - (sum(one) / 7 - sum(other) / 5)) / stats.t.ppf(0.975, oracle.df)
    reach = stats.t.ppf(0.975, int(oracle.df)) * error  # a little wider: the degrees of freedom are rounded down
    difference = sum(one) / 7 - sum(other) / 5
    assert found == pytest.approx((difference - reach, difference + reach), abs=1e-6)


# --- One figure -------------------------------------------------------------------------------------------------------


def share_row(won: int, of: int, period: str = "2026Q3", **more) -> dict:
    low, high = Share(won, of).interval()
    figures = {"value": 100 * won / of, "lower": low, "upper": high, "numerator": float(won), "denominator": float(of)}
    return {"period": period, "complete": True, "n": of, "small": of < 10, **figures, **more}


NOW = share_row(190, 387)
BASIS = "Win rate was 49.1 % (190 of 387 closed deals; 95 % interval 44.1 to 54.1 %)"


@pytest.mark.parametrize(("before", "said"), [
    (None, f"{BASIS}."),
    (share_row(180, 380, "2026Q2"), f"{BASIS}, 1.7 points above Q2 2026 - within what chance alone explains."),
    (share_row(200, 380, "2026Q2"), f"{BASIS}, 3.5 points below Q2 2026 - within what chance alone explains."),
    (share_row(100, 380, "2026Q2"), f"{BASIS}, 22.8 points above Q2 2026 - more than chance alone explains."),
    (share_row(300, 380, "2026Q2"), f"{BASIS}, 29.9 points below Q2 2026 - more than chance alone explains."),
    (share_row(190, 387, "2026Q2"), f"{BASIS}, level with Q2 2026."),
    (share_row(3, 4, "2026Q2"), f"{BASIS}; Q2 2026 has too few cases to compare with."),
    ({"value": None, "period": "2026Q2"}, f"{BASIS}; Q2 2026 has no figure to compare with."),
])  # fmt: skip
def test_a_win_rate(before: dict | None, said: str):
    assert words.win_rate_words(NOW, before) == said


@pytest.mark.parametrize(("row", "said"), [
    (share_row(1, 4), "Win rate: too few to judge, 1 of 4 closed deals."),
    (share_row(0, 1), "Win rate: too few to judge, 0 of 1 closed deal."),
    ({"value": None, "denominator": 0.0}, "Win rate has no figure: there were no closed deals."),
    ({"value": None}, "Win rate has no figure: there were no closed deals."),
])  # fmt: skip
def test_a_win_rate_that_says_nothing(row: dict, said: str):
    assert words.win_rate_words(row, share_row(180, 380, "2026Q2")) == said


def mean_row(value: float, reach: float, n: int = 40) -> dict:
    return {"period": "2026Q2", "value": value, "lower": value - reach, "upper": value + reach, "n": n, "small": n < 10}


@pytest.mark.parametrize(("before", "said"), [
    (mean_row(58, 4), "2.0 d above Q2 2026 - within what chance alone explains."),
    (mean_row(70, 4), "10.0 d below Q2 2026 - more than chance alone explains."),
    (mean_row(40, 4), "20.0 d above Q2 2026 - more than chance alone explains."),
])  # fmt: skip
def test_a_mean(before: dict, said: str):
    told = words.figure_words(CATALOGUE["sales_cycle_length"], mean_row(60, 3), before)
    assert told == f"Sales cycle length was 60.0 d (40 cases; 95 % interval 57.0 to 63.0 d), {said}"


def test_of_sums_chance_is_not_spoken():
    row, before = {"value": 1200.0, "lower": None, "upper": None, "n": 3}, {"value": 900.0, "period": "2026Q2"}
    assert (
        words.figure_words(CATALOGUE["total_sales_revenue"], row, before)
        == "Total sales revenue was 1,200, 300 above Q2 2026."
    )
    assert (
        words.figure_words(CATALOGUE["total_sales_revenue"], before, row, than="then")
        == "Total sales revenue was 900, 300 below then."
    )


def test_of_cases_that_can_still_come_out_nothing_is_compared():
    told = words.figure_words(CATALOGUE["lead_conversion_rate"], share_row(10, 953), share_row(60, 950, "2026Q2"))
    assert told.startswith("Lead conversion rate is 1.0 % so far (10 of 953 leads; ")
    assert "Q2" not in told


def test_the_names_that_words_know_are_there():
    measures = {measure.id for kpi in CATALOGUE.values() for measure in kpi.measures()}
    assert (MATURING - set(CATALOGUE), set(NOUNS) - measures) == (set(), set())


# --- A scorecard ------------------------------------------------------------------------------------------------------


def _deals(won: int, lost: int, month: str) -> str:
    rows = [f"{month}{i} {'won' if i < won else 'lost'} {month}-01 {month}-20 {100 + i}" for i in range(won + lost)]
    return "\n".join(rows)


def _card(now: tuple[int, int], before: tuple[int, int], **more):
    text = (
        "deals: deal_id status created_at closed_at amount\n"
        + _deals(*now, "2026-07")
        + "\n"
        + _deals(*before, "2026-04")
    )
    kpis = ["number_of_deals_closed", "win_rate", "average_deal_size"]
    return scorecard(dataset(text), period="2026Q3", kpis=kpis, **more)


def test_findings_tell_chance_from_change():
    up, down, same = (
        words.findings(_card(*pair)) for pair in (((45, 15), (20, 40)), ((15, 45), (40, 20)), ((30, 30), (31, 29)))
    )
    assert up[0] == "Number of deals closed was 45, 25 above Q2 2026."
    assert "More than chance alone explains: Win rate at 75.0 %, 41.7 points above Q2 2026; Average deal size" in up[1]
    assert "More than chance alone explains: Win rate at 25.0 %, 41.7 points below Q2 2026" in down[1]
    assert same[1].startswith("Within what chance alone explains against Q2 2026: Win rate")


def test_findings_of_benchmarks_only_where_the_interval_is_outside():
    assert "Outside the usual range: Win rate (worse)." in words.findings(_card((5, 55), (5, 55)))
    assert not any("usual range" in said for said in words.findings(_card((17, 43), (17, 43))))  # 28 %, 18 to 41


def test_findings_where_there_is_little_or_nothing():
    few = words.findings(_card((2, 2), (30, 30)))
    assert few[-1] == "Too few cases to judge: Win rate (4) and Average deal size (2)."
    none = words.findings(scorecard(_dataset_of_one(), period="2026Q3", kpis=["win_rate"]))
    assert none == ["There is no figure to judge in Q3 2026.", "No figure: Win rate."]


def _dataset_of_one() -> Dataset:
    return dataset("deals: deal_id status created_at closed_at amount\n a open 2026-07-01 - 5")


def test_findings_name_the_part_of_the_period_that_is_compared():
    said = words.findings(_card((45, 15), (20, 40), as_of="2026-07-31"))
    assert said[0] == "Number of deals closed was 45, 25 above Q2 2026 up to 1 May 2026."


@pytest.mark.parametrize("as_of", [None, "2026-08-15"])
@pytest.mark.parametrize("role", ["general", "manager", "rep", "team", "sdr", "ae", "am"])
def test_findings_are_two_to_five_sentences(data: Dataset, role: str, as_of: str | None):
    said = words.findings(scorecard(data, period="2026Q3", role=role, as_of=as_of))
    assert 2 <= len(said) <= 5
    assert all(sentence.endswith(".") and "None" not in sentence and "nan" not in sentence for sentence in said)


# --- Funnel -----------------------------------------------------------------------------------------------------------


def _steps(**columns: list) -> pl.DataFrame:
    stages = {"stage": ["A*B", "<i>C</i>", "Won"], "position": [1, 2, 3], "skipped": [0, 0, 0]}
    return pl.DataFrame({**stages, **columns})


def test_a_funnel():
    said = words.funnel_words(_steps(entered=[200, 130, 40], still_open=[20, 10, 0], lost=[50, 80, 0]))
    assert said == [
        "Of 200 deals opened, 40 were won, 130 lost and 30 are still open.",
        "Of 170 deals decided, 23.5 % were won (95 % interval 17.8 to 30.4 %).",
        f"Fewest go on from {markdown_text('<i>C</i>')}: 33.3 % of 120 deals decided there "
        "(95 % interval 25.5 to 42.2 %), clearly fewer than from the others.",
        "15.0 % of the deals are still open: they count as neither won nor lost, and the shares can still change.",
    ]


def test_a_funnel_that_cannot_tell():
    alike = words.funnel_words(_steps(entered=[40, 20, 11], still_open=[0, 0, 0], lost=[20, 9, 0]))
    assert alike[2].startswith(f"Fewest go on from {markdown_text('A*B')}: 50.0 % of 40 deals")
    assert alike[2].endswith(f"not clearly fewer than from {markdown_text('<i>C</i>')}.")
    assert len(alike) == 3
    few = words.funnel_words(_steps(entered=[5, 3, 1], still_open=[1, 1, 0], lost=[1, 1, 0]))
    assert few[1] == "3 deals are decided, too few for a conversion rate."
    assert words.funnel_words(_steps(entered=[0] * 3, still_open=[0] * 3, lost=[0] * 3)) == [
        "No deal went through the first stage in the period."
    ]


def test_the_funnel_of_the_sample(data: Dataset):
    groups = words.funnel_words(funnel(data, period="2026Q2", by="team"))
    assert (len(groups), groups[-1]) == (5, "4 further groups not told here.")
    assert words.funnel_words(funnel(data, period="2031Q1")) == ["No deal was opened in the period."]
    said = words.conversion_words(stage_conversion(data, period="2025"))
    assert said[0].startswith(f"Fewest go on from {truth.LEAKING_STAGE}: ")
    assert said[0].endswith("clearly fewer than from the others.")
    assert words.conversion_words(stage_conversion(data, period="2031Q1")) == [
        "No visit to a stage that began in the period is decided yet."
    ]


# --- Retention --------------------------------------------------------------------------------------------------------


def _cells(kept: list[float], size: int = 50) -> pl.DataFrame:
    rows = [
        {"cohort": f"2025Q{i + 1}", "cohort_start": i, "age": age, "size": size, "base": float(size),
         "retained": left if age else float(size), "complete": True}
        for i, left in enumerate(kept) for age in (0, 1)
    ]  # fmt: skip
    return pl.DataFrame(rows)


@pytest.mark.parametrize(("kept", "said"), [
    ([45.0, 44.0, 46.0], "No cohort differs from the others by more than chance explains, of 3 cohorts that can be "
        "compared."),
    ([45.0, 20.0, 46.0], "Of 3 cohorts, 1 differs from the others by more than chance explains: 2025Q2 (40.0 % against "
        "91.0 % of the others after 1 quarter)."),
    ([20.0, 45.0, 20.0], "Of 3 cohorts, 1 differs from the others by more than chance explains: 2025Q2 (90.0 % against "
        "40.0 % of the others after 1 quarter)."),
])  # fmt: skip
def test_cohorts_that_differ(kept: list[float], said: str):
    assert words.retention_words(_cells(kept))[1] == said


def test_retention_that_cannot_tell():
    young = _cells([45.0, 44.0]).filter(pl.col("age") == 0)
    assert words.retention_words(young) == [
        "No cohort has been seen for a whole period after its first yet: there is no retention to tell."
    ]
    assert (
        words.retention_words(_cells([4.0, 5.0, 3.0], size=6))[1]
        == "There are too few cohorts of one age to compare them."
    )


def test_the_retention_of_the_sample(data: Dataset):
    said = words.retention_words(cohorts(data, as_of="2026-08-10"))
    assert "of customers were still there 4 quarters after the one they began in (" in said[0]
    assert f"{truth.FAST_CHURN_COHORT} (" in said[1]
    assert said[2].endswith("cells are not over yet: empty, and in no mean.")
    money = words.retention_words(cohorts(data, as_of="2026-09-30", of="revenue"))
    assert ["of the revenue they brought at first was still there 4 quarters" in each for each in money] == [True]


# --- Pipeline ---------------------------------------------------------------------------------------------------------


def test_the_pipeline(data: Dataset):
    said = words.pipeline_words(by_stage_and_age(data, as_of="2026-09-30"))
    assert (len(said), said[1].startswith("Most stand in ")) == (3, True)
    nothing = dataset("deals: deal_id created_at\n a 2026-10-01")
    assert words.pipeline_words(by_stage_and_age(nothing, as_of="2026-09-30")) == ["No deal is open."]


def test_what_is_missing():
    assert words.missing_words({}) == []
    assert words.missing_words({"win_rate": ("deals", "reps.team")}) == [
        "Not shown, for what the data lacks: Win rate (deals, reps.team)."
    ]
