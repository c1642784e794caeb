"""KPIs of market, products, quotes, customers' health and what is likely, over rows that can be added up in the head.

The period is the third quarter of 2026 unless said: July 1 to September 30, 92 days.
"""

from __future__ import annotations

import pytest
from small import by_group, dataset, figure

from kpitools.errors import EvaluationError
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.settings import with_settings

PRODUCTS = """
    products: product_id name family
    a Anchor ships
    b Buoy   ships
    c Chart  maps
    accounts: account_id region created_at became_customer_at ended_at
    x north 2020-01-01 2026-01-01 -
    y north 2020-01-01 2026-09-30 -
    z south 2020-01-01 2020-01-01 2026-09-30
    orders: order_id account_id ordered_at
    1 x 2026-07-01
    2 z 2026-09-30T23:59
    3 x 2026-06-30T23:59
    order_lines: order_id line_no product_id quantity revenue cogs
    1 1 a 10 100 50
    1 2 b 5  100 20
    2 1 c 1  40  -
    3 1 a 4  50  1
    market: market_id starts_on ends_on region product_family total_units total_revenue addressable_accounts
    1 2026-07-01 2026-09-30 north ships 100 1000 -
    2 2026-07-01 2026-12-31 south maps  184 1840 -
    3 2026-04-01 2026-06-30 north ships 999 9999 900
    4 2026-07-01 2026-09-30 north -     -   -    40
    5 2026-07-01 -          south -     -   -    10
    6 2026-07-01 -          south maps  -   -    4
    surveys: survey_id kind product_id answered_at score positive_from
    1 product a 2026-07-01 4 4
    2 product a 2026-09-30 5 4
    3 product b 2026-07-01 3 4
    4 product b 2026-07-01 4 -
    5 product c 2026-10-01 5 4
    6 csat    b 2026-07-01 5 4
"""
QUOTES = """
    deals: deal_id
    d
    quotes: quote_id deal_id kind issued_at status
    1 d proposal 2026-07-01T10:00 expired
    2 d quote    2026-09-30T23:59 accepted
    3 - quote    2026-08-01       open
    4 - proposal 2026-08-01       -
    5 d quote    2026-10-01       accepted
    activities: activity_id deal_id lead_id at kind direction outcome is_follow_up bounced
    1 d - 2026-07-04T23:00 email   out -         yes no
    2 - l 2026-07-10T10:00 call    out connected no  -
    3 - l 2026-07-10T11:00 email   out -         yes yes
    4 d - 2026-08-01T10:00 meeting in  held      -   -
    5 d - 2026-08-05T10:00 call    out -         yes -
    6 - - 2026-08-05T10:00 email   out -         no  -
    7 d - 2026-09-01T10:00 email   in  -         -   yes
    sessions: session_id started_at pages
    1 2026-07-01 1
    2 2026-07-01 5
    3 2026-09-30 -
    4 2026-10-01 1
"""
CUSTOMERS = """
    accounts: account_id name created_at became_customer_at ended_at is_target
    a A 2020-01-01 2020-01-01 -          yes
    b B 2020-01-01 2020-01-01 2026-10-01 yes
    c C 2020-01-01 2020-01-01 2026-09-30 no
    d D 2026-10-01 -          -          yes
    e E 2020-01-01 -          -          yes
    usage: usage_id account_id user_id feature at
    1 a u 1 2026-09-30
    2 a u 2 2026-09-01
    3 a v 2 2026-08-31
    4 a w 2 2026-08-02
    5 a v 1 2026-07-03
    6 a w 1 2026-06-03
    7 b u 1 2026-10-01
    8 b u 1 2026-06-02
    surveys: survey_id account_id kind answered_at score scale_max
    1 a csat 2026-07-01 2 4
    2 a csat 2026-08-01 3 4
    3 a csat 2026-09-01 - 4
    4 a nps  2026-09-02 2 10
    5 b nps  2026-08-01 7 10
    6 b nps  2026-10-01 1 10
    tickets: ticket_id account_id opened_at
    1 a 2026-09-30
    2 c 2026-09-01
    3 b 2026-07-02
    4 b 2026-10-01
    5 a 2026-07-01
    activities: activity_id account_id at direction outcome replied_at
    1 a 2026-09-01 out no_answer -
    2 a 2026-08-31 in  -         -
    3 b 2026-09-01 out -         2026-09-02
    4 b 2026-07-01 in  -         -
    5 e 2026-07-03 out held      -
    6 e 2026-10-01 in  -         -
    intent_signals: signal_id account_id at weight
    1 a 2026-09-30 8
    2 a 2026-09-16 8
    3 b 2026-07-03 -
    4 e 2026-09-30 200
    5 a 2026-10-01 99
    6 b 2026-09-02 2
    account_scores: account_id scored_at churn_probability
    a 2026-09-01 0.2
    a 2026-09-30 0.4
    a 2026-10-01 0.9
    c 2026-09-01 1.0
"""
MOODS = """
    accounts: account_id became_customer_at ended_at
    a 2020-01-01 -
    b 2020-01-01 -
    c 2020-01-01 -
    calls: call_id account_id started_at
    1 a 2026-08-01
    2 a 2026-08-31
    3 b 2026-08-01
    4 c 2026-08-01
    5 c 2026-08-01
    call_turns: call_id turn_no speaker start_s end_s sentiment
    1 1 customer 0  30 0.5
    1 2 customer 30 40 -1.0
    1 3 rep      40 90 -1.0
    2 1 customer 0  9  0.25
    3 1 customer 0  9  0.25
    4 1 customer 0  9  0.25
    5 1 customer 0  9  0.75
    surveys: survey_id account_id kind answered_at score scale_max
    1 a csat     2026-09-30 5 8
    2 b nps      2026-09-30 9 10
    3 b employee 2026-09-29 1 10
    4 b nps      2026-04-03 1 10
    5 c nps      2026-08-01 1 10
"""
RISK = """
    stages: stage position default_probability
    early 1 0.25
    late  2 0.75
    deals: deal_id stage amount created_at closed_at status expected_close_at next_step_at
    good late  100 2026-09-20 -          open 2026-10-01 2026-10-01
    bad  early 80  2026-06-01 -          open 2026-09-30 2026-09-30
    plan late  100 2026-09-20 -          open -          -
    won  late  60  2026-07-01 2026-08-01 won  -          -
    lost early 60  2026-07-01 2026-08-01 lost -          -
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 bad  expected_close_at 2026-07-31 2026-08-31 2026-07-01
    2 bad  expected_close_at 2026-08-31 2026-09-30 2026-08-01
    3 good expected_close_at 2026-10-31 2026-10-01 2026-09-21
    4 good expected_close_at 2026-09-30 2026-10-31 2026-09-20T12:00
    5 bad  amount            100        90         2026-07-01
    6 bad  amount            90         80         2026-08-01
    7 good amount            120        100        2026-09-25
    stage_history: history_id deal_id stage entered_at left_at next_stage
    1 won  early 2026-07-01 2026-07-11 late
    2 won  late  2026-07-11 2026-08-01 won
    3 lost early 2026-07-01 2026-08-01 lost
    4 bad  early 2026-06-01 -          -
    5 good late  2026-09-20 -          -
    6 plan late  2026-09-09 -          -
    activities: activity_id deal_id at decision_maker_present next_step_at
    1 good 2026-09-29 yes -
    2 bad  2026-09-16 no  2026-09-20
    3 plan 2026-09-17 -   2026-10-05
    4 bad  2026-10-01 yes 2026-10-09
    calls: call_id deal_id started_at
    1 bad  2026-08-01
    2 bad  2026-09-01
    3 good 2026-09-01
    call_turns: call_id turn_no speaker start_s end_s sentiment
    1 1 customer 0 9 0.5
    2 1 customer 0 9 0.25
    3 1 customer 0 9 -1
    deal_scores: deal_id scored_at win_probability
    good 2026-09-21 0.5
    good 2026-09-30 0.75
    good 2026-10-01 0.1
    bad  2026-09-30 0.25
    won  2026-07-30 1
"""
FORECAST = """
    stages: stage default_probability
    late 0.5
    accounts: account_id
    x
    deals: deal_id stage amount created_at closed_at status expected_close_at
    a late 100 2026-07-01 2026-08-01 won  2026-08-01
    b late 200 2026-07-01 -          open 2026-09-30
    c late 400 2026-07-01 -          open 2026-10-01
    d late 800 2026-07-01 -          open 2026-08-01
    stage_history: history_id deal_id stage entered_at
    1 a late 2026-07-01
    2 b late 2026-07-01
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 x 365 2020-01-01 -
    2 y 365 2020-01-01 2026-06-30
"""
#: Twelve a day, and half of it left within the year: of these 92 days, half of 92 / 365.
RECURRING = 12 * 92 * (1 - 0.5 * 92 / 365)
LEADS = """
    leads: lead_id created_at customer_at disqualified_at
    a 2026-07-01 -          -
    b 2026-07-01 2026-09-30 -
    c 2026-07-01 -          2026-10-01
    d 2026-07-01 -          -
    e 2026-10-01 -          -
    lead_scores: lead_id scored_at conversion_probability
    a 2026-07-02 0.5
    a 2026-07-03 0.25
    b 2026-07-03 1
    c 2026-09-30 0.75
    d 2026-10-01 1
    e 2026-10-01 1
"""


@pytest.mark.parametrize(
    ("kpi", "rows", "value"),
    [
        ("market_penetration", PRODUCTS, 4.0),  # 2 customers of 40 + 10: the year's other row is over
        ("market_share", PRODUCTS, 100 * 240 / 1920),  # the market of the half year for 92 of its 184 days
        ("market_share_by_units", PRODUCTS, 100 * 16 / 192),
        ("product_units_sold", PRODUCTS, 16),
        ("product_revenue", PRODUCTS, 240),
        ("product_margin", PRODUCTS, 100 * 170 / 240),
        ("product_sales_growth", PRODUCTS, 380),
        ("product_feedback_score", PRODUCTS, 100 * 2 / 3),
        ("quote_to_close_ratio", QUOTES, 25),
        ("quote_to_close_ratio_by_deal", QUOTES, 100 / 3),
        ("proposals_sent", QUOTES, 2),
        ("follow_up_rate", QUOTES, 100 * 2 / 3),  # of first call, meeting and proposal; the meeting waited four days
        ("bounce_rate", QUOTES, 100 / 3),
        ("website_bounce_rate", QUOTES, 100 / 3),
        ("customer_product_usage", CUSTOMERS, 0.5),
        ("product_usage_breadth", CUSTOMERS, 1),
        ("account_usage_health", CUSTOMERS, 75),  # one user now, (2 + 1 + 1) / 3 before; the other had none: left out
        ("account_satisfaction_health", CUSTOMERS, (75 + 50) / 2),
        ("customers_in_touch", CUSTOMERS, 50),
        ("support_request_rate", CUSTOMERS, 4 / 3),
        ("churn_probability", CUSTOMERS, 0.4),
        ("marketing_qualified_accounts", CUSTOMERS, 1),
        ("target_account_engagement", CUSTOMERS, 200 / 3),
        ("buyer_intent_score", CUSTOMERS, (12 + 100 + 0.5) / 3),
        ("deals_without_recent_touch", RISK, 100 / 3),
        ("deals_slower_than_won", RISK, 100 / 3),
        ("deals_pushed_repeatedly", RISK, 100 / 3),
        ("deals_overdue", RISK, 100 / 3),
        ("deals_without_next_step", RISK, 100 / 3),
        ("deals_with_falling_sentiment", RISK, 100 / 3),
        ("deals_cut_in_value", RISK, 100 / 3),
        ("deals_without_decision_maker", RISK, 200 / 3),
        ("deal_risk_score", RISK, (100 + 0 + 100 * 2 / 16) / 3),
        ("deal_win_probability", RISK, (2 * (1 + 15) / 21 + (1 + 5) / 22) / 3),
        ("scored_win_probability", RISK, 0.5),
        ("predictive_lead_score", LEADS, 0.5),
        ("revenue_forecast", FORECAST, 100 + RECURRING),
    ],
)
def test_figures(kpi, rows, value):
    assert figure(kpi, rows) == pytest.approx(value)


# ---- markets


def test_a_market_is_by_region_and_family_and_says_so():
    assert by_group("market_share", PRODUCTS, "region") == {"north": 20.0, "south": pytest.approx(100 * 40 / 920)}
    assert by_group("market_share", PRODUCTS, "product_family") == {
        "maps": pytest.approx(100 * 40 / 920), "ships": 20.0,
    }  # fmt: skip
    assert by_group("market_penetration", PRODUCTS, "region") == {"north": 5.0, "south": 0.0}
    with pytest.raises(EvaluationError, match="cannot be broken down by 'team'"):
        figure("market_share", PRODUCTS, by="team")


# ---- products


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("product_revenue_standing", (75, 75, 0)),
        ("product_units_standing", (100, 50, 0)),
        ("product_margin_standing", (0, 100, None)),  # what the chart cost is not known
        ("product_market_share_standing", (75, 75, 0)),
        ("product_feedback_standing", (100, 0, None)),
        ("product_performance", (70, 60, 0)),
    ],
)
def test_products_stand_among_all_products(part, values):
    found = by_group(part, PRODUCTS, "product")
    assert [found.get(product) for product in ("Anchor", "Buoy", "Chart")] == [*values]


def test_a_family_stands_where_its_products_stand_on_average():
    assert by_group("product_performance", PRODUCTS, "product_family") == {"maps": 0.0, "ships": 65.0}


def test_one_product_stands_nowhere():
    alone = """
        products: product_id name
        a Anchor
        orders: order_id ordered_at
        1 2026-07-01
        order_lines: order_id line_no product_id revenue
        1 1 a 5
    """
    assert by_group("product_revenue_standing", alone, "product") == {"Anchor": None}


# ---- customers


def test_an_account_has_its_own_health():
    """Of A: one request where one is usual, no contact. Of B: no request, contact, and nothing is known of usage."""
    a = 0.4 * 75 + 0.3 * 75 + 0.2 * 50 + 0.1 * 0
    b = (0.3 * 50 + 0.2 * 100 + 0.1 * 100) / 0.6
    found = by_group("account_health_score", CUSTOMERS, "account")
    assert (found["A"], found["B"]) == (pytest.approx(a), pytest.approx(b))


def test_a_mood_needs_three_points_on_more_than_one_day():
    """A: 0.125 on August 1, 0.25 thirty days on and again on September 30; B has two in time, C all on one day."""
    assert figure("customer_sentiment_trend", MOODS) == pytest.approx(0.0625)


def test_without_signals_nobody_is_interested():
    only_account = "accounts: account_id created_at\n a 2020-01-01\n intent_signals: signal_id account_id at weight"
    assert figure("buyer_intent_score", only_account) is None


# ---- deals


def test_the_risk_opens_into_its_signs():
    parts = CATALOGUE["deal_risk_score"].parts
    assert sum(weight for _, weight in parts.values()) == 16
    assert {part.unit for part, _ in parts.values()} == {"percent"}


def test_a_limit_of_a_sign_is_a_setting():
    strict = with_settings(CATALOGUE, {"untouched_deals": {"days": 13}})["deals_without_recent_touch"]
    loose = with_settings(CATALOGUE, {"untouched_deals": {"days": 15}})["deals_without_recent_touch"]
    data = dataset(RISK)
    found = [evaluate(kpi, data, periods="2026Q3").frame["value"].item() for kpi in (strict, loose)]
    assert found == [pytest.approx(200 / 3), 0.0]


def test_a_stage_without_past_has_its_default_chance():
    rows = RISK.replace("lost early 60  2026-07-01 2026-08-01 lost", "lost early 60  2026-07-01 - open")
    rows = rows.replace("won  late  60  2026-07-01 2026-08-01 won ", "won  late  60  2026-07-01 - open")
    assert figure("deal_win_probability", rows) == pytest.approx((3 * 0.75 + 2 * 0.25) / 5)


@pytest.mark.parametrize(
    ("as_of", "value"),
    [
        ("2026-06-30", RECURRING),
        ("2026-07-31", (100 + 200 + 800) / 2 + RECURRING),
        ("2026-08-31", 100 + (1 + 20 / 2) / (1 + 20) * (200 + 800) + RECURRING),
    ],
)
def test_a_forecast_adds_what_is_open_and_due(as_of, value):
    assert figure("revenue_forecast", FORECAST, as_of=as_of) == pytest.approx(value)


@pytest.mark.parametrize("kpi", ["deal_risk_score", "deal_win_probability", "revenue_forecast"])
def test_nothing_open_is_not_at_risk(kpi):
    none = RISK.replace("open", "lost") + FORECAST[FORECAST.index("subscriptions:") :].split("1 x")[0]
    assert figure(kpi, none, period="2020Q1") is None
