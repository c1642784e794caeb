"""Revenue, growth and customer value in SQL."""

from __future__ import annotations

SQL = {
    "total_sales_revenue": """
        SELECT {by} AS grp, label AS period, sum(amount) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "net_sales_revenue": """
        SELECT {by} AS grp, label AS period, sum(amount - coalesce(deductions, 0)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "monthly_recurring_revenue": """
        SELECT {by} AS grp, label AS period, sum(mrr) AS value
        FROM subscription_rows JOIN windows ON starts_on < e AND (ends_on IS NULL OR ends_on >= e) GROUP BY ALL""",
    "annual_recurring_revenue": "SELECT grp, period, 12 * v AS value FROM mrr_end",
    "annual_contract_value": """
        SELECT {by} AS grp, label AS period,
            sum(annual_value) FILTER (status = 'won')
                / nullif(count(DISTINCT account_id) FILTER (status = 'won'), 0) AS value
        FROM deal_rows JOIN windows ON closed_at < e AND contract_ends_at >= e GROUP BY ALL""",
    "annual_value_per_contract": """
        SELECT {by} AS grp, label AS period, avg(annual_value) FILTER (status = 'won') AS value
        FROM deal_rows JOIN windows ON closed_at < e AND contract_ends_at >= e GROUP BY ALL""",
    "average_deal_size": """
        SELECT {by} AS grp, label AS period, avg(amount) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "median_deal_size": """
        SELECT {by} AS grp, label AS period, quantile_cont(amount, 0.5) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "average_order_value": """
        SELECT {by} AS grp, label AS period, sum(amount) / count(amount) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "new_customer_revenue": """
        SELECT {by} AS grp, label AS period,
            amount_where(amount, coalesce(customer_since >= s AND customer_since < e, false)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "existing_customer_revenue": """
        SELECT {by} AS grp, label AS period, amount_where(amount, coalesce(customer_since < s, false)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "new_vs_existing_sales": """
        SELECT {by} AS grp, label AS period,
            share(amount_where(amount, customer_since >= s), sum(amount)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e AND customer_since < e GROUP BY ALL""",
    "expansion_revenue": """
        SELECT grp, period, 12 * sum(CASE WHEN before > 0 THEN greatest(after - before, 0) ELSE 0 END) AS value
        FROM account_mrr GROUP BY ALL""",
    "contraction_revenue": """
        SELECT grp, period,
            12 * sum(CASE WHEN before > 0 AND after > 0 THEN greatest(before - after, 0) ELSE 0 END) AS value
        FROM account_mrr GROUP BY ALL""",
    "churned_revenue": """
        SELECT grp, period, 12 * sum(CASE WHEN after = 0 THEN before ELSE 0 END) AS value
        FROM account_mrr GROUP BY ALL""",
    "expansion_bookings": """
        SELECT {by} AS grp, label AS period,
            amount_where(amount, status = 'won' AND kind IN ('upsell', 'cross_sell', 'expansion')) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e GROUP BY ALL""",
    "expansion_revenue_share": """
        SELECT {by} AS grp, label AS period,
            share(amount_where(amount, kind IN ('upsell', 'cross_sell', 'expansion')), sum(amount)) AS value
        FROM deal_rows JOIN windows ON closed_at >= s AND closed_at < e WHERE status = 'won' GROUP BY ALL""",
    "gross_margin": """
        SELECT {by} AS grp, label AS period, share(sum(revenue) - sum(cogs), sum(revenue)) AS value
        FROM line_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "sales_growth": """
        SELECT grp, period, change(flow(k, v, 'revenue'), flow(k, v, 'revenue_before')) AS value
        FROM (FROM revenue UNION ALL FROM revenue_before) GROUP BY ALL""",
    "sales_growth_year_on_year": """
        SELECT grp, period, change(flow(k, v, 'revenue'), flow(k, v, 'revenue_year_ago')) AS value
        FROM (FROM revenue UNION ALL FROM revenue_year_ago) GROUP BY ALL""",
    "arr_growth_rate": """
        SELECT grp, period, change(12 * flow(k, v, 'mrr_end'), 12 * flow(k, v, 'mrr_year_ago')) AS value
        FROM (FROM mrr_end UNION ALL FROM mrr_year_ago) GROUP BY ALL""",
    "mrr_growth_rate": """
        SELECT grp, period, change(flow(k, v, 'mrr_end'), flow(k, v, 'mrr_year_ago')) AS value
        FROM (FROM mrr_end UNION ALL FROM mrr_year_ago) GROUP BY ALL""",
    "new_customer_growth_rate": """
        SELECT grp, period, change(flow(k, v, 'new_customers'), flow(k, v, 'new_customers_before')) AS value
        FROM (FROM new_customers UNION ALL FROM new_customers_before) GROUP BY ALL""",
    "strategic_account_growth": """
        SELECT grp, period, change(flow(k, v, 'strategic'), flow(k, v, 'strategic_before')) AS value
        FROM (FROM strategic UNION ALL FROM strategic_before) GROUP BY ALL""",
    "purchase_frequency": """
        SELECT {by} AS grp, label AS period,
            ratio(count(*), count(DISTINCT account_id)) * 365 / any_value(date_diff('day', s, e)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "customer_lifespan": """
        SELECT {by} AS grp, label AS period,
            any_value(date_diff('day', s, e)) / nullif(ratio(count(*) FILTER (ended_at < e), count(*)), 0) AS value
        FROM account_rows JOIN windows ON became_customer_at < s AND (ended_at IS NULL OR ended_at >= s)
        GROUP BY ALL""",
    "customer_lifetime_revenue": """
        SELECT o.grp, o.period, o.value * f.value * l.value / 365 AS value
        FROM average_order_value o
            JOIN purchase_frequency f ON f.grp IS NOT DISTINCT FROM o.grp AND f.period = o.period
            JOIN customer_lifespan l ON l.grp IS NOT DISTINCT FROM o.grp AND l.period = o.period""",
    "customer_lifetime_value": """
        SELECT c.grp, c.period, c.value * m.value / 100 AS value
        FROM customer_lifetime_revenue c
            JOIN gross_margin m ON m.grp IS NOT DISTINCT FROM c.grp AND m.period = c.period""",
    "subscription_lifetime_value": """
        SELECT m.grp, m.period, 12 * m.v / nullif(u.v, 0) * l.value / 365 * g.value / 100 AS value
        FROM mrr_start m
            JOIN subscribers_start u ON u.grp IS NOT DISTINCT FROM m.grp AND u.period = m.period
            JOIN customer_lifespan l ON l.grp IS NOT DISTINCT FROM m.grp AND l.period = m.period
            JOIN gross_margin g ON g.grp IS NOT DISTINCT FROM m.grp AND g.period = m.period""",
    "ltv_cac_ratio": """
        SELECT v.grp, v.period, ratio(v.value, c.value) AS value
        FROM customer_lifetime_value v
            JOIN customer_acquisition_cost c ON c.grp IS NOT DISTINCT FROM v.grp AND c.period = v.period""",
    "revenue_per_account": """
        SELECT grp, period, ratio(flow(k, v, 'revenue'), flow(k, v, 'customers_served')) AS value
        FROM (FROM revenue UNION ALL FROM customers_served) GROUP BY ALL""",
}
