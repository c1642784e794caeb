"""KPIs of single industries in SQL."""

from __future__ import annotations


def _in(column: str, *, start: str = "s", end: str = "e") -> str:
    return f"{column} >= {start} AND {column} < {end}"


def _of(rows: str, value: str, column: str, *, where: str = "true") -> str:
    """A figure of the rows that a column dates into the window."""
    return f"""
        SELECT {{by}} AS grp, label AS period, {value} AS value
        FROM {rows} JOIN windows ON {_in(column)} WHERE {where} GROUP BY ALL"""


def _fact(name: str, value: str, rows: str, on: str) -> str:
    return f"""
        SELECT {{by}} AS grp, label AS period, '{name}' AS k, ({value})::DOUBLE AS v
        FROM {rows} JOIN windows ON {on} GROUP BY ALL"""


def _both(value: str, *facts: str) -> str:
    """A figure of facts that come from different rows: `[name]` is a flow."""
    for name in facts:
        value = value.replace(f"[{name}]", f"flow(k, v, '{name}')")
    stacked = " UNION ALL ".join(f"FROM {name}" for name in facts)
    return f"SELECT grp, period, {value} AS value FROM ({stacked}) GROUP BY ALL"


def _of_account(table: str) -> str:
    return f"""
        SELECT t.*, r.team, a.segment
        FROM {table} t LEFT JOIN accounts a USING (account_id) LEFT JOIN reps r ON r.rep_id = a.owner_rep_id"""


def _of_rep(table: str, key: str = "rep_id") -> str:
    return f"SELECT t.*, r.team FROM {table} t LEFT JOIN reps r ON r.rep_id = t.{key}"


_WORTH = "fees + coalesce(extras, 0)"
_COVERED = "starts_on < {b} AND (ends_on IS NULL OR ends_on >= {b})"
_IN_FORCE = "(cancelled_at IS NULL OR cancelled_at >= {b})"
_LASTED = "(abandoned_at IS NULL OR coalesce(date_diff('second', queued_at, abandoned_at) > 5, true))"
_FRESH = "date_diff('day', as_of, e - 1) <= 100"
_EARNED_DAYS = "date_diff('day', greatest(starts_on, s), least(ends_on, cancelled_at, e))"
_CUSTOMER = "became_customer_at < {b} AND (ended_at IS NULL OR ended_at >= {b})"

_ROWS = {
    "project_rows": """
        SELECT p.*, coalesce(rd.team, ra.team) AS team, d.closed_at
        FROM projects p LEFT JOIN deals d USING (deal_id) LEFT JOIN reps rd ON rd.rep_id = d.owner_rep_id
            LEFT JOIN accounts a ON a.account_id = p.account_id LEFT JOIN reps ra ON ra.rep_id = a.owner_rep_id""",
    "policy_rows": """
        SELECT p.*, coalesce(ra.team, rl.team) AS team
        FROM policies p LEFT JOIN accounts a USING (account_id) LEFT JOIN reps ra ON ra.rep_id = a.owner_rep_id
            LEFT JOIN leads l ON l.lead_id = p.lead_id LEFT JOIN reps rl ON rl.rep_id = l.owner_rep_id""",
    "claim_rows": """
        SELECT c.*, p.product_line, r.team
        FROM claims c LEFT JOIN policies p USING (policy_id) LEFT JOIN accounts a ON a.account_id = p.account_id
            LEFT JOIN reps r ON r.rep_id = a.owner_rep_id""",
    "session_rows": """
        SELECT t.*, r.team FROM sessions t LEFT JOIN orders o USING (order_id)
            LEFT JOIN reps r ON r.rep_id = o.rep_id""",
    "cart_rows": """
        SELECT t.*, r.team FROM carts t LEFT JOIN orders o USING (order_id) LEFT JOIN reps r ON r.rep_id = o.rep_id""",
    "proposal_rows": _of_rep("quotes"),
    "timesheet_rows": _of_rep("rep_hours"),
    "listing_rows": _of_rep("listings"),
    "phone_rows": _of_rep("cc_calls", "agent_rep_id"),
    "support_rows": _of_account("tickets"),
    "holding_rows": _of_account("holdings"),
    "return_rows": _of_account("portfolio_returns"),
    "student_rows": _of_account("enrolments"),
    # Deals with a trial: what share of its days, features and seats was used.
    "trial_rows": """
        SELECT d.deal_id, d.team, d.segment, d.poc_end_at,
            CASE WHEN d.poc_start_at IS NOT NULL THEN 100 * least(1, count(DISTINCT u."at"::DATE)
                / date_diff('day', d.poc_start_at::DATE, d.poc_end_at::DATE + 1)) END AS days_,
            CASE WHEN d.poc_start_at IS NOT NULL AND d.poc_features > 0
                THEN 100 * least(1, count(DISTINCT u.feature) / d.poc_features) END AS features_,
            CASE WHEN d.poc_start_at IS NOT NULL AND d.poc_seats > 0
                THEN 100 * least(1, count(DISTINCT u.user_id) / d.poc_seats) END AS seats_
        FROM deal_rows d LEFT JOIN usage u
            ON u.deal_id = d.deal_id AND u."at" BETWEEN d.poc_start_at AND d.poc_end_at
        WHERE d.poc_end_at IS NOT NULL
        GROUP BY d.deal_id, d.team, d.segment, d.poc_start_at, d.poc_end_at, d.poc_features, d.poc_seats""",
    "customer_value": """
        SELECT a.account_id, min(u."at"::DATE) AS first_on
        FROM accounts a JOIN usage u ON u.account_id = a.account_id AND u."at"::DATE >= a.became_customer_at
        WHERE u.is_value_event GROUP BY ALL""",
    "served_orders": """
        SELECT DISTINCT order_id, true AS served FROM order_lines JOIN products USING (product_id)
        WHERE is_service AND NOT coalesce(is_core, false)""",
    "family_sales": """
        SELECT {by} AS grp, label AS period, family, coalesce(sum(revenue), 0) AS sold
        FROM line_rows JOIN windows ON ordered_at >= s AND ordered_at < e JOIN products USING (product_id)
        WHERE family IS NOT NULL GROUP BY ALL""",
    # Each account's last valuation before the end of the window, fresh or not.
    "last_held": f"""
        SELECT h.*, label, {_FRESH} AS fresh
        FROM holding_rows h JOIN windows ON as_of < e
        WHERE as_of = (SELECT max(x.as_of) FROM holdings x WHERE x.account_id = h.account_id AND x.as_of < e)""",
    "portfolio_rows": """
        SELECT {by} AS grp, label AS period, account_id,
            avg(return_pct - risk_free_pct) AS excess, stddev_samp(return_pct - risk_free_pct) AS swing,
            stddev_samp(benchmark_pct - risk_free_pct) AS market_swing,
            coalesce(avg(risk_free_pct), 0) AS safe
        FROM return_rows JOIN windows
            ON period_end >= four_s + to_months(date_diff('month', prev_s, s)::INTEGER) AND period_end < e
        GROUP BY ALL""",
    "insured_rows": f"""
        SELECT {{by}} AS grp, label AS period, account_id,
            count(*) FILTER ({_COVERED.format(b="s")} AND {_IN_FORCE.format(b="s")}) AS before,
            count(*) FILTER ({_COVERED.format(b="e")} AND {_IN_FORCE.format(b="e")}) AS after,
            count(DISTINCT product_line) FILTER ({_COVERED.format(b="e")} AND {_IN_FORCE.format(b="e")}) AS lines
        FROM policy_rows JOIN windows ON starts_on < e WHERE account_id IS NOT NULL GROUP BY ALL""",
    "bought_rows": """
        SELECT {by} AS grp, label AS period, o.account_id,
            count(DISTINCT product_id) FILTER (ordered_at < s) AS before, count(DISTINCT product_id) AS bought
        FROM line_rows JOIN (SELECT order_id, account_id FROM orders) o USING (order_id) JOIN windows ON ordered_at < e
        WHERE o.account_id IS NOT NULL GROUP BY ALL""",
    "two_terms": """
        SELECT label, max(term) AS last_term, max(term) FILTER (term < top) AS term_before
        FROM enrolments JOIN (
            SELECT label, e, max(term) AS top FROM enrolments JOIN windows ON enrolled_at < e GROUP BY ALL)
            ON enrolled_at < e
        GROUP BY label""",
}

_FACTS = {
    "planned_hours": ("sum(hours_billable_planned)", "timesheet_rows", _in("day")),
    "free_hours": ("sum(hours_available)", "timesheet_rows", _in("day")),
    "billed_so_far": ("sum(hours_billable)", "timesheet_rows", "day < e"),
    "worth_so_far": (f"amount_where({_WORTH}, kind = 'service')", "project_rows", "started_at < e"),
    "likely_amount": ("amount_where(amount * default_probability, due >= s AND due < e)", "open_rows", "b = e"),
    "paid_claims": ("sum(paid)", "claim_rows", _in("closed_at")),
    "cost_of_claims": ("sum(paid + coalesce(reserve_change, 0))", "claim_rows", _in("closed_at")),
    "premium_earned": (
        f"""amount_where(premium * {_EARNED_DAYS} / nullif(date_diff('day', starts_on, ends_on), 0),
            ends_on IS NOT NULL AND {_EARNED_DAYS} > 0)""",
        "policy_rows",
        "starts_on < e AND (ends_on IS NULL OR ends_on >= s)",
    ),
    "policies_then": (f"tally({_IN_FORCE.format(b='s')})", "policy_rows", _COVERED.format(b="s")),
    "policies_now": (f"tally({_IN_FORCE.format(b='e')})", "policy_rows", _COVERED.format(b="e")),
    "insured_then": (
        f"count(DISTINCT account_id) FILTER ({_IN_FORCE.format(b='s')})", "policy_rows", _COVERED.format(b="s")
    ),
    "insured_now": (
        f"count(DISTINCT account_id) FILTER ({_IN_FORCE.format(b='e')})", "policy_rows", _COVERED.format(b="e")
    ),
    "policies_sold": ("tally(renews_policy_id IS NULL)", "policy_rows", _in("written_at")),
    "policies_sold_before": (
        "tally(renews_policy_id IS NULL)", "policy_rows", _in("written_at", start="year_s", end="year_e")
    ),
    "premium_sold": ("amount_where(premium, renews_policy_id IS NULL)", "policy_rows", _in("written_at")),
    "premium_sold_before": (
        "amount_where(premium, renews_policy_id IS NULL)", "policy_rows",
        _in("written_at", start="year_s", end="year_e"),
    ),
    "users_active": (
        "count(DISTINCT account_id) FILTER (last_active_at IS NOT NULL)", "student_rows",
        "enrolled_at < e AND (last_active_at IS NULL OR last_active_at >= s)",
    ),
}  # fmt: skip

#: Queries that the ones below build on.
PARTS: dict[str, str] = {**_ROWS, **{name: _fact(name, *parts) for name, parts in _FACTS.items()}}

SQL: dict[str, str] = {
    "time_to_first_value": """
        SELECT {by} AS grp, label AS period,
            quantile_cont(date_diff('day', became_customer_at, first_on), 0.5) AS value
        FROM account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e
            LEFT JOIN customer_value USING (account_id) GROUP BY ALL""",
    "customers_without_first_value": """
        SELECT {by} AS grp, label AS period, count(*) FILTER (first_on IS NULL) AS value
        FROM account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e
            LEFT JOIN customer_value USING (account_id) GROUP BY ALL""",
    "trial_days_score": _of("trial_rows", "avg(days_)", "poc_end_at"),
    "trial_features_score": _of("trial_rows", "avg(features_)", "poc_end_at"),
    "trial_seats_score": _of("trial_rows", "avg(seats_)", "poc_end_at"),
    "poc_product_usage": _of("trial_rows", "list_avg([avg(days_), avg(features_), avg(seats_)])", "poc_end_at"),
    "technical_win_rate": _of("deal_rows", "share(tally(tech_won), count(*))", "tech_evaluated_at"),
    "win_rate_after_technical_win": _of(
        "deal_rows", "share(tally(status = 'won' AND tech_won), tally(status IN ('won', 'lost') AND tech_won))",
        "closed_at",
    ),
    "implementation_timeline": _of(
        "project_rows", "avg(date_diff('day', closed_at::DATE, ended_at))", "ended_at", where="kind = 'implementation'"
    ),
    "reorder_rate": """
        WITH each AS (
            SELECT {by} AS grp, label AS period, account_id, count(*) AS n
            FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e
            WHERE account_id IS NOT NULL GROUP BY ALL)
        SELECT grp, period, share(count(*) FILTER (n >= 2), count(*)) AS value FROM each GROUP BY ALL""",
    "orders_per_customer": _of("order_rows", "ratio(count(*), count(DISTINCT account_id))", "ordered_at"),
    "product_mix_ratio": """
        WITH whole AS (
            SELECT label, sum(revenue) AS everything
            FROM line_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL)
        SELECT {by} AS grp, w.label AS period, ratio(sum(revenue), any_value(everything)) AS value
        FROM line_rows JOIN windows w ON ordered_at >= s AND ordered_at < e JOIN whole ON whole.label = w.label
        GROUP BY ALL""",
    "product_mix_concentration": """
        SELECT grp, period, ratio(sum(sold * sold), sum(sold) ** 2) AS value FROM family_sales GROUP BY ALL""",
    "project_value": _of("project_rows", f"avg({_WORTH})", "started_at", where="kind = 'service'"),
    "service_attach_rate": """
        SELECT {by} AS grp, label AS period, share(count(served), count(*)) AS value
        FROM order_rows JOIN windows ON ordered_at >= s AND ordered_at < e LEFT JOIN served_orders USING (order_id)
        GROUP BY ALL""",
    "client_service_attach_rate": f"""
        WITH served_accounts AS (
            SELECT account_id, min(ordered_at) AS first_at FROM orders JOIN served_orders USING (order_id) GROUP BY ALL)
        SELECT {{by}} AS grp, label AS period, share(count(*) FILTER (first_at < e), count(*)) AS value
        FROM account_rows JOIN windows ON {_CUSTOMER.format(b="e")} LEFT JOIN served_accounts USING (account_id)
        GROUP BY ALL""",
    "utilization_rate": _of("timesheet_rows", "share(sum(hours_billable), sum(hours_available))", "day"),
    "utilization_forecast": _both(
        """share([planned_hours] + CASE WHEN [likely_amount] = 0 THEN 0
            ELSE [likely_amount] * [billed_so_far] / nullif([worth_so_far], 0) END, [free_hours])""",
        "planned_hours", "likely_amount", "free_hours", "billed_so_far", "worth_so_far",
    ),
    "client_expansion_rate": f"""
        WITH clients AS (
            SELECT {{by}} AS grp, label AS period, account_id
            FROM account_rows JOIN windows ON {_CUSTOMER.format(b="s")}),
        bought AS (
            SELECT {{by}} AS grp, label AS period, account_id, coalesce(sum(amount) FILTER (ordered_at >= s), 0)
                > coalesce(sum(amount) FILTER (ordered_at < s), 0) AS more
            FROM order_rows JOIN windows ON ordered_at >= prev_s AND ordered_at < e GROUP BY ALL)
        SELECT c.grp, c.period, share(count(*) FILTER (more), count(*)) AS value
        FROM clients c LEFT JOIN bought b
            ON b.grp IS NOT DISTINCT FROM c.grp AND b.period = c.period AND b.account_id = c.account_id
        GROUP BY ALL""",
    "client_expansion_rate_by_subscription": """
        SELECT grp, period, share(count(*) FILTER (after > before), count(*)) AS value
        FROM account_mrr WHERE before > 0 GROUP BY ALL""",
    "proposal_win_rate": _of(
        "proposal_rows", "share(tally(kind = 'proposal' AND status = 'accepted'), tally(kind = 'proposal'))",
        "decided_at",
    ),
    "assets_under_management": """
        SELECT {by} AS grp, label AS period, amount_where(market_value, fresh) AS value FROM last_held GROUP BY ALL""",
    "cross_sell_ratio": """
        SELECT {by} AS grp, label AS period, ratio(tally(market_value > 0 AND fresh),
            count(DISTINCT account_id) FILTER (market_value > 0 AND fresh)) AS value
        FROM last_held GROUP BY ALL""",
    "products_added_per_client": """
        SELECT grp, period, ratio(sum(bought - before), count(*)) AS value
        FROM bought_rows WHERE before > 0 GROUP BY ALL""",
    "sharpe_ratio": """
        SELECT grp, period, avg(excess / swing * sqrt(12)) AS value FROM portfolio_rows WHERE swing > 0 GROUP BY ALL""",
    "risk_adjusted_return": """
        SELECT grp, period, avg((safe + excess / swing * market_swing) * 12) AS value
        FROM portfolio_rows WHERE swing > 0 AND market_swing > 0 GROUP BY ALL""",
    "days_on_market": _of("listing_rows", "avg(date_diff('day', listed_at, sold_at))", "sold_at"),
    "age_of_active_listings": """
        SELECT {by} AS grp, label AS period, avg(date_diff('day', listed_at, e - 1)) AS value
        FROM listing_rows JOIN windows ON listed_at < e AND (sold_at IS NULL OR sold_at >= e)
            AND (withdrawn_at IS NULL OR withdrawn_at >= e)
        GROUP BY ALL""",
    "listing_to_sale_ratio": _of("listing_rows", "share(count(sold_at), count(*))", "listed_at"),
    "agent_commission_rate": _of("listing_rows", "share(sum(seller_commission), sum(sale_price))", "sold_at"),
    "buyer_agent_commission_rate": _of("listing_rows", "share(sum(buyer_commission), sum(sale_price))", "sold_at"),
    "first_call_resolution": """
        WITH again AS (
            SELECT DISTINCT ticket_id, true AS came FROM tickets JOIN cc_calls USING (ticket_id)
            WHERE direction = 'in' AND queued_at > resolved_at AND queued_at <= resolved_at + to_days(7))
        SELECT {by} AS grp, label AS period, share(tally(contacts = 1 AND came IS NULL), count(*)) AS value
        FROM support_rows JOIN windows ON resolved_at >= s AND resolved_at < e LEFT JOIN again USING (ticket_id)
        GROUP BY ALL""",
    "average_handle_time": _of("phone_rows", "avg(talk_s + hold_s + wrap_s) / 60", "answered_at"),
    "average_talk_and_hold_time": _of("phone_rows", "avg(talk_s + hold_s) / 60", "answered_at"),
    "average_speed_of_answer": _of(
        "phone_rows", "avg(date_diff('second', queued_at, answered_at))", "answered_at", where="direction = 'in'"
    ),
    "call_abandonment_rate": _of(
        "phone_rows", "share(tally(direction = 'in' AND abandoned_at IS NOT NULL), tally(direction = 'in'))",
        "queued_at",
    ),
    "call_abandonment_rate_in_earnest": _of(
        "phone_rows",
        f"""share(tally(direction = 'in' AND abandoned_at IS NOT NULL AND {_LASTED}),
            tally(direction = 'in' AND {_LASTED}))""",
        "queued_at",
    ),
    "agent_utilization_rate": _of(
        "timesheet_rows", "share(sum(hours_handling), amount_where(hours_worked, hours_handling IS NOT NULL))", "day"
    ),
    "loss_ratio": _both("share([cost_of_claims], [premium_earned])", "cost_of_claims", "premium_earned"),
    "paid_loss_ratio": _both("share([paid_claims], [premium_earned])", "paid_claims", "premium_earned"),
    "policyholder_retention_rate": """
        WITH renewed AS (SELECT DISTINCT renews_policy_id AS policy_id, true AS again FROM policies)
        SELECT {by} AS grp, label AS period, share(count(again), count(*)) AS value
        FROM policy_rows JOIN windows ON ends_on >= s AND ends_on < e LEFT JOIN renewed USING (policy_id)
        GROUP BY ALL""",
    "policyholder_retention_rate_by_holder": """
        SELECT grp, period, share(count(*) FILTER (after > 0), count(*)) AS value
        FROM insured_rows WHERE before > 0 GROUP BY ALL""",
    "claims_processing_time": _of("claim_rows", "avg(date_diff('day', reported_at, closed_at))", "closed_at"),
    "age_of_open_claims": """
        SELECT {by} AS grp, label AS period, avg(date_diff('day', reported_at, e - 1)) AS value
        FROM claim_rows JOIN windows ON reported_at < e AND (closed_at IS NULL OR closed_at >= e) GROUP BY ALL""",
    "insurance_conversion_rate": """
        WITH insured AS (
            SELECT DISTINCT lead_id, true AS written FROM policies
            WHERE renews_policy_id IS NULL AND written_at IS NOT NULL)
        SELECT {by} AS grp, label AS period, share(count(written), count(*)) AS value
        FROM lead_rows JOIN windows ON created_at >= s AND created_at < e LEFT JOIN insured USING (lead_id)
        GROUP BY ALL""",
    "policyholder_growth_rate": _both("change([policies_now], [policies_then])", "policies_now", "policies_then"),
    "policyholder_growth_rate_by_holder": _both("change([insured_now], [insured_then])", "insured_now", "insured_then"),
    "insurance_cross_sell_rate": """
        SELECT grp, period, share(count(*) FILTER (lines >= 2), count(*)) AS value
        FROM insured_rows WHERE after > 0 GROUP BY ALL""",
    "new_policy_sales_growth": _both(
        "change([policies_sold], [policies_sold_before])", "policies_sold", "policies_sold_before"
    ),
    "new_policy_premium_growth": _both(
        "change([premium_sold], [premium_sold_before])", "premium_sold", "premium_sold_before"
    ),
    "ecommerce_conversion_rate": _of("session_rows", "share(count(order_id), count(*))", "started_at"),
    "ecommerce_conversion_rate_by_visitor": _of(
        "session_rows", "share(count(DISTINCT visitor_id) FILTER (order_id IS NOT NULL), count(DISTINCT visitor_id))",
        "started_at",
    ),
    "cart_abandonment_rate": _of("cart_rows", "share(count(*) - count(order_id), count(*))", "created_at"),
    "student_retention_rate": """
        WITH each AS (
            SELECT {by} AS grp, w.label AS period, account_id,
                bool_or(term = term_before AND (completed_at IS NULL OR completed_at >= e)) AS unfinished,
                bool_or(term = last_term) AS back
            FROM student_rows JOIN windows w ON enrolled_at < e JOIN two_terms t ON t.label = w.label
            WHERE account_id IS NOT NULL GROUP BY ALL)
        SELECT grp, period, share(count(*) FILTER (back), count(*)) AS value FROM each WHERE unfinished GROUP BY ALL""",
    "course_completion_rate": _of("student_rows", "share(count(completed_at), count(*))", "enrolled_at"),
    "average_revenue_per_user": f"""
        SELECT f.grp, f.period, f.value * 365 / date_diff('day', s, e) AS value
        FROM ({_both("ratio([revenue], [users_active])", "revenue", "users_active")}) f
            JOIN windows ON label = f.period""",
    "support_response_time": _of(
        "support_rows",
        """avg(date_diff('microsecond', opened_at,
            coalesce(first_response_at, resolved_at, (SELECT day FROM seen) + to_days(1))) / 3.6e9)""",
        "opened_at",
    ),
}  # fmt: skip
