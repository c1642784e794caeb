"""Pacing to quota, and the split of a difference into mix and rate: by eye, and adding up."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from small import dataset

from kpitools.analyses.mix import MIX_AND_RATE, mix_and_rate
from kpitools.analyses.pacing import PACING, pacing
from kpitools.analyses.reps import rep_table
from kpitools.model.dataset import Dataset

TWO = """
    reps: rep_id name role
    r1 Ann ae
    r2 Ben ae
    r3 Cem ae
    deals: deal_id owner_rep_id status created_at closed_at amount
    a r1 won 2026-07-01 2026-07-11 30
    b r2 won 2026-07-01 2026-07-12 200
    c r2 won 2026-07-01 2026-08-12 200
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 rep  r1    revenue 2026-07-01 2026-09-30 66
    2 rep  r2    revenue 2026-07-01 2026-09-30 100
"""
SHOWN = ("rep", "attainment", "days_left", "per_day", "needed_per_day", "projected_attainment")


@pytest.mark.parametrize(("as_of", "rows"), [
    ("2026-07-12", [  # 8 of 66 working days are gone
        ("Ann", 45.5, 58, 3.8, 0.6, 375.0), ("Ben", 200.0, 58, 25.0, 0.0, 1650.0),
    ]),
    ("2026-09-30", [("Ann", 45.5, 0, 0.5, None, 45.5), ("Ben", 400.0, 0, 6.1, 0.0, 400.0)]),
    ("2026-06-15", [("Ann", 0.0, 66, None, 1.0, None), ("Ben", 0.0, 66, None, 1.5, None)]),
])  # fmt: skip
def test_pacing(as_of: str, rows: list):
    table = rep_table(dataset(TWO), period="2026Q3", as_of=as_of)
    known = table if table.height else rep_table(dataset(TWO), period="2026Q3", as_of="2026-07-01")
    found = pacing(known, period="2026Q3", as_of=as_of)
    assert found.select("rep", *(pl.col(name).cast(pl.Float64).round(1) for name in SHOWN[1:])).rows() == rows
    assert dict(found.schema) == PACING


def test_holidays_are_not_worked():
    table = rep_table(dataset(TWO), period="2026Q3", as_of="2026-07-12")
    found = pacing(table, period="2026Q3", as_of="2026-07-12", holidays=[date(2026, 7, 3), date(2026, 8, 14)])
    assert found.row(0, named=True)["days_left"] == 57
    assert found.row(0, named=True)["expected"] == pytest.approx(100 * 7 / 64)


def test_without_quotas_there_is_nothing_to_pace():
    table = rep_table(dataset(TWO.split("quotas")[0]), period="2026Q3")
    assert pacing(table, period="2026Q3").is_empty()


def _deals(*cells: tuple[str, str, int, int]) -> str:
    rows = [
        f"{rep}{kind}{number} {rep} {'won' if number < won else 'lost'} 2026-07-20 {kind}"
        for rep, kind, won, n in cells
        for number in range(n)
    ]
    staff = "reps: rep_id role\n r1 ae\n r2 ae\n r3 am\n"
    return staff + "deals: deal_id owner_rep_id status closed_at kind\n" + "\n".join(rows)


def _row(*cells: tuple[str, str, int, int]) -> tuple[float, ...]:
    data = dataset(_deals(*cells))
    table = rep_table(data, period="2026Q3")
    found = mix_and_rate(data, table, period="2026Q3", by="deal_kind").filter(pl.col("rep") == "r1")
    return found.select("difference", "mix", "rate").row(0)


def test_other_deals_are_mix():
    mix = _row(("r1", "new", 2, 10), ("r1", "renewal", 24, 30), ("r2", "new", 6, 30), ("r2", "renewal", 8, 10))
    assert mix == pytest.approx((30.0, 30.0, 0.0))


def test_the_same_deals_are_rate():
    rate = _row(("r1", "new", 2, 10), ("r1", "renewal", 4, 10), ("r2", "new", 9, 30), ("r2", "renewal", 15, 30))
    assert rate == pytest.approx((-10.0, 0.0, -10.0))


def test_what_the_peers_do_not_sell_is_mix():
    alone = _row(("r1", "new", 5, 10), ("r1", "renewal", 10, 10), ("r2", "new", 5, 10), ("r3", "renewal", 0, 9))
    assert alone == pytest.approx((25.0, 25.0, 0.0))


def test_mix_and_rate_add_up(data: Dataset):
    table = rep_table(data, period="2026Q2")
    found = mix_and_rate(data, table, period="2026Q2")
    assert (found["mix"] + found["rate"]).to_list() == pytest.approx(found["difference"].to_list())
    beside = found.join(table, on="rep", suffix="_table")
    assert beside.height == table.filter(pl.col("n") > 0).height
    assert beside["peers"].to_list() == pytest.approx(beside["peers_table"].to_list())
    assert beside["n"].to_list() == beside["n_table"].to_list()


def test_nobody_to_compare_with():
    data = dataset(_deals(("r1", "new", 1, 2), ("r3", "new", 1, 2)))
    assert mix_and_rate(data, rep_table(data, period="2026Q3"), period="2026Q3", by="deal_kind").is_empty()
    empty = mix_and_rate(data, rep_table(data, period="2026Q3").clear(), period="2026Q3", by="deal_kind")
    assert dict(empty.schema) == MIX_AND_RATE
