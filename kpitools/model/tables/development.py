"""How a team gets better: hours, coaching, knowledge, new ways of working, shared work."""

from __future__ import annotations

import dataframely as dy

from kpitools.model.tables.table import Table, day, instant, key, money, number, one_of, text


class RepHours(Table):
    """Timesheets and schedules: the hours of one person on one day."""

    name = "rep_hours"
    dated = "day"
    foreign_keys = {"rep_id": "reps"}

    rep_id = key()
    day = dy.Date(primary_key=True)
    hours_worked = number()
    hours_available = number()
    hours_selling = number()
    hours_admin = number()
    hours_billable = number()
    hours_billable_planned = number()
    hours_handling = number()


class Coaching(Table):
    """Coaching or training given to a rep, with the KPI it should move."""

    name = "coaching"
    dated = "started_at"
    foreign_keys = {"rep_id": "reps", "coach_rep_id": "reps"}
    known_at = {"ended_at": "ended_at"}

    coaching_id = key()
    rep_id = text()
    coach_rep_id = text()
    started_at = day()
    ended_at = day()
    focus_kpi = text()


class Assessments(Table):
    """Knowledge tests."""

    name = "assessments"
    dated = "taken_at"
    foreign_keys = {"rep_id": "reps"}

    assessment_id = key()
    rep_id = text()
    taken_at = day()
    topic = text()
    score = number()
    max_score = number()


class Initiatives(Table):
    """New strategies, tools, techniques and campaigns."""

    name = "initiatives"
    dated = "started_on"
    known_at = {"ended_on": "ended_on"}

    initiative_id = key()
    kind = one_of("strategy", "tool", "technique", "campaign")
    initiative_name = text("name")
    started_on = day()
    ended_on = day()
    focus_kpi = text()
    attributed_revenue = money()


class InitiativeUsers(Table):
    """Who uses an initiative, from when and until when."""

    name = "initiative_users"
    dated = "first_used_at"
    foreign_keys = {"rep_id": "reps", "initiative_id": "initiatives"}

    initiative_id = key()
    rep_id = key()
    first_used_at = day()
    last_used_at = day()


class Shares(Table):
    """Information or material shared inside the team, and who used it."""

    name = "shares"
    dated = "shared_at"
    foreign_keys = {"rep_id": "reps", "used_by_rep_id": "reps", "deal_id": "deals"}

    share_id = key()
    rep_id = text()
    shared_at = instant()
    used_by_rep_id = text()
    deal_id = text()
