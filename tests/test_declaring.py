"""Declaring measures and KPIs: what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from inspect import Parameter, Signature

import polars as pl
import pytest
from small import by_group, dataset, figure

from kpitools.errors import DeclarationError, EvaluationError, KpitoolsError
from kpitools.kpis.catalogue import CATALOGUE, find
from kpitools.kpis.families import growth, percent, rolling
from kpitools.kpis.kpi import Benchmark, at_least, at_most, between, kpi
from kpitools.measures.aggregates import count, distinct, mean, median, recognised, total
from kpitools.measures.anchors import period_days
from kpitools.measures.attribute import attribute
from kpitools.measures.deals import closed_deals, won_deals
from kpitools.measures.measure import measure, per_entity
from kpitools.measures.revenue import recurring_revenue, revenue
from kpitools.model.tables import Accounts, Activities, Deals, Orders, Subscriptions

FACTS = {"unit": "percent", "better": "higher", "roles": ("rep",), "timing": "lagging", "kind": "outcome"}


def formula(**inputs: object) -> Callable[..., pl.Expr]:
    """A function with these inputs as the defaults of its parameters, which gives back the first."""

    def some_kpi(**values: pl.Expr) -> pl.Expr:
        """Some share."""
        return next(iter(values.values()))

    parameters = [Parameter(name, Parameter.KEYWORD_ONLY, default=each) for name, each in inputs.items()]
    some_kpi.__signature__ = Signature(parameters)
    return some_kpi


def undocumented(won=won_deals):
    return won


def some_measure():
    """Something."""
    return count()


def columns(build: Callable[[], object]) -> Callable[[], object]:
    build.__name__, build.__doc__ = "some_measure", "Something."
    return build


MISTAKES = [
    # KPIs
    (lambda: kpi(**FACTS)(undocumented),
     "undocumented has no docstring; say in one sentence what it means for the business."),
    (lambda: kpi(**FACTS | {"unit": "dollars"})(formula(won=won_deals)),
     "some_kpi: there is no unit 'dollars'; there are currency, percent, count, ratio, days, hours, minutes,"),
    (lambda: kpi(**FACTS | {"better": "up"})(formula(won=won_deals)),
     "some_kpi: better 'up' is not one of higher, lower, band, none."),
    (lambda: kpi(**FACTS | {"roles": ("boss",)})(formula(won=won_deals)),
     "some_kpi: role 'boss' is not one of rep, sdr, ae, am, manager, team, executive."),
    (lambda: kpi(**FACTS | {"timing": "late"})(formula(won=won_deals)), "some_kpi: timing 'late' is not one of"),
    (lambda: kpi(**FACTS | {"kind": "vanity"})(formula(won=won_deals)), "some_kpi: kind 'vanity' is not one of"),
    (lambda: kpi(**FACTS, form="share")(formula(won=won_deals)), "some_kpi: form 'share' is not one of"),
    (lambda: kpi(**FACTS, form="ratio")(formula(won=won_deals)),
     "some_kpi: a ratio needs a numerator and a denominator as its first two inputs."),
    (lambda: kpi(**FACTS)(formula(won=Parameter.empty)),
     "some_kpi: the parameter 'won' has no measure as its default; write won=won_deals."),
    (lambda: kpi(**FACTS)(formula(won=won_deals, days=[30])), "some_kpi: the parameter 'days' has no measure"),
    (lambda: kpi(**FACTS)(formula(days=30)), "some_kpi: a KPI rests on at least one measure; it has none."),
    (lambda: kpi(**FACTS)(formula(won=pl.col("status"))), "some_kpi: the parameter 'won' has no measure"),
    # anchors
    (lambda: kpi(**FACTS)(formula(won=won_deals.at_start)),
     "some_kpi: won takes won_deals at 'start', but it is a flow, counted over a period."),
    (lambda: kpi(**FACTS)(formula(won=won_deals.average)), "but it is a flow, counted over a period."),
    (lambda: kpi(**FACTS)(formula(mrr=recurring_revenue.to_date)),
     "some_kpi: mrr takes recurring_revenue at 'to_date', but it is a stock, counted at a boundary."),
    (lambda: kpi(**FACTS)(formula(mrr=recurring_revenue.rolling(4))), "but it is a stock, counted at a boundary."),
    (lambda: kpi(**FACTS)(formula(rate=CATALOGUE["win_rate"].at_start)),
     "some_kpi: rate takes win_rate at 'start'; only measures have that."),
    # measures
    (lambda: measure(Deals, at="closed_at", unit="count")(lambda: count()), "<lambda> has no docstring"),
    (lambda: measure(Deals, at="closed_at", unit="things")(some_measure), "some_measure: there is no unit 'things'"),
    (lambda: measure(Deals, at="finished_at", unit="count")(some_measure),
     "some_measure: deals has no column 'finished_at'; it has deal_id, account_id"),
    (lambda: measure(Deals, at="closed_at", unit="count")(columns(lambda: total("revenue"))),
     "some_measure: deals has no column 'revenue'"),
    (lambda: measure(Deals, at="closed_at", unit="count")(columns(lambda: count(pl.col("account_id.size") > 1))),
     "some_measure: accounts has no column 'size'"),
    (lambda: measure(Deals, at="closed_at", unit="count")(columns(lambda: count(pl.col("rep_id.team") == "North"))),
     "some_measure: deals has no column 'rep_id'"),
    (lambda: measure(Subscriptions, alive=("starts_on", "stops_on"), unit="count")(some_measure),
     "some_measure: subscriptions has no column 'stops_on'"),
    (lambda: measure(Deals, unit="count")(some_measure), "say exactly one of at=, alive=, during=, spread=."),
    (lambda: measure(Deals, at="closed_at", during=("created_at", "closed_at"), unit="count")(some_measure),
     "say exactly one of at=, alive=, during=, spread=."),
    (lambda: per_entity(on="account_id", unit="count")(undocumented), "undocumented has no docstring"),
    (lambda: per_entity(on="account_id", unit="cows")(some_measure), "some_measure: there is no unit 'cows'"),
    (lambda: per_entity(on="account_id", unit="count")(formula(start=won_deals.at_start)), "but it is a flow"),
    (lambda: attribute(Activities, on="deal_id")(lambda: pl.len()), "<lambda> has no docstring"),
]  # fmt: skip


@pytest.mark.parametrize(("declare", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_are_told_when_declared(declare, message):
    with pytest.raises(DeclarationError) as caught:
        declare()
    assert message in str(caught.value)
    assert isinstance(caught.value, KpitoolsError)


# ---- what is declared


def test_a_kpi_is_what_its_function_says():
    @kpi(**FACTS, form="proportion", benchmark=at_least(30), aliases=("Wins",))
    def share_won(won=won_deals, closed=closed_deals):
        """Won as a share
        of closed.

        More words.

        Source: here.
        """
        return percent(won, closed)

    assert (share_won.id, share_won.label) == ("share_won", "Share won")
    assert share_won.definition == "Won as a share of closed."
    assert [each.source for each in share_won.inputs.values()] == [won_deals, closed_deals]
    assert share_won.area == "test_declaring"
    assert share_won.words == "(100 * won_deals) / closed_deals"
    assert [found.id for found in share_won.measures()] == ["won_deals", "closed_deals"]
    assert share_won.id not in CATALOGUE  # declaring registers nothing
    deals = "deals: deal_id status closed_at\n a won 2026-07-01\n b lost 2026-07-01"
    assert figure(share_won, deals) == 50


def test_a_measure_over_several_tables_and_entities():
    @attribute(Activities, on="account_id")
    def touches():
        """Touches of the account so far."""
        return (pl.col("at").cast(pl.Date) <= pl.col("day")).sum()

    @measure(Orders, at="ordered_at", unit="count", uses=(touches,))
    def touches_before_orders():
        """Touches of the account before each order."""
        return mean(pl.col("touches").fill_null(0))

    @measure(Orders, at="ordered_at", unit="currency")
    def smb_revenue():
        """Orders of small accounts."""
        return total("amount", pl.col("account_id.segment") == "smb")

    @per_entity(on="account_id", unit="count")
    def big_accounts(bought=smb_revenue):
        """Accounts with orders above five."""
        return count(bought > 5)

    tables = dataset("""
        accounts: account_id segment
        x smb
        y smb
        z enterprise
        orders: order_id account_id ordered_at amount
        1 x 2026-07-02 4
        2 x 2026-07-05 4
        3 y 2026-07-05 3
        4 z 2026-07-05 99
        activities: activity_id account_id at
        1 x 2026-07-01
        2 x 2026-07-03
    """)
    figures = {
        name: figure(kpi(**FACTS)(formula(value=each)), tables)
        for name, each in {"touches": touches_before_orders, "smb": smb_revenue, "big": big_accounts}.items()
    }
    assert figures == {"touches": (1 + 2 + 0 + 0) / 4, "smb": 11, "big": 1}
    assert by_group(kpi(**FACTS)(formula(value=smb_revenue)), tables, "account_id") == {"x": 8, "y": 3, "z": 0}


def test_an_attribute_that_every_row_of_a_table_speaks_in_tells_all_rows_the_same():
    @attribute(Orders, on=None)
    def all_revenue():
        """All that was ordered."""
        return pl.col("amount").sum()

    @measure(Deals, at="closed_at", unit="percent", uses=(all_revenue,))
    def mean_share():
        """Deals as a share of all that was ordered."""
        return mean(100 * pl.col("expected_amount") / pl.col("all_revenue"))

    tables = dataset("""
        deals: deal_id expected_amount closed_at
        1 25 2026-07-02
        2 75 2026-07-05
        orders: order_id amount ordered_at
        1 60 2026-07-02
        2 40 2026-07-02
    """)
    assert figure(kpi(**FACTS)(formula(value=mean_share)), tables) == (25 + 75) / 2


def test_what_is_read_of_other_tables_is_told_along_keys_and_nested():
    @attribute(Activities, on="account_id")
    def touches():
        """Touches of an account."""
        return pl.len()

    @attribute(Deals, on="rep_id", key="owner_rep_id", uses=(touches,))
    def busiest():
        """The most touches of an account of the rep's deals."""
        return pl.col("touches").max()

    @measure(Orders, at="ordered_at", unit="count", uses=(busiest,))
    def mean_busiest():
        """Its mean over the orders of a segment."""
        return mean("busiest", pl.col("account_id.segment") == "smb")

    assert set(mean_busiest.reads) == {
        ("orders", "ordered_at"), ("orders", "account_id"), ("orders", "rep_id"), ("accounts", "segment"),
        ("deals", "owner_rep_id"), ("deals", "account_id"), ("activities", "account_id"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "statistic", "expected"),
    [
        (count(), "count", 4), (count(pl.col("x") > 1), "count", 2), (total("x"), "total", 6), (mean("x"), "mean", 2),
        (median("x"), "median", 2), (distinct("g"), "distinct", 2), (total("x", pl.col("g") == "b"), "total", 3),
        (recognised(pl.col("x").sum()), "total", 6), (recognised(pl.col("x").mean()), "mean", 2),
        (recognised(pl.col("x").median()), "median", 2), (recognised(pl.col("x").max()), "other", 3),
    ],
)  # fmt: skip
def test_aggregates(expression, statistic, expected):
    rows = pl.DataFrame({"g": ["a", "a", "b", None], "x": [1.0, 2.0, 3.0, None]})
    assert expression.statistic == statistic
    assert rows.select(expression.expr()).item() == expected
    assert rows.clear().select(expression.expr()).item() is None
    assert expression.additive is (statistic in ("count", "total"))


@pytest.mark.parametrize(
    ("kpi_id", "reason"),
    [
        ("sales_growth", "looks at another time"),
        ("net_revenue_retention", "is taken per entity first"),
        ("sales_call_conversion_rate", "needs the tables activities, deals"),
        ("employee_turnover_rate", "looks at another time"),
        ("purchase_frequency", "needs the length of the period"),
        ("customer_churn_rate", "looks at another time"),
        ("pipeline_velocity", ""),
    ],
)
def test_what_is_only_evaluated_says_so_when_called(kpi_id, reason):
    if not reason:
        assert isinstance(CATALOGUE[kpi_id](), pl.Expr)
        return
    with pytest.raises(EvaluationError, match=f"^{kpi_id} {reason}; use evaluate"):
        CATALOGUE[kpi_id]()


def test_a_measure_takes_settings():
    deals = pl.DataFrame({
        "status": ["won"] * 3, "amount": [100.0, 75.0, 60.0], "list_amount": [100.0] * 3,
        "negotiation_started_at": [datetime(2026, 7, 1)] * 3,
    })  # fmt: skip
    found = CATALOGUE["negotiation_success_rate"].inputs["won"].source
    assert deals.select(found(), strict=found(max_discount=0.0).alias("strict")).row(0) == (1, 1)
    assert deals.select(found(max_discount=0.3)).item() == 2


def test_families():
    year = growth(CATALOGUE["win_rate"], over="year_ago")
    assert (year.id, year.unit, year.better) == ("win_rate_growth_year_ago", "percent", "higher")
    assert rolling(revenue, 12).label == "Revenue over 12 periods"
    assert growth(revenue).better == "none"


def test_what_does_not_add_up():
    mrr = formula(value=recurring_revenue)
    assert kpi(**FACTS)(mrr).inputs["value"].place == "period"
    assert (recurring_revenue.additive, recurring_revenue.additive_over_time) == (True, False)
    assert (revenue.additive, revenue.additive_over_time) == (True, True)


def test_days_of_the_period_are_an_input():
    @kpi(**FACTS)
    def revenue_a_day(booked=revenue, days=period_days):
        """Revenue a day, as far as the period has been seen."""
        return booked / days

    orders = dataset("orders: order_id ordered_at amount\n a 2026-07-01 92")
    assert figure(revenue_a_day, orders) == 1
    assert figure(revenue_a_day, orders, as_of="2026-07-02") == 46


@pytest.mark.parametrize(
    ("benchmark", "better", "value", "status", "distance"),
    [
        (at_least(30), "higher", 29.0, "worse", -1), (at_least(30), "higher", 30.0, "within", 0),
        (between(80, 100), "higher", 101.0, "better", 1), (between(80, 100), "higher", 79.0, "worse", -1),
        (at_most(1), "lower", 2.0, "worse", 1), (between(5, 7), "lower", 4.0, "better", -1),
        (between(5, 7), "band", 8.0, "worse", 1), (between(5, 7), "band", 6.0, "within", 0),
        (between(5, 7), "none", 9.0, None, 2), (at_least(30), "higher", None, None, None),
        (Benchmark(), "higher", 1.0, "within", 0),
    ],
)  # fmt: skip
def test_benchmarks(benchmark, better, value, status, distance):
    assert benchmark.judge(value, better) == status
    assert benchmark.distance(value) == distance


@pytest.mark.parametrize(
    ("name", "found"),
    [("win_rate", "win_rate"), ("WIN RATE", "win_rate"), ("mrr", "monthly_recurring_revenue"), ("CAC",
     "customer_acquisition_cost"), ("LTV:CAC", "ltv_cac_ratio"), ("Logo churn", "customer_churn_rate")],
)  # fmt: skip
def test_kpis_are_found_by_any_of_their_names(name, found):
    assert find(name).id == found


def test_a_measure_of_accounts_reads_along_keys():
    @measure(Accounts, at="became_customer_at", unit="count")
    def introduced_by_key_accounts():
        """Customers that a key account introduced."""
        return count(pl.col("referred_by_account_id.is_strategic"))

    assert introduced_by_key_accounts.columns == ["became_customer_at", "referred_by_account_id.is_strategic"]
    tables = """
        accounts: account_id became_customer_at referred_by_account_id is_strategic
        x 2020-01-01 - yes
        y 2026-07-01 x no
        z 2026-07-01 y no
    """
    assert figure(kpi(**FACTS)(formula(value=introduced_by_key_accounts)), tables) == 1
