"""KPIs of single industries by hand, for the third quarter of 2026: July 1 to September 30, 92 days."""

from __future__ import annotations

import pytest
from small import by_group, dataset, figure

from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.settings import with_settings

TRIALS = """
    deals: deal_id status closed_at poc_start_at poc_end_at poc_features poc_seats tech_evaluated_at tech_won
    a won  2026-09-01 2026-07-01T09:00 2026-07-10T18:00 4 2 2026-07-10 yes
    b lost 2026-09-01 2026-08-01       2026-08-05       2 - 2026-08-05 yes
    c lost 2026-09-01 2026-09-01       2026-10-01       2 2 2026-09-01 no
    d open -          -                -                - - 2026-09-30T23:00 -
    e open -          -                -                - - 2026-10-01 yes
    accounts: account_id became_customer_at
    x 2026-07-01
    y 2026-08-01
    z 2026-08-01
    v 2026-06-30
    usage: usage_id deal_id account_id user_id feature at is_value_event
    1 a - u1 f1 2026-07-01T10:00 no
    2 a - u1 f2 2026-07-02T10:00 no
    3 a - u2 f2 2026-07-02T11:00 no
    4 a - u3 f3 2026-07-10T12:00 no
    5 a - u4 f4 2026-07-10T19:00 no
    6 - x u1 f1 2026-07-02       no
    7 - x u1 f1 2026-07-11T12:00 yes
    8 - x u1 f1 2026-07-20       yes
    9 - y u1 f1 2026-07-31       yes
    0 - y u1 f1 2026-08-21       yes
    q - v u1 f1 2026-07-01       yes
"""
PROJECTS = """
    deals: deal_id closed_at status stage amount expected_close_at created_at
    a 2026-05-01T20:00 won  -    -    -          2026-01-01
    b 2026-06-01       won  -    -    -          2026-01-01
    c -                open late 1200 2026-09-30 2026-01-01
    d -                open late 1200 2026-10-01 2026-01-01
    stages: stage default_probability
    late 0.5
    projects: project_id deal_id kind fees extras started_at ended_at
    1 a implementation 9   9  2026-05-01 2026-07-01
    2 b implementation 9   9  2026-06-01 2026-09-30
    3 b implementation 9   9  2026-06-01 2026-10-01
    4 a service        100 20 2026-07-01 2026-07-31
    5 a service        60  -  2026-09-30 -
    6 a service        -   5  2026-09-30 -
    7 a service        420 0  2026-06-30 -
    rep_hours: rep_id day hours_worked hours_available hours_billable hours_billable_planned hours_handling
    r 2026-06-30 8 8  2 9 -
    r 2026-07-01 8 10 6 5 -
    r 2026-09-30 8 10 9 4 7
    s 2026-09-30 9 -  - - 6
    s 2026-10-01 9 9  9 9 9
    quotes: quote_id kind status decided_at
    1 proposal accepted 2026-07-01
    2 proposal rejected 2026-07-01
    3 proposal expired  2026-09-30T23:59
    4 quote    accepted 2026-07-01
    5 proposal accepted 2026-10-01
    6 proposal open     -
"""
ORDERS = """
    accounts: account_id became_customer_at ended_at
    x 2020-01-01 -
    y 2020-01-01 -
    z 2026-07-05 -
    w 2020-01-01 2026-09-30
    products: product_id family is_service is_core
    p tools no  yes
    q care  yes no
    s care  yes yes
    orders: order_id account_id ordered_at amount
    1 x 2026-05-01 100
    2 x 2026-07-01 60
    3 x 2026-09-30T23:00 60
    4 y 2026-05-01 100
    5 y 2026-08-01 100
    6 z 2026-08-01 500
    7 w 2026-04-01 7
    8 - 2026-08-01 1
    order_lines: order_id line_no product_id revenue
    1 1 q 100
    2 1 p 60
    3 1 s 30
    3 2 q 30
    4 1 p 100
    5 1 p 100
    6 1 s 380
    7 1 p 7
"""
HOLDINGS = """
    accounts: account_id segment
    a smb
    b enterprise
    holdings: account_id product_id as_of market_value
    a p 2026-06-30 900
    a q 2026-06-30 900
    a p 2026-09-15 100
    a r 2026-09-15 0
    a p 2026-10-01 999
    b p 2026-07-31 40
    b q 2026-07-31 60
    c p 2026-06-20 500
"""
RETURNS = """
    portfolio_returns: account_id period_end return_pct risk_free_pct benchmark_pct
    a 2025-12-31 3 1 2
    a 2026-03-31 5 1 4
    b 2026-01-31 1 1 2
    b 2026-02-28 3 1 4
    b 2025-09-30 9 1 9
    c 2026-09-30 9 1 9
    d 2026-01-31 3 1 2
    d 2026-02-28 3 1 4
"""
LISTINGS = """
    listings: listing_id listed_at sold_at withdrawn_at sale_price seller_commission buyer_commission
    1 2026-06-01 2026-07-01 -          100 3 2
    2 2026-07-01 2026-09-29 -          300 7 -
    3 2026-07-01 2026-10-10 -          900 9 9
    4 2026-08-01 -          -          -   - -
    5 2026-09-20 -          2026-09-30 -   - -
    6 2026-09-21 -          2026-10-01 -   - -
    7 2026-10-01 2026-10-02 -          9   9 9
"""
CENTRE = """
    tickets: ticket_id tier opened_at first_response_at resolved_at contacts
    1 general    2026-07-01T00:00 2026-07-01T04:00 2026-07-02 1
    2 general    2026-07-01T00:00 -                2026-07-01T08:00 1
    3 high_value 2026-09-30T12:00 -                -          -
    4 high_value 2026-06-30T12:00 2026-06-30T13:00 2026-09-30T23:00 2
    5 general    2026-06-01       2026-06-01       2026-07-01 1
    cc_calls: cc_call_id ticket_id direction queued_at answered_at abandoned_at talk_s hold_s wrap_s
    1 1 in  2026-07-08T23:59 2026-07-09T00:01 -                60  60 30
    2 2 in  2026-07-08T09:00 2026-07-08T09:01 -                120 0  -
    3 2 out 2026-07-02T09:00 2026-07-02T09:03 -                240 0  90
    4 - in  2026-09-30T12:00 -                2026-09-30T12:01 -   -  -
    5 - in  2026-09-30T12:00 -                2026-09-30T12:00 -   -  -
    6 5 in  2026-06-30T12:00 2026-06-30T12:09 -                9   9  9
    7 - in  2026-10-01       2026-10-01       -                9   9  9
"""
INSURANCE = """
    leads: lead_id created_at
    a 2026-07-01
    b 2026-09-30
    c 2026-08-01
    d 2026-10-01
    policies: policy_id account_id lead_id product_line written_at starts_on ends_on cancelled_at \
        renews_policy_id premium
    1 x -  Home 2025-07-01 2025-07-01 2026-07-01 -          - 365
    2 x -  Home 2026-07-01 2026-07-01 2027-07-01 -          1 730
    3 x a  Car  2026-08-01 2026-08-01 2026-08-11 -          - 100
    4 y -  Home 2025-10-01 2025-10-01 2026-10-01 2026-07-31 - 365
    5 z b  Car  2026-09-30 2026-09-30 2027-09-30 -          - 365
    6 z c  Home 2026-07-01 2026-10-01 2027-10-01 -          2 999
    7 w -  Car  2025-08-01 2025-01-01 2025-12-31 -          - 50
    claims: claim_id policy_id reported_at closed_at paid reserve_change
    1 1 2026-06-01 2026-07-01 60 -10
    2 2 2026-08-01 2026-08-11 40 -
    3 2 2026-09-01 -          -  -
    4 2 2026-08-01 2026-10-01 9  9
    5 2 2026-09-20 2026-09-30 -  5
"""
SHOP = """
    sessions: session_id visitor_id started_at order_id
    1 u 2026-07-01       o1
    2 u 2026-07-02       -
    3 v 2026-09-30T23:59 -
    4 v 2026-08-01       -
    5 w 2026-10-01       o2
    carts: cart_id created_at order_id
    1 2026-07-01 o1
    2 2026-09-30 -
    3 2026-09-30 -
    4 2026-10-01 o2
"""
COURSES = """
    enrolments: enrolment_id account_id term enrolled_at completed_at last_active_at
    1 a 2025A 2025-09-01 2025-12-01 2025-12-01
    2 a 2026A 2026-02-01 2026-06-01 2026-06-30
    3 a 2026B 2026-08-01 -          2026-10-05
    4 b 2026A 2026-02-01 -          2026-07-01
    5 c 2026A 2026-02-01 2026-06-01 2026-06-30
    6 d 2026A 2026-02-01 2026-10-02 -
    7 e 2026B 2026-08-01 2026-09-30 2026-09-01
    8 f 2026C 2026-10-01 -          2026-10-01
    9 b 2026B 2026-09-30 -          2026-09-30T08:00
    orders: order_id ordered_at amount
    1 2026-07-01 90
    2 2026-10-01 99
"""

BY_HAND = [
    # trial a: 3 of 10 days, 3 of 4 features, 3 users on 2 seats; b was not used, its seats are not known
    ("trial_days_score", TRIALS, 15),
    ("trial_features_score", TRIALS, 37.5),
    ("trial_seats_score", TRIALS, 100),
    ("poc_product_usage", TRIALS, (15 + 37.5 + 100) / 3),
    ("time_to_first_value", TRIALS, 15),  # 10 days of x; 20 of y, whose first use came before the purchase
    ("customers_without_first_value", TRIALS, 1),
    ("technical_win_rate", TRIALS, 50),  # of four, one undecided
    ("win_rate_after_technical_win", TRIALS, 50),
    ("implementation_timeline", PROJECTS, (61 + 121) / 2),
    ("project_value", PROJECTS, 90),
    ("proposal_win_rate", PROJECTS, 100 / 3),
    ("utilization_rate", PROJECTS, 75),
    ("agent_utilization_rate", PROJECTS, 100 * 13 / 17),  # of the two days with handling time
    # booked 9 of 20; deal c is worth 600, and 17 hours were billed for the 600 of the services so far
    ("utilization_forecast", PROJECTS, 100 * (9 + 17) / 20),
    ("reorder_rate", ORDERS, 100 / 3),
    ("orders_per_customer", ORDERS, 5 / 3),
    ("product_mix_ratio", ORDERS, 1),
    ("product_mix_concentration", ORDERS, (160**2 + 440**2) / 600**2),
    ("service_attach_rate", ORDERS, 20),  # order 3 alone: s is a core product
    ("client_service_attach_rate", ORDERS, 100 / 3),  # x; w has left
    ("client_expansion_rate", ORDERS, 100 / 3),  # x, y and w at the start: only x bought more
    ("products_added_per_client", ORDERS, 2 / 3),  # x bought p and s for the first time
    # a's last valuation is of September 15, b's of July 31; c has not been valued for 102 days
    ("assets_under_management", HOLDINGS, 200),
    ("cross_sell_ratio", HOLDINGS, 3 / 2),
    ("listing_to_sale_ratio", LISTINGS, 40),
    ("days_on_market", LISTINGS, (30 + 90) / 2),
    ("age_of_active_listings", LISTINGS, (91 + 60 + 9) / 3),  # 3, 4 and 6
    ("agent_commission_rate", LISTINGS, 2.5),
    ("buyer_agent_commission_rate", LISTINGS, 0.5),
    # tickets 1, 2, 4 and 5 were solved; another call came about 1 on the seventh day, about 2 on the eighth
    ("first_call_resolution", CENTRE, 50),
    ("average_talk_and_hold_time", CENTRE, (2 + 2 + 4) / 3),
    ("average_handle_time", CENTRE, (2.5 + 5.5) / 2),
    ("average_speed_of_answer", CENTRE, (120 + 60) / 2),
    ("call_abandonment_rate", CENTRE, 50),
    ("call_abandonment_rate_in_earnest", CENTRE, 100 / 3),
    # the last day there is: October 1
    ("support_response_time", CENTRE, (4 + 8 + 36) / 3),
    # earned: 92 days of 2, ten of 3, thirty of 4, one of 5
    ("paid_loss_ratio", INSURANCE, 100 * 100 / (92 * 2 + 100 + 30 + 1)),
    ("loss_ratio", INSURANCE, 100 * 90 / (92 * 2 + 100 + 30 + 1)),
    ("policyholder_retention_rate", INSURANCE, 50),  # 1 and 3 ended
    ("policyholder_retention_rate_by_holder", INSURANCE, 50),  # x of x and y
    ("policyholder_growth_rate", INSURANCE, 0),  # 1 and 4, then 2 and 5
    ("policyholder_growth_rate_by_holder", INSURANCE, 0),
    ("insurance_cross_sell_rate", INSURANCE, 0),
    ("insurance_conversion_rate", INSURANCE, 200 / 3),  # c's policy is a renewal
    ("new_policy_sales_growth", INSURANCE, 0),  # 3 and 5 against 1 and 7
    ("new_policy_premium_growth", INSURANCE, 100 * (465 - 415) / 415),
    ("claims_processing_time", INSURANCE, 50 / 3),
    ("age_of_open_claims", INSURANCE, (29 + 60) / 2),
    ("ecommerce_conversion_rate", SHOP, 25),
    ("ecommerce_conversion_rate_by_visitor", SHOP, 50),
    ("cart_abandonment_rate", SHOP, 200 / 3),
    # of b and d, who had not finished 2026A, b came back
    ("student_retention_rate", COURSES, 50),
    ("course_completion_rate", COURSES, 100 / 3),
    ("average_revenue_per_user", COURSES, 90 / 3 * 365 / 92),  # a, b and e
]


@pytest.mark.parametrize(("kpi", "tables", "expected"), BY_HAND, ids=[case[0] for case in BY_HAND])
def test_by_hand(kpi, tables, expected):
    assert figure(kpi, tables) == pytest.approx(expected)


def test_each_is_counted_by_hand():
    own = {name for name, each in CATALOGUE.items() if each.area.startswith("industry_")}
    elsewhere = {"sharpe_ratio", "risk_adjusted_return", "client_expansion_rate_by_subscription"}
    assert own - {name for name, _, _ in BY_HAND} == elsewhere


def test_the_subscribers_who_pay_more():
    spans = """
        subscriptions: subscription_id account_id mrr starts_on ends_on
        1 x 10 2026-01-01 2026-08-01
        2 x 20 2026-08-01 -
        3 y 10 2026-01-01 -
        4 z 10 2026-08-01 -
    """
    assert figure("client_expansion_rate_by_subscription", spans) == 50


def test_return_for_risk_over_the_last_four_periods():
    """a and b: excess of 2 and 4, and of 0 and 2, deviation sqrt 2; c has one return, d no deviation. The market's
    excess was 1 and 3: as much deviation, so that returns stay what they were."""
    sharpe = (3 + 1) / 2 / 2**0.5 * 12**0.5
    assert figure("sharpe_ratio", RETURNS) == pytest.approx(sharpe)
    assert figure("risk_adjusted_return", RETURNS) == pytest.approx(12 * (4 + 2) / 2)
    assert figure("sharpe_ratio", RETURNS, "2027Q3") is None


def test_returns_by_quarter_are_set_as_such():
    chosen = with_settings(CATALOGUE, {"mean_return_at_market_risk": {"periods_per_year": 4}})
    found = evaluate(chosen["risk_adjusted_return"], dataset(RETURNS), periods="2026Q3").frame["value"].item()
    assert found == pytest.approx(4 * 3)


# ---- nothing to count, nothing known, nothing to divide by

VALUED = "holdings: account_id product_id as_of market_value\n"
ENROLLED = "enrolments: enrolment_id account_id term enrolled_at completed_at\n"
POLICIES = "policies: policy_id account_id starts_on ends_on cancelled_at premium\n"
CLAIMS = "claims: claim_id closed_at paid reserve_change\n 1 2026-07-01 5 0\n"
NOTHING = [
    ("assets_under_management", VALUED + "a p 2026-09-30 -", None),
    ("assets_under_management", VALUED + "a p 2026-09-30 0", 0),
    ("assets_under_management", VALUED + "a p 2026-10-01 5", None),
    ("assets_under_management", VALUED + "a p 2026-06-22 5\n b q 2026-06-21 6", 5),  # 100 days, 101 days
    ("cross_sell_ratio", VALUED + "a p 2026-09-30 0", None),
    ("student_retention_rate", ENROLLED + "1 a T1 2026-07-01 -", None),
    ("student_retention_rate", ENROLLED + "1 a T1 2026-07-01 2026-08-01\n 2 b T2 2026-08-01 -", None),
    ("student_retention_rate", ENROLLED + "1 a T1 2026-07-01 -\n 2 b T2 2026-08-01 -", 0),
    ("student_retention_rate", ENROLLED + "1 a T1 2026-07-01 -\n 2 a T2 2026-08-01 -", 100),
    ("loss_ratio", POLICIES + "1 x 2026-07-01 2026-07-01 - 9\n" + CLAIMS, None),
    ("loss_ratio", POLICIES + "1 x 2026-01-01 2027-01-01 2026-07-01 9\n" + CLAIMS, None),
    ("loss_ratio", POLICIES + "1 x 2026-07-01 2026-07-11 - 10\n" + CLAIMS, 50),
    ("policyholder_growth_rate", POLICIES + "1 x 2026-07-01 2027-07-01 - 9", None),
    ("policyholder_growth_rate", POLICIES + "1 x 2026-01-01 2027-07-01 2026-08-01 9", -100),
    ("first_call_resolution",
     "tickets: ticket_id resolved_at contacts\n 1 2026-07-01 -\n cc_calls: cc_call_id ticket_id direction queued_at\n"
     "1 9 in 2026-01-01", None),
    ("average_handle_time", "cc_calls: cc_call_id answered_at talk_s hold_s wrap_s\n 1 2026-07-01 60 - 60", None),
    ("call_abandonment_rate",
     "cc_calls: cc_call_id direction queued_at abandoned_at\n 1 out 2026-07-01 2026-07-01", None),
    ("agent_commission_rate", "listings: listing_id sold_at sale_price seller_commission\n 1 2026-07-01 0 0", None),
    ("utilization_rate", "rep_hours: rep_id day hours_available hours_billable\n a 2026-07-01 0 0", None),
    ("technical_win_rate", "deals: deal_id tech_evaluated_at tech_won\n a 2026-07-01 -", None),
    ("product_mix_concentration",
     "products: product_id family\n p x\n orders: order_id ordered_at\n 1 2026-07-01\n"
     "order_lines: order_id line_no product_id revenue\n 1 1 p 0", None),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "tables", "expected"), NOTHING)
def test_nothing_to_count(kpi, tables, expected):
    assert figure(kpi, tables) == expected


# ---- groups


def test_the_product_mix_is_a_share_of_the_whole():
    assert by_group("product_mix_ratio", ORDERS, "product_family") == pytest.approx(
        {"care": 440 / 600, "tools": 0.4 / 1.5}
    )


def test_assets_by_segment():
    assert by_group("assets_under_management", HOLDINGS, "segment") == {"smb": 100, "enterprise": 100, None: 0}


def test_policies_by_line():
    assert by_group("policyholder_growth_rate", INSURANCE, "product_line") == {"Home": -50, "Car": None}
    assert by_group("loss_ratio", INSURANCE, "product_line") == pytest.approx({"Home": 9000 / 214, "Car": 0})


def test_support_by_tier():
    assert by_group("support_response_time", CENTRE, "ticket_tier") == {"general": 6, "high_value": 36}


# ---- the past as it stood


def test_what_is_held_as_of_a_day():
    """On August 1 a's valuation of June is its last one, and nobody knows of another to come."""
    assert figure("assets_under_management", HOLDINGS, as_of="2026-08-01") == 1800 + 100 + 500


def test_a_policy_earns_up_to_the_day_seen():
    earned = 31 * 2 + 30  # of 2; of 4 up to its cancelling
    assert figure("paid_loss_ratio", INSURANCE, as_of="2026-07-31") == pytest.approx(100 * 60 / earned)


def test_a_later_listing_is_not_sold_yet():
    assert figure("listing_to_sale_ratio", LISTINGS, as_of="2026-09-28") == 0
