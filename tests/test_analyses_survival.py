"""Survival curves, their differences and hazards: by eye, and beside lifelines on random and on tied data."""

from __future__ import annotations

import random
import warnings

import numpy as np
import polars as pl
import pytest
from small import dataset

from kpitools.analyses.hazard import HAZARD, hazard, hazard_of
from kpitools.analyses.logrank import log_rank
from kpitools.analyses.retention import mrr_movements, revenue_retention
from kpitools.analyses.survival import at_ages, kaplan_meier, observed_lives, survival
from kpitools.analyses.words.retention import movement_words, survival_words
from kpitools.charts.retention import hazard_chart
from kpitools.errors import UnknownNameError

with warnings.catch_warnings(action="ignore"):  # what it imports warns of itself
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import logrank_test, multivariate_logrank_test

EXACT = 1e-9


def random_lives(seed: int, n: int, *, last: int, groups: str = "a") -> pl.DataFrame:
    """Customers who leave at a rate of their group, some seen for less time: the fewer days, the more ties."""
    draw = random.Random(seed)
    rows = []
    for _ in range(n):
        group = draw.choice(groups)
        leaves, seen = draw.expovariate((1 + groups.index(group) / 3) / last) + 1, draw.uniform(1, last)
        rows.append((group, round(min(leaves, seen)), leaves <= seen))
    return pl.DataFrame(rows, schema={"group": pl.String, "age": pl.Int64, "ended": pl.Boolean}, orient="row")


CASES = [(1, 40, 100_000), (2, 500, 100_000), (3, 500, 12), (4, 2000, 5), (5, 3, 2)]


def fitted(observed: pl.DataFrame) -> KaplanMeierFitter:
    with warnings.catch_warnings(action="ignore"):
        return KaplanMeierFitter().fit(observed["age"].to_list(), observed["ended"].to_list())


@pytest.mark.parametrize(("seed", "n", "last"), CASES)
def test_kaplan_meier_against_lifelines(seed: int, n: int, last: int):
    observed = random_lives(seed, n, last=last)
    oracle = fitted(observed)
    bounds, events = oracle.confidence_interval_survival_function_, oracle.event_table
    curve = kaplan_meier(observed).filter(pl.col("age") > 0)
    assert curve.filter(pl.col("events") > 0)["age"].to_list() == events.index[events["observed"] > 0].tolist()
    for row in curve.to_dicts():
        age, share = row["age"], float(oracle.survival_function_.loc[row["age"]].iloc[0])
        assert row["survival"] / 100 == pytest.approx(share, abs=EXACT)
        assert (row["at_risk"], row["events"]) == tuple(events.loc[age, ["at_risk", "observed"]])
        if 0 < share < 1:
            assert [row["lower"] / 100, row["upper"] / 100] == pytest.approx(bounds.loc[age].tolist(), abs=EXACT)
            variance = share**2 * float(oracle._cumulative_sq_.loc[age])
            assert (row["error"] / 100) ** 2 == pytest.approx(variance, abs=EXACT)


@pytest.mark.parametrize("share", [0.8, 0.5, 0.25])
def test_intervals_cover_the_truth(share: float):
    """2,000 samples of 100 customers who leave at one rate, a third of whom are seen for less time than they stay."""
    draw = np.random.default_rng(5)
    samples, n = 2000, 100
    stay, seen = draw.exponential(1, (samples, n)), draw.uniform(0, 3, (samples, n))
    frame = pl.DataFrame({
        "group": np.repeat(np.arange(samples), n),
        "age": np.minimum(stay, seen).ravel(),
        "ended": (stay <= seen).ravel(),
    })  # fmt: skip
    reached = kaplan_meier(frame).filter(pl.col("age") <= -np.log(share)).sort("age").group_by("group").last()
    assert reached.height == samples
    assert reached["lower"].null_count() == 0
    covered = 100 * reached.select(pl.lit(100 * share).is_between("lower", "upper").mean()).item()
    assert 93 <= covered <= 97


def test_each_group_has_the_curve_it_would_have_alone():
    observed = random_lives(7, 300, last=40, groups="abc")
    for group in "abc":
        alone = observed.filter(pl.col("group") == group)
        assert kaplan_meier(observed).filter(pl.col("group") == group).equals(kaplan_meier(alone))


def test_numbers_under_the_curve():
    observed = random_lives(8, 200, last=30, groups="ab")
    read = at_ages(observed, [0, 10, 20, 99])
    for group in "ab":
        alone = observed.filter(pl.col("group") == group)
        oracle, rows = fitted(alone), read.filter(pl.col("group") == group)
        assert rows["at_risk"].to_list() == [(alone["age"] >= age).sum() for age in (0, 10, 20, 99)]
        expected = (100 * oracle.survival_function_at_times([0, 10, 20])).tolist()
        assert rows["survival"].to_list() == [*map(pytest.approx, expected), None]


@pytest.mark.parametrize("groups", ["ab", "abc", "abcdef"])
@pytest.mark.parametrize(("seed", "n", "last"), CASES[:4])
def test_log_rank_against_lifelines(seed: int, n: int, last: int, groups: str):
    observed = random_lives(seed, n, last=last, groups=groups)
    columns = [observed[name].to_list() for name in ("age", "group", "ended")]
    oracle, test = multivariate_logrank_test(*columns), log_rank(observed)
    assert (test.statistic, test.p_value) == pytest.approx((oracle.test_statistic, oracle.p_value), rel=EXACT)
    assert test.freedom == len(groups) - 1
    for row in test.groups.to_dicts():
        own, rest = (observed.filter((pl.col("group") == row["group"]) == flag) for flag in (True, False))
        beside = logrank_test(own["age"], rest["age"], own["ended"], rest["ended"])
        assert (row["statistic"], row["p_value"]) == pytest.approx((beside.test_statistic, beside.p_value), rel=EXACT)
    assert test.groups["left"].sum() == pytest.approx(test.groups["expected"].sum())


def test_the_log_rank_test_of_nothing_to_compare():
    nobody = log_rank(random_lives(1, 0, last=5))
    alone = log_rank(random_lives(1, 9, last=5))
    stayed = log_rank(random_lives(1, 9, last=5, groups="ab").with_columns(ended=pl.lit(False)))
    assert [(test.statistic, test.p_value) for test in (nobody, alone, stayed)] == [(None, None)] * 3


def test_a_missing_group_is_a_group():
    observed = random_lives(2, 60, last=9, groups="ab")
    without = observed.with_columns(group=pl.when(pl.col("group") == "a").then("group"))
    assert log_rank(without).statistic == pytest.approx(log_rank(observed).statistic)
    assert log_rank(without).groups["group"].to_list() == [None, "a"]


@pytest.mark.parametrize(("seed", "n", "last"), [(2, 500, 1000), (3, 500, 12)])
def test_hazard_against_lifelines(seed: int, n: int, last: int):
    """The hazard of an age is what the curve falls by, of what it was; its interval that of the curve from there on."""
    observed = random_lives(seed, n, last=last)
    days = last // 4
    oracle = fitted(observed)
    for row in hazard_of(observed, width=days).to_dicts():
        begin, end = row["age"], row["age"] + days
        before, after = oracle.survival_function_at_times([begin, end]).tolist()
        assert row["hazard"] / 100 == pytest.approx(1 - after / before, abs=EXACT)
        came = observed.filter(pl.col("age") > begin) if begin else observed
        assert row["at_risk"] == came.height
        bounds = fitted(came).confidence_interval_survival_function_
        upper, lower = bounds[bounds.index <= end].iloc[-1].tolist()
        assert [100 - row["upper"], 100 - row["lower"]] == pytest.approx([100 * upper, 100 * lower], abs=1e-7)


ACCOUNTS = """
    accounts: account_id became_customer_at ended_at segment
    a 2026-01-01 2026-02-10 smb
    b 2026-01-01 -          smb
    c 2026-01-01 2026-05-01 -
"""


def test_hazard_of_accounts():
    data = dataset(ACCOUNTS)
    found = hazard(data, as_of="2026-08-01", unit="days", width=90)
    assert found.select("age", "at_risk", "events", "hazard").rows() == [
        (0, 3, 1, pytest.approx(100 / 3)),
        (90, 2, 1, 50.0),
    ]
    assert hazard(data, as_of="2026-08-01", by="segment")["group"].unique().sort().to_list() == [None, "smb"]
    assert dict(hazard(data, as_of="2026-01-02").schema) == HAZARD
    with pytest.raises(UnknownNameError, match="no unit of age 'weeks'"):
        hazard(data, unit="weeks")


def test_a_year_is_over_on_its_day_whatever_leap_days_lie_in_it():
    """All three leave when their year is up: in one age of the hazard, and by twelve months on the curve."""
    data = dataset("""
        accounts: account_id became_customer_at ended_at
        a 2023-01-01 2024-01-01
        b 2024-01-01 2025-01-01
        c 2024-02-29 2025-02-28
        d 2024-01-01 -
    """)
    assert hazard(data, as_of="2025-06-15")["events"].to_list() == [0, 0, 0, 3, 0]
    observed = observed_lives(data, as_of="2025-06-15", unit="months")
    assert observed.sort("age")["age"].to_list() == [12, 12, 12, 17 + 14 / 30]
    assert at_ages(observed, [11, 12])["survival"].to_list() == [100, 25]
    assert survival(data, as_of="2025-06-15", unit="months")["age"].to_list() == [0, 12, 17 + 14 / 30]


def test_lives_are_what_the_curve_is_made_of():
    data = dataset(ACCOUNTS)
    observed = observed_lives(data, as_of="2026-08-01", by="segment")
    assert observed.sort("age").rows() == [("smb", 40, True), (None, 120, True), ("smb", 212, False)]
    made = kaplan_meier(observed).sort("group", "age")
    curve = survival(data, as_of="2026-08-01", by="segment").sort("group", "age")
    assert curve["survival"].equals(made["survival"])


# --- In words, and drawn ----------------------------------------------------------------------------------------------


def _left(group: str, customers: int, left: int, last: int) -> pl.DataFrame:
    """So many customers of a group, of whom so many left evenly over so many days and the others are still there."""
    ages = [1 + last * n // left for n in range(left)] + [last] * (customers - left)
    return pl.DataFrame({"group": group, "age": ages, "ended": [n < left for n in range(customers)]})


def _told(second: pl.DataFrame) -> list[str]:
    return survival_words(log_rank(pl.concat([_left("a", 60, 20, 100), second])))


def test_groups_that_leave_sooner_and_later():
    assert sorted(_told(_left("b*", 60, 55, 100))) == [
        "All groups together: log-rank test of 2 groups, p below 0.001.",
        "a leaves later than the others: 20 customers left where 47.08 would have at the rate of all (p below 0.001).",
        "b\\* leaves sooner than the others: 55 customers left where 27.92 would have at the rate of all "
        "(p below 0.001).",
    ]


@pytest.mark.parametrize(("group", "said"), [
    ("b", "No group leaves sooner or later than the others by more than chance explains (log-rank test of 2 groups, "
     "p 0.703)."),
    ("a", "There are no two groups of which somebody left: nothing to compare."),
])  # fmt: skip
def test_groups_of_which_it_cannot_be_told(group: str, said: str):
    assert _told(_left(group, 60, 22, 100)) == [said]


def test_the_more_groups_the_higher_the_bar():
    """One group among thirteen that alone would be told of is not, as one in twenty is by chance."""
    odd = pl.concat([_left("a", 60, 40, 100), *(_left(name, 60, 30, 100) for name in "bcdefghijklm")])
    alone = odd.with_columns(group=pl.when(pl.col("group") == "a").then("group"))
    assert [said.split(" the others")[0] for said in survival_words(log_rank(alone))[:2]] == [
        "(none) leaves later than",
        "a leaves sooner than",
    ]
    assert survival_words(log_rank(odd))[0].startswith("No group leaves sooner or later")


SUBSCRIPTIONS = """
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 a 100 2025-01-10 2026-04-01
    2 a 150 2026-04-01 -
    3 b 50  2025-02-01 2026-07-01
"""


ENDS = "In {} monthly recurring revenue {}. "
KEPT = "Of what there was at its beginning, {} was left with expansion and {} without."


@pytest.mark.parametrize(("periods", "said"), [
    ("2025Q1", ENDS.format("2025Q1", "grew from 0 to 150")
     + "There was none at its beginning of which a share could have been kept."),
    ("2025Q4", ENDS.format("2025Q4", "stayed the same, 150") + KEPT.format("100.0 %", "100.0 %")),
    ("2026Q2", ENDS.format("2026Q2", "grew from 150 to 200") + KEPT.format("133.3 %", "100.0 %")),
    ("2026Q3..2026Q4", ENDS.format("2026Q3", "shrank from 200 to 150") + KEPT.format("75.0 %", "75.0 %")),
    ("2027Q1", "No period is over in which recurring revenue is known: there is no movement to tell."),
])  # fmt: skip
def test_movements_in_words(periods: str, said: str):
    moved = mrr_movements(dataset(SUBSCRIPTIONS), periods=periods, as_of="2026-10-09")
    assert movement_words(revenue_retention(moved)) == [said]


def test_the_hazard_drawn():
    frame = hazard_of(random_lives(3, 200, last=24, groups="ab"), width=6)
    before = frame.clone()
    drawn = hazard_chart(frame, age_unit="days").to_dict()
    assert frame.equals(before)
    assert drawn["title"]["text"] == ["Customers leaving by age"]
    assert drawn["description"].startswith("Points with intervals. Customers leaving by age in days.")
    assert [len(rows) for rows in drawn["datasets"].values()] == [frame.height]
    assert "no data" in hazard_chart(frame.head(0)).to_dict()["description"]
    with pytest.raises(UnknownNameError, match="no column 'hazard'"):
        hazard_chart(frame.drop("hazard"))
