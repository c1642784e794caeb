"""KPIs of rows that can be added up in the head, for the third quarter of 2026: July 1 to September 30, 92 days."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from small import by_group, figure, frames

from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset

DEALS = """
    deals: deal_id account_id status kind amount annual_value created_at first_contact_at closed_at list_amount \
        negotiation_started_at
    a x won  new     100 100 2026-06-21 2026-06-11 2026-07-01T23:59 100 2026-06-30
    b x won  upsell  300 150 2026-08-01 2026-08-01 2026-08-31       400 2026-08-10
    c y lost upsell  200 -   2026-08-01 -          2026-09-30T23:59 200 2026-08-10
    d y won  renewal 800 -   2026-06-01 2026-06-01 2026-10-01       800 -
    e y open new     999 -   2026-09-30 -          -                -   -
"""
CONTRACTS = """
    deals: deal_id account_id status amount annual_value term_months closed_at
    a x won  240 -   24 2025-07-01
    b x won  50  60  -  2026-03-01
    c y won  90  -   -  2026-09-30T10:00
    d z won  90  -   12 2025-09-30T10:00
    e z lost 500 500 12 2026-09-01
"""
ORDERS = """
    accounts: account_id became_customer_at is_strategic
    x 2026-07-15 yes
    y 2025-01-01 no
    z -          -
    orders: order_id account_id ordered_at amount deductions
    1 x 2026-07-20       100 10
    2 x 2026-09-30T23:59 200 -
    3 y 2026-08-01       300 30
    4 y 2026-06-30T23:59 400 0
    5 z 2026-08-01       600 0
    6 y 2025-08-01       800 0
    7 x 2026-05-01       150 0
    order_lines: order_id line_no revenue cogs
    1 1 60  20
    1 2 40  20
    2 1 100 10
    4 1 500 500
"""
SUBSCRIPTIONS = """
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 grows   100 2025-01-01 2026-08-01
    2 grows   150 2026-08-01 -
    3 shrinks 100 2025-01-01 2026-09-01
    4 shrinks 60  2026-09-01 -
    5 leaves  100 2025-10-01 2026-09-30
    6 comes   40  2026-09-30 2026-10-01
    7 later   999 2026-10-01 -
"""
PIPELINE = """
    stages: stage position default_probability typical_days
    early 1 0.1 30
    late  2 0.5 30
    reps: rep_id team
    r1 North
    r2 South
    deals: deal_id owner_rep_id sdr_rep_id stage amount expected_close_at created_at closed_at status
    a r2 r1 late  500 2026-12-01 2026-06-01 -                open
    b r1 -  early 200 2026-08-01 2026-06-30 2026-07-01       won
    c r1 r1 late  300 2026-09-30 2026-07-01 2026-09-30T12:00 lost
    d r1 r1 early 700 2026-09-15 2026-09-20 -                open
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 a stage             early      late       2026-07-10
    2 a amount            400        500        2026-07-20
    3 a expected_close_at 2026-09-01 2026-12-01 2026-08-01
    4 a owner_rep_id      r1         r2         2026-08-02
    5 d amount            600        700        2026-10-05
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 rep  r1    revenue 2026-07-01 2026-09-30 100
    2 rep  r2    -       2026-09-01 2026-10-30 600
    3 team South revenue 2026-07-01 2026-09-30 999
    4 rep  r2    units   2026-07-01 2026-09-30 999
    activities: activity_id deal_id at kind direction outcome duration_s replied_at
    1 a 2026-08-30T23:00 call  out connected 3600 -
    2 a 2026-09-01T00:00 email in  -         -    -
    3 d 2026-09-30T23:00 email out -         -    -
    4 d 2026-09-30T23:00 email out -         3600 2026-10-01
    5 a 2026-10-02       call  out connected 3600 -
"""
ACCOUNTS = """
    accounts: account_id created_at became_customer_at ended_at referred_by_account_id is_target provider_matched
    a 2020-01-01 2020-01-01 -          - yes yes
    b 2020-01-01 2020-01-01 2026-07-01 - yes -
    c 2020-01-01 2026-06-30 2026-10-01 - no  yes
    d 2020-01-01 2020-01-01 2026-06-30 - -   -
    e 2026-07-01 2026-07-01 2026-09-01 a yes no
    f 2026-09-30 2026-09-30 -          a yes no
    g 2026-09-30 2026-10-01 -          d no  no
    costs: cost_id spent_on category amount
    1 2026-07-01 sales_salary 500
    2 2026-09-30 marketing    200
    3 2026-09-30 travel       999
    4 2026-10-01 marketing    999
    leads: lead_id sql_at
    1 2026-07-01
    2 -
    orders: order_id ordered_at amount
    1 2026-07-01 90
    2 2026-09-01 10
"""
LEADS = """
    leads: lead_id email is_inbound created_at assigned_at first_response_at sql_at deal_id customer_at
    a Ann@x.com yes 2026-07-01T10:00 2026-07-01T12:00 2026-07-01T13:00 2026-08-01 d1 2026-09-01
    b ann@x.com yes 2026-07-02T10:00 2026-07-02T10:00 2026-07-02T11:00 2026-08-01 -  -
    c -         yes 2026-09-30T23:00 -                -                -          -  -
    d bob@x.com no  2026-08-01       2026-08-01T00:00 2026-08-01T08:00 -          d2 -
    e eve@x.com yes 2026-10-01       2026-10-01       2026-10-02       2026-10-01 -  -
"""
TOUCHES = """
    activities: activity_id account_id deal_id kind direction outcome scheduled_at at is_follow_up delivered \
        opened_at next_step_at
    1 x a call     out connected  -          2026-07-01 no  -   -          -
    2 x a call     out no_answer  -          2026-07-02 yes -   -          -
    3 x a email    out -          -          2026-07-03 yes yes 2026-07-04 -
    4 y b email    out -          -          2026-07-03 no  yes -          -
    5 y - email    out -          -          2026-07-03 -   no  -          -
    6 y b meeting  in  held       2026-06-30 2026-07-08 -   -   -          2026-07-20
    7 y b demo     out held       2026-07-01 2026-07-09 -   -   -          -
    8 y b meeting  out no_show    2026-07-01 2026-07-09 -   -   -          -
    9 z - proposal in  -          -          2026-09-30 -   -   -          -
    0 z a call     out connected  -          2026-10-01 yes -   -          -
    deals: deal_id status closed_at
    a won  2026-07-03T08:00
    b won  2026-09-30
    c lost 2026-09-30
"""
PEOPLE = """
    reps: rep_id name team is_seller hired_at left_at
    a Ann North yes 2024-10-01 -
    b Bob North yes 2026-07-01 -
    c Cid North yes 2024-09-30 2026-08-01
    d Dan North no  2020-01-01 2026-06-30
    e Eve North no  2026-06-30 -
    activities: activity_id rep_id at outcome
    1 b 2026-07-03T12:00 no_answer
    2 b 2026-07-11T12:00 held
    deals: deal_id owner_rep_id status amount closed_at
    1 b won 90  2026-07-20
    2 b won 100 2026-08-31T23:00
    3 c won 10  2026-07-20
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 rep     b     revenue 2026-07-01 2026-07-31 100
    2 rep     b     -       2026-08-01 2026-08-31 100
    3 rep     c     units   2026-07-01 2026-07-31 1
    4 team    North revenue 2026-07-01 2026-09-30 250
    5 company co    revenue 2026-07-01 2026-12-31 999
    orders: order_id rep_id ordered_at amount
    1 b 2026-08-01 700
    2 b 2026-09-30 50
"""
STAGES = """
    stages: stage position
    first  1
    second 2
    stage_history: history_id deal_id lead_id stage entered_at left_at next_stage
    1 a - first  2026-07-01 2026-07-05 second
    2 a - second 2026-07-05 2026-07-09 won
    3 b - second 2026-07-01 2026-07-03 first
    4 - l first  2026-07-03 -          -
    5 c - first  2026-10-01 2026-10-02 second
    activities: activity_id deal_id lead_id at direction
    1 a - 2026-07-01T06:00 out
    2 a - 2026-07-01T03:00 in
    3 - l 2026-07-05T00:00 out
    deals: deal_id created_at
    a 2026-07-01
    b 2026-07-01
"""
REVIEWS = """
    activities: activity_id account_id kind at outcome decision_maker_present value_confirmed next_step_done_at
    1 x qbr  2026-07-01 held    yes yes 2026-07-31T23:00
    2 y qbr  2026-07-01 held    yes -   2026-08-01
    3 z qbr  2026-09-30 no_show yes no  -
    4 x call 2026-07-01 held    yes yes -
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 x 100 2026-01-01 -
    2 y 100 2026-01-01 2026-09-29
"""

BY_HAND = [
    # deals: three closed in the quarter, two of them won
    ("win_rate", DEALS, 200 / 3),
    ("win_rate_by_value", DEALS, 100 * 400 / 600),
    ("win_rate_of_cohort", DEALS, 100 / 3),  # of b, c, e
    ("average_deal_size", DEALS, 200),
    ("median_deal_size", DEALS, 200),
    ("number_of_deals_closed", DEALS, 2),
    ("closed_opportunities", DEALS, 3),
    ("qualified_opportunities", DEALS, 5),
    ("expansion_bookings", DEALS, 300),
    ("expansion_revenue_share", DEALS, 75),
    ("upsell_cross_sell_success_rate", DEALS, 50),
    ("negotiation_success_rate", DEALS, 100 / 3),  # b was sold at 25 percent off
    ("sales_cycle_length", DEALS, 20),  # 10 and 30 days
    ("sales_cycle_from_first_contact", DEALS, 25),  # 20 and 30 days
    ("pipeline_velocity", DEALS, 5 * (2399 / 5) * (2 / 3) / 20),
    ("annual_contract_value", CONTRACTS, (120 + 60 + 90) / 2),  # d's year was over on September 30, 10 o'clock
    ("annual_value_per_contract", CONTRACTS, 90),
    # orders of 100, 200, 300 and 600
    ("total_sales_revenue", ORDERS, 1200),
    ("net_sales_revenue", ORDERS, 1160),
    ("average_order_value", ORDERS, 300),
    ("new_customer_revenue", ORDERS, 300),
    ("existing_customer_revenue", ORDERS, 300),
    ("new_vs_existing_sales", ORDERS, 50),
    ("gross_margin", ORDERS, 75),
    ("sales_growth", ORDERS, 100 * (1200 - 550) / 550),
    ("sales_growth_year_on_year", ORDERS, 50),
    ("strategic_account_growth", ORDERS, 100),
    ("purchase_frequency", ORDERS, 4 / 3 * 365 / 92),
    # subscriptions: 300 a month before, 150 + 60 + 40 after
    ("monthly_recurring_revenue", SUBSCRIPTIONS, 250),
    ("annual_recurring_revenue", SUBSCRIPTIONS, 3000),
    ("mrr_growth_rate", SUBSCRIPTIONS, 25),
    ("expansion_revenue", SUBSCRIPTIONS, 12 * 50),
    ("contraction_revenue", SUBSCRIPTIONS, 12 * 40),
    ("churned_revenue", SUBSCRIPTIONS, 12 * 100),
    ("net_revenue_retention", SUBSCRIPTIONS, 70),
    ("gross_revenue_retention", SUBSCRIPTIONS, 100 * 160 / 300),
    # pipeline: at the start a (early, 400, due in the quarter) and b; at the end a (late, 500) and d (600)
    ("pipeline_value", PIPELINE, 1100),
    ("weighted_pipeline", PIPELINE, 500 * 0.5 + 600 * 0.1),
    ("deals_per_stage", PIPELINE, 2),
    ("pipeline_coverage_ratio", PIPELINE, (400 + 200) / (100 + 600 * 30 / 60)),
    ("remaining_coverage_ratio", PIPELINE, 600 / (400 - 200)),
    ("pipeline_generated", PIPELINE, 300 + 600),
    ("stale_pipeline_share", PIPELINE, 0),
    ("prospect_engagement_level", PIPELINE, (0.4 * 12.5 + 0.4 * 12.5 + 0.3 * 50 + 0.3 * 50) / 2),
    # accounts: a, b and c are customers at the start, b leaves on its first day; e and f come
    ("customer_churn_rate", ACCOUNTS, 100 / 3),
    ("customer_retention_rate", ACCOUNTS, 200 / 3),
    ("customer_lifespan", ACCOUNTS, 3 * 92),
    ("new_customer_acquisition", ACCOUNTS, 2),
    ("referral_customers", ACCOUNTS, 2),
    ("referral_generation_rate", ACCOUNTS, 100),
    ("customer_referral_rate", ACCOUNTS, 100 / 3),
    ("account_match_rate", ACCOUNTS, 25),
    ("customer_acquisition_cost", ACCOUNTS, 350),
    ("lead_generation_effectiveness", ACCOUNTS, 5),
    ("revenue_per_account", ACCOUNTS, 100 / 5),
    # leads a to d came in; a was answered in three hours, b in one, c not
    ("new_leads_added", LEADS, 3),
    ("lead_conversion_rate", LEADS, 25),
    ("lead_to_opportunity_rate", LEADS, 50),
    ("sql_to_opportunity_ratio", LEADS, 50),
    ("sales_response_time", LEADS, 2),
    ("median_lead_response_time", LEADS, 1),
    ("lead_response_time", LEADS, 10 / 3),
    ("inquiries_answered", LEADS, 200 / 3),
    ("inquiries_answered_within_an_hour", LEADS, 100 / 3),
    # touches 1 to 9
    ("activity_volume", TOUCHES, 9),
    ("calls_made", TOUCHES, 2),
    ("emails_sent", TOUCHES, 3),
    ("meetings_held", TOUCHES, 1),
    ("demos_conducted", TOUCHES, 1),
    ("meetings_booked", TOUCHES, 2),
    ("next_step_commitment_rate", TOUCHES, 50),
    ("call_to_meeting_rate", TOUCHES, 100),
    ("sales_call_conversion_rate", TOUCHES, 100),
    ("follow_ups_completed", TOUCHES, 2),
    ("follow_up_frequency", TOUCHES, 2 / 3),
    ("follow_ups_to_close", TOUCHES, 1),  # two on a, none on b
    ("email_open_rate", TOUCHES, 50),
    ("email_deliverability_rate", TOUCHES, 200 / 3),
    # people: Ann, Cid and Eve at the start (Dan's last day was June 30); Ann, Bob and Eve at the end
    ("employee_turnover_rate", PEOPLE, 100 / 3 * 365 / 92),
    ("sales_team_loyalty_rate", PEOPLE, 50),
    ("tenured_seller_share", PEOPLE, 0),  # Ann joined 729 days before September 30
    ("rep_tenure", PEOPLE, (729 + 91) / 2),
    ("sales_per_rep", PEOPLE, 750 / 2),
    ("ramp_up_time", PEOPLE, 10),
    ("sellers_not_yet_engaged", PEOPLE, 0),
    ("time_to_full_quota", PEOPLE, 61),  # the August quota was the first one met
    ("individual_quota_attainment", PEOPLE, 100),
    ("team_quota_attainment", PEOPLE, 80),
    ("sales_target_achievement_rate", PEOPLE, 100 / 3),
    # stages: of four visits begun in the quarter two went on
    ("stage_conversion_rate", STAGES, 50),
    ("lead_waiting_time", STAGES, (6 + 96 + 48 + 48) / 4),
    ("qbr_effectiveness", REVIEWS, (100 + 25 + 0) / 3),
]


@pytest.mark.parametrize(("kpi", "tables", "expected"), BY_HAND, ids=[case[0] for case in BY_HAND])
def test_by_hand(kpi, tables, expected):
    assert figure(kpi, tables) == pytest.approx(expected)


# ---- nothing to count, nothing known, nothing to divide by

NOTHING = [
    ("win_rate", "deals: deal_id status closed_at\n a open -", None),  # nothing closed
    ("win_rate", "deals: deal_id status closed_at\n a - 2026-07-01", None),  # nobody knows how it ended
    ("win_rate", "deals: deal_id status closed_at\n a lost 2026-07-01", 0),
    ("number_of_deals_closed", "deals: deal_id status closed_at\n a lost 2026-07-01", 0),
    ("number_of_deals_closed", "deals: deal_id status closed_at\n a won 2026-10-01", None),
    ("expansion_bookings", "deals: deal_id status kind amount closed_at\n a won new 9 2026-07-01", 0),
    ("expansion_bookings", "deals: deal_id status kind amount closed_at\n a won upsell - 2026-07-01", None),
    ("average_deal_size", "deals: deal_id status amount closed_at\n a won - 2026-07-01", None),
    ("average_deal_size", "deals: deal_id status amount closed_at\n a won - 2026-07-01\n b won 8 2026-07-01", 8),
    ("total_sales_revenue", "orders: order_id ordered_at amount\n a 2026-07-01 -", None),
    ("total_sales_revenue", "orders: order_id ordered_at amount\n a 2026-07-01 0", 0),
    ("sales_growth", "orders: order_id ordered_at amount\n a 2026-07-01 5", None),  # from nothing
    ("sales_growth", "orders: order_id ordered_at amount\n a 2026-05-01 5", -100),  # to nothing
    ("gross_margin", "orders: order_id ordered_at\n a 2026-07-01\n"
     " order_lines: order_id line_no revenue cogs\n a 1 0 5", None),
    ("sales_call_conversion_rate", "deals: deal_id status closed_at\n a won 2026-07-01\n"
     " activities: activity_id kind direction at\n 1 call out 2026-06-01", None),
    ("sales_call_conversion_rate", "deals: deal_id status closed_at\n a won 2026-06-01\n"
     " activities: activity_id kind direction at\n 1 call out 2026-07-01", 0),
    ("customer_churn_rate", "accounts: account_id became_customer_at ended_at\n a 2026-07-01 2026-08-01", None),
    ("customer_lifespan", "accounts: account_id became_customer_at ended_at\n a 2020-01-01 -", None),
    ("net_revenue_retention", "subscriptions: subscription_id account_id mrr starts_on ends_on\n 1 x 5 2026-08-01 -",
     None),
    ("remaining_coverage_ratio", "deals: deal_id status amount expected_close_at created_at closed_at\n"
     " a won 9 2026-08-01 2026-07-01 2026-07-02\n"
     " quotas: quota_id owner_kind owner_id measure starts_on ends_on amount\n"
     " 1 rep r revenue 2026-07-01 2026-09-30 9", None),
    ("pipeline_coverage_ratio", "deals: deal_id status amount expected_close_at created_at closed_at\n"
     " a open 9 2026-08-01 2026-06-01 -\n"
     " quotas: quota_id owner_kind owner_id measure starts_on ends_on amount\n"
     " 1 rep r revenue 2026-07-01 2026-09-30 0", None),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "tables", "expected"), NOTHING)
def test_nothing_to_count(kpi, tables, expected):
    assert figure(kpi, tables) == expected


def test_a_group_without_rows_is_null_beside_groups_with_some():
    """South closed something a quarter before: it is in the table, without a figure."""
    deals = """
        reps: rep_id team
        n North
        s South
        deals: deal_id owner_rep_id status closed_at
        a n won  2026-07-01
        b n lost 2026-07-01
        c s won  2026-04-01
        d - lost 2026-07-01
    """
    assert by_group("win_rate", deals, "team", "2026Q3") == {"North": 50, None: 0}
    both = by_group("win_rate", deals, "team", "2026Q3", compare="previous")
    assert both == {"North": 50, "South": None, None: 0}


def test_part_of_health_that_cannot_be_known_is_left_out():
    """Stage entries but no earlier ones: there is no usual conversion to compare with, and nothing else is known."""
    visits = """
        stages: stage position typical_days
        first 1 30
        stage_history: history_id deal_id stage entered_at left_at next_stage
        1 a first 2026-07-01 2026-07-05 won
        deals: deal_id owner_rep_id stage status amount expected_close_at created_at closed_at
        a r first open 5 2026-08-01 2026-07-01 -
        quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
        1 rep r revenue 2026-01-01 2026-01-31 5
        activities: activity_id deal_id at
        1 a 2026-09-30
    """
    assert figure("stale_pipeline_share", visits) == 0
    assert figure("deals_within_typical_days", visits) == 0
    assert figure("pipeline_health", visits) == 50


def test_visits_that_have_not_gone_on_count_as_not_gone_on():
    visits = """
        stages: stage position
        first 1
        stage_history: history_id deal_id stage entered_at left_at next_stage
        1 a first 2026-07-01 - -
    """
    assert figure("stage_conversion_rate", visits) == 0


# ---- groups that are easily got wrong

OF_A_DEAL = """
    accounts: account_id segment channel
    x smb Event
    deals: deal_id account_id segment channel status amount created_at closed_at
    a x enterprise Partner open 5 2026-06-01 -
"""
INTRODUCED = """
    reps: rep_id team
    n North
    s South
    accounts: account_id owner_rep_id became_customer_at ended_at referred_by_account_id
    a s 2020-01-01 - -
    b s 2020-01-01 - -
    c n 2020-01-01 - -
    d n 2026-07-01 - a
    e n 2026-07-01 - b
"""
VISIT_OF_UNKNOWN_STAGE = """
    deals: deal_id stage created_at
    a late 2026-06-01
    stages: stage position
    late 2
    stage_history: history_id deal_id stage entered_at left_at next_stage
    1 a - 2026-07-01 - -
"""
GROUPS = [
    ("pipeline_value", "segment", OF_A_DEAL,
     {"enterprise": 5}),
    ("pipeline_value", "channel", OF_A_DEAL,
     {"Partner": 5}),
    ("customer_referral_rate", "team", INTRODUCED,
     {"North": 0, "South": 100}),
    ("stage_conversion_rate", "stage",
     VISIT_OF_UNKNOWN_STAGE, {None: 0}),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "by", "tables", "expected"), GROUPS)
def test_a_group_is_the_row_s_own(kpi, by, tables, expected):
    assert by_group(kpi, tables, by) == expected


UNKNOWN = [
    ("expansion_bookings", "deals: deal_id status kind amount closed_at\n a - upsell 5 2026-07-01"),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "tables"), UNKNOWN)
def test_unknown_is_not_nothing(kpi, tables):
    assert figure(kpi, tables) is None


def test_a_quota_met_on_the_last_day_there_is():
    hired = """
        reps: rep_id hired_at is_seller
        b 2026-07-01 yes
        deals: deal_id owner_rep_id status amount created_at closed_at
        1 b won 100 2026-07-20 2026-08-31
        quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
        1 rep b revenue 2026-08-01 2026-08-31 100
    """
    assert figure("time_to_full_quota", hired) == 61


# ---- the direct form: a KPI is a Polars expression

DIRECT = [
    ("win_rate", "deals", DEALS), ("win_rate_by_value", "deals", DEALS), ("average_deal_size", "deals", DEALS),
    ("median_deal_size", "deals", DEALS), ("closed_opportunities", "deals", DEALS),
    ("expansion_revenue_share", "deals", DEALS), ("total_sales_revenue", "orders", ORDERS),
    ("net_sales_revenue", "orders", ORDERS), ("average_order_value", "orders", ORDERS),
    ("lead_conversion_rate", "leads", LEADS), ("new_leads_added", "leads", LEADS),
    ("median_sales_response_time", "leads", LEADS), ("calls_made", "activities", TOUCHES),
    ("email_open_rate", "activities", TOUCHES), ("follow_up_frequency", "activities", TOUCHES),
]  # fmt: skip
#: Whose row it is, and what dates it.
FORMS = {
    "deals": ("owner_rep_id", "closed_at"),
    "orders": ("rep_id", "ordered_at"),
    "leads": ("owner_rep_id", "created_at"),
    "activities": ("rep_id", "at"),
}


@pytest.mark.parametrize(("name", "table", "tables"), DIRECT)
def test_the_direct_form_equals_evaluate(name, table, tables):
    found = frames(tables)
    owner, dated = FORMS[table]
    every_second = pl.when(pl.int_range(pl.len()) % 2 == 0)
    rows = found[table].with_columns(team=every_second.then(pl.lit("North")).otherwise(pl.lit("South")))
    inside = pl.col(dated).is_between(datetime(2026, 7, 1), datetime(2026, 10, 1), closed="left")
    direct = dict(rows.filter(inside).group_by("team").agg(CATALOGUE[name]()).iter_rows())
    reps = pl.DataFrame({"rep_id": ["North", "South"], "team": ["North", "South"]})
    data = Dataset.of({**found, table: rows.rename({"team": owner}), "reps": reps})
    assert by_group(name, data, "team") == pytest.approx(direct)
    assert set(direct) == {"North", "South"}
