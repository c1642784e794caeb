"""Predictive KPIs: rules worked out here, and scores that a model or a person gave."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import deals, intent, mood, pipeline, revenue, risk, scores


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_without_recent_touch(untouched=risk.untouched_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that nobody touched in the last 14 days.

    Source: [003], a part of the deal risk score.
    """
    return percent(untouched, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_slower_than_won(slow=risk.slow_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that have stood in their stage longer than three quarters of
    the deals won before did.

    Source: [003], a part of the deal risk score.
    """
    return percent(slow, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_pushed_repeatedly(pushed=risk.pushed_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period whose closing date was moved later at least twice, as the log
    of changes tells.

    Source: [003], a part of the deal risk score.
    """
    return percent(pushed, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_overdue(overdue=risk.overdue_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that should have closed by then.

    Source: [003], a part of the deal risk score.
    """
    return percent(overdue, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_without_next_step(unplanned=risk.deals_without_plan.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period for which no next step lies ahead, neither agreed with the
    buyer on a touch nor named by the deal.

    A deal names the step of today only; what was planned at a past end of a period is told by its touches.

    Source: [003], a part of the deal risk score.
    """
    return percent(unplanned, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_with_falling_sentiment(souring=risk.souring_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period on whose calls the buyer sounds worse and worse: a falling
    line through two calls or more in 180 days.

    Source: [003], a part of the deal risk score.
    """
    return percent(souring, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_cut_in_value(cut=risk.cut_deals.at_end, open_deals=pipeline.open_deals.at_end) -> pl.Expr:
    """Share of the deals open at the end of the period that stand a fifth or more under the highest contract value
    they had.

    Source: [003], a part of the deal risk score.
    """
    return percent(cut, open_deals)


@kpi(unit="percent", better="lower", roles=("ae", "manager"), timing="leading", kind="quality", form="proportion")
def deals_without_decision_maker(
    unmet=risk.deals_without_decision_maker.at_end, open_deals=pipeline.open_deals.at_end
) -> pl.Expr:
    """Share of the deals open at the end of the period on which no decision maker has been met.

    Source: [003], a part of the deal risk score.
    """
    return percent(unmet, open_deals)


@composite(
    weights={
        "untouched": 2, "slow": 3, "pushed": 2, "overdue": 3, "unplanned": 2, "souring": 1, "cut": 1, "unmet": 2,
    },
    better="lower",
    roles=("ae", "manager"),
    timing="leading",
    kind="quality",
    aliases=("Deal Risk Indicators", "At-Risk Deals"),
)  # fmt: skip
def deal_risk_score(
    untouched=deals_without_recent_touch,
    slow=deals_slower_than_won,
    pushed=deals_pushed_repeatedly,
    overdue=deals_overdue,
    unplanned=deals_without_next_step,
    souring=deals_with_falling_sentiment,
    cut=deals_cut_in_value,
    unmet=deals_without_decision_maker,
) -> None:
    """Mean over the deals open at the end of the period of the weight of the signs of trouble each shows, from 0 for
    none to 100 for all eight.

    A sign that the data cannot tell counts as not shown. The parts say which signs there are.

    Source: [003].
    """


@kpi(
    unit="currency",
    better="none",
    roles=("manager", "executive"),
    timing="leading",
    kind="outcome",
    label="Revenue forecast",
    aliases=("Revenue Forecasting", "Predicted Revenue"),
)
def revenue_forecast(
    won=deals.won_amount,
    due=scores.expected_amount.at_end,
    recurring=scores.recurring_in_period.at_start,
    monthly=revenue.recurring_revenue.at_start,
    gone=scores.mrr_gone_in_a_year,
    before=scores.mrr_of_a_year_ago,
) -> pl.Expr:
    """Revenue to expect of the period: what has been won in it, what is open and due in the rest of it at the chance
    of its stage, and what subscriptions live at its start bring, less the part of a year's losses that falls on it.

    The most likely figure and no more: its interval, deals yet to be created and a spread of closing dates need
    simulation. A deal closes in the period if it is expected to, and when the period is over nothing open counts.

    Source: [001], [003].
    """
    years = recurring / (revenue.MONTHS_PER_YEAR * monthly)
    leaving = pl.when((before > 0) & (monthly > 0)).then(gone / before * years).otherwise(0.0)
    return won + due + recurring * (1 - leaving)


@kpi(
    unit="probability",
    better="lower",
    roles=("am", "manager", "executive"),
    timing="leading",
    kind="outcome",
    aliases=("Churn Risk",),
)
def churn_probability(chance=scores.mean_churn_probability.at_end) -> pl.Expr:
    """Mean chance that a customer at the end of the period leaves within 90 days, by the last score each was given.

    A customer without a score is left out.

    Source: [003].
    """
    return chance


@kpi(
    unit="score",
    better="higher",
    roles=("am", "manager"),
    timing="leading",
    kind="quality",
    aliases=("Customer Sentiment Trends",),
)
def customer_sentiment_trend(slope=mood.mean_mood_slope.at_end) -> pl.Expr:
    """Mean over customers of how their mood moved in the 180 days before the end of the period: the slope in 30 days
    of a line through their calls and survey answers, all on a scale from -1 to 1.

    A customer with fewer than three points is left out.

    Source: [003].
    """
    return slope


@kpi(
    unit="probability",
    better="none",
    roles=("ae", "manager"),
    timing="leading",
    kind="outcome",
    aliases=("Closing Probability", "Predictive Modeling"),
)
def deal_win_probability(chance=scores.mean_win_probability.at_end) -> pl.Expr:
    """Mean chance of the deals open at the end of the period: the share won of the earlier deals that had been in the
    same stage, drawn towards the stage's default probability as if that rested on 20 deals.

    Age, kind and segment are left to a model, whose figures the scored win probability tells.

    Source: [001], [003].
    """
    return chance


@kpi(unit="probability", better="none", roles=("ae", "manager"), timing="leading", kind="outcome")
def scored_win_probability(chance=scores.mean_scored_win_probability.at_end) -> pl.Expr:
    """Mean chance of the deals open at the end of the period, by the last score each was given.

    A deal without a score is left out.

    Source: [003], with a model's or a person's scores.
    """
    return chance


@kpi(
    unit="probability",
    better="none",
    roles=("sdr", "rep", "manager"),
    timing="leading",
    kind="quality",
    aliases=("Lead Scoring", "Hot Lead Flag"),
)
def predictive_lead_score(chance=scores.mean_lead_score.at_end) -> pl.Expr:
    """Mean chance that a lead still open at the end of the period becomes a customer, by the last score each was
    given.

    A lead without a score is left out.

    Source: [001].
    """
    return chance


@kpi(
    unit="score",
    better="higher",
    roles=("sdr", "ae"),
    timing="leading",
    kind="quality",
    aliases=("Intent Score", "B2B Intent"),
)
def buyer_intent_score(interest=intent.mean_buying_interest.at_end) -> pl.Expr:
    """Mean interest from 0 to 100 of the accounts that have shown any: the weights of their buying signals, each
    halved for every 14 days of its age at the end of the period.

    Source: [001].
    """
    return interest
