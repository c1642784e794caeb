"""Acquisition and retention in SQL."""

from __future__ import annotations

SQL = {
    "customer_acquisition_cost": """
        SELECT grp, period, ratio(flow(k, v, 'selling_costs'), flow(k, v, 'new_customers')) AS value
        FROM (FROM selling_costs UNION ALL FROM new_customers) GROUP BY ALL""",
    "new_customer_acquisition": """
        SELECT {by} AS grp, label AS period, count(*) AS value
        FROM account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e GROUP BY ALL""",
    "referral_customers": """
        SELECT {by} AS grp, label AS period, count(referred_by_account_id) AS value
        FROM account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e GROUP BY ALL""",
    "referral_generation_rate": """
        SELECT {by} AS grp, label AS period, share(count(referred_by_account_id), count(*)) AS value
        FROM account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e GROUP BY ALL""",
    # An introduction counts where the customer who made it belongs.
    "customer_referral_rate": """
        WITH referring AS (
            SELECT {by:n} AS grp, label AS period, 'referring' AS k, count(DISTINCT n.account_id)::DOUBLE AS v
            FROM accounts x JOIN windows ON x.became_customer_at >= s AND x.became_customer_at < e
                JOIN account_rows n ON n.account_id = x.referred_by_account_id
                    AND n.became_customer_at < s AND (n.ended_at IS NULL OR n.ended_at >= s)
            GROUP BY ALL)
        SELECT grp, period, share(flow(k, v, 'referring'), flow(k, v, 'customers_start')) AS value
        FROM (FROM referring UNION ALL FROM customers_start) GROUP BY ALL""",
    "lead_generation_effectiveness": """
        SELECT grp, period, 1000 * ratio(flow(k, v, 'sql_leads'), flow(k, v, 'marketing_costs')) AS value
        FROM (FROM sql_leads UNION ALL FROM marketing_costs) GROUP BY ALL""",
    "account_match_rate": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (provider_matched), count(*)) AS value
        FROM account_rows JOIN windows ON created_at < e WHERE is_target GROUP BY ALL""",
    "customer_retention_rate": """
        SELECT {by} AS grp, label AS period,
            share(count(*) FILTER (ended_at IS NULL OR ended_at >= e), count(*)) AS value
        FROM account_rows JOIN windows ON became_customer_at < s AND (ended_at IS NULL OR ended_at >= s)
        GROUP BY ALL""",
    "customer_churn_rate": """
        SELECT grp, period, share(flow(k, v, 'customers_left'), flow(k, v, 'customers_start')) AS value
        FROM (FROM customers_left UNION ALL FROM customers_start) GROUP BY ALL""",
    "net_revenue_retention": """
        SELECT grp, period, share(sum(after), sum(before)) AS value FROM account_mrr WHERE before > 0 GROUP BY ALL""",
    "gross_revenue_retention": """
        SELECT grp, period, share(sum(least(before, after)), sum(before)) AS value
        FROM account_mrr WHERE before > 0 GROUP BY ALL""",
    "qbr_effectiveness": """
        WITH reviews AS (
            SELECT *, "at"::DATE AS day, coalesce(outcome = 'held' AND decision_maker_present, false)::INT AS met,
                coalesce(value_confirmed, false)::INT AS valued,
                coalesce(next_step_done_at::DATE <= "at"::DATE + 30, false)::INT AS acted
            FROM activity_rows WHERE kind = 'qbr'),
        revenues AS (
            SELECT activity_id,
                coalesce(sum(mrr) FILTER (starts_on <= day AND (ends_on IS NULL OR ends_on > day)), 0) AS then_,
                coalesce(sum(mrr) FILTER (starts_on <= day + 90 AND (ends_on IS NULL OR ends_on > day + 90)), 0)
                    AS later
            FROM reviews LEFT JOIN subscriptions u USING (account_id) GROUP BY ALL)
        SELECT {by} AS grp, label AS period, 100 * avg(CASE
            WHEN day + 90 <= (SELECT seen.day FROM seen) THEN (met + valued + acted + (later >= then_)::INT) / 4
            ELSE (met + valued + acted) / 3 END) AS value
        FROM reviews JOIN windows ON "at" >= s AND "at" < e JOIN revenues USING (activity_id) GROUP BY ALL""",
}
