"""KPIs of teams, efficiency, forecasts and satisfaction."""

from __future__ import annotations


def _fact(name: str, value: str, source: str) -> str:
    return f"SELECT {{by}} AS grp, label AS period, '{name}' AS k, ({value})::DOUBLE AS v FROM {source} GROUP BY ALL"


def _full(reached: str) -> str:
    """What was reached of a goal, from 0 to 100."""
    return f"CASE WHEN {reached} IS NOT NULL THEN 100 * least(1, greatest(0, {reached})) END"


def _mean_of(*parts: str) -> str:
    """The mean of the parts that are known."""
    return f"SELECT grp, period, avg(value) AS value FROM ({_together(*parts)}) GROUP BY ALL"


def _together(*names: str) -> str:
    return " UNION ALL ".join(f"FROM {name}" for name in names)


def _of(value: str, *facts: str) -> str:
    return f"SELECT grp, period, {value} AS value FROM ({_together(*facts)}) GROUP BY ALL"


def _flow(name: str) -> str:
    return f"flow(k, v, '{name}')"


def _staff(start: str = "staff_start", end: str = "staff_end") -> str:
    return f"(({_flow(start)} + {_flow(end)}) / 2)"


_CLOSED_JOINTLY = "deals_with_staff JOIN windows ON closed_at >= s AND closed_at < e"
_CLOSED_BEFORE = "deal_rows JOIN windows ON closed_at >= prev_s AND closed_at < s"
_SHARED = "shared_rows JOIN windows ON shared_at >= s AND shared_at < e"
_ASKED = "answer_rows JOIN windows ON answered_at >= s AND answered_at < e"
_SPENT = "initiative_cost_rows JOIN windows ON spent_on >= s AND spent_on < e"
_COMPARED = "compared_line_rows JOIN windows ON ordered_at >= s AND ordered_at < e"
_OF_SALES = "attributed_revenue IS NOT NULL AND kind IN ('strategy', 'tool', 'technique')"
_WORKED = "deals_with_staff JOIN windows ON created_at < e AND (closed_at IS NULL OR closed_at >= s)"
_STAFF_BEFORE = "rep_rows JOIN windows ON hired_at < prev_s AND (left_at IS NULL OR left_at >= prev_s)"
_FORCE = "category IN ('sales_salary', 'commission', 'tools', 'training', 'travel')"
_CREDITED = "attributed_revenue * amount / CASE WHEN spent > 0 THEN spent END"

_FACTS = {
    "cycle": ("avg(cycle_days) FILTER (status = 'won')", "deal_rows JOIN windows ON closed_at >= s AND closed_at < e"),
    "cycle_before": ("avg(cycle_days) FILTER (status = 'won')", _CLOSED_BEFORE),
    "staff_before": ("count(*)", _STAFF_BEFORE),
    "worked_hours": ("sum(hours_worked)", "hour_rows JOIN windows ON day >= s AND day < e"),
    "worked_hours_before": ("sum(hours_worked)", "hour_rows JOIN windows ON day >= prev_s AND day < s"),
    "force_costs": (f"amount_where(amount, {_FORCE})", "cost_rows JOIN windows ON spent_on >= s AND spent_on < e"),
    "initiative_costs": ("amount_where(amount, attributed_revenue IS NOT NULL)", _SPENT),
    "initiative_revenue": (f"amount_where({_CREDITED}, attributed_revenue IS NOT NULL)", _SPENT),
    "sales_initiative_costs": (f"amount_where(amount, {_OF_SALES})", _SPENT),
    "sales_initiative_revenue": (f"amount_where({_CREDITED}, {_OF_SALES})", _SPENT),
    "shared_items": ("count(*)", _SHARED),
    "staff_heard": ("count(DISTINCT rep_id) FILTER (kind = 'employee' AND score IS NOT NULL)", _ASKED),
    "domains": ("count(DISTINCT lower(trim(domain)))", "account_rows JOIN windows ON created_at < e"),
    "accounts_on_record": ("count(domain)", "account_rows JOIN windows ON created_at < e"),
    "emails": ("count(DISTINCT lower(trim(email)))", "lead_rows JOIN windows ON created_at < e"),
    "leads_on_record": ("count(email)", "lead_rows JOIN windows ON created_at < e"),
    "expected": (
        """coalesce(sum(amount * days) FILTER (owner_kind = 'rep'), sum(amount * days) FILTER (owner_kind = 'team'),
            sum(amount * days) FILTER (owner_kind = 'company'))""",
        "last_words",
    ),
}


def _effects(cases: str, peers: str) -> str:
    """The median effect of cases that aim at a KPI of deals: `cases` has a row each with its windows, first and last
    day; `peers` says which of the role's deals count as those of reps without it."""
    return f"""
        WITH cases AS ({cases}),
        closed AS (
            SELECT d.*, r.role FROM deal_rows d JOIN reps r ON r.rep_id = d.owner_rep_id
            WHERE status IN ('won', 'lost')),
        seen_deals AS (
            SELECT c.case_id, c.focus_kpi, d.owner_rep_id = c.rep_id AS own, phase, d.*
            FROM cases c CROSS JOIN (VALUES ('before'), ('after')) AS phases (phase) JOIN closed d ON d.role = c.role
                AND d.closed_at::DATE >= CASE phase WHEN 'before' THEN before_first ELSE after_first END
                AND d.closed_at::DATE <= CASE phase WHEN 'before' THEN before_last ELSE after_last END
            WHERE d.owner_rep_id = c.rep_id OR ({peers})),
        figures AS (
            SELECT case_id, own, phase, CASE
                WHEN focus_kpi = 'win_rate' THEN ratio(count(*) FILTER (status = 'won'), count(*))
                WHEN focus_kpi = 'average_deal_size' THEN avg(amount) FILTER (status = 'won')
                WHEN focus_kpi = 'sales_cycle_length' THEN -avg(cycle_days) FILTER (status = 'won')
                WHEN focus_kpi = 'number_of_deals_closed'
                    THEN ratio(count(*) FILTER (status = 'won'), count(DISTINCT owner_rep_id))
                WHEN focus_kpi IN ('sales_per_rep', 'total_sales_revenue')
                    THEN ratio(coalesce(sum(amount) FILTER (status = 'won'), 0), count(DISTINCT owner_rep_id))
                END AS value
            FROM seen_deals GROUP BY case_id, focus_kpi, own, phase),
        moves AS (
            SELECT case_id, own,
                focus_kpi IN ('number_of_deals_closed', 'sales_per_rep', 'total_sales_revenue') AS adds,
                max(value) FILTER (phase = 'before') AS then_, max(value) FILTER (phase = 'after') AS now_
            FROM figures JOIN cases USING (case_id) GROUP BY ALL),
        changes AS (
            SELECT case_id, own,
                100 * (CASE WHEN adds THEN coalesce(now_, 0) ELSE now_ END - then_) / abs(nullif(then_, 0)) AS change
            FROM moves),
        effects AS (
            SELECT case_id,
                max(change) FILTER (own) - coalesce(max(change) FILTER (NOT own), 0) AS effect
            FROM changes GROUP BY ALL)
        SELECT {{by}} AS grp, label AS period, quantile_cont(effect, 0.5) AS value
        FROM effects JOIN cases USING (case_id) JOIN windows ON after_last >= s AND after_last < e
        WHERE after_last <= (SELECT day FROM seen) GROUP BY ALL"""


#: Queries that the ones below build on.
PARTS: dict[str, str] = {
    "deals_with_staff": """
        SELECT d.*, coalesce(n, 0) >= 2 AS joint
        FROM deal_rows d
            LEFT JOIN (SELECT deal_id, count(DISTINCT rep_id) AS n FROM deal_members GROUP BY ALL) USING (deal_id)""",
    "shared_rows": "SELECT x.*, r.team FROM shares x LEFT JOIN reps r USING (rep_id)",
    "hour_rows": "SELECT h.*, r.team FROM rep_hours h LEFT JOIN reps r USING (rep_id)",
    "answer_rows": """
        SELECT v.*, coalesce(r.team, o.team) AS team
        FROM surveys v LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a ON a.account_id = v.account_id
            LEFT JOIN reps o ON o.rep_id = a.owner_rep_id""",
    "user_rows": """
        SELECT u.*, r.team, r.role, i.kind, i.focus_kpi, i.started_on, i.ended_on
        FROM initiative_users u LEFT JOIN reps r USING (rep_id) LEFT JOIN initiatives i USING (initiative_id)""",
    # What an initiative costs in all bears what is credited to it in all.
    "initiative_cost_rows": """
        SELECT c.*, i.kind, i.attributed_revenue,
            sum(c.amount) OVER (PARTITION BY c.initiative_id) AS spent
        FROM cost_rows c LEFT JOIN initiatives i USING (initiative_id)""",
    "compared_line_rows": """
        SELECT l.line_no, l.ordered_at, l.team, l.revenue, l.quantity, avg(m.average_price) AS price
        FROM line_rows l JOIN orders o USING (order_id) LEFT JOIN accounts a USING (account_id)
            LEFT JOIN products p USING (product_id)
            LEFT JOIN market m ON m.product_family = p.family AND m.starts_on <= o.ordered_at::DATE
                AND (m.ends_on IS NULL OR m.ends_on >= o.ordered_at::DATE)
                AND (m.region IS NULL OR m.region = a.region)
        GROUP BY l.order_id, l.line_no, l.ordered_at, l.team, l.revenue, l.quantity""",
    "last_words": """
        SELECT * FROM (
            SELECT f.*, label, CASE WHEN owner_kind = 'team' THEN owner_id ELSE r.team END AS team,
                date_diff('day', greatest(starts_on, s), least(ends_on + 1, e))
                    / date_diff('day', starts_on, ends_on + 1) AS days
            FROM forecasts f JOIN windows ON starts_on < e AND ends_on >= s AND made_at < s
                LEFT JOIN reps r ON owner_kind = 'rep' AND r.rep_id = owner_id
            WHERE amount IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY label, owner_kind, owner_id, starts_on, ends_on
                ORDER BY made_at DESC, forecast_id DESC) = 1)
        """,
    **{name: _fact(name, value, source) for name, (value, source) in _FACTS.items()},
}

_MARGIN = f"({_flow('line_revenue')} - {_flow('line_cost')}) / nullif({_flow('line_revenue')}, 0)"
_PER_HEAD = f"ratio({_flow('revenue')}, {_staff()})"
_PER_HOUR = f"ratio({_flow('revenue')}, {_flow('worked_hours')})"
_PER_HEAD_BEFORE = f"ratio({_flow('revenue_before')}, {_staff('staff_before', 'staff_start')})"
_PER_HOUR_BEFORE = f"ratio({_flow('revenue_before')}, {_flow('worked_hours_before')})"

SQL: dict[str, str] = {
    "employee_satisfaction": f"""
        SELECT {{by}} AS grp, label AS period,
            CASE WHEN count(score) >= 5 THEN avg(100 * score / scale_max) END AS value
        FROM {_ASKED} WHERE kind = 'employee' AND scale_max > 0 GROUP BY ALL""",
    "employee_survey_participation": _of(
        f"share({_flow('staff_heard')}, {_staff()})", "staff_heard", "staff_start", "staff_end"
    ),
    "coaching_effectiveness": _effects(
        """SELECT coaching_id AS case_id, rep_id, role, team, focus_kpi, ended_at, started_at - 90 AS before_first,
            started_at - 1 AS before_last, ended_at + 90 AS after_first, ended_at + 179 AS after_last
        FROM coaching LEFT JOIN reps USING (rep_id)""",
        """d.owner_rep_id NOT IN (
            SELECT rep_id FROM coaching k WHERE k.rep_id IS NOT NULL AND k.started_at < c.ended_at + 180)""",
    ),
    "innovation_impact": _effects(
        """SELECT initiative_id || '/' || rep_id AS case_id, initiative_id, rep_id, role, team, focus_kpi,
            first_used_at - 90 AS before_first, first_used_at - 1 AS before_last, first_used_at AS after_first,
            first_used_at + 89 AS after_last
        FROM user_rows""",
        """d.owner_rep_id NOT IN (
            SELECT rep_id FROM initiative_users k WHERE k.initiative_id = c.initiative_id)""",
    ),
    "joint_sales_efforts": f"""
        SELECT {{by}} AS grp, label AS period, count(*) FILTER (joint) AS value FROM {_WORKED} GROUP BY ALL""",
    "joint_deal_score": f"""
        SELECT {{by}} AS grp, label AS period, {_full("ratio(count(*) FILTER (joint), count(*)) / 0.3")} AS value
        FROM {_WORKED} GROUP BY ALL""",
    "collaborative_deal_win_rate": f"""
        SELECT {{by}} AS grp, label AS period,
            share(tally(joint AND status = 'won'), tally(joint AND status IN ('won', 'lost'))) AS value
        FROM {_CLOSED_JOINTLY} GROUP BY ALL""",
    "joint_win_score": f"""
        SELECT grp, period, {_full("ratio(together, alone)")} AS value
        FROM (
            SELECT {{by}} AS grp, label AS period,
                ratio(tally(joint AND status = 'won'), tally(joint AND status IN ('won', 'lost'))) AS together,
                ratio(tally(NOT joint AND status = 'won'), tally(NOT joint AND status IN ('won', 'lost'))) AS alone
            FROM {_CLOSED_JOINTLY} GROUP BY ALL)""",
    "joint_pace_score": f"""
        SELECT grp, period, {_full("ratio(alone, together)")} AS value
        FROM (
            SELECT {{by}} AS grp, label AS period, avg(cycle_days) FILTER (joint) AS together,
                avg(cycle_days) FILTER (NOT joint) AS alone
            FROM {_CLOSED_JOINTLY} WHERE status = 'won' GROUP BY ALL)""",
    "resource_sharing_rate": _of(
        f"ratio({_flow('shared_items')}, {_staff()})", "shared_items", "staff_start", "staff_end"
    ),
    "shared_item_reuse_rate": f"""
        SELECT {{by}} AS grp, label AS period,
            share(count(*) FILTER (used_by_rep_id IS NOT NULL AND used_by_rep_id <> rep_id), count(*)) AS value
        FROM {_SHARED} GROUP BY ALL""",
    "team_collaboration_efficiency": _mean_of(
        "joint_deal_score", "joint_win_score", "joint_pace_score", "shared_item_reuse_rate"
    ),
    "new_initiatives_launched": """
        SELECT {by} AS grp, label AS period,
            count(DISTINCT initiative_id) FILTER (kind IN ('strategy', 'tool', 'technique')) AS value
        FROM user_rows JOIN windows ON started_on >= s AND started_on < e GROUP BY ALL""",
    "initiative_launch_score": f"""
        SELECT grp, period, {_full("ratio(value, 4 * date_diff('day', s, e) / 365)")} AS value
        FROM new_initiatives_launched JOIN windows ON label = period""",
    "tool_adoption_rate": """
        WITH offers AS (
            SELECT label, initiative_id FROM initiatives JOIN windows ON started_on < e
                AND (ended_on IS NULL OR ended_on >= e)
            WHERE kind IN ('tool', 'technique')),
        cases AS (
            SELECT r.rep_id, r.team, label, e, initiative_id
            FROM rep_rows r JOIN windows ON hired_at < e AND (left_at IS NULL OR left_at >= e)
                JOIN offers USING (label))
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (first_used_at < e AND last_used_at >= e - 31), count(*)) AS value
        FROM cases LEFT JOIN initiative_users USING (rep_id, initiative_id) GROUP BY ALL""",
    "innovation_impact_score": f"""
        SELECT grp, period, {_full("value / 10")} AS value FROM innovation_impact""",
    "sales_process_innovation": _mean_of("initiative_launch_score", "tool_adoption_rate", "innovation_impact_score"),
    "sales_productivity": _of(f"ratio({_flow('revenue')}, {_flow('force_costs')})", "revenue", "force_costs"),
    "return_on_sales_investment": _of(
        f"ratio({_flow('sales_initiative_revenue')} * {_MARGIN}, {_flow('sales_initiative_costs')}) - 1",
        "sales_initiative_revenue", "sales_initiative_costs", "line_revenue", "line_cost",
    ),
    "revenue_per_sales_investment": _of(
        f"ratio({_flow('sales_initiative_revenue')}, {_flow('sales_initiative_costs')})",
        "sales_initiative_revenue", "sales_initiative_costs",
    ),
    "return_on_investment": _of(
        f"100 * (ratio({_flow('initiative_revenue')} * {_MARGIN}, {_flow('initiative_costs')}) - 1)",
        "initiative_revenue", "initiative_costs", "line_revenue", "line_cost",
    ),
    "revenue_per_employee": _of(_PER_HEAD, "revenue", "staff_start", "staff_end"),
    "revenue_per_hour_worked": _of(_PER_HOUR, "revenue", "worked_hours"),
    "team_efficiency_index": _of(
        f"""100 * power(ratio({_PER_HEAD}, {_PER_HEAD_BEFORE}) * ratio({_PER_HOUR}, {_PER_HOUR_BEFORE})
            * ratio(level(k, v, 'cycle_before'), level(k, v, 'cycle')), 1 / 3)""",
        "revenue", "revenue_before", "staff_before", "staff_start", "staff_end", "worked_hours",
        "worked_hours_before", "cycle", "cycle_before",
    ),
    "selling_time_share": """
        SELECT {by} AS grp, label AS period, share(sum(hours_selling), sum(hours_worked)) AS value
        FROM hour_rows JOIN windows ON day >= s AND day < e GROUP BY ALL""",
    "admin_time_share": """
        SELECT {by} AS grp, label AS period, share(sum(hours_admin), sum(hours_worked)) AS value
        FROM hour_rows JOIN windows ON day >= s AND day < e GROUP BY ALL""",
    "unique_record_share": _of(
        f"share({_flow('domains')} + {_flow('emails')}, {_flow('accounts_on_record')} + {_flow('leads_on_record')})",
        "domains", "emails", "accounts_on_record", "leads_on_record",
    ),
    "required_field_completeness": """
        SELECT {by} AS grp, label AS period,
            share(sum((o.amount IS NOT NULL)::INTEGER + (o.due IS NOT NULL)::INTEGER
                + (coalesce(d.status = 'open', false) AND d.next_step_at IS NOT NULL)::INTEGER),
                sum(2 + coalesce(d.status = 'open', false)::INTEGER)) AS value
        FROM open_rows o JOIN windows ON b = e JOIN (SELECT deal_id, status, next_step_at FROM deals) d USING (deal_id)
        GROUP BY ALL""",
    "touched_pipeline_share": """
        WITH touches AS (
            SELECT b, deal_id, max("at"::DATE) AS last_on FROM activities JOIN boundaries ON "at" < b GROUP BY ALL)
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (date_diff('day', last_on, e - 1) <= 30), count(*)) AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN touches t ON t.b = o.b AND t.deal_id = o.deal_id
        GROUP BY ALL""",
    "data_hygiene_score": _mean_of("unique_record_share", "required_field_completeness", "touched_pipeline_share"),
    "forecast_accuracy": _of(
        f"""CASE WHEN {_flow('won_amount')} > 0 AND level(k, v, 'expected') IS NOT NULL THEN greatest(
            0, 100 * (1 - abs(level(k, v, 'expected') - {_flow('won_amount')}) / {_flow('won_amount')})) END""",
        "expected", "won_amount",
    ),
    "forecast_bias": _of(
        f"change(level(k, v, 'expected'), {_flow('won_amount')})", "expected", "won_amount"
    ),
    "net_promoter_score": f"""
        SELECT {{by}} AS grp, label AS period,
            100 * ratio(count(*) FILTER (score >= 9) - count(*) FILTER (score <= 6), count(score)) AS value
        FROM {_ASKED} WHERE kind = 'nps' AND (scale_max IS NULL OR scale_max = 10) GROUP BY ALL""",
    "customer_satisfaction_score": f"""
        SELECT {{by}} AS grp, label AS period, share(count(*) FILTER (score >= positive_from), count(*)) AS value
        FROM {_ASKED} WHERE kind = 'csat' AND score IS NOT NULL AND positive_from IS NOT NULL GROUP BY ALL""",
    "brand_awareness": f"""
        SELECT {{by}} AS grp, label AS period, share(count(*) FILTER (score >= positive_from), count(*)) AS value
        FROM {_ASKED} WHERE kind = 'brand' AND score IS NOT NULL AND positive_from IS NOT NULL GROUP BY ALL""",
    "price_premium_score": f"""
        SELECT grp, period, {_full("asked / nullif(market, 0) - 0.5")} AS value
        FROM (
            SELECT {{by}} AS grp, label AS period, sum(revenue) AS asked, sum(quantity * price) AS market
            FROM {_COMPARED} WHERE price IS NOT NULL AND quantity > 0 AND revenue IS NOT NULL GROUP BY ALL)""",
    "returning_buyer_share": """
        WITH firsts AS (SELECT account_id, min(ordered_at) AS first_at FROM orders GROUP BY ALL)
        SELECT {by} AS grp, label AS period,
            share(count(DISTINCT account_id) FILTER (ordered_at > first_at), count(DISTINCT account_id)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e LEFT JOIN firsts USING (account_id)
        GROUP BY ALL""",
    "brand_equity_index": _mean_of("price_premium_score", "brand_awareness", "returning_buyer_share"),
}  # fmt: skip
