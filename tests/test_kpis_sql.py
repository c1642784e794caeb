"""Every KPI beside an independent SQL query over the same tables: overall, by team, and some by segment and stage;
over the sample, and over the sample with every twentieth value missing."""

from __future__ import annotations

from math import isclose

import duckdb
import oracle
import polars as pl
import pytest
from small import leading_to

from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.calendar import parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.tables import TABLES

PERIODS = ["2025Q1", "2025Q4", "2026Q2", "2026-09"]
#: Another dimension now and then: the way to it differs by table.
BY_SEGMENT = ["win_rate", "total_sales_revenue", "gross_margin", "net_revenue_retention", "annual_contract_value",
              "pipeline_value", "stage_conversion_rate", "sales_call_conversion_rate", "lead_conversion_rate",
              "customer_churn_rate", "customer_lifetime_value", "prospect_engagement_level",
              "qbr_effectiveness"]  # fmt: skip
BY_STAGE = ["deals_per_stage", "pipeline_value", "weighted_pipeline", "stale_pipeline_share",
            "deals_within_typical_days", "stage_conversion_rate", "lead_waiting_time", "win_rate"]  # fmt: skip
ASKED = {None: list(CATALOGUE), "team": leading_to("team"), "segment": BY_SEGMENT, "stage": BY_STAGE}
CASES = [(name, by) for by, names in ASKED.items() for name in names]
Frames = dict[str, pl.DataFrame]
Figures = dict[tuple[str | None, str, str], float]


@pytest.fixture(scope="module", params=["whole", "with holes"])
def frames(request: pytest.FixtureRequest, sample: Frames) -> Frames:
    return sample if request.param == "whole" else {name: with_holes(frame, name) for name, frame in sample.items()}


@pytest.fixture(scope="module")
def database(frames: Frames) -> duckdb.DuckDBPyConnection:
    connection = oracle.connect(frames)
    oracle.set_windows(connection, PERIODS)
    return connection


@pytest.fixture(scope="module")
def figures(frames: Frames) -> dict[str | None, Figures]:
    """The known figures of the package by dimension: all KPIs in one go, as a report asks for them."""
    data = Dataset.of(frames)
    return {by: known_figures(data, names, by) for by, names in ASKED.items()}


def with_holes(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The frame with every twentieth value missing; the logs that a machine writes stay whole."""
    keys = TABLES[name].primary_key()
    if name in ("deal_changes", "stage_history"):
        return frame
    kept = {
        column: pl.struct(keys).hash(seed=number) % 20 != 0
        for number, column in enumerate(frame.columns)
        if column not in keys
    }
    return frame.with_columns(pl.when(here).then(column).alias(column) for column, here in kept.items())


def known_figures(data: Dataset, kpis: list[str], by: str | None) -> Figures:
    periods = [parse_period(label) for label in PERIODS]
    frame = evaluate(kpis, data, by=by or (), periods=periods).frame
    known = frame.drop_nulls("value").to_dicts()
    return {(row[by] if by else None, row["period"], row["kpi"]): row["value"] for row in known}


def test_every_kpi_has_its_sql():
    assert set(oracle.KPIS) == set(CATALOGUE)


@pytest.mark.parametrize(("name", "by"), CASES)
def test_the_package_and_the_database_agree(name, by, database, figures):
    rows = database.execute(oracle.query(name, by=by)).fetchall()
    expected = {(row[0] if by else None, row[-2]): row[-1] for row in rows if row[-1] is not None}
    found = {(group, period): value for (group, period, kpi), value in figures[by].items() if kpi == name}
    assert found.keys() == expected.keys()
    wrong = {key: (found[key], expected[key]) for key in found if not same(found[key], expected[key])}
    assert wrong == {}


@pytest.mark.parametrize("name", CATALOGUE)
def test_something_is_compared(name, figures):
    """Two empty answers agree as well: there is a figure of every KPI for some team and period."""
    by = "team" if name in leading_to("team") else None
    assert any(kpi == name for _, _, kpi in figures[by])


def same(one: float, other: float) -> bool:
    return isclose(one, float(other), rel_tol=1e-9, abs_tol=1e-9)
