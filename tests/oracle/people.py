"""Activity, rep and team in SQL."""

from __future__ import annotations


def _touches(value: str) -> str:
    return f"""
        SELECT {{by}} AS grp, label AS period, {value} AS value
        FROM activity_rows JOIN windows ON "at" >= s AND "at" < e GROUP BY ALL"""


SQL = {
    "activity_volume": _touches("tally(direction = 'out' OR kind IN ('meeting', 'demo', 'proposal'))"),
    "calls_made": _touches("tally(kind = 'call' AND direction = 'out')"),
    "emails_sent": _touches("tally(kind = 'email' AND direction = 'out')"),
    "meetings_held": _touches("tally(kind = 'meeting' AND outcome = 'held')"),
    "demos_conducted": _touches("tally(kind = 'demo' AND outcome = 'held')"),
    "follow_ups_completed": _touches("tally(is_follow_up AND direction = 'out')"),
    # Touches by sales: an answer of the customer is no follow-up.
    "follow_up_frequency": _touches("ratio(tally(is_follow_up AND direction = 'out'), count(DISTINCT account_id))"),
    "meetings_booked": """
        SELECT {by} AS grp, label AS period, tally(kind IN ('meeting', 'demo')) AS value
        FROM activity_rows JOIN windows ON scheduled_at >= s AND scheduled_at < e GROUP BY ALL""",
    "follow_ups_to_close": """
        WITH follow_ups AS (
            SELECT d.deal_id, count(*) AS n
            FROM deals d JOIN activities t ON t.deal_id = d.deal_id AND t."at"::DATE <= d.closed_at::DATE
            WHERE t.is_follow_up GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(coalesce(n, 0)) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e LEFT JOIN follow_ups USING (deal_id)
        WHERE status = 'won' GROUP BY ALL""",
    "prospect_engagement_level": """
        WITH recent AS (
            SELECT b, deal_id, direction, duration_s,
                coalesce(replied_at IS NOT NULL OR outcome IN ('connected', 'held', 'replied'), false) AS answered
            FROM activities JOIN boundaries ON "at" < b AND "at"::DATE >= b - 30),
        scores AS (
            SELECT b, deal_id, 40 * least(1, count(*) FILTER (answered OR direction = 'in') / 8)
                + 30 * least(1, coalesce(sum(duration_s), 0) / 60 / 120)
                + 30 * coalesce(ratio(count(*) FILTER (answered AND direction = 'out'),
                    count(*) FILTER (direction = 'out')), 0) AS score
            FROM recent GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(coalesce(score, 0)) AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN scores c ON c.b = o.b AND c.deal_id = o.deal_id
        GROUP BY ALL""",
    "email_open_rate": """
        SELECT {by} AS grp, label AS period, share(count(opened_at), count(*)) AS value
        FROM activity_rows JOIN windows ON "at" >= s AND "at" < e
        WHERE kind = 'email' AND direction = 'out' AND delivered GROUP BY ALL""",
    "email_deliverability_rate": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (delivered), count(*)) AS value
        FROM activity_rows JOIN windows ON "at" >= s AND "at" < e
        WHERE kind = 'email' AND direction = 'out' GROUP BY ALL""",
    "individual_quota_attainment": """
        SELECT grp, period, share(flow(k, v, 'won_amount'), flow(k, v, 'rep_quota')) AS value
        FROM (FROM won_amount UNION ALL FROM rep_quota) GROUP BY ALL""",
    "team_quota_attainment": """
        SELECT grp, period, share(flow(k, v, 'won_amount'), flow(k, v, 'team_quota')) AS value
        FROM (FROM won_amount UNION ALL FROM team_quota) GROUP BY ALL""",
    "sales_per_rep": """
        SELECT grp, period,
            ratio(flow(k, v, 'revenue'), (flow(k, v, 'sellers_start') + flow(k, v, 'sellers_end')) / 2) AS value
        FROM (FROM revenue UNION ALL FROM sellers_start UNION ALL FROM sellers_end) GROUP BY ALL""",
    "number_of_deals_closed": """
        SELECT {by} AS grp, label AS period, tally(status = 'won') AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e GROUP BY ALL""",
    "ramp_up_time": """
        WITH engaged AS (
            SELECT rep_id, min("at"::DATE) AS first_on FROM activities WHERE outcome IN ('held', 'connected')
            GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(date_diff('day', hired_at, first_on)) AS value
        FROM rep_rows JOIN windows ON hired_at >= s AND hired_at < e LEFT JOIN engaged USING (rep_id)
        WHERE is_seller GROUP BY ALL""",
    "sellers_not_yet_engaged": """
        WITH engaged AS (SELECT DISTINCT rep_id, true AS met FROM activities WHERE outcome IN ('held', 'connected'))
        SELECT {by} AS grp, label AS period, tally(is_seller AND met IS NULL) AS value
        FROM rep_rows JOIN windows ON hired_at >= s AND hired_at < e LEFT JOIN engaged USING (rep_id) GROUP BY ALL""",
    "time_to_full_quota": """
        WITH sold AS (
            SELECT quota_id, owner_id AS rep_id, any_value(q.ends_on) AS ends_on
            FROM quota_rows q LEFT JOIN deals d ON d.owner_rep_id = q.owner_id AND d.status = 'won'
                AND d.closed_at::DATE BETWEEN q.starts_on AND q.ends_on
            WHERE owner_kind = 'rep' AND q.ends_on <= (SELECT day FROM seen)
            GROUP BY ALL HAVING sum(d.amount) >= any_value(q.amount)),
        first_met AS (SELECT rep_id, min(ends_on) AS met_on FROM sold GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(date_diff('day', hired_at, met_on)) AS value
        FROM rep_rows JOIN windows ON hired_at >= s AND hired_at < e LEFT JOIN first_met USING (rep_id)
        WHERE is_seller GROUP BY ALL""",
    "sales_target_achievement_rate": """
        WITH wins AS (
            SELECT d.closed_at::DATE AS day, d.owner_rep_id AS rep, r.team, d.amount
            FROM deals d LEFT JOIN reps r ON r.rep_id = d.owner_rep_id WHERE d.status = 'won'),
        met AS (
            SELECT q.quota_id, coalesce(sum(w.amount), 0) >= any_value(q.amount) AS reached
            FROM quota_rows q LEFT JOIN wins w ON w.day BETWEEN q.starts_on AND q.ends_on
                AND CASE q.owner_kind WHEN 'rep' THEN w.rep = q.owner_id WHEN 'team' THEN w.team = q.owner_id
                    WHEN 'company' THEN true END
            GROUP BY ALL)
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (reached), count(*)) AS value
        FROM quota_rows JOIN windows ON ends_on >= s AND ends_on < e JOIN met USING (quota_id) GROUP BY ALL""",
    "employee_turnover_rate": """
        SELECT f.grp, f.period, f.value * 365 / date_diff('day', s, e) AS value
        FROM (
            SELECT grp, period,
                share(flow(k, v, 'left_staff'), (flow(k, v, 'staff_start') + flow(k, v, 'staff_end')) / 2) AS value
            FROM (FROM left_staff UNION ALL FROM staff_start UNION ALL FROM staff_end) GROUP BY ALL) f
        JOIN windows ON label = f.period""",
    "sales_team_loyalty_rate": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (left_at IS NULL OR left_at >= e), count(*)) AS value
        FROM rep_rows JOIN windows ON hired_at < s AND (left_at IS NULL OR left_at >= s) WHERE is_seller
        GROUP BY ALL""",
    "tenured_seller_share": """
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (date_diff('day', hired_at, e - 1) >= 730), count(*)) AS value
        FROM rep_rows JOIN windows ON hired_at < e AND (left_at IS NULL OR left_at >= e) WHERE is_seller
        GROUP BY ALL""",
    "rep_tenure": """
        SELECT {by} AS grp, label AS period, avg(date_diff('day', hired_at, e - 1)) AS value
        FROM rep_rows JOIN windows ON hired_at < e AND (left_at IS NULL OR left_at >= e) WHERE is_seller
        GROUP BY ALL""",
}
