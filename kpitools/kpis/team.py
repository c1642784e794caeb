"""Team KPIs: quotas, targets, staff, working together, getting better."""

from __future__ import annotations

from functools import partial

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import deals, effects, initiatives, people, surveys, teamwork
from kpitools.measures.anchors import period_days

#: What a team and its manager are told of working together and getting better.
of_team = partial(kpi, better="higher", roles=("team", "manager"))
#: A part of the score of innovation.
of_innovation = partial(kpi, unit="score", better="higher", roles=("team", "manager", "executive"))


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    form="ratio",
)
def team_quota_attainment(won=deals.won_amount, quota=people.team_quota) -> pl.Expr:
    """Contract value won in the period as a share of the quota set for the teams.

    Source: [000].
    """
    return percent(won, quota)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "team", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Target Achievement",),
)
def sales_target_achievement_rate(met=people.quotas_met, ended=people.quotas_ended) -> pl.Expr:
    """Share of the quotas ending in the period that were met or beaten, of reps, teams and the company.

    Source: [000].
    """
    return percent(met, ended)


@kpi(
    unit="percent",
    better="lower",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    aliases=("Turnover Rate", "Sales Rep Turnover"),
)
def employee_turnover_rate(left=people.leavers, staff=people.headcount.average, days=period_days) -> pl.Expr:
    """Staff who left in the period as a share of average headcount, made yearly.

    Source: [000].
    """
    return percent(left, staff) * 365 / days


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Sales Rep Retention Rate",),
)
def sales_team_loyalty_rate(kept=people.sellers_kept.at_start, staff=people.seller_headcount.at_start) -> pl.Expr:
    """Share of the sellers at the start of the period who are still there at its end.

    Source: [002], reading (a).
    """
    return percent(kept, staff)


@kpi(
    unit="percent", better="higher", roles=("manager", "executive"), timing="lagging", kind="outcome", form="proportion"
)
def tenured_seller_share(tenured=people.tenured_sellers.at_end, staff=people.seller_headcount.at_end) -> pl.Expr:
    """Share of the sellers at the end of the period who have been there for two years or longer.

    Source: [002], reading (b).
    """
    return percent(tenured, staff)


@kpi(
    unit="days",
    better="higher",
    roles=("manager", "executive"),
    timing="lagging",
    kind="outcome",
    label="Average rep tenure",
    aliases=("Tenure",),
)
def rep_tenure(days=people.mean_tenure.at_end) -> pl.Expr:
    """Mean days that the sellers at the end of the period have been employed.

    Source: [002].
    """
    return days


@kpi(unit="score", better="higher", roles=("manager", "executive"), timing="leading", kind="quality")
def employee_satisfaction(score=surveys.mean_staff_score, answers=surveys.staff_answers, fewest: int = 5) -> pl.Expr:
    """Mean answer of staff in the surveys of the period, from 0 to 100.

    Not told for fewer than five answers, so that nobody's own can be guessed. Read it with the share who answered.

    Source: [000].
    """
    return pl.when(answers >= fewest).then(score)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager", "executive"),
    timing="leading",
    kind="quality",
    form="ratio",
    aliases=("Survey Answer Rate",),
)
def employee_survey_participation(answered=surveys.staff_who_answered, staff=people.headcount.average) -> pl.Expr:
    """Members of staff who answered a survey in the period, as a share of average headcount.

    Source: [000], to be read beside employee satisfaction.
    """
    return percent(answered, staff)


@kpi(
    unit="percent",
    better="higher",
    roles=("manager",),
    timing="lagging",
    kind="quality",
    aliases=("Training Effectiveness",),
)
def coaching_effectiveness(effect=effects.coaching_effect.at_end) -> pl.Expr:
    """How the KPI that a coaching aims at changed for the rep from the 90 days before it to the 90th to 180th day
    after it, in percent, less the same change for the reps of the role who had not been coached by then.

    The median over the coachings whose time after ends in the period. Where the role has no such reps it is plain
    before and after. Coachings are counted that aim at win rate, average deal size, sales cycle length (a fall is
    good), deals closed, sales per rep or revenue (both by contract value won) or activity volume. Reps who are picked
    because they were weak get better by chance alone.

    Source: [000].
    """
    return effect


@of_team(unit="count", timing="leading", kind="activity", aliases=("Number of Joint Sales Efforts",))
def joint_sales_efforts(joint=teamwork.joint_deals_worked) -> pl.Expr:
    """Deals open at some time in the period that two or more reps work on.

    Source: [000].
    """
    return joint


@of_team(
    unit="percent",
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Collaborative deal success rate",
    aliases=("Success Rate of Collaborative Deals",),
)
def collaborative_deal_win_rate(won=teamwork.joint_deals_won, closed=teamwork.joint_deals_closed) -> pl.Expr:
    """Share of the deals closed in the period with two or more reps on them that were won.

    Source: [000].
    """
    return percent(won, closed)


@of_team(unit="ratio", timing="leading", kind="activity", form="ratio", label="Shared information and resources")
def resource_sharing_rate(shared=teamwork.items_shared, staff=people.headcount.average) -> pl.Expr:
    """Items of information or material shared in the period per head of staff, by average headcount.

    Source: [000].
    """
    return shared / staff


@of_team(unit="percent", timing="leading", kind="quality", form="proportion", aliases=("Reuse Rate",))
def shared_item_reuse_rate(used=teamwork.shared_items_used, shared=teamwork.items_shared) -> pl.Expr:
    """Share of the items shared in the period that somebody else has used by the day seen.

    Source: [000], the other half of shared information and resources.
    """
    return percent(used, shared)


def up_to_full(reached: pl.Expr) -> pl.Expr:
    """What was reached of a goal as a score from 0 to 100; more than the goal is no more than 100."""
    return pl.when(reached.is_finite()).then((100 * reached).clip(0, 100))


@of_team(unit="score", timing="leading", kind="activity")
def joint_deal_score(joint=teamwork.joint_deals_worked, worked=deals.deals_worked, target: float = 0.3) -> pl.Expr:
    """How near the share of deals that two or more reps work on comes to its target (three in ten unless set).

    Source: [000], a part of team collaboration efficiency; the target is not in it.
    """
    return up_to_full(joint / worked / target)


@of_team(unit="score", timing="lagging", kind="outcome")
def joint_win_score(
    won=teamwork.joint_deals_won,
    closed=teamwork.joint_deals_closed,
    won_alone=teamwork.solo_deals_won,
    closed_alone=teamwork.solo_deals_closed,
) -> pl.Expr:
    """How near the win rate of joint deals comes to that of deals with one rep: 100 where it is no lower.

    Joint deals are often the larger ones; compare within a segment.

    Source: [000], a part of team collaboration efficiency.
    """
    return up_to_full(won / closed / (won_alone / closed_alone))


@of_team(unit="score", timing="lagging", kind="outcome")
def joint_pace_score(together=teamwork.mean_days_of_joint_deals, alone=teamwork.mean_days_of_solo_deals) -> pl.Expr:
    """How near the pace of joint deals comes to that of deals with one rep: 100 where they take no longer.

    Source: [000], a part of team collaboration efficiency.
    """
    return up_to_full(alone / together)


@composite(
    weights={"joint": 1.0, "wins": 1.0, "pace": 1.0, "reuse": 1.0},
    better="higher",
    roles=("team", "manager"),
    timing="leading",
    kind="quality",
)
def team_collaboration_efficiency(
    joint=joint_deal_score, wins=joint_win_score, pace=joint_pace_score, reuse=shared_item_reuse_rate
) -> None:
    """How well reps work together, from 0 to 100: the mean of how often they share a deal, how often they win and how
    fast they are then, and how much of what they share is used. A part that is not known is left out.

    Source: [000].
    """


@of_team(
    unit="count",
    timing="leading",
    kind="activity",
    label="New sales strategies implemented",
    aliases=("Number of New Sales Strategies Implemented",),
)
def new_initiatives_launched(launched=initiatives.initiatives_launched) -> pl.Expr:
    """Strategies, tools and techniques started in the period that somebody has put to use by the day seen.

    Of a team: those that somebody in the team uses.

    Source: [000].
    """
    return launched


@of_team(
    unit="percent",
    timing="leading",
    kind="quality",
    form="ratio",
    aliases=("Adoption Rate of New Tools or Technologies",),
)
def tool_adoption_rate(users=initiatives.tool_users.at_end, possible=initiatives.possible_tool_users.at_end) -> pl.Expr:
    """Share of the staff that has used a tool or technique in the last 30 days, at the end of the period: the mean
    over all those on offer then.

    Source: [000].
    """
    return percent(users, possible)


@of_team(unit="percent", timing="lagging", kind="outcome", label="Innovation impact on sales performance")
def innovation_impact(effect=effects.innovation_effect.at_end) -> pl.Expr:
    """How the KPI that an initiative aims at changed for those who took it up, from the 90 days before their first use
    to the 90 days from it on, in percent, less the same change for the reps of the role who do not use it.

    The median over the users whose time after ends in the period. Initiatives are counted that aim at win rate,
    average deal size, sales cycle length (a fall is good), deals closed, sales per rep or revenue (both by contract
    value won).

    Source: [000].
    """
    return effect


@of_innovation(timing="leading", kind="activity")
def initiative_launch_score(launched=initiatives.initiatives_launched, days=period_days, target: float = 4) -> pl.Expr:
    """How near the new strategies, tools and techniques of the period come to the target, four a year unless set.

    Source: [000], a part of innovation in the sales process; the target is not in it.
    """
    return up_to_full(launched / (target * days / 365))


@of_innovation(timing="lagging", kind="outcome")
def innovation_impact_score(impact=innovation_impact, full: float = 10) -> pl.Expr:
    """The impact of innovation as a score: 100 from ten percent on, 0 where there is none.

    Source: [000], a part of innovation in the sales process.
    """
    return up_to_full(impact / full)


@composite(
    weights={"launched": 1.0, "adopted": 1.0, "helped": 1.0},
    better="higher",
    roles=("team", "manager", "executive"),
    timing="leading",
    kind="quality",
    label="Innovation in sales process",
    aliases=("Sales Innovation Index",),
)
def sales_process_innovation(
    launched=initiative_launch_score, adopted=tool_adoption_rate, helped=innovation_impact_score
) -> None:
    """How much the way of selling is renewed, from 0 to 100: the mean of what was launched, how many took it up, and
    whether it helped. A part that is not known is left out.

    Source: [000].
    """
