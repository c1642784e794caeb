"""KPIs of teams, efficiency, forecasts and satisfaction, of rows that can be added up in the head."""

from __future__ import annotations

import pytest
from small import by_group, dataset, figure

from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.settings import with_settings

JOINTLY = """
    reps: rep_id team hired_at left_at
    r North 2020-01-01 -
    s North 2020-01-01 -
    t South 2020-01-01 2026-08-01
    deals: deal_id owner_rep_id status created_at closed_at
    a r won  2026-07-01 2026-07-11
    b r lost 2026-07-01 2026-07-11
    c r won  2026-07-01 2026-07-21
    d r lost 2026-07-01 2026-07-21
    e s lost 2026-07-01 2026-07-21
    f t open 2026-09-30 -
    g t open 2026-10-01 -
    deal_members: deal_id rep_id role
    a r owner
    a s se
    b r owner
    b s other
    c r owner
    f t owner
    f s se
    g t owner
    g s se
    shares: share_id rep_id shared_at used_by_rep_id
    1 r 2026-07-01T10:00 s
    2 r 2026-09-30T23:00 r
    3 t 2026-08-01 -
    4 t 2026-06-30 s
"""
SURVEYS = """
    reps: rep_id hired_at left_at
    a 2020-01-01 -
    b 2020-01-01 -
    c 2026-08-01 -
    d 2026-10-01 -
    surveys: survey_id kind rep_id answered_at score scale_max positive_from
    1 employee a 2026-07-01 4  5  -
    2 employee a 2026-07-02 3  5  -
    3 employee b 2026-07-03 8  10 -
    4 employee b 2026-07-04 9  10 -
    5 employee - 2026-09-30T23:00 10 10 -
    6 employee c 2026-10-01 1  10 -
    7 employee c 2026-07-01 -  10 -
    8 nps      - 2026-07-01 9  10 -
    9 nps      - 2026-07-01 10 -  -
    0 nps      - 2026-07-01 8  10 -
    n nps      - 2026-07-01 6  10 -
    o nps      - 2026-07-01 1  5  -
    p nps      - 2026-07-01 -  10 -
    q csat     - 2026-07-01 4  5  4
    r csat     - 2026-07-01 3  5  4
    s csat     - 2026-07-01 -  5  4
    t csat     - 2026-07-01 5  5  -
    u brand    - 2026-07-01 1  1  1
    v brand    - 2026-07-01 0  1  1
    w brand    - 2026-07-01 0  1  1
    x brand    - 2026-07-01 0  1  1
"""
MONEY = """
    reps: rep_id hired_at left_at
    a 2020-01-01 -
    b 2020-01-01 2026-08-01
    orders: order_id ordered_at amount
    1 2026-07-01 300
    2 2026-06-30 100
    order_lines: order_id line_no revenue cogs
    1 1 200 100
    rep_hours: rep_id day hours_worked hours_selling hours_admin
    a 2026-07-01 6 2 3
    a 2026-09-30 4 3 -
    b 2026-06-30 5 5 0
    deals: deal_id status created_at closed_at
    1 won 2026-06-01 2026-06-21
    2 won 2026-07-01 2026-07-11
    initiatives: initiative_id kind attributed_revenue
    T tool     400
    C campaign 600
    U strategy -
    costs: cost_id spent_on category initiative_id amount
    1 2026-07-01 tools        T 50
    2 2026-09-30 training     T 50
    3 2026-10-01 tools        T 100
    4 2026-07-01 marketing    C 100
    5 2026-07-01 tools        U 999
    6 2026-07-01 overhead     - 999
    7 2026-07-01 sales_salary - 101
"""
FORECASTS = """
    reps: rep_id team
    r North
    s South
    deals: deal_id owner_rep_id status amount created_at closed_at
    1 r won  80  2026-01-01 2026-07-01
    2 s won  120 2026-01-01 2026-09-30T23:00
    3 s lost 500 2026-01-01 2026-09-30
    forecasts: forecast_id owner_kind owner_id starts_on ends_on made_at amount
    1 rep     r     2026-07-01 2026-09-30 2026-06-01 500
    2 rep     r     2026-07-01 2026-09-30 2026-06-30T23:00 100
    3 rep     r     2026-07-01 2026-09-30 2026-07-01 80
    4 rep     s     2026-07-01 2026-09-30 2026-06-30 110
    5 rep     s     2026-07-01 2026-09-30 2026-06-30T12:00 -
    6 team    South 2026-07-01 2026-09-30 2026-06-30 999
    7 company -     2026-07-01 2026-12-31 2026-06-30 999
"""
HYGIENE = """
    accounts: account_id created_at domain
    1 2026-01-01 x.com
    2 2026-01-01 X.com
    3 2026-01-01 y.com
    4 2026-01-01 -
    5 2026-10-01 x.com
    leads: lead_id created_at email
    1 2026-09-30 ann@x.com
    deals: deal_id status created_at closed_at amount expected_close_at next_step_at
    a open 2026-01-01 -          10 2026-12-01 2026-10-10
    b open 2026-01-01 -          -  -          -
    c won  2026-01-01 2026-10-05 10 2026-12-01 -
    d won  2026-01-01 2026-09-30 10 2026-12-01 -
    activities: activity_id deal_id at
    1 a 2026-08-31
    2 b 2026-08-30
    3 c 2026-10-01
"""
TOOLS = """
    reps: rep_id team hired_at left_at
    a North 2020-01-01 -
    b South 2020-01-01 -
    c South 2020-01-01 2026-09-29
    initiatives: initiative_id kind started_on ended_on
    T tool      2026-07-01 -
    U technique 2026-01-01 2026-10-01
    V tool      2026-01-01 2026-09-30
    W campaign  2026-07-01 -
    X strategy  2026-09-30 -
    Y tool      2026-10-01 -
    initiative_users: initiative_id rep_id first_used_at last_used_at
    T a 2026-07-01 2026-08-31
    T b 2026-07-01 2026-08-30
    U a 2026-07-01 2026-11-01
    V a 2026-07-01 2026-09-30
    W a 2026-07-01 2026-09-30
    X b 2026-10-01 2026-10-01
    T c 2026-07-01 2026-09-30
"""
PRICES = """
    accounts: account_id region
    x North
    y South
    products: product_id family
    p crm
    q other
    orders: order_id account_id ordered_at
    1 x 2026-07-01
    2 y 2026-09-30
    3 y 2026-09-29
    4 x 2026-06-30
    5 z 2026-07-01
    order_lines: order_id line_no product_id quantity revenue
    1 1 p 2  260
    2 1 p 1  100
    2 2 q 1  999
    3 1 p -  999
    market: market_id starts_on ends_on region product_family average_price
    1 2026-01-01 2026-09-30 North crm 100
    2 2026-01-01 2026-09-30 South crm 150
    3 2026-01-01 2026-09-30 South crm 50
    4 2026-10-01 2026-12-31 North crm 900
"""

CASES = {
    # Joint: a, b closed, f still open; c is r's alone, d and e have nobody entered.
    "joint_sales_efforts": (JOINTLY, 3),
    "collaborative_deal_win_rate": (JOINTLY, 50),
    "joint_deal_score": (JOINTLY, 100),  # 3 of 6 is more than three in ten
    "joint_win_score": (JOINTLY, 100),  # 1 of 2 beside 1 of 3
    "joint_pace_score": (JOINTLY, 100),  # 10 days beside 20
    "resource_sharing_rate": (JOINTLY, 3 / 2.5),
    "shared_item_reuse_rate": (JOINTLY, 100 / 3),
    "team_collaboration_efficiency": (JOINTLY, (300 + 100 / 3) / 4),
    "employee_satisfaction": (SURVEYS, (80 + 60 + 80 + 90 + 100) / 5),
    "employee_survey_participation": (SURVEYS, 100 * 2 / 2.5),
    "net_promoter_score": (SURVEYS, 100 * (2 - 1) / 4),
    "customer_satisfaction_score": (SURVEYS, 50),
    "brand_awareness": (SURVEYS, 25),
    "sales_productivity": (MONEY, 300 / (50 + 50 + 999 + 101)),
    # T: half of its cost falls into the period, so half of its revenue does; C: all of it.
    "revenue_per_sales_investment": (MONEY, 200 / 100),
    "return_on_sales_investment": (MONEY, (200 * 0.5 - 100) / 100),
    "return_on_investment": (MONEY, 100 * (800 * 0.5 - 200) / 200),
    "revenue_per_employee": (MONEY, 300 / 1.5),
    "revenue_per_hour_worked": (MONEY, 30),
    "selling_time_share": (MONEY, 50),
    "admin_time_share": (MONEY, 30),
    # Per head 200 after 50, per hour 30 after 20, 10 days after 20.
    "team_efficiency_index": (MONEY, 100 * (4 * 1.5 * 2) ** (1 / 3)),
    "unique_record_share": (HYGIENE, 75),
    "required_field_completeness": (HYGIENE, 100 * (3 + 0 + 2) / (3 + 3 + 2)),
    "touched_pipeline_share": (HYGIENE, 100 / 3),
    "data_hygiene_score": (HYGIENE, (75 + 62.5 + 100 / 3) / 3),
    "forecast_accuracy": (FORECASTS, 95),
    "forecast_bias": (FORECASTS, 5),
    # T, U are on offer on the last day, to a and b: a uses both, b neither any more.
    "tool_adoption_rate": (TOOLS, 50),
    "new_initiatives_launched": (TOOLS, 2),
    "initiative_launch_score": (TOOLS, 100),
    # 260 + 100 beside 2 at 100 and 1 at 100, the mean of 150 and 50.
    "price_premium_score": (PRICES, 100 * (360 / 300 - 0.5)),
    "returning_buyer_share": (PRICES, 200 / 3),
}


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name):
    text, expected = CASES[name]
    assert figure(name, text) == pytest.approx(expected)


@pytest.mark.parametrize("name", CASES)
def test_nothing_to_count_is_null(name):
    assert figure(name, CASES[name][0], "2019Q1") is None


def test_teams():
    assert by_group("joint_sales_efforts", JOINTLY, "team") == {"North": 2, "South": 1}
    assert by_group("forecast_accuracy", FORECASTS, "team") == pytest.approx({"North": 75, "South": 100 - 100 / 12})
    assert by_group("tool_adoption_rate", TOOLS, "team") == {"North": 100, "South": 0}
    assert by_group("new_initiatives_launched", TOOLS, "team") == {"North": 1, "South": 2}


# ---- what is not told


def test_few_answers_of_staff_are_not_told():
    fewer = "\n".join(line for line in SURVEYS.splitlines() if not line.strip().startswith("5 employee"))
    assert figure("employee_satisfaction", fewer) is None
    changed = with_settings(CATALOGUE, {"employee_satisfaction": {"fewest": 4}})["employee_satisfaction"]
    assert figure(changed, fewer) == pytest.approx((80 + 60 + 80 + 90) / 4)


def test_a_forecast_is_not_judged_before_the_period_is_over():
    assert figure("forecast_accuracy", FORECASTS, as_of="2026-09-29") is None
    assert figure("forecast_accuracy", FORECASTS, as_of="2026-09-30") == pytest.approx(95)


@pytest.mark.parametrize(("won", "accuracy", "bias"), [("0", None, None), ("50", 0, 300), ("-", None, None)])
def test_a_forecast_beside_little(won, accuracy, bias):
    text = f"""
        deals: deal_id status amount created_at closed_at
        1 won {won} 2026-01-01 2026-07-01
        forecasts: forecast_id owner_kind owner_id starts_on ends_on made_at amount
        1 company - 2026-07-01 2026-09-30 2026-06-30 200
    """
    assert (figure("forecast_accuracy", text), figure("forecast_bias", text)) == (accuracy, bias)


def test_a_longer_forecast_is_shared_out_by_days():
    text = FORECASTS.replace("1 rep ", "1 x ")
    only_company = "\n".join(line for line in text.splitlines() if " rep " not in line and " team " not in line)
    only_company = only_company.replace("1 x     r     2026-07-01 2026-09-30 2026-06-01 500", "").replace("999", "368")
    assert figure("forecast_bias", only_company) == pytest.approx(100 * (184 - 200) / 200)


@pytest.mark.parametrize("name", ["joint_win_score", "joint_pace_score"])
def test_nobody_alone_to_compare_with(name):
    alone = {"c": "c r owner\n    c s se", "d": "", "e": ""}
    text = JOINTLY.replace("    c r owner", f"    {alone['c']}\n    d r owner\n    d s se\n    e r owner\n    e s se")
    assert figure(name, text) is None


def test_initiatives_without_credit_cost_nothing_here():
    text = MONEY.replace("T tool     400", "T tool     -")
    assert figure("return_on_sales_investment", text) is None
    assert figure("return_on_investment", text) == pytest.approx(100 * (600 * 0.5 - 100) / 100)


# ---- coaching and new ways of working

#: Coached from April 1 to 10: before is January 1 to March 31, after is July 9 to October 6.
COACHED = """
    reps: rep_id role team hired_at
    r ae North 2020-01-01
    s ae South 2020-01-01
    t ae South 2020-01-01
    u am South 2020-01-01
    coaching: coaching_id rep_id started_at ended_at focus_kpi
    1 r 2026-04-01 2026-04-10 {focus}
    2 t 2026-09-01 2026-09-10 win_rate
    deals: deal_id owner_rep_id status amount created_at closed_at
    1 r won  10 2025-12-01 2026-01-01
    2 r lost 10 2025-12-01 2026-03-31
    3 r won  30 2026-06-01 2026-07-09
    4 r lost 99 2026-06-01 2026-07-08
    5 s won  10 2025-12-01 2026-01-01
    6 s lost 10 2025-12-01 2026-03-31
    7 s won  15 2025-12-01 2026-10-06T23:00
    8 s lost 10 2025-12-01 2026-10-06
    9 t won  99 2025-12-01 2026-01-02
    0 u won  99 2025-12-01 2026-01-02
    a r won  99 2025-12-01 2026-10-07
    activities: activity_id rep_id kind direction at
    1 r call out 2026-01-01
    2 r call in  2026-01-01
    3 r call out 2026-07-09
    4 r call out 2026-07-10
    5 r call out 2026-07-11
    6 s call out 2026-01-01
    7 s demo in  2026-01-01
    8 s call out 2026-08-01
    9 t call out 2026-01-01
"""


@pytest.mark.parametrize(
    ("focus", "effect"),
    [
        ("win_rate", 100 - 0),  # from 50 to 100, s from 50 to 50
        ("average_deal_size", 200 - 50),  # from 10 to 30, s from 10 to 15
        ("sales_per_rep", 200 - 50),
        ("total_sales_revenue", 200 - 50),
        ("number_of_deals_closed", 0 - 0),
        ("sales_cycle_length", -(100 * (38 - 31) / 31 - 100 * (309 - 31) / 31)),  # shorter is better
        ("activity_volume", 200 + 50),  # from 1 to 3, s from 2 to 1
        ("quote_to_close_ratio", None),
    ],
)
def test_coaching(focus, effect):
    """It is told in the quarter in which the time after ends; t is coached before that, u has another role."""
    data = dataset(COACHED.format(focus=focus))
    assert figure("coaching_effectiveness", data, "2026Q4", as_of="2026-10-06") == (
        None if effect is None else pytest.approx(effect)
    )
    assert figure("coaching_effectiveness", data, "2026Q4", as_of="2026-10-05") is None
    assert figure("coaching_effectiveness", data, "2026Q3") is None
    found = by_group("coaching_effectiveness", data, "team", "2026Q4", as_of="2026-10-31")
    assert {team for team, value in found.items() if value is not None} <= {"North"}


def test_coaching_where_nobody_is_left_to_compare_with():
    text = COACHED.format(focus="average_deal_size").replace("s ae South", "s am South")
    assert figure("coaching_effectiveness", text, "2026Q4", as_of="2026-10-31") == pytest.approx(200)


def test_the_windows_of_coaching_can_be_set():
    days = {"coaching_effect": {"after_to": 90}, "effect_on_deals": {"after_from": 0, "after_to": 90}}
    kpi = with_settings(CATALOGUE, days)["coaching_effectiveness"]
    text = COACHED.format(focus="win_rate")  # to July 8: r loses 4, s closes nothing
    assert figure(kpi, text, "2026Q3") == pytest.approx(-100)
    assert figure(kpi, text, "2026Q4") is None


#: First used on May 1: before is January 31 to April 30, after is May 1 to July 29.
USED = """
    reps: rep_id role
    r ae
    s ae
    t ae
    initiatives: initiative_id focus_kpi
    T sales_cycle_length
    U new_leads_added
    initiative_users: initiative_id rep_id first_used_at
    T r 2026-05-01
    T t 2026-06-01
    U s 2026-05-01
    deals: deal_id owner_rep_id status amount created_at closed_at
    1 r won 1 2026-01-11 2026-01-31
    2 r won 1 2026-04-21 2026-05-01
    3 r won 1 2026-01-01 2026-07-30
    4 s won 1 2026-04-10 2026-04-20
    5 s won 1 2026-07-17 2026-07-29T23:00
    6 t won 1 2026-05-01 2026-05-02
    7 t won 1 2026-06-01 2026-06-02
    {more}
"""


@pytest.mark.parametrize("period", ["2026Q3", "2026-07", "2026-07-29"])
def test_innovation(period):
    """Cycles of r fall from 20 to 10 days, those of s rise from 10 to 12: t uses it, too, and is no measure for r."""
    text = USED.format(more="").replace("T t 2026-06-01", "T t 2026-08-01")
    assert figure("innovation_impact", text, period, as_of="2026-09-30") == pytest.approx(50 + 20)


def test_innovation_of_two_is_the_middle_of_theirs():
    """The time after of t ends on August 29; cycles of t stay at one day, those of s rise from 10 to 20."""
    assert figure("innovation_impact", USED.format(more="8 s won 1 2026-08-01 2026-08-29"), "2026Q3") == pytest.approx(
        (70 + 100) / 2
    )


@pytest.mark.parametrize(("opened", "score"), [("2026-04-21", 100), ("2026-04-12", 50), ("2026-04-10", 0)])
def test_innovation_as_a_score(opened, score):
    text = USED.format(more="").replace("2 r won 1 2026-04-21", f"2 r won 1 {opened}").replace("4 s won", "4 x won")
    assert figure("innovation_impact_score", text.replace("T t 2026-06-01", "T t 2026-08-01"), "2026Q3") == score


# ---- composites


def test_composites_open_into_their_parts():
    parts = CATALOGUE["team_collaboration_efficiency"].parts
    assert [(each.id, weight) for each, weight in parts.values()] == [
        ("joint_deal_score", 1), ("joint_win_score", 1), ("joint_pace_score", 1), ("shared_item_reuse_rate", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [("team_collaboration_efficiency", JOINTLY), ("data_hygiene_score", HYGIENE)],
)
def test_a_composite_is_the_weighted_mean_of_its_parts(name, text):
    kpi = CATALOGUE[name]
    ids = [part.id for part, _ in kpi.parts.values()]
    values = evaluate([*ids, name], dataset(text), periods="2026Q3").frame["value"].to_list()
    assert values[-1] == pytest.approx(sum(values[:-1]) / len(ids))


def test_the_target_of_joint_deals_can_be_set():
    assert figure(with_settings(CATALOGUE, {"joint_deal_score": {"target": 0.8}})["joint_deal_score"], JOINTLY) == (
        pytest.approx(62.5)
    )


# ---- slices


def test_a_team_is_credited_with_its_part_only():
    """Half of what the tool costs is South's: its slice does not see that, and still is not credited with it."""
    data = dataset("""
        initiatives: initiative_id kind attributed_revenue
        T tool 400
        costs: cost_id spent_on team category initiative_id amount
        1 2026-07-01 North tools T 50
        2 2026-07-01 South tools T 50
        3 2026-07-01 South tools - 70
    """)
    assert by_group("revenue_per_sales_investment", data, "team") == {"North": 4, "South": 4}
    assert figure("revenue_per_sales_investment", data.where({"team": ["North"]})) == 4
    assert (
        figure("revenue_per_sales_investment", data.where({"team": ["North", "South"]}).where({"team": ["South"]})) == 4
    )


def test_a_team_sees_who_else_works_on_its_deals():
    data = dataset(JOINTLY)
    assert figure("joint_sales_efforts", data.where({"team": ["South"]})) == 1
