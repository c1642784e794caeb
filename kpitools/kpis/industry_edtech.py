"""KPIs of education."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import contact_centre, courses, revenue
from kpitools.measures.anchors import period_days


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def student_retention_rate(back=courses.students_back, expected=courses.students_expected) -> pl.Expr:
    """Share of the students of one term who are enrolled for the next: of the last two terms that anybody had enrolled
    for by the end of the period.

    Students who had completed all courses of the term are not in it, whether they came back or not: they had finished.
    While enrolment for a term is still open the figure is low.

    Source: [003].
    """
    return percent(back, expected)


@kpi(
    unit="percent",
    better="higher",
    roles=("executive", "manager"),
    timing="lagging",
    kind="quality",
    form="proportion",
)
def course_completion_rate(completed=courses.enrolments_completed, enrolled=courses.enrolments_made) -> pl.Expr:
    """Share of the enrolments of the period that have ended in completion by the day seen.

    Young cohorts have not had their time yet: compare cohorts of one age.

    Source: [003].
    """
    return percent(completed, enrolled)


@kpi(
    unit="currency",
    better="higher",
    roles=("executive",),
    timing="lagging",
    kind="outcome",
    label="Average revenue per user (ARPU)",
    aliases=("ARPU", "Average Revenue per User"),
)
def average_revenue_per_user(sold=revenue.revenue, users=courses.active_students, days=period_days) -> pl.Expr:
    """Revenue of the period per student active in it, brought to a year.

    Active is who had enrolled before the end of the period and was last seen on a course after its start; revenue per
    account divides by those who pay instead.

    Source: [003].
    """
    return sold / users * 365 / days


@kpi(
    unit="hours",
    better="lower",
    roles=("team", "manager"),
    timing="lagging",
    kind="quality",
    label="Customer support response time",
)
def support_response_time(hours=contact_centre.mean_hours_to_first_response) -> pl.Expr:
    """Mean hours from a request for support opened in the period to the first answer.

    An open request without an answer counts with its age, one that was closed without any up to then. The benchmark
    is for customers of high value; a general inquiry may take a day: break it down by `ticket_tier`.

    Source: [003].
    """
    return hours
