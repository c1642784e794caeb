"""The sections of the retention page: for the whole company and for one team."""

from __future__ import annotations

from typing import Any

import pytest
from polars.testing import assert_frame_equal
from small import dataset

from kpitools.analyses.retention import cohorts
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages.view import View
from kpitools.views import retention

SECTIONS = ("findings", "cohorts", "own_ages", "revenue", "buying", "curve", "leaving", "movements", "contracts",
            "orders", "trend")  # fmt: skip


def view(data: Dataset, as_of: str, **where: tuple[str, ...]) -> View:
    return View.of(data, Slice(where=where, period="2026Q3", as_of=as_of))


def rows_of(chart: Any) -> list[dict[str, Any]]:
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("team", [None, "Nordics"])
def test_every_section_has_something_to_show(data: Dataset, section: str, team: str | None):
    where = {"team": (team,)} if team else {}
    assert list(getattr(retention, section)(view(data, "2026-08-15", **where)))


ACCOUNTS = """
    accounts: account_id name became_customer_at ended_at
    a One   2026-01-05 2026-05-10
    b Two   2026-01-31 -
    c Three 2026-02-01 -
    d Four  2026-04-03 -
    e Five  2026-07-03 -
"""


def test_the_last_row_is_the_mean_of_the_cells_that_are_over():
    (linked,) = retention.cohorts(view(dataset(ACCOUNTS), "2026-08-15"))
    drawn = [(row["row"], row["age"], row["value"], row["size_text"]) for row in rows_of(linked.chart)]
    assert drawn == [
        ("2026Q1 · 3", 0, 100.0, "3"),
        ("2026Q1 · 3", 1, pytest.approx(200 / 3), "3"),
        ("2026Q1 · 3", 2, None, "3"),
        ("2026Q2 · 1", 0, 100.0, "1"),
        ("2026Q2 · 1", 1, None, "1"),
        ("2026Q3 · 1", 0, None, "1"),
        ("Mean · 4", 0, 100.0, "4"),
        ("Mean · 4", 1, pytest.approx(200 / 3), "3"),
    ]


def test_a_quarter_stands_for_the_months_in_which_its_customers_came():
    (linked,) = retention.cohorts(view(dataset(ACCOUNTS), "2026-08-15"))
    assert (linked.dimension, linked.values) == (
        "cohort",
        {"2026Q1 · 3": ("2026-01", "2026-02"), "2026Q2 · 1": ("2026-04",), "2026Q3 · 1": ("2026-07",)},
    )


def test_cohorts_that_begin_with_a_subscription_are_not_those_of_the_dimension():
    """Accounts that do not say when customers left: who is one is then read from what they pay for."""
    text = ACCOUNTS.replace("ended_at", "icp_fit").replace("2026-05-10", "-")
    paid = "subscriptions: subscription_id account_id mrr starts_on ends_on\n 1 a 100 2026-04-10 -"
    (chart,) = retention.cohorts(view(dataset(f"{text}\n{paid}"), "2026-08-15"))
    assert [row["row"] for row in rows_of(chart)] == ["2026Q2 · 1", "2026Q2 · 1", "Mean · 1"]


def test_the_cohort_of_an_account_is_not_known_before_it_is_a_customer():
    whole = dataset("""
        accounts: account_id created_at became_customer_at
        a 2025-12-01 2026-01-05
        d 2026-01-01 2026-04-03
    """)
    known = {day: whole.as_of(day)["accounts"].select("account_id", "cohort").collect().rows()
             for day in ("2026-04-02", "2026-04-03")}  # fmt: skip
    assert known["2026-04-02"] == [("a", "2026-01"), ("d", None)]
    assert known["2026-04-03"] == [("a", "2026-01"), ("d", "2026-04")]


@pytest.mark.parametrize("month", ["2023-04", "2025-03"])
def test_the_slice_of_a_cohort_is_the_cohorts_row(data: Dataset, month: str):
    seen = data.as_of("2026-08-15")
    whole = cohorts(seen, grain="month").filter(cohort=month)
    assert whole.height > 10
    assert_frame_equal(cohorts(seen.where({"cohort": [month]}), grain="month"), whole)


def test_a_period_that_is_not_over_is_said_to_be_so():
    paid = "subscriptions: subscription_id account_id mrr starts_on ends_on\n 1 a 100 2026-01-10 -"
    for as_of, said in (("2026-09-29", "2026Q3 so far"), ("2026-09-30", "2026Q3")):
        *_, table = retention.movements(view(dataset(paid), as_of))
        assert [row["period"] for row in table.rows[-2:]] == ["2026Q2", said]


def test_customers_are_shown_by_name_the_highest_value_first(data: Dataset, sample):
    *_, table = retention.contracts(view(data, "2026-08-15"))
    values = [row["value"] for row in table.rows]
    assert values == sorted(values, reverse=True)
    assert {row["account"] for row in table.rows} <= set(sample["accounts"]["name"])
    assert len(values) == retention.MOST_CUSTOMERS
