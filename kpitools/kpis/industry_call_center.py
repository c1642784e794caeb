"""KPIs of contact centres."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import contact_centre


@kpi(
    unit="percent",
    better="higher",
    roles=("team", "manager"),
    timing="lagging",
    kind="quality",
    form="proportion",
    label="First call resolution (FCR)",
    aliases=("FCR", "First Contact Resolution", "First Call Resolution"),
)
def first_call_resolution(
    at_once=contact_centre.tickets_solved_at_once, solved=contact_centre.tickets_solved
) -> pl.Expr:
    """Share of the issues solved in the period that took one contact.

    Another call about the issue within seven days shows that it was not solved at once.

    Source: [003].
    """
    return percent(at_once, solved)


@kpi(
    unit="minutes",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="outcome",
    label="Average handle time (AHT)",
    aliases=("AHT", "Average Handle Time"),
)
def average_handle_time(minutes=contact_centre.mean_handle_minutes) -> pl.Expr:
    """Mean minutes an agent spends on a call answered in the period: talk, hold, and the work after it.

    Never push it down at the cost of first call resolution.

    Source: [003], reading (b), as the field counts it.
    """
    return minutes


@kpi(
    unit="minutes",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="outcome",
)
def average_talk_and_hold_time(minutes=contact_centre.mean_talk_minutes) -> pl.Expr:
    """Mean minutes of talk and hold of a call answered in the period, work after it left out.

    Source: [003], average handle time, reading (a), in its words.
    """
    return minutes


@kpi(
    unit="percent",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="quality",
    form="proportion",
    aliases=("Abandonment Rate",),
)
def call_abandonment_rate(lost=contact_centre.calls_abandoned, received=contact_centre.calls_received) -> pl.Expr:
    """Share of the calls that came in during the period that were given up before an agent answered.

    Source: [003].
    """
    return percent(lost, received)


@kpi(unit="percent", better="lower", roles=("team", "manager"), timing="lagging", kind="quality", form="proportion")
def call_abandonment_rate_in_earnest(
    lost=contact_centre.calls_abandoned_in_earnest, received=contact_centre.calls_received_in_earnest
) -> pl.Expr:
    """The call abandonment rate without the calls that were dropped within five seconds.

    Source: [003], with wrong numbers left out.
    """
    return percent(lost, received)


@kpi(
    unit="percent",
    better="band",
    roles=("team", "manager"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Agent Utilisation",),
)
def agent_utilization_rate(handling=contact_centre.handling_hours, worked=contact_centre.hours_of_agents) -> pl.Expr:
    """Share of the hours worked that agents spent handling customers.

    Hours of people whose handling time nobody records are not in it. Occupancy is another thing: it divides by the
    time logged in.

    Source: [003].
    """
    return percent(handling, worked)


@kpi(
    unit="seconds",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="quality",
    label="Average speed of answer (ASA)",
    aliases=("Call Center Response Time", "Response Time", "Average Speed of Answer", "ASA"),
)
def average_speed_of_answer(wait=contact_centre.mean_seconds_to_answer) -> pl.Expr:
    """Mean seconds that callers waited whose call was answered in the period.

    Source: [003].
    """
    return wait
