"""The rows behind a number on a page: exactly those that are counted, and never more than a page can hold."""

from __future__ import annotations

from small import dataset

from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages.view import View
from kpitools.views.behind import rows_of

DEALS = """
    deals: deal_id status amount created_at closed_at
    a won 100 2026-07-01 2026-07-11
    b lost 300 2026-07-01 2026-07-12
    c open 500 2026-07-01 -
    d won 200 2026-04-01 2026-04-11
"""


def test_the_rows_that_are_counted_and_no_others():
    view = View.of(dataset(DEALS), Slice(period="2026Q3"))
    (table,) = rows_of("win_rate")(view)
    assert table.caption == "Rows behind win rate: deals"
    assert [(row["deal_id"], row["amount"], row["counted_in"]) for row in table.rows] == [
        ("b", 300.0, "denominator"),
        ("a", 100.0, "numerator, denominator"),
    ]
    assert (table.note, list(view.kpis)) == ("", ["win_rate"])


def test_more_rows_than_fit_are_counted_and_left_out(data: Dataset):
    view = View.of(data, Slice(where={"team": ("Nordics",)}, period="2026Q3"))
    (table,) = rows_of("win_rate", most=5)(view)
    amounts = [row["amount"] for row in table.rows]
    assert amounts == sorted(amounts, reverse=True)
    assert table.note == "5 of 62 rows, the largest amounts; the others are left out."


def test_no_row_is_an_empty_table():
    view = View.of(dataset(DEALS), Slice(period="2025Q1", as_of="2026-09-30"))
    (table,) = rows_of("win_rate")(view)
    assert (list(table.rows), table.note) == ([], "")
