"""Benchmarks: the data, the scope that is chosen, bands that are reached, a company's own numbers, and the trend."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest
from small import dataset

import kpitools.kpis
from kpitools.analyses.scorecard import scorecard
from kpitools.analyses.words.scorecard import findings
from kpitools.errors import UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.trend import direction, with_judgement
from kpitools.kpis.benchmarks import BANDS, LENGTHS, at_least, data, in_scope, reached, scopes
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Benchmark, kpi
from kpitools.kpis.sets import INDUSTRIES
from kpitools.measures.deals import won_deals

DEFINITIONS = Path(__file__).parents[2] / "shared" / "kpi_catalogue.csv"
DECLARATIONS = sorted(Path(kpitools.kpis.__file__).parent.glob("*.py"))


# ---- the data


@pytest.mark.parametrize("name", data())
def test_every_benchmark_is_of_a_kpi_and_makes_sense(name):
    assert name in CATALOGUE
    for each in data()[name]:
        assert each.band in BANDS
        assert each.per in ("", "rep and day", *LENGTHS)
        assert each.source
        assert each.low is None or each.high is None or each.low <= each.high
        assert each.note or each.low is not None or each.high is not None


@pytest.mark.parametrize("name", data())
def test_a_better_band_is_nowhere_easier_to_reach(name):
    sign = -1 if CATALOGUE[name].better == "lower" else 1
    for scope in {each.scope for each in data()[name]}:
        there = {each.band: each.high if sign < 0 else each.low for each in data()[name] if each.scope == scope}
        bounds = [sign * bound for band in BANDS if (bound := there.get(band)) is not None]
        assert bounds == sorted(bounds)


def ranges(row: dict[str, str]) -> set[tuple[float | None, float | None]]:
    """Every range that a row of the definitions names."""
    texts = [(row["benchmark_low"], row["benchmark_high"])]
    for more in filter(None, row["more_benchmarks"].split(";")):
        low, _, high = more.split(":")[1].partition("-")
        texts.append((low, high))
    return {tuple(float(bound) if bound else None for bound in bounds) for bounds in texts if any(bounds)}


def test_the_data_are_the_numbers_of_the_definitions():
    with DEFINITIONS.open(encoding="utf-8", newline="") as file:
        defined = {row["id"]: ranges(row) for row in csv.DictReader(file)}
    ours = {name: {(each.low, each.high) for each in several} - {(None, None)} for name, several in data().items()}
    assert {name: ours.get(name, set()) for name in defined} == defined


def test_the_numbers_stand_in_the_data_alone():
    declared = [
        node.name
        for module in DECLARATIONS
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        for decorator in getattr(node, "decorator_list", ())
        if any(each.arg == "benchmark" for each in getattr(decorator, "keywords", ()))
    ]
    assert declared == []


# ---- scopes


def test_every_industry_is_a_scope():
    assert set(INDUSTRIES) <= set(scopes())


@pytest.mark.parametrize(
    ("name", "scope", "found"),
    [
        ("gross_margin", None, ("software", 70, None)),
        ("gross_margin", "retail", ("retail", 20, 30)),
        ("gross_margin", "saas_enterprise", ("software", 70, None)),  # of the wider industry
        ("gross_margin", "insurance", None),  # never of another one
        ("average_order_value", "retail", ("retail_ecommerce", 50, 150)),  # of a part of it
        ("win_rate", "insurance", ("general", 30, None)),
        ("sales_cycle_length", None, None),
        ("sales_cycle_length", "software_enterprise", ("software_enterprise", 183, 365)),
        ("sales_cycle_length", "retail", None),
        ("talk_to_listen_ratio", None, None),  # a good range, but no number
        ("calls_made", None, None),  # a number, but per rep and day
    ],
)
def test_the_benchmark_of_a_scope(name, scope, found):
    one = CATALOGUE.get(name)
    if one is None:
        chosen = in_scope(data()[name], scope) if scope else ()
        benchmark = chosen[0] if chosen else None
    else:
        benchmark = (one.in_scope(scope) if scope else one).benchmark
    assert found == (benchmark and (benchmark.scope, benchmark.low, benchmark.high))


def test_another_scope_may_be_chosen_after_one():
    retail = CATALOGUE["gross_margin"].in_scope("retail")
    assert retail.in_scope("software").benchmark == CATALOGUE["gross_margin"].benchmark
    assert retail.in_scope("insurance").in_scope("retail").benchmark == retail.benchmark


def test_own_numbers_go_before_any_scope():
    own = CATALOGUE["gross_margin"].with_own_benchmark(55, None)
    assert own.benchmark == own.in_scope("retail").benchmark == Benchmark(55, None, "own")
    assert own.bands == (own.benchmark,)


def test_a_kpi_of_ones_own_has_the_benchmark_it_declares():
    facts = {"unit": "count", "better": "higher", "roles": ("rep",), "timing": "lagging", "kind": "outcome"}

    @kpi(**facts, benchmark=at_least(3))
    def my_wins(won=won_deals):
        """Deals won."""
        return won

    assert my_wins.benchmark == at_least(3)
    assert my_wins.in_scope("saas").benchmark == at_least(3)


@pytest.mark.parametrize(
    ("better", "value", "band"),
    [
        ("higher", 29, "below"), ("higher", 30, "typical"), ("higher", 60, "top"), ("higher", None, None),
        ("none", 40, None), ("band", 70, "top"), ("band", 10, "below"),
    ],
)  # fmt: skip
def test_bands(better, value, band):
    assert reached([Benchmark(30, 50, band="typical"), Benchmark(60, band="top")], value, better) == band


def test_bands_of_what_is_better_low():
    bands = [Benchmark(6, 8, band="typical"), Benchmark(4, 5, band="top")]
    assert [reached(bands, value, "lower") for value in (9, 8, 5.5, 5, 1)] == [
        "below", "typical", "typical", "top", "top",
    ]  # fmt: skip
    assert reached([], 1, "lower") is None


# ---- evaluated

LEADS = """
    leads: lead_id created_at became_customer_at
    a 2026-07-01 2026-07-02
    b 2026-07-01 -
    c 2026-07-01 -
    d 2026-07-01 -
"""
CONTRACTS = """
    accounts: account_id became_customer_at ended_at
    a 2024-01-01 -
    b 2024-01-01 2026-08-01
"""
FIGURES = ["benchmark", "benchmark_difference", "benchmark_status", "benchmark_scope", "benchmark_band"]
DEALS = """
    deals: deal_id status closed_at
    a won 2026-07-01
    b lost 2026-07-01
"""


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(None, (30, 20, "within", "general", "good")), ("saas", (30, 20, "within", "general", "good"))],
)
def test_a_figure_says_which_scope_and_band(scope, expected):
    row = evaluate("win_rate", dataset(DEALS), periods="2026Q3", compare="benchmark", scope=scope).frame
    assert row.select(FIGURES).row(0) == (30, 0, *expected[2:])


def test_an_unknown_scope():
    with pytest.raises(UnknownNameError, match=r"no scope of benchmarks 'sass'\. Did you mean 'saas'\?"):
        evaluate("win_rate", dataset(DEALS), periods="2026Q3", scope="sass")


@pytest.mark.parametrize(("period", "status"), [("2026Q3", None), ("2026", "worse")])
def test_a_benchmark_for_a_year_is_none_for_a_quarter(period, status):
    found = evaluate("customer_churn_rate", dataset(CONTRACTS), periods=period, compare="benchmark").frame
    assert found.select("value", "benchmark", "benchmark_status").row(0) == (50, 7, status)


# ---- the trend


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], "up"), ([4, 3, 2, 1], "down"), ([5, 5, 5, 5], "level"), ([0, 0, 0, 0], "level"),
        ([None, 2, 3, 4], "up"), ([4, None, None, 1], None), ([], None), ([-1, -2, -3, -4], "down"),
        ([100, 101, 102, 103], "level"), ([100, 102, 104, 106], "up"), ([1, 9, 1, 1], "down"), ([3, 1, 1, 3], "level"),
    ],
)  # fmt: skip
def test_directions(values, expected):
    assert direction(values) == expected


SIZES = """
    deals: deal_id status closed_at amount
    a won 2025-10-01 10
    b won 2026-01-01 20
    c won 2026-04-01 30
    d won 2026-07-01 40
    e won 2026-10-01 5
"""


def judged(name: str, periods: str, tables: str = SIZES, **more) -> list[tuple]:
    frame = with_judgement(evaluate(name, dataset(tables), periods=periods, **more)).frame
    return frame.select("period", "judged_by", "judgement").rows()


def test_without_a_benchmark_the_trend_judges():
    assert judged("average_deal_size", "2025Q4..2026Q3") == [
        ("2025Q4", None, None), ("2026Q1", None, None), ("2026Q2", "trend", "better"), ("2026Q3", "trend", "better"),
    ]  # fmt: skip


def test_a_period_that_is_not_over_is_judged_by_those_before_it():
    found = judged("average_deal_size", "2025Q4..2026Q4", as_of="2026-10-05")
    assert found[-1] == ("2026Q4", "trend", "better")
    assert judged("average_deal_size", "2025Q4..2026Q4")[-1] == ("2026Q4", "trend", "worse")


def test_a_gap_between_periods_breaks_the_trend():
    quarters = [period for text in ("2025Q4", "2026Q1", "2026Q3") for period in kpitools.parse_periods(text)]
    found = with_judgement(evaluate("average_deal_size", dataset(SIZES), periods=quarters)).frame
    assert found["judged_by"].to_list() == [None, None, None]


def test_what_is_better_low_is_worse_when_it_rises():
    rows = [f"{n} won 2025-01-01 2026-{month:02}-01" for n, month in enumerate((1, 4, 7))]
    tables = "deals: deal_id status created_at closed_at\n" + "\n".join(rows)
    assert judged("median_sales_cycle_length", "2026Q1..2026Q3", tables)[-1] == ("2026Q3", "trend", "worse")


def test_a_benchmark_goes_before_the_trend_and_the_earlier_periods_may_come_apart():
    now = evaluate(["win_rate", "average_deal_size"], dataset(SIZES), periods="2026Q3")
    before = evaluate(["win_rate", "average_deal_size"], dataset(SIZES), periods="2025Q4..2026Q3")
    assert with_judgement(now, before).frame.select("judged_by", "judgement").rows() == [
        ("benchmark", "within"), ("trend", "better"),
    ]  # fmt: skip
    assert with_judgement(now).frame["judged_by"].to_list() == ["benchmark", None]


MIX = """
    accounts: account_id became_customer_at
    x 2020-01-01
    y 2026-07-02
    orders: order_id account_id ordered_at amount
    1 x 2026-01-01 10
    2 x 2026-04-01 10
    3 x 2026-07-02 10
    4 y 2026-07-02 10
"""


def test_a_good_range_without_numbers_is_not_judged_until_it_has_some():
    mix = CATALOGUE["new_vs_existing_sales"]
    history = evaluate(mix, dataset(MIX), periods="2026Q1..2026Q3")
    assert history.frame["value"].null_count() == 0
    assert with_judgement(history).frame["judged_by"].to_list() == [None] * 3
    own = evaluate(mix.with_own_benchmark(40, 60), dataset(MIX), periods="2026Q3")
    assert with_judgement(own).frame.select("judged_by").to_series().to_list() == ["benchmark"]


def test_judged_by_group():
    tables = """
        deals: deal_id status closed_at amount segment
        a won 2026-01-01 10 smb
        b won 2026-04-01 20 smb
        c won 2026-07-01 30 smb
        d won 2026-07-01 30 mid_market
    """
    frame = with_judgement(evaluate("average_deal_size", dataset(tables), periods="2026Q1..2026Q3", by="segment")).frame
    assert frame.filter(period="2026Q3").select("segment", "judged_by", "judgement").rows() == [
        ("mid_market", None, None), ("smb", "trend", "better"),
    ]  # fmt: skip


def test_a_scorecard_says_which_of_the_two_it_was():
    tables = SIZES + "".join(f"    {n} lost 2026-07-01 1\n" for n in range(30))
    card = scorecard(dataset(tables), period="2026Q3", kpis=["win_rate", "number_of_deals_closed"])
    assert card.now.frame.select("kpi", "judged_by", "judgement").rows() == [
        ("win_rate", "benchmark", "worse"), ("number_of_deals_closed", "trend", "level"),
    ]  # fmt: skip


def test_a_scorecard_of_an_industry():
    card = scorecard(dataset(SIZES), period="2026Q3", role="real_estate")
    assert [kpi.id for kpi in card.kpis][:1] == ["average_deal_size"]
    assert "days_on_market" in card.missing


def test_findings_tell_the_trend_of_what_has_no_benchmark():
    rows = "".join(
        f"    {quarter}{n} won 2026-{quarter:02}-01 {quarter * 10 + n}\n" for quarter in (1, 4, 7) for n in range(12)
    )
    tables = "deals: deal_id status closed_at amount\n" + rows
    said = findings(scorecard(dataset(tables), period="2026Q3", kpis=["average_deal_size", "win_rate"]))
    assert any("by their own trend of four periods: Average deal size (better)." in sentence for sentence in said)
