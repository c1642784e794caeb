"""What several KPIs share: one figure each, by group and period. Rows: grp, period, k (its own name), v.

`{by}` is the dimension. A fact has a row where the group has rows in the window, and a null where nothing is known.
"""

from __future__ import annotations


def _fact(name: str, value: str, source: str, *, by: str = "{by}") -> str:
    return f"SELECT {by} AS grp, label AS period, '{name}' AS k, ({value})::DOUBLE AS v FROM {source} GROUP BY ALL"


_CLOSED = "deal_rows JOIN windows ON closed_at >= s AND closed_at < e"
_ORDERED = "order_rows JOIN windows ON ordered_at >= s AND ordered_at < e"
_LINES = "line_rows JOIN windows ON ordered_at >= s AND ordered_at < e"
_TOUCHED = 'activity_rows JOIN windows ON "at" >= s AND "at" < e'
_WORKED = "deal_rows JOIN windows ON created_at < e AND (closed_at IS NULL OR closed_at >= s)"
_BECAME = "account_rows JOIN windows ON became_customer_at >= s AND became_customer_at < e"
_SPENT = "cost_rows JOIN windows ON spent_on >= s AND spent_on < e"
_LIVE = "subscription_rows JOIN windows ON starts_on < {at} AND (ends_on IS NULL OR ends_on >= {at})"
_CUSTOMERS = "account_rows JOIN windows ON became_customer_at < s AND (ended_at IS NULL OR ended_at >= s)"
_STAFF = "rep_rows JOIN windows ON hired_at < {at} AND (left_at IS NULL OR left_at >= {at})"
_QUOTAS = """(
    SELECT *, amount * date_diff('day', greatest(starts_on, s), least(ends_on + 1, e))
        / date_diff('day', starts_on, ends_on + 1) AS share
    FROM quota_rows JOIN windows ON starts_on < e AND ends_on >= s)"""
_ENTERED = "visit_rows JOIN windows ON entered_at >= {since} AND entered_at < {until}"
_ADVANCED = "tally(coalesce(next_stage = 'won' OR next_position > position, false))"
_SALES_COSTS = "category IN ('sales_salary', 'commission', 'marketing', 'tools', 'training', 'overhead')"
_OPEN_END = "open_rows JOIN windows ON b = e"

_FACTS = {
    # name: (value, rows in windows)
    "won_deals": ("tally(status = 'won')", _CLOSED),
    "won_amount": ("amount_where(amount, status = 'won')", _CLOSED),
    "worked_deals": ("count(*)", _WORKED),
    "worked_size": ("avg(amount)", _WORKED),
    "revenue": ("sum(amount)", _ORDERED),
    "revenue_before": ("sum(amount)", "order_rows JOIN windows ON ordered_at >= prev_s AND ordered_at < s"),
    "revenue_year_ago": ("sum(amount)", "order_rows JOIN windows ON ordered_at >= year_s AND ordered_at < year_e"),
    "strategic": ("amount_where(amount, coalesce(is_strategic, false))", _ORDERED),
    "strategic_before": (
        "amount_where(amount, coalesce(is_strategic, false))",
        "order_rows JOIN windows ON ordered_at >= prev_s AND ordered_at < s",
    ),
    "orders_placed": ("count(*)", _ORDERED),
    "buyers": ("count(DISTINCT account_id)", _ORDERED),
    "line_revenue": ("sum(revenue)", _LINES),
    "line_cost": ("sum(cogs)", _LINES),
    "mrr_start": ("sum(mrr)", _LIVE.format(at="s")),
    "mrr_end": ("sum(mrr)", _LIVE.format(at="e")),
    "mrr_year_ago": ("sum(mrr)", _LIVE.format(at="year_e")),
    "subscribers_start": ("count(DISTINCT account_id)", _LIVE.format(at="s")),
    "new_customers": ("count(*)", _BECAME),
    "new_customers_before": (
        "count(*)",
        "account_rows JOIN windows ON became_customer_at >= prev_s AND became_customer_at < s",
    ),
    "customers_start": ("count(*)", _CUSTOMERS),
    "customers_left": ("count(*) FILTER (ended_at < e)", _CUSTOMERS),
    "customers_served": (
        "count(*)",
        "account_rows JOIN windows ON became_customer_at < e AND (ended_at IS NULL OR ended_at >= s)",
    ),
    "selling_costs": (f"amount_where(amount, {_SALES_COSTS})", _SPENT),
    "marketing_costs": ("amount_where(amount, category = 'marketing')", _SPENT),
    "sql_leads": ("count(*)", "lead_rows JOIN windows ON sql_at >= s AND sql_at < e"),
    "calls_out": ("tally(kind = 'call' AND direction = 'out')", _TOUCHED),
    "bookings": (
        "tally(kind IN ('meeting', 'demo'))",
        "activity_rows JOIN windows ON scheduled_at >= s AND scheduled_at < e",
    ),
    "due_start": (
        "coalesce(sum(amount) FILTER (due >= s AND due < e), 0)",
        "open_rows JOIN windows ON b = s",
    ),
    "due_end": ("coalesce(sum(amount) FILTER (due >= s AND due < e), 0)", _OPEN_END),
    "rep_quota": ("amount_where(share, owner_kind = 'rep')", _QUOTAS),
    "team_quota": ("amount_where(share, owner_kind = 'team')", _QUOTAS),
    "finest_quota": (
        """coalesce(sum(share) FILTER (owner_kind = 'rep'), sum(share) FILTER (owner_kind = 'team'),
            sum(share) FILTER (owner_kind = 'company'))""",
        _QUOTAS,
    ),
    "visits": ("count(*)", _ENTERED.format(since="s", until="e")),
    "advances": (_ADVANCED, _ENTERED.format(since="s", until="e")),
    "visits_before": ("count(*)", _ENTERED.format(since="four_s", until="s")),
    "advances_before": (_ADVANCED, _ENTERED.format(since="four_s", until="s")),
    "sellers_start": ("tally(is_seller)", _STAFF.format(at="s")),
    "sellers_end": ("tally(is_seller)", _STAFF.format(at="e")),
    "staff_start": ("count(*)", _STAFF.format(at="s")),
    "staff_end": ("count(*)", _STAFF.format(at="e")),
    "left_staff": ("count(*)", "rep_rows JOIN windows ON left_at >= s AND left_at < e"),
}

FACTS = {name: _fact(name, value, source) for name, (value, source) in _FACTS.items()}
