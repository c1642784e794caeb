"""The rows that everything counts: each table with the team, segment and stage its rows belong to."""

from __future__ import annotations

ROWS = {
    "deal_rows": """
        SELECT d.* EXCLUDE (segment, annual_value), r.team, coalesce(d.segment, a.segment) AS segment,
            coalesce(d.annual_value, d.amount * 12 / coalesce(nullif(d.term_months, 0), 12)) AS annual_value,
            d.closed_at + to_months(coalesce(nullif(d.term_months, 0), 12)::INTEGER) AS contract_ends_at,
            date_diff('day', d.created_at::DATE, d.closed_at::DATE) AS cycle_days,
            date_diff('day', d.first_contact_at::DATE, d.closed_at::DATE) AS contact_days
        FROM deals d LEFT JOIN reps r ON r.rep_id = d.owner_rep_id LEFT JOIN accounts a USING (account_id)""",
    "account_rows": """
        SELECT a.*, r.team FROM accounts a LEFT JOIN reps r ON r.rep_id = a.owner_rep_id""",
    "lead_rows": """
        SELECT l.*, r.team, a.segment,
            date_diff('microsecond', l.created_at, first_response_at) / 3.6e9 AS hours_since_inquiry,
            date_diff('microsecond', assigned_at, first_response_at) / 3.6e9 AS hours_since_assigned
        FROM leads l LEFT JOIN reps r ON r.rep_id = l.owner_rep_id LEFT JOIN accounts a USING (account_id)""",
    "activity_rows": """
        SELECT t.*, r.team, a.segment
        FROM activities t LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a USING (account_id)""",
    "order_rows": """
        SELECT o.*, r.team, a.segment, a.became_customer_at AS customer_since, a.is_strategic
        FROM orders o LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a USING (account_id)""",
    "line_rows": """
        SELECT l.*, o.ordered_at, r.team, a.segment
        FROM order_lines l JOIN orders o USING (order_id) LEFT JOIN reps r USING (rep_id)
            LEFT JOIN accounts a USING (account_id)""",
    "subscription_rows": """
        SELECT u.*, r.team, a.segment
        FROM subscriptions u LEFT JOIN accounts a USING (account_id) LEFT JOIN reps r ON r.rep_id = a.owner_rep_id""",
    "cost_rows": "SELECT * FROM costs",
    "rep_rows": "SELECT * FROM reps",
    "quota_rows": """
        SELECT q.*, CASE WHEN owner_kind = 'team' THEN owner_id ELSE r.team END AS team
        FROM quotas q LEFT JOIN reps r ON owner_kind = 'rep' AND r.rep_id = owner_id
        WHERE measure IS NULL OR measure = 'revenue'""",
    "visit_rows": """
        SELECT v.*, coalesce(rd.team, rl.team) AS team, coalesce(d.segment, ad.segment, al.segment) AS segment,
            here.position, onward.position AS next_position
        FROM stage_history v
            LEFT JOIN deals d USING (deal_id) LEFT JOIN reps rd ON rd.rep_id = d.owner_rep_id
            LEFT JOIN accounts ad ON ad.account_id = d.account_id
            LEFT JOIN leads l ON l.lead_id = v.lead_id LEFT JOIN reps rl ON rl.rep_id = l.owner_rep_id
            LEFT JOIN accounts al ON al.account_id = l.account_id
            LEFT JOIN stages here ON here.stage = v.stage LEFT JOIN stages onward ON onward.stage = v.next_stage""",
    # The last day on which anything happened.
    "seen": """
        SELECT max(day)::DATE AS day FROM (
            SELECT max(created_at) AS day FROM accounts UNION ALL SELECT max(greatest(created_at, closed_at)) FROM deals
            UNION ALL SELECT max(changed_at) FROM deal_changes WHERE deal_id IN (SELECT deal_id FROM deals)
            UNION ALL SELECT max(created_at) FROM leads UNION ALL SELECT max(least(scheduled_at, "at")) FROM activities
            UNION ALL SELECT max(ordered_at) FROM orders UNION ALL SELECT max(spent_on) FROM costs
            UNION ALL SELECT max(hired_at) FROM reps UNION ALL SELECT max(entered_at) FROM stage_history
            UNION ALL SELECT max(starts_on) FROM subscriptions)""",
    # Deals as they stood: before the first change of a field stands its old value, then each new value.
    "boundaries": "SELECT DISTINCT unnest([s, e]) AS b FROM windows",
    "value_before": """
        SELECT b, deal_id, field, arg_max_null(new_value, changed_at) AS value
        FROM deal_changes JOIN boundaries ON changed_at < b GROUP BY ALL""",
    "value_after": """
        SELECT b, deal_id, field, arg_min_null(old_value, changed_at) AS value
        FROM deal_changes JOIN boundaries ON changed_at >= b GROUP BY ALL""",
    "stood": """
        SELECT coalesce(p.b, f.b) AS b, coalesce(p.deal_id, f.deal_id) AS deal_id, coalesce(p.field, f.field) AS field,
            CASE WHEN p.b IS NOT NULL THEN p.value ELSE f.value END AS value
        FROM value_before p FULL JOIN value_after f ON p.b = f.b AND p.deal_id = f.deal_id AND p.field = f.field""",
    "open_rows": """
        SELECT b, d.deal_id, d.created_at, d.account_id, r.team, x.stage, x.amount, x.due, g.default_probability,
            g.typical_days, coalesce(d.segment, a.segment) AS segment
        FROM (
            SELECT b, d.deal_id,
                CASE WHEN count(*) FILTER (field = 'stage') > 0 THEN max(value) FILTER (field = 'stage')
                    ELSE any_value(d.stage) END AS stage,
                CASE WHEN count(*) FILTER (field = 'owner_rep_id') > 0 THEN max(value) FILTER (field = 'owner_rep_id')
                    ELSE any_value(d.owner_rep_id) END AS owner,
                CASE WHEN count(*) FILTER (field = 'amount') > 0 THEN (max(value) FILTER (field = 'amount'))::DOUBLE
                    ELSE any_value(d.amount) END AS amount,
                CASE WHEN count(*) FILTER (field = 'expected_close_at') > 0
                    THEN (max(value) FILTER (field = 'expected_close_at'))[:10]::DATE
                    ELSE any_value(d.expected_close_at) END AS due
            FROM deals d JOIN boundaries ON d.created_at < b AND (d.closed_at IS NULL OR d.closed_at >= b)
                LEFT JOIN stood USING (b, deal_id)
            GROUP BY b, d.deal_id) x
        JOIN deals d USING (deal_id) LEFT JOIN accounts a USING (account_id)
            LEFT JOIN reps r ON r.rep_id = x.owner LEFT JOIN stages g ON g.stage = x.stage""",
    # What each account paid a month at the start and at the end of a window.
    "account_mrr": """
        SELECT {by} AS grp, label AS period, account_id,
            coalesce(sum(mrr) FILTER (starts_on < s AND (ends_on IS NULL OR ends_on >= s)), 0) AS before,
            coalesce(sum(mrr) FILTER (starts_on < e AND (ends_on IS NULL OR ends_on >= e)), 0) AS after
        FROM subscription_rows JOIN windows
            ON starts_on < e AND (ends_on IS NULL OR ends_on >= e)
            OR starts_on < s AND (ends_on IS NULL OR ends_on >= s)
        WHERE account_id IS NOT NULL GROUP BY ALL""",
}
