"""Evaluating: what is compared with what, how sure a figure is, what is said when something cannot be answered."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
import scipy.stats
from polars.testing import assert_frame_equal
from small import by_group, dataset, figure

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.audit import audit, computable
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.intervals import SMALL, t_quantile
from kpitools.evaluation.leaves import grows_with_size
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.families import growth, rolling
from kpitools.measures.revenue import recurring_revenue, revenue
from kpitools.model.calendar import ListedCalendar, RegularCalendar, parse_period, parse_periods, weeks_calendar
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import DIMENSIONS


def daily_orders(first: date, last: date) -> Dataset:
    """An order of 1 on every day."""
    days = pl.date_range(first, last, eager=True).alias("day").to_frame()
    orders = days.select(
        order_id=pl.col("day").cast(pl.String),
        ordered_at=pl.col("day").cast(pl.Datetime("us")),
        amount=pl.lit(1.0),
        rep_id=pl.lit("a"),
    )
    return Dataset.of({"orders": orders, "reps": pl.DataFrame({"rep_id": ["a"], "team": ["North"]})})


def only_row(kpi: str, data: Dataset | str, period: str = "2026Q3", **more: object) -> dict[str, object]:
    data = dataset(data) if isinstance(data, str) else data
    return evaluate(kpi, data, periods=period, **more).frame.row(0, named=True)


def closed(won: int, lost: int) -> str:
    """So many deals won and lost on the first of July."""
    outcomes = ["won"] * won + ["lost"] * lost
    rows = [f"\n d{number} {status} 2026-07-01" for number, status in enumerate(outcomes)]
    return "deals: deal_id status closed_at" + "".join(rows)


YEARS = daily_orders(date(2023, 1, 1), date(2026, 12, 31))


def compared(period: str, comparison: str, *, as_of: str | None = None) -> tuple[object, ...]:
    """The days counted, the days compared, and the first and last of these."""
    row = evaluate("total_sales_revenue", YEARS, periods=period, compare=comparison, as_of=as_of).frame.row(
        0, named=True
    )
    last = row[f"{comparison}_end"]
    return row["value"], row[comparison], str(row[f"{comparison}_start"]), str(last)


# ---- other periods


@pytest.mark.parametrize(
    ("period", "comparison", "as_of", "expected"),
    [
        ("2026Q3", "previous", None, (92, 91, "2026-04-01", "2026-07-01")),
        ("2026Q3", "year_ago", None, (92, 92, "2025-07-01", "2025-10-01")),
        ("2026Q3", "previous", "2026-08-14", (45, 45, "2026-04-01", "2026-05-16")),
        ("2026Q3", "same_point", "2026-08-14", (45, 45, "2026-04-01", "2026-05-16")),
        ("2026Q3", "year_ago", "2026-08-14", (45, 45, "2025-07-01", "2025-08-15")),
        ("2026Q3", "previous", "2026-09-30", (92, 91, "2026-04-01", "2026-07-01")),
        ("2026-03", "previous", None, (31, 28, "2026-02-01", "2026-03-01")),
        ("2026-03", "previous", "2026-03-30", (30, 28, "2026-02-01", "2026-03-01")),
        ("2026-03", "previous", "2026-03-10", (10, 10, "2026-02-01", "2026-02-11")),
        ("2024-02", "year_ago", None, (29, 28, "2023-02-01", "2023-03-01")),
        ("2024-02", "previous", "2024-02-29", (29, 31, "2024-01-01", "2024-02-01")),
        ("2024-02-29", "previous", None, (1, 1, "2024-02-28", "2024-02-29")),
        ("2024-02-29", "year_ago", None, (1, None, "None", "None")),
        ("2026-W53", "previous", None, (4, 7, "2026-12-21", "2026-12-28")),
        ("2026-W53", "year_ago", None, (4, None, "None", "None")),
        ("2026-W10", "year_ago", None, (7, 7, "2025-03-03", "2025-03-10")),
        ("2026", "previous", "2026-06-30", (181, 181, "2025-01-01", "2025-07-01")),
        ("2024", "year_ago", None, (366, 365, "2023-01-01", "2024-01-01")),
    ],
)
def test_the_days_compared(period, comparison, as_of, expected):
    assert compared(period, comparison, as_of=as_of) == expected


def test_before_the_first_row_there_is_nothing_to_compare_with():
    row = only_row("total_sales_revenue", YEARS, "2023Q1", compare=["previous", "year_ago"])
    assert (row["previous"], row["previous_difference"], row["previous_status"]) == (None, None, None)
    assert (row["year_ago"], row["year_ago_difference"], row["year_ago_status"]) == (None, None, None)


@pytest.mark.parametrize(
    ("kpi", "now", "before", "status"),
    [
        ("win_rate", "won", "lost", "better"),
        ("win_rate", "lost", "won", "worse"),
        ("win_rate", "won", "won", "level"),
        ("closed_opportunities", "won", "won", None),  # no direction is good
    ],
)
def test_a_difference_is_for_the_better_or_the_worse(kpi, now, before, status):
    deals = f"deals: deal_id status closed_at\n a {now} 2026-07-01\n b {before} 2026-04-01"
    row = only_row(kpi, deals, compare="previous")
    assert row["previous_status"] == status
    assert row["previous_difference"] == row["value"] - row["previous"]


def test_less_is_better_where_the_kpi_says_so():
    waits = "leads: lead_id is_inbound created_at first_response_at\n"
    waits += "a yes 2026-07-01 2026-07-01T01:00\n b yes 2026-04-01 2026-04-01T03:00"
    row = only_row("sales_response_time", waits, compare="previous")
    assert (row["value"], row["previous"], row["previous_difference"], row["previous_status"]) == (1, 3, -2, "better")


def test_asked_for_and_compared_with_is_counted_once():
    frame = evaluate("total_sales_revenue", YEARS, periods="2026Q1..2026Q3", compare="previous").frame
    assert frame.select("period", "value", "previous").rows() == [
        ("2026Q1", 90, 92), ("2026Q2", 91, 90), ("2026Q3", 92, 91)]  # fmt: skip


@pytest.mark.parametrize(
    ("as_of", "complete"), [(None, True), ("2026-09-29", False), ("2026-09-30", True), ("2027-01-01", True)]
)
def test_a_period_is_complete_once_its_last_day_is_seen(as_of, complete):
    frame = evaluate("total_sales_revenue", YEARS, periods="2026Q3", as_of=as_of).frame
    assert frame["complete"].item() is complete
    assert (frame["start"].item(), frame["end"].item()) == (date(2026, 7, 1), date(2026, 10, 1))


def test_a_moment_in_a_day_has_seen_the_hours_before_it():
    orders = "orders: order_id ordered_at amount\n a 2026-07-02T09:00 1\n b 2026-07-02T15:00 2"
    assert figure("total_sales_revenue", orders, as_of=datetime(2026, 7, 2, 12)) == 1


def test_for_a_period_yet_to_begin_the_pipeline_is_todays():
    deals = """
        deals: deal_id status amount expected_close_at created_at closed_at
        a open 300 2026-11-01 2026-06-01 -
        b won  500 2026-11-01 2026-06-01 2026-07-01
        c open 900 2026-11-01 2026-09-01 -
        quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
        1 rep a revenue 2026-10-01 2026-12-31 100
    """
    assert figure("pipeline_coverage_ratio", deals, "2026Q4", as_of="2026-08-01") == 3
    assert figure("win_rate", deals, "2026Q4", as_of="2026-08-01") is None


# ---- other places in time


def test_rolling_growth_and_average():
    assert figure(rolling(revenue, 4), YEARS, "2026Q3") == 365
    assert figure(growth(revenue), YEARS, "2026Q3") == pytest.approx(100 / 91)
    assert figure(growth(revenue, over="year_ago"), YEARS, "2024Q1") == pytest.approx(100 / 90)
    assert figure(growth(CATALOGUE["total_sales_revenue"]), YEARS, "2026Q3") == pytest.approx(100 / 91)


def test_a_stock_compared_with_a_year_ago_is_that_of_the_same_boundary():
    mrr = "subscriptions: subscription_id account_id mrr starts_on ends_on\n a x 10 2025-09-30 -\n b x 5 2026-09-30 -"
    assert figure(growth(recurring_revenue, over="year_ago"), mrr, "2026Q3") == 50
    assert figure(growth(recurring_revenue, over="year_ago"), mrr, "2026-08") is None


# ---- totals and groups

TWO_TEAMS = """
    reps: rep_id team
    n North
    s South
    deals: deal_id owner_rep_id segment status closed_at amount
    a n smb        won  2026-07-01 10
    b n smb        lost 2026-07-01 20
    c n mid_market lost 2026-07-01 30
    d s smb        won  2026-07-01 70
    e - smb        lost 2026-07-01 90
"""


def test_totals_are_worked_out_anew():
    frame = evaluate(
        ["win_rate", "median_deal_size"], dataset(TWO_TEAMS), periods="2026Q3", by="team", totals=True
    ).frame
    assert frame.select("kpi", "team", "value").rows() == [
        ("win_rate", "North", pytest.approx(100 / 3)), ("win_rate", "South", 100), ("win_rate", None, 0),
        ("median_deal_size", "North", 10), ("median_deal_size", "South", 70),
        ("median_deal_size", None, None),
        ("win_rate", "(all)", 40), ("median_deal_size", "(all)", 40),
    ]  # fmt: skip


def test_two_dimensions():
    frame = evaluate("win_rate", dataset(TWO_TEAMS), periods="2026Q3", by=["team", "segment"], totals=True).frame
    assert dict(zip(frame.select("team", "segment").rows(), frame["value"], strict=True)) == {
        ("North", "mid_market"): 0, ("North", "smb"): 50, ("South", "smb"): 100, (None, "smb"): 0,
        ("(all)", "(all)"): 40,
    }  # fmt: skip
    assert frame.columns[:3] == ["team", "segment", "period"]


def test_order_of_kpis_and_names():
    asked = ["median_deal_size", CATALOGUE["win_rate"], "Win rate"]
    result = evaluate(asked, dataset(TWO_TEAMS), periods="2026Q2..2026Q3")
    assert [kpi.id for kpi in result.kpis] == ["median_deal_size", "win_rate"]
    assert result.frame.select("kpi", "period").rows() == [
        ("median_deal_size", "2026Q2"), ("median_deal_size", "2026Q3"),
        ("win_rate", "2026Q2"), ("win_rate", "2026Q3"),
    ]  # fmt: skip


def test_a_group_is_the_same_with_and_without_the_others():
    alone = by_group("win_rate", TWO_TEAMS, "team")
    beside = evaluate(list(computable(dataset(TWO_TEAMS))), dataset(TWO_TEAMS), periods="2026Q3", by="team").frame
    rows = beside.filter(kpi="win_rate").select("team", "value")
    assert dict(rows.iter_rows()) == alone


# ---- how sure


@pytest.mark.parametrize(("won", "lost"), [(0, 1), (1, 0), (0, 12), (7, 13), (1, 99), (30, 0)])
def test_the_interval_of_a_share_is_wilsons(won, lost):
    row = only_row("win_rate", closed(won, lost))
    expected = scipy.stats.binomtest(won, won + lost).proportion_ci(0.95, method="wilson")
    assert (row["lower"], row["upper"]) == pytest.approx((100 * expected.low, 100 * expected.high))
    assert (row["numerator"], row["denominator"], row["n"]) == (won, won + lost, won + lost)


@pytest.mark.parametrize("sizes", [(1.0, 2.0), (10.0, 20.0, 40.0, 90.0), (5.0,) * 3, tuple(range(1, 60))])
def test_the_interval_of_a_mean_is_students(sizes):
    rows = "".join(f"\n d{n} won {float(size)} 2026-07-01" for n, size in enumerate(sizes))
    deals = dataset("deals: deal_id status amount closed_at" + rows + "\n x won - 2026-07-01\n y lost 999 2026-07-01")
    row = only_row("average_deal_size", deals)
    error = scipy.stats.sem(sizes)
    reach = scipy.stats.t.ppf(0.975, len(sizes) - 1) * error
    assert (row["value"], row["n"]) == (pytest.approx(sum(sizes) / len(sizes)), len(sizes))
    assert (row["lower"], row["upper"]) == pytest.approx((row["value"] - reach, row["value"] + reach))


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 30, 31, 120, 1000, 1001, 100_000])
def test_quantiles_of_student(freedom):
    assert t_quantile(freedom) == pytest.approx(scipy.stats.t.ppf(0.975, freedom), rel=1e-5)


def test_a_single_value_has_no_interval():
    deals = dataset("deals: deal_id status amount closed_at\n a won 5 2026-07-01")
    row = only_row("average_deal_size", deals)
    assert (row["value"], row["lower"], row["upper"]) == (5, None, None)


@pytest.mark.parametrize(("n", "small"), [(1, True), (SMALL - 1, True), (SMALL, False)])
def test_few_rows_are_marked(n, small):
    assert only_row("win_rate", closed(n, 0))["small"] is small


def test_a_median_and_a_sum_have_no_interval(data):
    frame = evaluate(["median_deal_size", "total_sales_revenue", "pipeline_velocity"], data, periods="2026Q2").frame
    assert frame.select("lower", "upper").rows() == [(None, None)] * 3
    assert frame["value"].null_count() == 0


# ---- benchmark, target, peers


@pytest.mark.parametrize(
    ("won", "lost", "expected"),
    [(3, 7, (30, 0, "within")), (4, 6, (30, 0, "within")), (2, 8, (30, -10, "worse"))],
)
def test_against_a_benchmark(won, lost, expected):
    rows = "".join(f"\n w{n} won 2026-07-01" for n in range(won)) + "".join(
        f"\n l{n} lost 2026-07-01" for n in range(lost)
    )
    deals = dataset("deals: deal_id status closed_at" + rows)
    row = evaluate("win_rate", deals, periods="2026Q3", compare="benchmark").frame.row(0, named=True)
    assert (row["benchmark"], pytest.approx(row["benchmark_difference"]), row["benchmark_status"]) == expected


def test_without_a_benchmark_nothing_is_judged():
    row = evaluate("win_rate_by_value", dataset(TWO_TEAMS), periods="2026Q3", compare="benchmark").frame.row(
        0, named=True
    )
    assert (row["benchmark"], row["benchmark_difference"], row["benchmark_status"]) == (None, None, None)


def test_against_targets():
    targets = {"win_rate": {"North": 30.0, "South": 100.0}, "average_deal_size": 50.0}
    asked = ["win_rate", "average_deal_size", "median_deal_size"]
    frame = evaluate(asked, dataset(TWO_TEAMS), periods="2026Q3", by="team", compare="target", targets=targets).frame
    assert frame.select("kpi", "team", "target", "target_status").rows() == [
        ("win_rate", "North", 30, "better"), ("win_rate", "South", 100, "level"), ("win_rate", None, None, None),
        ("average_deal_size", "North", 50, "worse"), ("average_deal_size", "South", 50, "better"),
        ("average_deal_size", None, 50, None),
        ("median_deal_size", "North", None, None), ("median_deal_size", "South", None, None),
        ("median_deal_size", None, None, None),
    ]  # fmt: skip


def test_peers_are_the_others_without_oneself():
    frame = evaluate(["win_rate", "median_deal_size"], dataset(TWO_TEAMS), periods="2026Q3", by="team", compare="peers")
    assert frame.frame.select("kpi", "team", "peers").rows() == [
        ("win_rate", "North", 50), ("win_rate", "South", 25), ("win_rate", None, 50),
        ("median_deal_size", "North", 70), ("median_deal_size", "South", 10), ("median_deal_size", None, 40),
    ]  # fmt: skip


def test_peers_of_a_sum_are_per_peer():
    peers = evaluate("closed_opportunities", dataset(TWO_TEAMS), periods="2026Q3", by="team", compare="peers").frame
    assert peers.select("team", "value", "peers").rows() == [("North", 3, 1), ("South", 1, 2), (None, 1, 2)]


@pytest.fixture(scope="module")
def beside_peers(data) -> pl.DataFrame:
    """One team with its peers, and what the slice of all the others gives."""
    frame = evaluate(PEERED, data, periods="2026Q2", by="team", compare="peers").frame
    others = [*(team for team in data.members("team") if team != "DACH"), None]
    rest = evaluate(PEERED, data.where({"team": others}), periods="2026Q2").frame.select("kpi", rest="value")
    has = pl.col("value").is_not_null().sum().over("kpi") - 1
    return frame.with_columns(others=has).filter(team="DACH").join(rest, on="kpi")


PEERED = [
    "win_rate", "average_deal_size", "sales_cycle_length", "stale_pipeline_share", "customer_churn_rate",
    "total_sales_revenue", "follow_ups_to_close", "individual_quota_attainment", "sales_per_rep", "calls_made",
    "pipeline_velocity", "employee_turnover_rate", "gross_margin", "median_deal_size", "new_leads_added",
    "annual_contract_value",
]  # fmt: skip


@pytest.mark.parametrize("name", PEERED)
def test_peers_equal_the_figure_of_everyone_else(name, beside_peers):
    row = beside_peers.row(by_predicate=pl.col("kpi") == name, named=True)
    expected = row["rest"] / row["others"] if grows_with_size(CATALOGUE[name]) else row["rest"]
    assert row["peers"] == pytest.approx(expected)


def test_peers_are_the_same_counted_one_by_one(data, monkeypatch):
    asked = {"periods": "2026Q1..2026Q2", "by": "team", "compare": "peers"}
    kpis = ["median_deal_size", "new_leads_added", "net_revenue_retention"]
    together = evaluate(kpis, data, **asked).frame
    monkeypatch.setattr("kpitools.evaluation.peers.MOST_ROWS", 1)
    assert_frame_equal(evaluate(kpis, data, **asked).frame, together)


def test_whoever_is_alone_has_no_peers():
    frame = evaluate("win_rate", dataset(TWO_TEAMS).where({"team": ["North"]}), periods="2026Q3", by="team",
                     compare="peers").frame  # fmt: skip
    assert frame.select("team", "peers", "peers_status").rows() == [("North", None, None)]


# ---- calendars


def test_a_fiscal_year():
    quarters = parse_periods("FY2026Q1..FY2026Q4", fiscal_start=4)
    frame = evaluate("total_sales_revenue", YEARS, periods=quarters, compare="year_ago").frame
    assert frame.select("period", "value", "year_ago").rows() == [
        ("FY2026Q1", 91, 91), ("FY2026Q2", 92, 92), ("FY2026Q3", 92, 92), ("FY2026Q4", 90, 90)]  # fmt: skip
    assert frame["start"].item(0) == date(2025, 4, 1)
    year = RegularCalendar("year", 4).containing(date(2025, 4, 1))
    assert figure("total_sales_revenue", YEARS, year) == frame["value"].sum()


def test_four_four_five():
    calendar = weeks_calendar([date(2024, 12, 30), date(2025, 12, 29), date(2026, 12, 28)])
    year = [period for period in calendar if period.label.startswith("2026")]
    frame = evaluate("total_sales_revenue", YEARS, periods=year, compare=["previous", "year_ago"]).frame
    assert frame["value"].to_list() == [28, 28, 35] * 4
    assert frame["previous"].to_list() == [35, 28, 28] * 4
    assert frame["year_ago"].to_list() == [28, 28, 35] * 4
    early = evaluate("total_sales_revenue", YEARS, periods=calendar["2025P01"], compare=["previous", "year_ago"]).frame
    assert early.select("value", "previous", "year_ago").rows() == [(28, None, None)]


def test_a_figure_over_periods_that_the_calendar_does_not_have_is_null():
    terms = ListedCalendar({"spring": date(2026, 2, 1), "autumn": date(2026, 8, 1)}, end=date(2027, 1, 1))
    assert figure(rolling(revenue, 2), YEARS, terms["autumn"]) == 181 + 153
    assert figure(rolling(revenue, 2), YEARS, terms["spring"]) is None
    assert figure("sales_growth", YEARS, terms["spring"]) is None
    assert figure("arr_growth_rate", SUBSCRIBED, terms["autumn"]) is None


SUBSCRIBED = "subscriptions: subscription_id account_id mrr starts_on ends_on\n a x 10 2024-09-30 -"


def test_yearly_figures_use_the_days_of_the_period():
    orders = "orders: order_id account_id ordered_at amount\n a x 2026-02-01 1"
    assert figure("purchase_frequency", orders, "2026-02") == pytest.approx(365 / 28)
    assert figure("purchase_frequency", orders, "2026-02", as_of="2026-02-07") == pytest.approx(365 / 7)


# ---- what cannot be answered


@pytest.mark.parametrize(
    ("asked", "more", "error", "message"),
    [
        ("win_rat", {}, UnknownNameError, "There is no KPI 'win_rat'. Did you mean 'win_rate'?"),
        ([], {}, EvaluationError, "No KPI was asked for; name one, such as win_rate."),
        ("win_rate", {"by": "tem"}, UnknownNameError, "There is no dimension 'tem'. Did you mean 'team'?"),
        (
            "win_rate", {"by": "activity_kind"}, EvaluationError,
            "won_deals cannot be broken down by 'activity_kind': the rows of deals lead to team, rep, rep_id, segment",
        ),
        (
            "win_rate", {"compare": "yesterday"}, UnknownNameError,
            "There is no comparison 'yesterday'. There are: benchmark, peers, previous, same_point, target, year_ago.",
        ),
        ("win_rate", {"compare": "peers"}, EvaluationError, "give exactly one in by=."),
        ("win_rate", {"compare": "peers", "by": ["team", "segment"]}, EvaluationError, "give exactly one in by=."),
        ("win_rate", {"periods": "Q3"}, EvaluationError, "'Q3' is not a period. Write 2026Q3, 2026-09, 2026-W37"),
        ("win_rate", {"periods": "2026Q3..2026Q1"}, EvaluationError, "is not a range of periods of one form"),
        ("win_rate", {"periods": "2026-02-30"}, EvaluationError, "There is no period '2026-02-30'"),
        ("win_rate", {"as_of": "soon"}, EvaluationError, "'soon' is not a day or a point in time"),
        (
            "total_sales_revenue", {}, EvaluationError,
            "total_sales_revenue needs orders. `audit(data)` lists what can be computed.",
        ),
        ("average_order_value", {"by": "team"}, EvaluationError, "average_order_value needs orders."),
        ("win_rate_of_cohort", {}, EvaluationError, "win_rate_of_cohort needs deals.created_at."),
        (
            ["total_sales_revenue", "win_rate_of_cohort"], {}, EvaluationError,
            "total_sales_revenue needs orders; win_rate_of_cohort needs deals.created_at.",
        ),
    ],
)  # fmt: skip
def test_what_is_said(asked, more, error, message):
    with pytest.raises(error) as caught:
        evaluate(asked, dataset(TWO_TEAMS), **{"periods": "2026Q3", **more})
    assert message in str(caught.value)


def test_audit_tells_what_is_missing():
    told = dict(audit(dataset(TWO_TEAMS)).select("kpi", "missing").iter_rows())
    assert told["win_rate"] == []
    assert told["sales_call_conversion_rate"] == ["activities"]
    assert told["sales_cycle_length"] == ["deals.created_at"]
    assert set(told) == set(CATALOGUE)
    assert [kpi.id for kpi in computable(dataset(TWO_TEAMS))] == [name for name, missing in told.items() if not missing]


def test_with_all_tables_everything_is_computable(data):
    assert audit(data).filter(~pl.col("computable")).height == 0


@pytest.mark.parametrize("name", DIMENSIONS)
def test_what_a_slice_has_no_rows_of_its_own_of_is_not_counted(data: Dataset, name: str):
    """Accounts have no stage: of those that the deals of one lead to, none is won or lost by it."""
    part = data.where({name: data.members(name)[:1]})
    counted = {measure.table.name for kpi in computable(part) for measure in kpi.measures()}
    assert counted
    assert counted <= part.frames.keys()
    told = dict(audit(part).select("kpi", "missing").iter_rows())
    assert ("accounts" in told["customer_retention_rate"]) == ("accounts" not in part.frames)


def test_all_that_a_slice_by_stage_allows_is_computed(data: Dataset):
    part = data.where({"stage": ["Proposal"]})
    assert evaluate(computable(part), part, periods="2026Q3").frame["kpi"].n_unique() == len(computable(part)) > 20


def test_the_result_in_other_shapes():
    result = evaluate(["win_rate", "median_deal_size"], dataset(TWO_TEAMS), periods="2026Q3", by="team")
    assert result.wide().rows() == [
        ("North", "2026Q3", pytest.approx(100 / 3), 10), ("South", "2026Q3", 100, 70), (None, "2026Q3", 0, None),
    ]  # fmt: skip
    assert result.of(CATALOGUE["win_rate"])["kpi"].unique().to_list() == ["win_rate"]
    assert result.records()[1] | {"lower": 0, "upper": 0} == {
        "team": "South", "period": "2026Q3", "start": "2026-07-01", "end": "2026-10-01", "complete": True,
        "kpi": "win_rate", "value": 100, "lower": 0, "upper": 0, "numerator": 1, "denominator": 1, "n": 1,
        "small": True,
    }  # fmt: skip


def test_a_calendar_period_can_be_given_itself():
    assert figure("win_rate", TWO_TEAMS, parse_period("2026Q3")) == 40
