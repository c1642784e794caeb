"""KPIs of market, products, quotes, accounts' health, and predictive ones."""

from __future__ import annotations

from .market_rows import CUSTOMERS_END, PARTS

__all__ = ["PARTS", "SQL"]


def _share_of_open(flag: str, told: str = "") -> str:
    """Of the deals open at the end of the window, those that show a sign."""
    return f"""
        SELECT {{by}} AS grp, label AS period, share(count(*) FILTER ({flag}), count(*)) AS value
        FROM open_rows o JOIN windows ON o.b = e {told} GROUP BY ALL"""


def _standing(value: str) -> str:
    """Mean over a group's products of the share of the other products that each beats, ties counting half."""
    return f"""
        WITH known AS (SELECT *, {value} AS x FROM product_figures WHERE ({value}) IS NOT NULL),
        ranked AS (
            SELECT grp, period, rank() OVER (PARTITION BY period ORDER BY x)
                + (count(*) OVER (PARTITION BY period, x) - 1) / 2.0 AS place,
                count(*) OVER (PARTITION BY period) AS all_
            FROM known)
        SELECT grp, period, avg(100 * (place - 1) / nullif(all_ - 1, 0)) AS value FROM ranked GROUP BY ALL"""


def _composite(weights: dict[str, float]) -> str:
    parts = " UNION ALL ".join(f"SELECT *, {weight} AS weight FROM {name}" for name, weight in weights.items())
    return f"""
        SELECT grp, period, sum(value * weight) / sum(weight) AS value FROM ({parts}) WHERE value IS NOT NULL
        GROUP BY ALL"""


def _mean_of_customers(value: str, told: str) -> str:
    return f"""
        SELECT {{by}} AS grp, label AS period, avg({value}) AS value
        FROM {CUSTOMERS_END} LEFT JOIN {told} GROUP BY ALL"""


_TOUCHED = "LEFT JOIN touches_of_deal t ON t.deal_id = o.deal_id AND t.seen = e"
_CHANGED = "LEFT JOIN changes_of_deal c ON c.deal_id = o.deal_id AND c.seen = e"

SQL: dict[str, str] = {
    "market_penetration": """
        SELECT grp, period, share(flow(k, v, 'customers'), flow(k, v, 'addressable')) AS value
        FROM (FROM customers_end UNION ALL FROM addressable) GROUP BY ALL""",
    "market_share": """
        SELECT grp, period, share(flow(k, v, 'line_revenue'), flow(k, v, 'market')) AS value
        FROM (FROM line_revenue UNION ALL FROM market_revenue) GROUP BY ALL""",
    "market_share_by_units": """
        SELECT grp, period, share(flow(k, v, 'units'), flow(k, v, 'market')) AS value
        FROM (FROM units_sold UNION ALL FROM market_units) GROUP BY ALL""",
    "marketing_qualified_accounts": """
        SELECT {by} AS grp, label AS period, tally(is_target AND coalesce(points, 0) >= 20) AS value
        FROM account_rows a JOIN windows ON created_at < e
            LEFT JOIN points p ON p.account_id = a.account_id AND p.seen = e GROUP BY ALL""",
    "target_account_engagement": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (n >= 3), count(*)) AS value
        FROM target_rows a JOIN windows ON created_at < e
            LEFT JOIN engaged g ON g.account_id = a.account_id AND g.period = label GROUP BY ALL""",
    "quote_to_close_ratio": """
        SELECT {by} AS grp, label AS period, share(tally(status = 'accepted'), count(*)) AS value
        FROM quote_rows JOIN windows ON issued_at >= s AND issued_at < e GROUP BY ALL""",
    "quote_to_close_ratio_by_deal": """
        SELECT {by} AS grp, label AS period, share(
            count(DISTINCT coalesce(deal_id, quote_id)) FILTER (status = 'accepted'),
            count(DISTINCT coalesce(deal_id, quote_id))) AS value
        FROM quote_rows JOIN windows ON issued_at >= s AND issued_at < e GROUP BY ALL""",
    "proposals_sent": """
        SELECT {by} AS grp, label AS period, tally(kind = 'proposal') AS value
        FROM quote_rows JOIN windows ON issued_at >= s AND issued_at < e GROUP BY ALL""",
    "follow_up_rate": """
        SELECT grp, period, share(sum(followed), sum(v)) AS value
        FROM (FROM followed_touches UNION ALL FROM followed_proposals) GROUP BY ALL""",
    "bounce_rate": """
        SELECT m.grp, m.period, share(b.v, m.v) AS value
        FROM mails_out m JOIN (
            SELECT {by} AS grp, label AS period,
                count(*) FILTER (kind = 'email' AND direction = 'out' AND bounced) AS v
            FROM activity_rows JOIN windows ON "at" >= s AND "at" < e GROUP BY ALL) b
            ON b.grp IS NOT DISTINCT FROM m.grp AND b.period = m.period""",
    "website_bounce_rate": """
        SELECT {by} AS grp, label AS period, share(tally(pages = 1), count(*)) AS value
        FROM site_visit_rows JOIN windows ON started_at >= s AND started_at < e GROUP BY ALL""",
    "product_units_sold": "SELECT grp, period, v AS value FROM units_sold",
    "product_revenue": "SELECT grp, period, v AS value FROM line_revenue",
    "product_margin": """
        SELECT {by} AS grp, label AS period, share(sum(revenue) - sum(cogs), sum(revenue)) AS value
        FROM line_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "product_sales_growth": """
        SELECT grp, period, change(flow(k, v, 'line_revenue'), flow(k, v, 'before')) AS value
        FROM (FROM line_revenue UNION ALL FROM line_revenue_before) GROUP BY ALL""",
    "product_feedback_score": """
        SELECT {by} AS grp, label AS period, share(count(*) FILTER (score >= positive_from), count(*)) AS value
        FROM survey_rows JOIN windows ON answered_at >= s AND answered_at < e
        WHERE kind = 'product' AND score IS NOT NULL AND positive_from IS NOT NULL GROUP BY ALL""",
    "product_revenue_standing": _standing("CASE WHEN priced > 0 THEN sold END"),
    "product_units_standing": _standing("CASE WHEN counted > 0 THEN units END"),
    "product_margin_standing": _standing("CASE WHEN sold > 0 AND costed > 0 THEN (sold - cost) / sold END"),
    "product_market_share_standing": _standing("CASE WHEN priced > 0 AND worth > 0 THEN sold / worth END"),
    "product_feedback_standing": _standing("CASE WHEN answers > 0 THEN good / answers END"),
    "product_performance": _composite({
        f"product_{part}_standing": 1 for part in ("revenue", "units", "margin", "market_share", "feedback")
    }),
    "support_request_rate": """
        SELECT grp, period, ratio(flow(k, v, 'tickets'), flow(k, v, 'customers_served')) AS value
        FROM (FROM tickets_opened UNION ALL FROM customers_served) GROUP BY ALL""",
    "customer_product_usage": _mean_of_customers(
        "coalesce(active, 0)", "users_told u ON u.account_id = a.account_id AND u.seen = e"
    ),
    "product_usage_breadth": _mean_of_customers(
        "coalesce(features, 0)", "users_told u ON u.account_id = a.account_id AND u.seen = e"
    ),
    "account_usage_health": _mean_of_customers(
        "100 * CASE WHEN usual > 0 THEN least(active / usual, 1) END",
        "users_told u ON u.account_id = a.account_id AND u.seen = e",
    ),
    "account_satisfaction_health": _mean_of_customers(
        "100 * coalesce(satisfied, recommends)", "opinions p ON p.account_id = a.account_id AND p.seen = e"
    ),
    "account_support_health": _mean_of_customers(
        "100 * (1 - CASE WHEN usual.n > 0 THEN least(coalesce(own.n, 0) / (2 * usual.n), 1) END)",
        """requests own ON own.account_id = a.account_id AND own.seen = e
            LEFT JOIN usual_requests usual ON usual.seen = e""",
    ),
    "customers_in_touch": f"""
        SELECT {{by}} AS grp, label AS period, share(count(reached.account_id), count(*)) AS value
        FROM {CUSTOMERS_END} LEFT JOIN reached ON reached.account_id = a.account_id AND reached.seen = e
        GROUP BY ALL""",
    "account_health_score": _composite({
        "account_usage_health": 0.4, "account_satisfaction_health": 0.3, "account_support_health": 0.2,
        "customers_in_touch": 0.1,
    }),
    "deals_without_recent_touch": _share_of_open(
        "date_diff('day', coalesce(t.last_on, o.created_at::DATE), o.b - 1) >= 14", _TOUCHED
    ),
    "deals_slower_than_won": _share_of_open(
        "date_diff('day', coalesce(g.entered_on, o.created_at::DATE), o.b - 1) > w.usual",
        """LEFT JOIN stage_of_deal g ON g.deal_id = o.deal_id AND g.seen = e
            LEFT JOIN stays_of_won w ON w.stage = o.stage AND w.seen = e""",
    ),
    "deals_pushed_repeatedly": _share_of_open("pushes >= 2", _CHANGED),
    "deals_overdue": _share_of_open("due < o.b"),
    "deals_without_next_step": _share_of_open(
        "greatest(t.step_on, d.next_step_at::DATE) IS NULL OR greatest(t.step_on, d.next_step_at::DATE) < o.b",
        f"{_TOUCHED} JOIN deals d ON d.deal_id = o.deal_id",
    ),
    "deals_with_falling_sentiment": _share_of_open(
        "slope < 0", "LEFT JOIN deal_mood_lines m ON m.deal_id = o.deal_id AND m.seen = e"
    ),
    "deals_cut_in_value": _share_of_open("amount <= most * (1 - 0.20)", _CHANGED),
    "deals_without_decision_maker": _share_of_open("NOT coalesce(t.met, false)", _TOUCHED),
    "deal_risk_score": _composite({
        "deals_without_recent_touch": 2, "deals_slower_than_won": 3, "deals_pushed_repeatedly": 2, "deals_overdue": 3,
        "deals_without_next_step": 2, "deals_with_falling_sentiment": 1, "deals_cut_in_value": 1,
        "deals_without_decision_maker": 2,
    }),
    # The periods asked for are over, so that nothing open can still close in them.
    "revenue_forecast": """
        SELECT grp, period, flow(k, v, 'won_amount') + flow(k, v, 'recurring')
            * (1 - CASE WHEN flow(k, v, 'had') > 0 THEN flow(k, v, 'lost') / flow(k, v, 'had')
                * any_value(date_diff('day', s, e)) / 365 ELSE 0 END) AS value
        FROM (FROM won_amount UNION ALL FROM recurring UNION ALL FROM mrr_gone UNION ALL FROM mrr_a_year_ago
            UNION ALL FROM open_at_end) JOIN windows ON label = period GROUP BY ALL""",
    "churn_probability": _mean_of_customers("chance", "churn_scores c ON c.account_id = a.account_id AND c.seen = e"),
    "customer_sentiment_trend": _mean_of_customers(
        "slope", "mood_lines m ON m.account_id = a.account_id AND m.seen = e"
    ),
    "deal_win_probability": """
        SELECT {by} AS grp, label AS period,
            avg((coalesce(won, 0) + 20 * default_probability) / (coalesce(closed, 0) + 20)) AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN through_stage p ON p.stage = o.stage AND p.seen = e
        GROUP BY ALL""",
    "scored_win_probability": """
        SELECT {by} AS grp, label AS period, avg(chance) AS value
        FROM open_rows o JOIN windows ON o.b = e LEFT JOIN win_scores p ON p.deal_id = o.deal_id AND p.seen = e
        GROUP BY ALL""",
    "predictive_lead_score": """
        SELECT {by} AS grp, label AS period, avg(chance) AS value
        FROM lead_rows l JOIN windows ON created_at < e AND (customer_at IS NULL OR customer_at >= e)
                AND (disqualified_at IS NULL OR disqualified_at >= e)
            LEFT JOIN conversion_scores c ON c.lead_id = l.lead_id AND c.seen = e
        GROUP BY ALL""",
    "buyer_intent_score": """
        SELECT {by} AS grp, label AS period, avg(score) AS value
        FROM account_rows a JOIN windows ON created_at < e
            LEFT JOIN interest i ON i.account_id = a.account_id AND i.seen = e
        GROUP BY ALL""",
}  # fmt: skip
