"""The red flags: an ordinary mapping by id. Limits without a source are our own defaults, to be set by the company.

Changes are in percent unless they are in points; `below=-10` is a fall of more than ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from kpitools.analyses.flags.conditions import Change, Holds, Level, Mismatch, Outlier, Streak, Swing, Uneven
from kpitools.analyses.flags.rules import COHORT, Rule
from kpitools.kpis.kpi import Kpi, kpi
from kpitools.measures import pipeline


@kpi(unit="currency", better="none", roles=("manager", "ae"), timing="leading", kind="outcome")
def amount_due(due=pipeline.due_amount.at_end) -> pl.Expr:  # type: ignore[no-untyped-def]
    """Contract value of the deals open at the end of the period and due in it."""
    return due


#: KPIs that only rules need.
HELPERS: Mapping[str, Kpi] = MappingProxyType({amount_due.id: amount_due})

#: Days after which most of what began in a period has come out.
RIPE = 90
#: Days within which a touch is a follow-up, and one more.
FOLLOWED = 4

REVENUE = (
    Rule("annual_recurring_revenue_falls", ("annual_recurring_revenue",), Change(below=-2),
         "Yearly recurring revenue is shrinking: more is lost than won.", ("[003]",), severity=3),
    Rule("recurring_growth_slows", ("arr_growth_rate",), Change(below=-2, points=True),
         "Recurring revenue still grows, but more slowly than before.", ("[003]",)),
    Rule("annual_recurring_revenue_uneven", ("annual_recurring_revenue",), Swing(above=1, of_mean=True),
         "Gains in recurring revenue come in jumps, so plans built on them are shaky.", ("[003]",), severity=1),
    Rule("monthly_recurring_revenue_falls", ("monthly_recurring_revenue",), Change(below=0),
         "Monthly recurring revenue is lower than before.", ("own",), severity=3),
    Rule("monthly_recurring_revenue_swings", ("monthly_recurring_revenue",), Swing(above=5),
         "Monthly recurring revenue goes up and down: winning or keeping customers is unsteady.", ("[000]",),
         severity=1),
    Rule("contract_value_falls", ("annual_contract_value",), Change(below=-5),
         "Contracts are getting smaller: little is added to them, or deals are sought where budgets are small.",
         ("[003]",)),
    Rule("low_contract_value", ("annual_contract_value",), Level(benchmark=1),
         "Contracts are smaller than is usual, so each costs much for what it brings.", ("[002]",), severity=1),
)  # fmt: skip
PIPELINE = (
    Rule("thin_coverage", ("pipeline_coverage_ratio",), Level(below=3.0),
         "There is too little in the pipeline to reach the quota at usual win rates.", ("[000]", "[003]"), severity=3),
    Rule("uneven_coverage_by_rep", ("pipeline_coverage_ratio",), Uneven(above=0.5),
         "Some have plenty in their pipeline and others next to nothing.", ("[003]",), over="rep", within="role"),
    Rule("uneven_pipeline_by_stage", ("pipeline_value",), Uneven(above=0.75),
         "The pipeline is lumpy: a gap in one stage is a gap in results some weeks later.", ("[003]",), severity=1,
         over="stage"),
    Rule("coverage_keeps_falling", ("pipeline_coverage_ratio",), Streak(3, "falling"),
         "The pipeline thins out against the quota from period to period.", ("[003]",), severity=3),
    Rule("one_stage_holds_pipeline", ("pipeline_value",), Holds(above=50),
         "Most of the value stands in one stage: deals pile up there, or nothing follows.", ("own",), over="stage"),
    Rule("deals_overstay", ("deals_within_typical_days",), Change(below=-5, points=True),
         "More deals than before stand in their stage longer than is usual.", ("own",)),
    Rule("pipeline_goes_stale", ("stale_pipeline_share",), Change(above=5, points=True),
         "More of the open deals than before are left without a touch.", ("[000]", "own")),
    Rule("team_with_stale_pipeline", ("stale_pipeline_share",), Outlier(above=15, points=True),
         "One team leaves far more deals untouched than the others.", ("[000]", "own"), over="team"),
    Rule("fewer_new_leads", ("new_leads_added",), Change(below=-5),
         "Fewer leads come in than before; the pipeline will feel it.", ("[002]",)),
)  # fmt: skip
CONVERSION = (
    Rule("low_lead_conversion", ("lead_conversion_rate",), Level(benchmark=0.5),
         "Far fewer leads become customers than is usual: they fit badly, or the first contact fails.",
         ("[000]", "[002]"), wait=RIPE),
    Rule("weak_stage", ("stage_conversion_rate",), Level(below=50.0),
         "More than half of what enters this stage goes no further.", ("[003]",), over="stage", wait=RIPE),
    Rule("leaking_stage", ("stage_conversion_rate",), Outlier(below=-25),
         "One stage loses far more deals than the others: the place to look first.", ("[003]",), severity=3,
         over="stage", wait=RIPE),
    Rule("stage_conversion_drops", ("stage_conversion_rate",), Change(below=-10, points=True),
         "Far fewer deals than before get through this stage.", ("[003]",), over="stage", wait=RIPE),
    Rule("low_win_rate", ("win_rate",), Level(benchmark=1),
         "Fewer of the deals that end are won than is usual.", ("[002]", "own")),
    Rule("win_rate_drops", ("win_rate",), Change(below=-5, points=True),
         "Fewer of the deals that end are won than before.", ("[003]", "own")),
    Rule("calls_without_meetings", ("calls_made", "meetings_booked"), Mismatch(Change(above=10), Change(below=2)),
         "There are more calls, but they lead to no more meetings.", ("[003]",)),
    Rule("calls_convert_poorly", ("calls_made", "call_to_meeting_rate"),
         Mismatch(Change(above=10), Change(below=-5, points=True)),
         "There are more calls, and a smaller part of them leads to a meeting.", ("[003]",)),
    Rule("long_waits", ("lead_waiting_time",), Level(above=72.0),
         "Buyers wait for days in a stage before sales gets back to them.", ("[002]",), wait=RIPE),
    Rule("waits_grow", ("lead_waiting_time",), Change(above=10),
         "Buyers wait longer for the next step than before.", ("[002]",), wait=RIPE),
    Rule("slow_first_answer", ("lead_response_time",), Level(benchmark=1),
         "New inquiries wait longer for a first answer than buyers will.", ("[000]", "own"), severity=1, wait=RIPE),
)  # fmt: skip
CUSTOMERS = (
    Rule("acquisition_gets_dearer", ("customer_acquisition_cost",), Change(above=10, against="year_ago"),
         "A new customer costs more than a year ago.", ("own",)),
    Rule("customers_cost_too_much", ("ltv_cac_ratio",), Level(below=3.0),
         "Customers bring in too little for what it costs to win them.", ("[003]",), severity=3),
    Rule("low_retention", ("customer_retention_rate",), Level(below=85.0),
         "Too many customers leave within a year: something they count on is missing.", ("[002]", "[003]"), severity=3,
         yearly=True),
    Rule("retention_falls", ("customer_retention_rate",), Change(below=-2, points=True),
         "More customers leave within a year than in the year before.", ("[002]", "[003]"), yearly=True),
    Rule("customer_base_shrinks", ("net_revenue_retention",), Level(below=100.0),
         "Without new customers revenue would shrink: losses outweigh what is added.", ("[003]", "own"), severity=3,
         yearly=True),
    Rule("cohort_leaves", ("customer_retention_rate",), Outlier(below=-10, points=True),
         "Of the customers who began in this period far fewer stayed for a year than of the others.", ("[000]", "own"),
         over=COHORT),
    Rule("account_in_poor_health", ("account_health_score",), Level(below=40.0),
         "This customer uses little, is discontent or reports much trouble.", ("[003]", "own"), over="account"),
)  # fmt: skip
ACTIVITY = (
    Rule("activity_drops", ("activity_volume",), Change(below=-20),
         "Far less is done than before, so less will come of it.", ("[003]",)),
    Rule("early_activity_drops", ("activity_volume",), Change(below=-20),
         "Far less is done for deals in their early stages: the gap shows when they should have closed.", ("[003]",),
         over="stage", only="early", as_then=True),
    Rule("activity_without_outcome", ("activity_volume", "number_of_deals_closed"),
         Mismatch(Change(above=10), Change(below=2)),
         "More is done than before, but no more deals are won.", ("[003]",)),
    Rule("busy_without_wins", ("activity_volume", "number_of_deals_closed"),
         Mismatch(Outlier(above=25), Outlier(below=-25)),
         "Does more than others of the same role and wins fewer deals.", ("[003]",), over="rep", within="role"),
    Rule("fewer_proposals", ("proposals_sent",), Change(below=-10),
         "Fewer proposals go out than before.", ("[003]",)),
    Rule("fewer_follow_ups", ("follow_ups_completed",), Change(below=-10),
         "There are fewer follow-ups than before.", ("[003]",)),
    Rule("follow_up_rate_falls", ("follow_up_rate",), Change(below=-5, points=True),
         "After meetings, proposals and answers, the next touch comes late or never more often than before.",
         ("[003]",), wait=FOLLOWED),
    Rule("engaged_but_not_buying", ("prospect_engagement_level", "win_rate"),
         Mismatch(Outlier(above=25), Outlier(below=-25)),
         "Buyers take part more than with others of the same role, yet fewer of them buy.", ("[000]", "[003]"),
         over="rep", within="role"),
)  # fmt: skip
CONVERSATION = (
    Rule("weak_calls", ("call_performance_score",), Level(below=60.0),
         "Calls fall short in several respects at once.", ("[003]", "own"), severity=1),
    Rule("talk_out_of_balance", ("talk_to_listen_ratio",), Level(below=0.54, above=1.86),
         "One side does nearly all the talking: more than 65 parts in a hundred.", ("[003]",)),
    Rule("buyers_disengaged", ("call_engagement_level",), Level(below=50.0),
         "Buyers hardly take part in calls.", ("[003]",)),
    Rule("key_messages_missed", ("key_message_delivery",), Level(below=70.0),
         "Much of what should be said on calls is not.", ("[003]",)),
    Rule("objections_unanswered", ("objection_handling_quality",), Level(below=60.0),
         "Too many objections go without an answer, or come back.", ("[003]",)),
    Rule("late_sentiment_negative", ("call_sentiment",), Level(below=0.0),
         "Buyers in a late stage sound displeased: deals that were counted on may be lost.", ("[003]", "own"),
         severity=3, over="deal_stage", only="late"),
    Rule("sentiment_drops", ("call_sentiment",), Change(below=-0.3, against="last", points=True),
         "The buyer of this deal sounds far less content than on the calls before.", ("[003]", "own"), over="deal"),
    Rule("rep_dominates_calls", ("talk_dominance_rate",), Streak(3, "reaching", 50.0),
         "Period after period the rep does most of the talking on at least half of the calls.", ("[003]", "own"),
         over="rep"),
)  # fmt: skip
TEAM = (
    Rule("turnover_above_usual", ("employee_turnover_rate",), Level(),
         "More people leave than is usual in the industry.", ("[000]", "own"), yearly=True),
    Rule("turnover_rises", ("employee_turnover_rate",), Change(above=5, points=True),
         "More people leave than in the year before.", ("[000]", "own"), yearly=True),
    Rule("low_team_loyalty", ("sales_team_loyalty_rate",), Level(below=85.0),
         "Many sellers left within a year; their customers may follow them.", ("[002]",), yearly=True),
    Rule("team_loyalty_falls", ("sales_team_loyalty_rate",), Change(below=-2, points=True),
         "More sellers left within a year than in the year before; watch their customers.", ("[002]",), yearly=True),
)  # fmt: skip
AHEAD = (
    Rule("deal_at_risk", ("deal_risk_score",), Level(reaching=50.0),
         "This deal shows several signs of stalling or being lost.", ("[003]", "own"), severity=3, over="deal"),
    Rule("due_deal_with_a_sign_of_risk", ("amount_due", "deal_risk_score"),
         Mismatch(Level(above=0.0), Level(above=0.0)),
         "This deal is due in the period and shows a sign of risk.", ("[003]", "own"), severity=1, over="deal"),
    Rule("customer_may_leave", ("churn_probability",), Level(reaching=0.5),
         "This customer is as likely to leave as to stay.", ("[003]", "own"), severity=3, over="account"),
    Rule("risk_of_leaving_doubles", ("churn_probability",), Change(reaching=100, least=0.2),
         "This customer is at least twice as likely to leave as before.", ("[003]", "own"), over="account"),
    Rule("customer_turns_away", ("customer_sentiment_trend", "call_sentiment"),
         Mismatch(Level(below=0.0), Level(below=0.0)),
         "This customer sounds displeased, and more so from call to call.", ("[003]", "own"), over="account"),
)  # fmt: skip

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rules in (REVENUE, PIPELINE, CONVERSION, CUSTOMERS, ACTIVITY, CONVERSATION, TEAM, AHEAD)
        for rule in rules
    }
)
