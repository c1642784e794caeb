"""The worked example of a mapping, against figures that were counted in the files by other means."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from kpitools.intake import Check, check

ROOT = Path(__file__).parent.parent
MAPPING = ROOT / "data" / "crm_sales.toml"
SAMPLE = ROOT.parent / "shared" / "data" / "crm_sales"


@pytest.fixture(scope="module")
def crm() -> Check:
    assert SAMPLE.is_dir(), (
        f"The CRM sample is missing: put it at {SAMPLE.relative_to(ROOT.parent)} beside the project."
    )
    return check(MAPPING)


@pytest.fixture(scope="module")
def deals(crm: Check) -> pl.DataFrame:
    return crm.data["deals"].collect()


@pytest.fixture(scope="module")
def won(deals: pl.DataFrame) -> pl.DataFrame:
    return deals.filter(pl.col("status") == "won")


@pytest.fixture(scope="module")
def closed(deals: pl.DataFrame) -> pl.DataFrame:
    return deals.filter(pl.col("status").is_in(["won", "lost"]))


def test_every_row_is_kept_and_the_undated_are_counted(crm: Check):
    assert crm.counts().rows() == [
        ("deals", 8800, 8800, 0, 500),
        ("reps", 41, 41, 0, 0),
        ("accounts", 85, 85, 0, 0),
        ("products", 7, 7, 0, 0),
        ("stages", 2, 2, 0, 0),
    ]
    assert crm.messages == ()


def test_win_rate(won: pl.DataFrame, closed: pl.DataFrame):
    assert (won.height, closed.height) == (4238, 6711)
    assert round(100 * won.height / closed.height, 4) == 63.1501


def test_no_deal_is_lost_to_the_spelling_of_its_product(crm: Check, won: pl.DataFrame, closed: pl.DataFrame):
    gtx = crm.data["products"].filter(pl.col("family") == "GTX").collect()
    assert [frame.join(gtx, on="product_id").height for frame in (won, closed)] == [2776, 4379]


def test_pipeline_as_it_stood_at_the_end_of_june(deals: pl.DataFrame):
    cut = pl.datetime(2017, 7, 1)
    still_open = pl.col("closed_at").is_null() | (pl.col("closed_at") >= cut)
    pipeline = deals.filter((pl.col("created_at") < cut) & still_open)
    assert (pipeline.height, pipeline["list_amount"].sum()) == (1686, 4_216_807)


def test_days_from_engagement_to_close_of_won_deals(won: pl.DataFrame):
    days = won.select((pl.col("closed_at") - pl.col("created_at")).dt.total_days()).to_series()
    assert (round(days.mean(), 2), days.median()) == (51.78, 57)


def test_open_deals_are_worth_their_list_price_and_the_others_what_they_brought(deals: pl.DataFrame):
    at_list = deals.group_by("status").agg((pl.col("amount") == pl.col("list_amount")).all())
    assert dict(at_list.rows()) == {"open": True, "won": False, "lost": False}
    assert deals.group_by("status").agg(pl.col("amount").sum()).filter(status="won").item(0, "amount") == 10_005_534


def test_only_open_deals_have_a_stage(deals: pl.DataFrame):
    stages = deals.group_by("status", "stage").len().sort("status", "stage").rows()
    assert stages == [
        ("lost", None, 2473),
        ("open", "Engaging", 1589),
        ("open", "Prospecting", 500),
        ("won", None, 4238),
    ]


def test_managers_are_reps_who_do_not_sell(crm: Check):
    reps = crm.data["reps"].collect()
    managers = reps.filter(~pl.col("is_seller"))
    assert sorted(managers["rep_id"]) == sorted(reps["manager_rep_id"].drop_nulls().unique())
    assert managers.select("role", "manager_rep_id").unique().rows() == [("manager", None)]
    assert (managers["team"] == managers["rep_id"]).all()


@pytest.mark.parametrize(("column", "wrong", "right"), [
    ("industry", "technolgy", "technology"),
    ("region", "Philipines", "Philippines"),
])  # fmt: skip
def test_misspelt_words_are_corrected(crm: Check, column: str, wrong: str, right: str):
    words = crm.data["accounts"].collect()[column].to_list()
    assert wrong not in words
    assert right in words
