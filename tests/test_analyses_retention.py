"""Cohorts, survival curves and revenue movements: by eye, against SQL and scipy, and against the sample."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from random import Random

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats
from small import dataset

from kpitools.analyses.retention import COHORTS, cohort_means, cohorts, mrr_movements, revenue_retention, survival
from kpitools.analyses.survival import CURVE, kaplan_meier
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.model.dataset import Dataset
from kpitools.sample import truth

ACCOUNTS = """
    accounts: account_id became_customer_at ended_at segment
    a 2026-01-05 2026-02-10 smb
    b 2026-01-31 -          smb
    c 2026-02-01 2026-04-01 -
    d 2026-02-28 2026-03-31 smb
    e -          -          smb
"""
CELL = ("cohort", "age", "size", "retained", "value", "complete")


def test_cohorts_of_customers_by_month():
    cells = cohorts(dataset(ACCOUNTS), as_of="2026-04-15", grain="month")
    assert cells.select(CELL).rows() == [
        ("2026-01", 0, 2, 2.0, 100.0, True),
        ("2026-01", 1, 2, 1.0, 50.0, True),
        ("2026-01", 2, 2, 1.0, 50.0, True),
        ("2026-01", 3, 2, None, None, False),
        ("2026-02", 0, 2, 2.0, 100.0, True),
        ("2026-02", 1, 2, 1.0, 50.0, True),  # d left on 31 March, c on the next morning
        ("2026-02", 2, 2, None, None, False),
    ]
    assert cells["cohort_start"].unique().sort().to_list() == [date(2026, 1, 1), date(2026, 2, 1)]


def test_a_cell_is_complete_with_the_last_day_of_its_period():
    complete = [
        cohorts(dataset(ACCOUNTS), as_of=day, grain="month")["complete"].to_list()
        for day in ("2026-02-27", "2026-02-28")
    ]
    assert complete == [[True, False, False], [True, True, True]]


def test_means_are_weighted_and_leave_unfinished_cells_out():
    text = ACCOUNTS + "f 2026-02-03 2026-03-03 smb\n g 2026-02-03 2026-03-03 smb"
    means = cohort_means(cohorts(dataset(text), as_of="2026-04-15", grain="month"))
    assert means.select("age", "cohorts", "size", "retained", "value").rows() == [
        (0, 2, 6, 6.0, 100.0),
        (1, 2, 6, 2.0, pytest.approx(100 / 3)),
        (2, 1, 2, 1.0, 50.0),
    ]


SUBSCRIPTIONS = """
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 a 100   2026-01-10 2026-04-01
    2 a 150   2026-04-01 -
    3 b 50.10 2026-02-01 2026-07-01
    4 b 20    2026-02-01 -
    5 c 30    2026-03-31 2026-05-01
    6 c 25    2026-08-01 -
    7 d 0     2026-01-01 -
"""


@pytest.mark.parametrize(("of", "values"), [
    ("subscriptions", [100.0, 200 / 3, 100.0]),
    ("revenue", [100.0, 100 * 220.1 / 200.1, 100 * 195 / 200.1]),
    ("gross_revenue", [100.0, 100 * 170.1 / 200.1, 100 * 145 / 200.1]),
])  # fmt: skip
def test_cohorts_of_subscriptions(of: str, values: list[float]):
    cells = cohorts(dataset(SUBSCRIPTIONS), as_of="2026-09-30", of=of)
    assert cells["size"].to_list() == [3, 3, 3]
    assert cells["value"].to_list() == pytest.approx(values)


ORDERS = """
    orders: order_id account_id ordered_at amount
    1 a 2026-01-05 10
    2 a 2026-02-28T23:00 30
    3 b 2026-01-20 40
    4 b 2026-03-01 25
    5 b 2026-03-02 25
"""


@pytest.mark.parametrize(("of", "values"), [
    ("customers", [100.0, 50.0, 50.0]),
    ("revenue", [100.0, 60.0, 100.0]),
    ("gross_revenue", [100.0, 20.0, 80.0]),
])  # fmt: skip
def test_where_there_is_nothing_else_who_orders_is_active(of: str, values: list[float]):
    cells = cohorts(dataset(ORDERS), as_of="2026-03-31", grain="month", of=of)
    assert cells["value"].to_list() == values


@pytest.mark.parametrize("source", ["accounts", "subscriptions", "orders", None])
def test_the_table_that_is_read_can_be_chosen(source: str | None):
    every = dataset(ACCOUNTS + SUBSCRIPTIONS + ORDERS)
    cells = cohorts(every, as_of="2026-01-31", grain="month", source=source)
    alone = {"accounts": ACCOUNTS, "subscriptions": SUBSCRIPTIONS, "orders": ORDERS}[source or "accounts"]
    assert cells.equals(cohorts(dataset(alone), as_of="2026-01-31", grain="month"))
    assert not cells.equals(cohorts(every, as_of="2026-02-28", grain="month", source=source))


@pytest.mark.parametrize(("of", "values"), [
    ("subscriptions", [100.0, 200 / 3, 100.0]),  # c, from 31 March, is away on 30 June and back on 30 September
    ("revenue", [100.0, 100 * 220.1 / 200.1, 100 * 195 / 200.1]),
])  # fmt: skip
def test_own_ages_are_counted_from_the_first_day_of_each(of: str, values: list[float]):
    cells = cohorts(dataset(SUBSCRIPTIONS), as_of="2026-10-10", of=of, ages="own")
    assert cells["size"].to_list() == [3, 3, 3, 3]
    assert cells["value"].to_list() == [*map(pytest.approx, values), None]  # c is not three quarters old yet


def test_an_own_age_is_over_when_the_last_of_the_cohort_have_come_to_it():
    complete = [
        cohorts(dataset(SUBSCRIPTIONS), as_of=day, of="subscriptions", ages="own")["complete"].to_list()
        for day in ("2026-06-29", "2026-06-30")
    ]
    assert complete == [[True, False], [True, True]]


@pytest.mark.parametrize(("of", "values"), [
    ("customers", [100.0, 100.0, None]),
    ("revenue", [100.0, 160.0, None]),
    ("gross_revenue", [100.0, 100.0, None]),
])  # fmt: skip
def test_own_ages_of_orders_are_months_since_the_first(of: str, values: list[float | None]):
    cells = cohorts(dataset(ORDERS), as_of="2026-03-31", grain="month", of=of, ages="own")
    assert cells["value"].to_list() == values


def test_own_ages_of_customers_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    accounts = sample["accounts"]  # noqa: F841
    expected = duckdb.sql("""
        select count(*), count(*) filter (ended_at is null or ended_at > became_customer_at + interval 6 month)
        from accounts where became_customer_at between '2024-01-01' and '2025-12-31'
    """).fetchall()
    cells = cohorts(data, as_of=truth.LAST_DAY, ages="own", since=date(2024, 1, 1))
    half = cells.filter(pl.col("age") == 2, pl.col("cohort_start") < date(2026, 1, 1))
    assert half["complete"].all()
    assert (half["size"].sum(), half["retained"].sum()) == expected[0]


def test_cohorts_since_and_fiscal():
    found = cohorts(dataset(ACCOUNTS), as_of="2026-06-30", since=date(2026, 2, 1), fiscal_start=2)
    assert found.select("cohort", "age", "size").rows() == [("FY2027Q1", 0, 2), ("FY2027Q1", 1, 2)]


def test_cohorts_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    accounts = sample["accounts"]  # noqa: F841
    expected = duckdb.sql("""
        select date_trunc('quarter', became_customer_at) as cohort, count(*),
            count(*) filter (ended_at is null or ended_at >= '2026-07-01')
        from accounts where became_customer_at between '2023-10-01' and '2026-06-30' group by all order by 1
    """).fetchall()
    cells = cohorts(data, as_of="2026-07-10").filter(pl.col("cohort_start") >= date(2023, 10, 1))
    last = (
        cells.filter(pl.col("complete"))
        .group_by("cohort_start")
        .agg(pl.all().sort_by("age").last())
        .sort("cohort_start")
    )
    assert last.select("size", pl.col("retained").cast(pl.Int64)).rows() == [row[1:] for row in expected]


def test_the_churning_cohort_is_found(data: Dataset):
    after_a_year = cohorts(data, as_of=truth.LAST_DAY).filter(
        pl.col("age") == 4, pl.col("cohort_start") >= date(2023, 10, 1)
    )
    assert after_a_year.sort("value").item(0, "cohort") == truth.FAST_CHURN_COHORT
    assert after_a_year.sort("value")["value"].head(2).diff().item(1) > 15


def test_empty_accounts_give_empty_frames():
    nobody = dataset("accounts: account_id created_at became_customer_at ended_at\n e 2026-01-01 - -")
    cells = cohorts(nobody, as_of="2026-06-30")
    assert (cells.height, dict(cells.schema)) == (0, COHORTS)
    assert cohort_means(cells).is_empty()
    curve = survival(nobody, as_of="2026-06-30")
    assert (curve.height, dict(curve.schema)) == (0, CURVE)


@pytest.mark.parametrize(("call", "message"), [
    (lambda data: cohorts(data, as_of="2026-06-30"), "customers needs accounts, which"),
    (lambda data: cohorts(data, as_of="2026-06-30", of="revenue"), "revenue needs subscriptions, which"),
    (lambda data: survival(data, as_of="2026-06-30"), "Survival needs accounts, which"),
    (lambda data: mrr_movements(data, periods="2026Q2"), "Recurring revenue needs subscriptions, which"),
])  # fmt: skip
def test_what_is_missing_is_named(call, message: str):
    with pytest.raises(EvaluationError, match=message):
        call(dataset("deals: deal_id status created_at\n a open 2026-01-01"))


def test_unknown_options():
    with pytest.raises(UnknownNameError, match="no grain 'week'"):
        cohorts(dataset(ACCOUNTS), as_of="2026-06-30", grain="week")
    with pytest.raises(UnknownNameError, match="Did you mean 'revenue'"):
        cohorts(dataset(ACCOUNTS), as_of="2026-06-30", of="revenues")
    with pytest.raises(UnknownNameError, match="no kind of age 'mine'"):
        cohorts(dataset(ACCOUNTS), as_of="2026-06-30", ages="mine")
    with pytest.raises(UnknownNameError, match="no source of gross revenue 'accounts'"):
        cohorts(dataset(ACCOUNTS), as_of="2026-06-30", of="gross_revenue", source="accounts")
    with pytest.raises(EvaluationError, match="customers needs orders, which"):
        cohorts(dataset(ACCOUNTS), as_of="2026-06-30", source="orders")
    with pytest.raises(UnknownNameError, match="no unit of age 'weeks'"):
        survival(dataset(ACCOUNTS), as_of="2026-06-30", unit="weeks")


# --- Survival ---------------------------------------------------------------------------------------------------------


def test_survival_counts_who_is_still_there_as_long_as_seen():
    curve = survival(dataset(ACCOUNTS), as_of="2026-04-15")
    assert curve.select("age", "survival", "at_risk", "events").rows() == [
        (0.0, 100.0, 4, 0),
        (31.0, 75.0, 4, 1),  # d
        (36.0, 50.0, 3, 1),  # a
        (59.0, 25.0, 2, 1),  # c
        (74.0, 25.0, 1, 0),  # b is still there
    ]
    assert survival(dataset(ACCOUNTS), as_of="2026-03-31")["survival"].to_list() == [100.0, 75.0, 50.0, 50.0]


def test_survival_by_group_keeps_those_without_one():
    curve = survival(dataset(ACCOUNTS), as_of="2026-04-15", by="segment")
    assert curve.group_by("group", maintain_order=True).agg(pl.col("at_risk").first()).rows() == [("smb", 3), (None, 1)]


def test_survival_from_subscriptions_where_accounts_do_not_say():
    curve = survival(dataset(SUBSCRIPTIONS), as_of="2026-07-15")
    assert curve.select("age", "survival").rows() == [
        (0.0, 100.0),
        (31.0, pytest.approx(200 / 3)),
        (186.0, pytest.approx(200 / 3)),
    ]


def _observed(n: int, ties: int) -> pl.DataFrame:
    days = [(37 * i * i + 11 * i) % 400 // ties for i in range(n)]
    return pl.DataFrame({"group": ["x"] * n, "age": days, "ended": [i % 3 != 0 for i in range(n)]})


@pytest.mark.parametrize(("n", "ties"), [(60, 1), (300, 40), (1000, 7), (2, 1)])
def test_kaplan_meier_against_scipy(n: int, ties: int):
    observed = _observed(n, ties)
    ended, going = (observed.filter(pl.col("ended") == flag)["age"].to_list() for flag in (True, False))
    oracle = stats.ecdf(stats.CensoredData(uncensored=ended, right=going)).sf
    with warnings.catch_warnings(action="ignore"):  # scipy says that there is none at 100 and at 0 percent
        bounds = oracle.confidence_interval(method="log-log")
    curve = kaplan_meier(observed).filter(pl.col("events") > 0)
    for row in curve.to_dicts():
        assert row["survival"] == pytest.approx(100 * float(oracle.evaluate(row["age"])), abs=1e-9)
        if row["lower"] is not None:
            low, high = (100 * float(side.evaluate(row["age"])) for side in (bounds.low, bounds.high))
            assert (row["lower"], row["upper"]) == pytest.approx((low, high), abs=1e-9)
        assert (row["lower"] is None) == (row["survival"] in (0.0, 100.0))


def test_large_counts_do_not_wrap():
    observed = pl.DataFrame(
        {"group": ["x"] * 200_000, "age": [1] * 100_000 + [2] * 100_000, "ended": [True] * 50_000 + [False] * 150_000}
    )
    row = kaplan_meier(observed).filter(pl.col("age") == 1).row(0, named=True)
    assert (row["survival"], row["at_risk"], row["events"]) == (75.0, 200_000, 50_000)
    assert 74.8 < row["lower"] < 75 < row["upper"] < 75.2


def test_the_churn_of_a_year_is_recovered(data: Dataset):
    curve = survival(data, as_of=truth.LAST_DAY, by="segment", since=truth.FIRST_DAY)
    for segment, churn in (("enterprise", 0.08), ("smb", 0.20)):
        year = curve.filter(pl.col("group") == segment, pl.col("age") <= 380).sort("age").row(-1, named=True)
        assert year["lower"] - 6 < 100 * (1 - churn) < year["upper"] + 6  # the fast cohort pulls it down a little


# --- Movements --------------------------------------------------------------------------------------------------------


def test_movements_by_account():
    moved = mrr_movements(dataset(SUBSCRIPTIONS), periods="2026Q1..2026Q4", as_of="2026-09-30")
    assert moved.drop("start", "end").rows() == [
        ("2026Q1", True, 0.0, 200.1, 0.0, 0.0, 0.0, 0.0, 200.1),
        ("2026Q2", True, 200.1, 0.0, 50.0, 0.0, -30.0, 0.0, 220.1),
        ("2026Q3", True, 220.1, 0.0, 0.0, -50.1, 0.0, 25.0, 195.0),
        ("2026Q4", False, None, None, None, None, None, None, None),
    ]


def test_an_unfinished_period_closes_on_the_day_seen():
    moved = mrr_movements(dataset(SUBSCRIPTIONS), periods="2026Q3", as_of="2026-07-31")
    assert moved.select("complete", "reactivation", "closing").rows() == [(False, 0.0, 170.0)]


def test_movements_sum_to_the_cent_and_meet_the_kpi(data: Dataset):
    moved = mrr_movements(data, periods="2023-11..2026-09", as_of=truth.LAST_DAY)
    cents = moved.select((pl.col(moved.columns[4:]) * 100).round().cast(pl.Int64))
    assert (
        cents.select(pl.sum_horizontal(pl.all().exclude("closing")))
        .to_series()
        .equals(cents["closing"].alias("opening"))
    )
    assert moved["closing"].head(-1).to_list() == moved["opening"].tail(-1).to_list()
    from kpitools.evaluation.evaluate import evaluate

    recurring = evaluate("monthly_recurring_revenue", data, periods="2023-11..2026-09", as_of=truth.LAST_DAY).frame
    assert moved["closing"].to_list() == pytest.approx(recurring["value"].to_list(), abs=0.005)


def test_movements_of_groups_add_up_to_those_of_all(data: Dataset):
    every = mrr_movements(data, periods="2025Q1..2026Q4", as_of=truth.LAST_DAY)
    groups = mrr_movements(data, periods="2025Q1..2026Q4", as_of=truth.LAST_DAY, by="segment")
    assert groups["group"].n_unique() > 1
    cents = (pl.col("^(opening|closing|new|expansion|contraction|churn|reactivation)$") * 100).round().cast(pl.Int64)
    summed = groups.select("period", cents).group_by("period", maintain_order=True).agg(pl.all().sum())
    assert summed.equals(every.select("period", cents.fill_null(0)))
    parts = groups.drop_nulls("opening").select(cents)
    assert parts.select(pl.sum_horizontal(pl.all().exclude("closing")).alias("closing"))["closing"].equals(
        parts["closing"]
    )


def test_net_and_gross_beside_the_movements_are_the_kpis(data: Dataset):
    from kpitools.evaluation.evaluate import evaluate

    beside = revenue_retention(mrr_movements(data, periods="2025Q1..2026Q3", as_of=truth.LAST_DAY))
    for column, kpi in (("nrr", "net_revenue_retention"), ("grr", "gross_revenue_retention")):
        frame = evaluate(kpi, data, periods="2025Q1..2026Q3", as_of=truth.LAST_DAY).frame
        assert beside[column].to_list() == pytest.approx(frame["value"].to_list())


def test_what_was_not_open_has_no_retention():
    moved = revenue_retention(mrr_movements(dataset(SUBSCRIPTIONS), periods="2026Q1..2026Q4", as_of="2026-09-30"))
    assert moved.select("nrr", "grr").rows() == [
        (None, None),
        (pytest.approx(100 * 220.1 / 200.1), pytest.approx(100 * 170.1 / 200.1)),
        (pytest.approx(100 * 170 / 220.1), pytest.approx(100 * 170 / 220.1)),  # what comes back is in neither
        (None, None),
    ]


def test_no_subscriptions_give_an_empty_frame():
    free = dataset("subscriptions: subscription_id account_id mrr starts_on ends_on\n 7 d 0 2026-01-01 -")
    assert mrr_movements(free, periods="2026Q1").is_empty()


def test_later_facts_change_nothing(sample: dict[str, pl.DataFrame], data: Dataset):
    cut = date(2026, 2, 12)
    later = pl.col("ended_at") > cut
    fewer = Dataset.of(
        {
            **sample,
            "accounts": sample["accounts"].filter(pl.col("created_at") < datetime(2026, 2, 13)).with_columns(
                ended_at=pl.when(later).then(pl.col("ended_at") + timedelta(days=9)).otherwise("ended_at")
            ),
            "subscriptions": sample["subscriptions"].filter(pl.col("starts_on") <= cut),
        }
    )  # fmt: skip
    for analysis in (
        lambda each: cohorts(each, as_of=cut),
        lambda each: cohorts(each, as_of=cut, of="revenue", grain="month"),
        lambda each: survival(each, as_of=cut, by="segment"),
        lambda each: mrr_movements(each, periods="2025Q1..2026Q1", as_of=cut),
    ):
        assert analysis(data).equals(analysis(fewer))


def test_customers_who_began_and_left_in_the_same_periods_count_as_each_by_itself():
    """Spans of subscriptions are followed one by one: the same spans as customers give the same cells."""
    dice = Random(5)
    spans = []
    for number in range(400):
        began = date(2024, 1, 10) + timedelta(days=dice.randrange(900))
        length = dice.choice([None, 0, -40, 30, 91, 92, 400, 3000])
        ended = None if length is None else began + timedelta(days=length)
        spans.append((str(number), dice.choice([began, began, began, None]), ended))
    accounts = pl.DataFrame(spans, schema=["account_id", "became_customer_at", "ended_at"], orient="row")
    subscriptions = accounts.select(
        subscription_id="account_id", account_id="account_id", starts_on="became_customer_at", ends_on="ended_at"
    )
    for grain, day in (("month", "2026-05-31"), ("quarter", "2026-03-31"), ("quarter", "2026-04-01"), ("year", None)):
        found = cohorts(Dataset.of({"accounts": accounts}), as_of=day, grain=grain)
        other = cohorts(Dataset.of({"subscriptions": subscriptions}), as_of=day, grain=grain, of="subscriptions")
        assert_frame_equal(found, other)
