"""Pipeline, conversion and cycle time in SQL."""

from __future__ import annotations

SQL = {
    "pipeline_coverage_ratio": """
        SELECT grp, period, ratio(flow(k, v, 'due_start'), level(k, v, 'finest_quota')) AS value
        FROM (FROM due_start UNION ALL FROM finest_quota) GROUP BY ALL""",
    "remaining_coverage_ratio": """
        SELECT grp, period, CASE WHEN level(k, v, 'finest_quota') > flow(k, v, 'won_amount')
            THEN flow(k, v, 'due_end') / (level(k, v, 'finest_quota') - flow(k, v, 'won_amount')) END AS value
        FROM (FROM due_end UNION ALL FROM finest_quota UNION ALL FROM won_amount) GROUP BY ALL""",
    "pipeline_value": """
        SELECT {by} AS grp, label AS period, sum(amount) AS value
        FROM open_rows JOIN windows ON b = e GROUP BY ALL""",
    "weighted_pipeline": """
        SELECT {by} AS grp, label AS period, sum(amount * default_probability) AS value
        FROM open_rows JOIN windows ON b = e GROUP BY ALL""",
    "pipeline_velocity": """
        SELECT n.grp, n.period, n.v * z.v * (w.value / 100) / nullif(c.value, 0) AS value
        FROM worked_deals n
            JOIN worked_size z ON z.grp IS NOT DISTINCT FROM n.grp AND z.period = n.period
            JOIN win_rate w ON w.grp IS NOT DISTINCT FROM n.grp AND w.period = n.period
            JOIN sales_cycle_length c ON c.grp IS NOT DISTINCT FROM n.grp AND c.period = n.period""",
    "deals_per_stage": """
        SELECT {by} AS grp, label AS period, count(*) AS value FROM open_rows JOIN windows ON b = e GROUP BY ALL""",
    "stale_pipeline_share": """
        WITH touched AS (
            SELECT b, deal_id, max("at"::DATE) AS day FROM activities JOIN boundaries ON "at" < b GROUP BY ALL)
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (date_diff('day', coalesce(t.day, o.created_at::DATE), o.b - 1) > 30), count(*))
                AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN touched t ON t.b = o.b AND t.deal_id = o.deal_id
        GROUP BY ALL""",
    "deals_within_typical_days": """
        WITH moved AS (
            SELECT b, deal_id, max(entered_at::DATE) AS day FROM stage_history JOIN boundaries ON entered_at < b
            GROUP BY ALL)
        SELECT {by} AS grp, label AS period, share(
            tally(date_diff('day', coalesce(m.day, o.created_at::DATE), o.b - 1) <= typical_days),
            count(*)) AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN moved m ON m.b = o.b AND m.deal_id = o.deal_id
        GROUP BY ALL""",
    "pipeline_generated": """
        WITH first_known AS (
            SELECT d.deal_id,
                CASE WHEN count(*) FILTER (field = 'amount') > 0
                    THEN (arg_min_null(old_value, changed_at) FILTER (field = 'amount'))::DOUBLE
                    ELSE any_value(d.amount) END AS entered_amount,
                CASE WHEN count(*) FILTER (field = 'owner_rep_id') > 0
                    THEN arg_min_null(old_value, changed_at) FILTER (field = 'owner_rep_id')
                    ELSE any_value(d.owner_rep_id) END AS entered_owner,
                CASE WHEN count(*) FILTER (field = 'stage') > 0
                    THEN arg_min_null(old_value, changed_at) FILTER (field = 'stage')
                    ELSE any_value(d.stage) END AS entered_stage
            FROM deals d LEFT JOIN deal_changes c ON c.deal_id = d.deal_id AND c.changed_at > d.created_at
            GROUP BY d.deal_id),
        generated AS (
            SELECT d.created_at, d.sdr_rep_id, f.entered_amount AS amount, f.entered_stage AS stage, r.team,
                coalesce(d.segment, a.segment) AS segment
            FROM deals d JOIN first_known f USING (deal_id) LEFT JOIN reps r ON r.rep_id = f.entered_owner
                LEFT JOIN accounts a USING (account_id))
        SELECT {by} AS grp, label AS period, amount_where(amount, sdr_rep_id IS NOT NULL) AS value
        FROM generated JOIN windows ON created_at >= s AND created_at < e GROUP BY ALL""",
    "new_leads_added": """
        SELECT {by} AS grp, label AS period, count(DISTINCT coalesce(trim(lower(email)), lead_id)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e GROUP BY ALL""",
    "qualified_opportunities": """
        SELECT {by} AS grp, label AS period, count(*) AS value
        FROM deal_rows JOIN windows ON created_at < e AND (closed_at IS NULL OR closed_at >= s) GROUP BY ALL""",
    "closed_opportunities": """
        SELECT {by} AS grp, label AS period, tally(status IN ('won', 'lost')) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e GROUP BY ALL""",
    "pipeline_health": """
        WITH conversion AS (
            SELECT grp, period, share(flow(k, v, 'advances'), flow(k, v, 'visits'))
                / nullif(share(flow(k, v, 'advances_before'), flow(k, v, 'visits_before')), 0) AS value
            FROM (FROM visits UNION ALL FROM advances UNION ALL FROM visits_before UNION ALL FROM advances_before)
            GROUP BY ALL),
        parts AS (
            SELECT grp, period, value / 3 AS part FROM pipeline_coverage_ratio
            UNION ALL SELECT grp, period, 1 - value / 100 FROM stale_pipeline_share
            UNION ALL SELECT grp, period, value / 100 FROM deals_within_typical_days
            UNION ALL FROM conversion)
        SELECT grp, period, 100 * avg(greatest(least(part, 1), 0)) AS value
        FROM parts WHERE part IS NOT NULL GROUP BY ALL""",
    "lead_conversion_rate": """
        SELECT {by} AS grp, label AS period, share(count(customer_at), count(*)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e GROUP BY ALL""",
    "lead_to_opportunity_rate": """
        SELECT {by} AS grp, label AS period, share(count(deal_id), count(*)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e GROUP BY ALL""",
    "sql_to_opportunity_ratio": """
        SELECT {by} AS grp, label AS period, share(count(deal_id), count(*)) AS value
        FROM lead_rows JOIN windows ON sql_at >= s AND sql_at < e GROUP BY ALL""",
    "stage_conversion_rate": """
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (next_stage = 'won' OR next_position > position), count(*)) AS value
        FROM visit_rows JOIN windows ON entered_at >= s AND entered_at < e GROUP BY ALL""",
    "win_rate": """
        SELECT {by} AS grp, label AS period,
            share(tally(status = 'won'), tally(status IN ('won', 'lost'))) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e GROUP BY ALL""",
    "win_rate_by_value": """
        SELECT {by} AS grp, label AS period, share(amount_where(amount, status = 'won'), sum(amount)) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status IN ('won', 'lost')
        GROUP BY ALL""",
    "win_rate_of_cohort": """
        SELECT {by} AS grp, label AS period, share(tally(status = 'won'), count(*)) AS value
        FROM deal_rows JOIN windows ON created_at >= s AND created_at < e GROUP BY ALL""",
    "sales_call_conversion_rate": """
        SELECT grp, period, share(flow(k, v, 'won_deals'), flow(k, v, 'calls_out')) AS value
        FROM (FROM won_deals UNION ALL FROM calls_out) GROUP BY ALL""",
    "upsell_cross_sell_success_rate": """
        SELECT {by} AS grp, label AS period, share(tally(status = 'won'), count(*)) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e
        WHERE kind IN ('upsell', 'cross_sell') AND status IN ('won', 'lost') GROUP BY ALL""",
    "next_step_commitment_rate": """
        SELECT {by} AS grp, label AS period, share(count(next_step_at), count(*)) AS value
        FROM activity_rows JOIN windows ON "at" >= s AND "at" < e
        WHERE kind IN ('meeting', 'demo') AND outcome = 'held' GROUP BY ALL""",
    "negotiation_success_rate": """
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (status = 'won' AND amount >= list_amount * (1 - 0.20)), count(*)) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e
        WHERE negotiation_started_at IS NOT NULL AND status IN ('won', 'lost') GROUP BY ALL""",
    "call_to_meeting_rate": """
        SELECT grp, period, share(flow(k, v, 'bookings'), flow(k, v, 'calls_out')) AS value
        FROM (FROM bookings UNION ALL FROM calls_out) GROUP BY ALL""",
    "sales_cycle_length": """
        SELECT {by} AS grp, label AS period, avg(cycle_days) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "median_sales_cycle_length": """
        SELECT {by} AS grp, label AS period, quantile_cont(cycle_days, 0.5) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "sales_cycle_from_first_contact": """
        SELECT {by} AS grp, label AS period, avg(contact_days) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "median_sales_cycle_from_first_contact": """
        SELECT {by} AS grp, label AS period, quantile_cont(contact_days, 0.5) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "sales_response_time": """
        SELECT {by} AS grp, label AS period, avg(hours_since_inquiry) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e WHERE is_inbound GROUP BY ALL""",
    "median_sales_response_time": """
        SELECT {by} AS grp, label AS period, quantile_cont(hours_since_inquiry, 0.5) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e WHERE is_inbound GROUP BY ALL""",
    "lead_response_time": """
        SELECT {by} AS grp, label AS period, avg(hours_since_assigned) AS value
        FROM lead_rows JOIN windows ON assigned_at >= s AND assigned_at < e GROUP BY ALL""",
    "median_lead_response_time": """
        SELECT {by} AS grp, label AS period, quantile_cont(hours_since_assigned, 0.5) AS value
        FROM lead_rows JOIN windows ON assigned_at >= s AND assigned_at < e GROUP BY ALL""",
    "inquiries_answered_within_an_hour": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (hours_since_inquiry <= 1), count(*)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e WHERE is_inbound GROUP BY ALL""",
    "inquiries_answered": """
        SELECT {by} AS grp, label AS period, share(count(first_response_at), count(*)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e WHERE is_inbound GROUP BY ALL""",
    "lead_waiting_time": """
        WITH answered AS (
            SELECT history_id, min(t."at") AS answered_at
            FROM stage_history v JOIN activities t USING (deal_id)
            WHERE t.direction = 'out' AND t."at" >= v.entered_at GROUP BY ALL
            UNION ALL
            SELECT history_id, min(t."at")
            FROM stage_history v JOIN activities t USING (lead_id)
            WHERE v.deal_id IS NULL AND t.direction = 'out' AND t."at" >= v.entered_at GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(date_diff('microsecond', entered_at,
            coalesce(answered_at, least(left_at, (SELECT day + 1 FROM seen)::TIMESTAMP))) / 3.6e9) AS value
        FROM visit_rows JOIN windows ON entered_at >= s AND entered_at < e LEFT JOIN answered USING (history_id)
        GROUP BY ALL""",
}
