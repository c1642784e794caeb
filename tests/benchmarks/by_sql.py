"""The aggregates of all KPIs by team and quarter in DuckDB: about one set-based query per table, on the same files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

THREADS = 2
SALES_COSTS = "('sales_salary', 'commission', 'marketing', 'tools', 'training', 'overhead')"


def figures(folder: Path, quarters: list[date], after: date) -> list[pl.DataFrame]:
    """The figures by team and quarter, named as the leaves of the KPIs; n and standard deviation beside."""
    connection = connect(folder, quarters, after)
    return [frame(connection, query) for query in queries(quarters, after)]


def connect(folder: Path, quarters: list[date], after: date) -> duckdb.DuckDBPyConnection:
    """The files as views, the quarters with their numbers, and the last day that any row is dated on."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {THREADS}; SET preserve_insertion_order = false; SET memory_limit = '6GB'")
    for path in sorted(folder.glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
    ends = [*quarters[1:], after]
    rows = ", ".join(f"({q}, DATE '{s}', DATE '{e}')" for q, (s, e) in enumerate(zip(quarters, ends, strict=True)))
    connection.execute(f"CREATE TABLE quarters AS FROM (VALUES {rows}) AS v(q, s, e)")
    first, since = quarters[0], quarters[0].replace(year=quarters[0].year - 1)
    connection.execute(f"""
        CREATE MACRO q_of(at_) AS (year(at_) * 4 + quarter(at_) - {first.year * 4 + (first.month + 2) // 3})::INTEGER;
        CREATE MACRO start_of(at_) AS date_trunc('quarter', at_)::DATE;
        CREATE MACRO within(at_) AS at_ >= DATE '{first}' AND at_ < DATE '{after}';
        CREATE MACRO within_years(at_) AS at_ >= DATE '{since}' AND at_ < DATE '{after}';
        CREATE TABLE seen AS SELECT max(day)::DATE AS day FROM (
            SELECT max(created_at) AS day FROM accounts UNION ALL SELECT max(created_at) FROM deals
            UNION ALL SELECT max(created_at) FROM leads UNION ALL SELECT max(least(scheduled_at, "at")) FROM activities
            UNION ALL SELECT max(ordered_at) FROM orders UNION ALL SELECT max(spent_on) FROM costs
            UNION ALL SELECT max(hired_at) FROM reps UNION ALL SELECT max(entered_at) FROM stage_history
            UNION ALL SELECT max(starts_on) FROM subscriptions)""")
    return connection


def frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    rows = connection.execute(query).fetchall()
    names = [column[0] for column in connection.description or ()]
    kinds = {"team": pl.String, "quarter": pl.Date}
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.Float64) for name in names}, orient="row", strict=False)


def queries(quarters: list[date], after: date) -> Iterable[str]:
    yield from (CLOSED, CREATED, WORKED, OPEN, CONTRACTS, LEADS, QUALIFIED, ASSIGNED, TOUCHES, BOOKED, REVIEWS)
    yield from (VISITS, WAITING, ORDERS, LINES, SUBSCRIPTIONS, WON_ACCOUNTS, REFERRING, CUSTOMERS)
    yield from (TARGETS, COSTS, QUOTAS, REACHED, HIRED, STAFF, LEAVERS)


def _mean(name: str, value: str) -> str:
    return f'avg({value}) AS "{name}", count({value}) AS "{name}.n", stddev_samp({value}) AS "{name}.sd"'


def _median(name: str, value: str) -> str:
    return f'quantile_cont({value}, 0.5) AS "{name}", count({value}) AS "{name}.n"'


def _total(name: str, value: str, where: str = "true") -> str:
    return f'coalesce(sum({value}) FILTER ({where}), 0) AS "{name}", count({value}) FILTER ({where}) AS "{name}.n"'


def _distinct(name: str, value: str) -> str:
    return f'count(DISTINCT {value}) AS "{name}", count({value}) AS "{name}.n"'


def _count(name: str, where: str) -> str:
    return f'count(*) FILTER ({where}) AS "{name}"'


CLOSED = f"""
    WITH followed AS (
        SELECT deal_id, count(*) AS follow_ups
        FROM activities JOIN deals USING (deal_id)
        WHERE is_follow_up AND status = 'won' AND "at"::DATE <= closed_at::DATE GROUP BY ALL),
    won AS (
        SELECT team, start_of(closed_at) AS quarter, d.*,
            CASE WHEN status = 'won' THEN amount END AS won,
            CASE WHEN status = 'won' THEN date_diff('day', created_at::DATE, closed_at::DATE) END AS cycle,
            CASE WHEN status = 'won' THEN date_diff('day', first_contact_at::DATE, closed_at::DATE) END AS contact,
            CASE WHEN status = 'won' THEN coalesce(follow_ups, 0) END AS touches
        FROM deals d LEFT JOIN reps r ON r.rep_id = owner_rep_id LEFT JOIN followed USING (deal_id)
        WHERE within(closed_at))
    SELECT team, quarter, {_count("won_deals", "status = 'won'")}, {
    _count("closed_deals", "status IN ('won', 'lost')")
},
        {_total("won_amount", "won")}, {_total("closed_amount", "amount", "status IN ('won', 'lost')")},
        {_total("expansion_bookings", "won", "kind IN ('upsell', 'cross_sell', 'expansion')")},
        {_mean("mean_won_amount", "won")}, {_median("median_won_amount", "won")},
        {_count("won_add_on_deals", "status = 'won' AND kind IN ('upsell', 'cross_sell')")},
        {_count("closed_add_on_deals", "status IN ('won', 'lost') AND kind IN ('upsell', 'cross_sell')")},
        {_count("negotiated_deals", "status IN ('won', 'lost') AND negotiation_started_at IS NOT NULL")},
        {
    _count(
        "well_negotiated_deals",
        "status = 'won' AND negotiation_started_at IS NOT NULL AND amount >= list_amount * (1 - 0.20)",
    )
},
        {_mean("mean_days_from_creation", "cycle")}, {_median("median_days_from_creation", "cycle")},
        {_mean("mean_days_from_first_contact", "contact")}, {_median("median_days_from_first_contact", "contact")},
        {_mean("mean_follow_ups_to_close", "touches")}
    FROM won GROUP BY team, quarter"""

CREATED = f"""
    SELECT team, start_of(created_at) AS quarter, count(*) AS created_deals,
        {_count("created_and_won_deals", "status = 'won'")},
        {_total("sourced_amount", "amount", "sdr_rep_id IS NOT NULL")}
    FROM deals LEFT JOIN reps ON rep_id = owner_rep_id WHERE within(created_at) GROUP BY ALL"""

_SPANS = """
    spans AS (
        SELECT deal_id, owner_rep_id, stage, amount, expected_close_at, created_at, q_of(created_at) AS opened,
            coalesce(q_of(closed_at), 1000) AS ended
        FROM deals WHERE created_at < (SELECT max(e) FROM quarters)
            AND (closed_at IS NULL OR closed_at >= (SELECT min(s) FROM quarters)))"""

WORKED = f"""
    WITH {_SPANS},
    laid AS (
        SELECT *, unnest(range(greatest(opened, 0), least(ended, (SELECT max(q) FROM quarters)) + 1))::INTEGER AS q
        FROM spans)
    SELECT team, s AS quarter, count(*) AS deals_worked, {_mean("mean_worked_amount", "amount")},
        {_total("due_amount.start", "amount", "opened < q AND expected_close_at >= s AND expected_close_at < e")},
        {_total("due_amount.end", "amount", "ended > q AND expected_close_at >= s AND expected_close_at < e")},
        {_total("open_amount.end", "amount", "ended > q")},
        {_total("weighted_amount.end", "amount * default_probability", "ended > q")},
        {_count("open_deals.end", "ended > q")}
    FROM laid JOIN quarters USING (q) LEFT JOIN reps ON rep_id = owner_rep_id LEFT JOIN stages USING (stage)
    GROUP BY ALL"""

OPEN = f"""
    WITH {_SPANS},
    laid AS (
        SELECT *, unnest(range(greatest(opened, 0), least(ended, (SELECT max(q) FROM quarters) + 1)))::INTEGER AS q
        FROM spans),
    open AS MATERIALIZED (
        SELECT deal_id, q, s, e, owner_rep_id, stage, created_at::DATE AS created_on FROM laid JOIN quarters USING (q)),
    touches AS (
        SELECT deal_id, direction, duration_s, "at"::DATE AS day,
            coalesce(replied_at IS NOT NULL OR outcome IN ('connected', 'held', 'replied'), false) AS answered
        FROM activities),
    touched AS (
        SELECT deal_id, q, max(day) AS touched_on,
            40 * least(1, count(*) FILTER (day > e - 31 AND (answered OR direction = 'in')) / 8)
                + 30 * least(1, coalesce(sum(duration_s) FILTER (day > e - 31), 0) / 60 / 120)
                + 30 * coalesce(count(*) FILTER (day > e - 31 AND answered AND direction = 'out')
                    / nullif(count(*) FILTER (day > e - 31 AND direction = 'out'), 0), 0) AS score
        FROM open JOIN touches USING (deal_id) WHERE day < e GROUP BY deal_id, q),
    entered AS (
        SELECT deal_id, q, max(entered_at::DATE) AS entered_on
        FROM open JOIN stage_history USING (deal_id) WHERE entered_at < e GROUP BY deal_id, q)
    SELECT team, s AS quarter,
        {_count("stale_deals.end", "date_diff('day', coalesce(touched_on, created_on), e - 1) > 30")},
        {_count("moving_deals.end", "date_diff('day', coalesce(entered_on, created_on), e - 1) <= typical_days")},
        {_mean("mean_engagement.end", "coalesce(score, 0)")}
    FROM open LEFT JOIN touched USING (deal_id, q) LEFT JOIN entered USING (deal_id, q)
        LEFT JOIN reps ON rep_id = owner_rep_id LEFT JOIN stages USING (stage)
    GROUP BY ALL"""

CONTRACTS = f"""
    WITH signed AS (
        SELECT account_id, owner_rep_id, status, q_of(closed_at) AS began,
            q_of(closed_at + to_months(coalesce(nullif(term_months, 0), 12)::INTEGER)) AS ended,
            CASE WHEN status = 'won' THEN
                coalesce(annual_value, amount * 12 / coalesce(nullif(term_months, 0), 12)) END AS yearly
        FROM deals WHERE closed_at < (SELECT max(e) FROM quarters)),
    laid AS (
        SELECT *, unnest(range(greatest(began, 0), least(ended, (SELECT max(q) FROM quarters) + 1)))::INTEGER AS q
        FROM signed)
    SELECT team, s AS quarter, {_total("contracted_annual_value.end", "yearly")},
        {_distinct("contracted_accounts.end", "CASE WHEN status = 'won' THEN account_id END")},
        {_mean("mean_contract_value.end", "yearly")}
    FROM laid JOIN quarters USING (q) LEFT JOIN reps ON rep_id = owner_rep_id GROUP BY ALL"""

LEADS = f"""
    WITH came AS (
        SELECT team, start_of(created_at) AS quarter, l.*,
            CASE WHEN is_inbound THEN date_diff('microsecond', created_at, first_response_at) / 3.6e9 END AS waited
        FROM leads l LEFT JOIN reps r ON r.rep_id = owner_rep_id WHERE within(created_at))
    SELECT team, quarter, {_distinct("different_leads", "coalesce(trim(lower(email)), lead_id)")},
        count(*) AS leads_created, count(customer_at) AS converted_leads, count(deal_id) AS leads_with_deal,
        {_mean("mean_hours_to_answer_inquiry", "waited")}, {_median("median_hours_to_answer_inquiry", "waited")},
        {_count("inquiries", "is_inbound")},
        {_count("answered_inquiries", "is_inbound AND first_response_at IS NOT NULL")},
        {_count("promptly_answered_inquiries", "waited <= 1")}
    FROM came GROUP BY ALL"""

QUALIFIED = """
    SELECT team, start_of(sql_at) AS quarter, count(*) AS qualified_leads, count(deal_id) AS qualified_leads_with_deal
    FROM leads LEFT JOIN reps ON rep_id = owner_rep_id WHERE within(sql_at) GROUP BY ALL"""

_SINCE = "date_diff('microsecond', assigned_at, first_response_at) / 3.6e9"
ASSIGNED = f"""
    SELECT team, start_of(assigned_at) AS quarter, {_mean("mean_hours_to_answer_lead", _SINCE)},
        {_median("median_hours_to_answer_lead", _SINCE)}
    FROM leads LEFT JOIN reps ON rep_id = owner_rep_id WHERE within(assigned_at) GROUP BY ALL"""

TOUCHES = f"""
    SELECT team, start_of("at") AS quarter,
        {_count("sales_actions", "direction = 'out' OR kind IN ('meeting', 'demo', 'proposal')")},
        {_count("outbound_calls", "kind = 'call' AND direction = 'out'")},
        {_count("outbound_emails", "kind = 'email' AND direction = 'out'")},
        {_count("delivered_emails", "kind = 'email' AND direction = 'out' AND delivered")},
        {_count("opened_emails", "kind = 'email' AND direction = 'out' AND delivered AND opened_at IS NOT NULL")},
        {_count("held_meetings", "kind = 'meeting' AND outcome = 'held'")},
        {_count("held_demos", "kind = 'demo' AND outcome = 'held'")},
        {_count("follow_ups", "is_follow_up AND direction = 'out'")},
        {_distinct("contacted_accounts", "account_id")},
        {_count("meetings_with_buyer", "kind IN ('meeting', 'demo') AND outcome = 'held'")},
        {
    _count("meetings_with_next_step", "kind IN ('meeting', 'demo') AND outcome = 'held' AND next_step_at IS NOT NULL")
}
    FROM activities LEFT JOIN reps USING (rep_id) WHERE within("at") GROUP BY ALL"""

BOOKED = """
    SELECT team, start_of(scheduled_at) AS quarter, count(*) FILTER (kind IN ('meeting', 'demo')) AS booked_meetings
    FROM activities LEFT JOIN reps USING (rep_id) WHERE within(scheduled_at) GROUP BY ALL"""

REVIEWS = f"""
    WITH reviews AS (
        SELECT *, "at"::DATE AS day, coalesce(outcome = 'held' AND decision_maker_present, false)::INT AS met,
            coalesce(value_confirmed, false)::INT AS valued,
            coalesce(next_step_done_at::DATE <= "at"::DATE + 30, false)::INT AS acted
        FROM activities WHERE kind = 'qbr' AND within("at")),
    paid AS (
        SELECT activity_id,
            coalesce(sum(mrr) FILTER (starts_on <= day AND (ends_on IS NULL OR ends_on > day)), 0) AS then_,
            coalesce(sum(mrr) FILTER (starts_on <= day + 90 AND (ends_on IS NULL OR ends_on > day + 90)), 0) AS later
        FROM reviews LEFT JOIN subscriptions USING (account_id) GROUP BY ALL),
    scored AS (
        SELECT team, start_of("at") AS quarter, 100 * CASE
            WHEN day + 90 <= (SELECT seen.day FROM seen) THEN (met + valued + acted + (later >= then_)::INT) / 4
            ELSE (met + valued + acted) / 3 END AS score
        FROM reviews JOIN paid USING (activity_id) LEFT JOIN reps USING (rep_id))
    SELECT team, quarter, {_mean("mean_review_score", "score")} FROM scored GROUP BY ALL"""

_OWN_TEAM = """
    stage_history v LEFT JOIN deals d USING (deal_id) LEFT JOIN reps rd ON rd.rep_id = d.owner_rep_id
        LEFT JOIN leads l ON l.lead_id = v.lead_id LEFT JOIN reps rl ON rl.rep_id = l.owner_rep_id"""

VISITS = f"""
    WITH entered AS (
        SELECT coalesce(rd.team, rl.team) AS team, start_of(entered_at) AS quarter, count(*) AS entries,
            count(*) FILTER (v.next_stage = 'won' OR onward.position > here.position) AS advances
        FROM {_OWN_TEAM} LEFT JOIN stages here ON here.stage = v.stage
            LEFT JOIN stages onward ON onward.stage = v.next_stage
        WHERE within_years(entered_at) GROUP BY ALL),
    before AS (
        SELECT team, (quarter + to_months(3 * back::INTEGER))::DATE AS quarter, sum(entries) AS entries,
            sum(advances) AS advances
        FROM entered, range(1, 5) AS r(back) GROUP BY ALL)
    SELECT team, quarter, n.entries AS stage_entries, n.advances AS stage_advances,
        b.entries AS "stage_entries.rolling.previous", b.advances AS "stage_advances.rolling.previous"
    FROM entered n FULL JOIN before b USING (team, quarter)"""

WAITING = f"""
    WITH answered AS (
        SELECT history_id, min("at") AS answered_at
        FROM stage_history JOIN activities t USING (deal_id)
        WHERE t.direction = 'out' AND t."at" >= entered_at AND within(entered_at) GROUP BY ALL
        UNION ALL
        SELECT history_id, min("at")
        FROM stage_history v JOIN activities t USING (lead_id)
        WHERE v.deal_id IS NULL AND t.direction = 'out' AND t."at" >= entered_at AND within(entered_at) GROUP BY ALL),
    waited AS (
        SELECT coalesce(rd.team, rl.team) AS team, start_of(entered_at) AS quarter, date_diff('microsecond', entered_at,
            coalesce(answered_at, least(v.left_at, (SELECT day + 1 FROM seen)::TIMESTAMP))) / 3.6e9 AS hours
        FROM {_OWN_TEAM} LEFT JOIN answered USING (history_id) WHERE within(entered_at))
    SELECT team, quarter, {_mean("mean_hours_waiting", "hours")} FROM waited GROUP BY ALL"""

ORDERS = f"""
    WITH placed AS (
        SELECT team, start_of(ordered_at) AS quarter, o.account_id, amount, deductions, is_strategic,
            start_of(became_customer_at) AS since
        FROM orders o LEFT JOIN reps USING (rep_id) LEFT JOIN accounts USING (account_id)
        WHERE within_years(ordered_at)),
    found AS (
        SELECT team, quarter, {_total("revenue", "amount")},
            {_total("net_revenue", "amount - coalesce(deductions, 0)")},
            count(*) AS orders_placed, {_mean("mean_order_amount", "amount")}, {_distinct("buyers", "account_id")},
            {_total("new_revenue", "amount", "since = quarter")},
            {_total("existing_revenue", "amount", "since < quarter")},
            {_total("strategic_revenue", "amount", "is_strategic")}
        FROM placed GROUP BY team, quarter),
    earlier AS (
        SELECT team, quarter + INTERVAL 3 MONTH AS quarter, revenue AS before, strategic_revenue AS strategic,
            NULL AS year_ago FROM found
        UNION ALL SELECT team, quarter + INTERVAL 1 YEAR, NULL, NULL, revenue FROM found)
    SELECT team, quarter, n.*, before AS "revenue.previous", strategic AS "strategic_revenue.previous",
        year_ago AS "revenue.year_ago"
    FROM (SELECT team, quarter::DATE AS quarter, max(before) AS before, max(strategic) AS strategic,
            max(year_ago) AS year_ago FROM earlier GROUP BY ALL) b
        FULL JOIN found n USING (team, quarter)""".replace("n.*", "n.* EXCLUDE (team, quarter)")

LINES = f"""
    SELECT team, start_of(ordered_at) AS quarter, {_total("line_revenue", "revenue")}, {_total("line_costs", "cogs")}
    FROM order_lines JOIN orders USING (order_id) LEFT JOIN reps USING (rep_id) WHERE within(ordered_at) GROUP BY ALL"""

#: Per account what it pays at each boundary it is live at, from a year before; a boundary ends one quarter and starts
#: the next one.
SUBSCRIPTIONS = """
    WITH live AS (
        SELECT account_id, mrr, unnest(range(greatest(q_of(starts_on) + 1, -3),
            least(coalesce(q_of(ends_on), 1000), (SELECT max(q) + 1 FROM quarters)) + 1)) AS b
        FROM subscriptions),
    paid AS MATERIALIZED (
        SELECT team, account_id, b, sum(mrr) AS mrr
        FROM live LEFT JOIN accounts a USING (account_id) LEFT JOIN reps ON rep_id = owner_rep_id GROUP BY ALL),
    stocks AS (SELECT team, b, sum(mrr) AS mrr, count(DISTINCT account_id) AS accounts FROM paid GROUP BY ALL),
    sides AS (
        SELECT team, q, account_id, max(mrr) FILTER (paid.b = q) AS was,
            coalesce(max(mrr) FILTER (paid.b = q + 1), 0) AS becomes
        FROM paid JOIN quarters ON paid.b = q OR paid.b = q + 1 GROUP BY ALL),
    kept AS (
        SELECT team, q, sum(was) AS starting_mrr, sum(becomes) AS kept_mrr, sum(least(was, becomes)) AS retained_mrr,
            sum(greatest(becomes - was, 0)) AS expansion_mrr,
            coalesce(sum(was - becomes) FILTER (becomes > 0 AND was > becomes), 0) AS contraction_mrr,
            coalesce(sum(was) FILTER (becomes = 0), 0) AS churned_mrr
        FROM sides WHERE was > 0 GROUP BY ALL)
    SELECT t.team, s AS quarter, k.* EXCLUDE (team, q), n.mrr AS "recurring_revenue.start",
        n.accounts AS "subscribers.start", l.mrr AS "recurring_revenue.end", y.mrr AS "recurring_revenue.end.year_ago"
    FROM quarters x CROSS JOIN (SELECT DISTINCT team FROM paid) t LEFT JOIN stocks n ON n.team = t.team AND n.b = q
        LEFT JOIN stocks l ON l.team = t.team AND l.b = q + 1 LEFT JOIN stocks y ON y.team = t.team AND y.b = q - 3
        LEFT JOIN kept k ON k.team = t.team AND k.q = x.q"""

WON_ACCOUNTS = """
    WITH found AS (
        SELECT team, start_of(became_customer_at) AS quarter, count(*) AS new_customers,
            count(referred_by_account_id) AS referred_customers
        FROM accounts LEFT JOIN reps ON rep_id = owner_rep_id WHERE within_years(became_customer_at) GROUP BY ALL)
    SELECT team, quarter, n.* EXCLUDE (team, quarter), b.new_customers AS "new_customers.previous"
    FROM found n FULL JOIN (
        SELECT team, (quarter + INTERVAL 3 MONTH)::DATE AS quarter, new_customers FROM found) b USING (team, quarter)"""

REFERRING = """
    WITH introduced AS (
        SELECT DISTINCT referred_by_account_id AS account_id, start_of(became_customer_at) AS quarter
        FROM accounts WHERE within(became_customer_at) AND referred_by_account_id IS NOT NULL)
    SELECT team, quarter, count(*) AS "referring_customers.start"
    FROM introduced JOIN accounts USING (account_id) LEFT JOIN reps ON rep_id = owner_rep_id
    WHERE became_customer_at < quarter AND (ended_at IS NULL OR ended_at >= quarter) GROUP BY ALL"""

CUSTOMERS = f"""
    WITH laid AS (
        SELECT owner_rep_id, ended_at, q_of(became_customer_at) AS began, unnest(range(
            greatest(q_of(became_customer_at), 0),
            least(coalesce(q_of(ended_at), 1000), (SELECT max(q) FROM quarters)) + 1))::INTEGER AS q
        FROM accounts WHERE became_customer_at < (SELECT max(e) FROM quarters))
    SELECT team, s AS quarter, count(*) AS customers_served, {_count("customers.start", "began < q")},
        {_count("customers_lost.start", "began < q AND ended_at < e")},
        {_count("customers_kept.start", "began < q AND (ended_at IS NULL OR ended_at >= e)")}
    FROM laid JOIN quarters USING (q) LEFT JOIN reps ON rep_id = owner_rep_id GROUP BY ALL"""

TARGETS = f"""
    WITH came AS (
        SELECT team, greatest(q_of(created_at), 0) AS c, {_count("targets", "is_target")},
            {_count("matched", "is_target AND provider_matched")}
        FROM accounts LEFT JOIN reps ON rep_id = owner_rep_id GROUP BY ALL)
    SELECT team, s AS quarter, sum(targets) AS "target_accounts.end", sum(matched) AS "matched_target_accounts.end"
    FROM came JOIN quarters ON c <= q GROUP BY ALL"""

COSTS = f"""
    SELECT team, start_of(spent_on) AS quarter, {_total("acquisition_costs", "amount", f"category IN {SALES_COSTS}")},
        {_total("marketing_costs", "amount", "category = 'marketing'")}
    FROM costs WHERE within(spent_on) GROUP BY ALL"""

_QUOTAS = """
    asked AS (
        SELECT q.*, CASE owner_kind WHEN 'team' THEN owner_id WHEN 'rep' THEN r.team END AS team
        FROM quotas q LEFT JOIN reps r ON owner_kind = 'rep' AND r.rep_id = owner_id
        WHERE measure IS NULL OR measure = 'revenue')"""

QUOTAS = f"""
    WITH {_QUOTAS},
    laid AS (
        SELECT team, s AS quarter, owner_kind, amount * date_diff('day', greatest(starts_on, s), least(ends_on + 1, e))
            / date_diff('day', starts_on, ends_on + 1) AS share
        FROM asked JOIN quarters ON starts_on < e AND ends_on >= s)
    SELECT team, quarter, {_total("rep_quota", "share", "owner_kind = 'rep'")},
        {_total("team_quota", "share", "owner_kind = 'team'")},
        coalesce(sum(share) FILTER (owner_kind = 'rep'), sum(share) FILTER (owner_kind = 'team'),
            sum(share) FILTER (owner_kind = 'company')) AS quota
    FROM laid GROUP BY ALL"""

_MET = f"""
    {_QUOTAS},
    won AS MATERIALIZED (
        SELECT closed_at::DATE AS day, owner_rep_id AS rep, team, sum(amount) AS amount
        FROM deals LEFT JOIN reps ON rep_id = owner_rep_id WHERE status = 'won' GROUP BY ALL),
    sales AS (
        SELECT 'rep' AS owner_kind, rep AS owner_id, day, amount FROM won
        UNION ALL SELECT 'team', team, day, sum(amount) FROM won GROUP BY ALL
        UNION ALL SELECT 'company', 'company', day, sum(amount) FROM won GROUP BY ALL),
    met AS (
        SELECT quota_id, coalesce(sum(w.amount), 0) >= any_value(a.amount) AS reached
        FROM asked a LEFT JOIN sales w ON w.owner_kind = a.owner_kind AND w.owner_id = a.owner_id
            AND w.day BETWEEN starts_on AND ends_on
        GROUP BY ALL)"""

REACHED = f"""
    WITH {_MET}
    SELECT team, start_of(ends_on) AS quarter, count(*) AS quotas_ended, {_count("quotas_met", "reached")}
    FROM asked JOIN met USING (quota_id) WHERE within(ends_on) GROUP BY ALL"""

HIRED = f"""
    WITH {_MET},
    first_met AS (
        SELECT owner_id AS rep_id, min(ends_on) AS met_on FROM asked JOIN met USING (quota_id)
        WHERE reached AND owner_kind = 'rep' AND ends_on <= (SELECT day FROM seen) GROUP BY ALL),
    engaged AS (
        SELECT rep_id, min("at"::DATE) AS first_on FROM activities WHERE outcome IN ('held', 'connected') GROUP BY ALL),
    hired AS (
        SELECT *, start_of(hired_at) AS quarter,
            CASE WHEN is_seller THEN date_diff('day', hired_at, first_on) END AS ramp,
            CASE WHEN is_seller THEN date_diff('day', hired_at, met_on) END AS full_quota
        FROM reps LEFT JOIN engaged USING (rep_id) LEFT JOIN first_met USING (rep_id) WHERE within(hired_at))
    SELECT team, quarter, {_mean("mean_days_to_first_engagement", "ramp")},
        {_count("sellers_not_yet_engaged", "is_seller AND first_on IS NULL")},
        {_mean("mean_days_to_first_quota", "full_quota")}
    FROM hired GROUP BY ALL"""

STAFF = f"""
    WITH there AS (
        SELECT *, hired_at < s AND (left_at IS NULL OR left_at >= s) AS at_start,
            hired_at < e AND (left_at IS NULL OR left_at >= e) AS at_end, date_diff('day', hired_at, e - 1) AS tenure
        FROM reps CROSS JOIN quarters)
    SELECT team, s AS quarter,
        (count(*) FILTER (is_seller AND at_start) + count(*) FILTER (is_seller AND at_end)) / 2
            AS "seller_headcount.average",
        (count(*) FILTER (at_start) + count(*) FILTER (at_end)) / 2 AS "headcount.average",
        {_count("sellers_kept.start", "is_seller AND at_start AND (left_at IS NULL OR left_at >= e)")},
        {_count("seller_headcount.start", "is_seller AND at_start")},
        {_count("seller_headcount.end", "is_seller AND at_end")},
        {_count("tenured_sellers.end", "is_seller AND at_end AND tenure >= 730")},
        {_mean("mean_tenure.end", "CASE WHEN is_seller AND at_end THEN tenure END")}
    FROM there WHERE at_start OR at_end GROUP BY ALL"""

LEAVERS = """
    SELECT team, start_of(left_at) AS quarter, count(*) AS leavers FROM reps WHERE within(left_at) GROUP BY ALL"""
