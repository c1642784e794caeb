"""The rows and shares that the KPIs of market, products, quotes, accounts' health and chances build on."""

from __future__ import annotations

CUSTOMERS_END = "account_rows a JOIN windows ON became_customer_at < e AND (ended_at IS NULL OR ended_at >= e)"
_LAST_DAYS = "date_diff('day', {at}::DATE, e - 1) BETWEEN 0 AND {days} - 1"


def _of_boundary(name: str, value: str, source: str) -> str:
    """A figure over rows at the end of the window."""
    return f"SELECT {{by}} AS grp, label AS period, '{name}' AS k, ({value})::DOUBLE AS v FROM {source} GROUP BY ALL"


#: Queries that those of the KPIs build on.
PARTS: dict[str, str] = {
    "quote_rows": "SELECT q.*, r.team FROM quotes q LEFT JOIN reps r USING (rep_id)",
    "survey_rows": """
        SELECT v.*, coalesce(r.team, o.team) AS team
        FROM surveys v LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a USING (account_id)
            LEFT JOIN reps o ON o.rep_id = a.owner_rep_id""",
    "ticket_rows": """
        SELECT t.*, r.team FROM tickets t LEFT JOIN accounts a USING (account_id)
            LEFT JOIN reps r ON r.rep_id = a.owner_rep_id""",
    "site_visit_rows": """
        SELECT n.*, r.team FROM sessions n LEFT JOIN orders USING (order_id) LEFT JOIN reps r USING (rep_id)""",
    "market_shared": """
        SELECT m.*, label, s, e, date_diff('day', greatest(starts_on, s), least(ends_on + 1, e))
            / date_diff('day', starts_on, ends_on + 1) AS part
        FROM market m JOIN windows ON starts_on < e AND ends_on >= s""",
    "market_revenue": """
        SELECT {by} AS grp, label AS period, 'market' AS k, sum(total_revenue * part)::DOUBLE AS v
        FROM market_shared GROUP BY ALL""",
    "market_units": """
        SELECT {by} AS grp, label AS period, 'market' AS k, sum(total_units * part)::DOUBLE AS v
        FROM market_shared GROUP BY ALL""",
    "units_sold": """
        SELECT {by} AS grp, label AS period, 'units' AS k, sum(quantity)::DOUBLE AS v
        FROM line_rows JOIN windows ON ordered_at >= s AND ordered_at < e GROUP BY ALL""",
    "line_revenue_before": """
        SELECT {by} AS grp, label AS period, 'before' AS k, sum(revenue)::DOUBLE AS v
        FROM line_rows JOIN windows ON ordered_at >= prev_s AND ordered_at < s GROUP BY ALL""",
    "customers_end": _of_boundary("customers", "count(*)", CUSTOMERS_END),
    "addressable": """
        SELECT grp, period, 'addressable' AS k, sum(most)::DOUBLE AS v FROM (
            SELECT {by} AS grp, label AS period, market.region, max(addressable_accounts) AS most
            FROM market JOIN windows ON starts_on < e AND (ends_on IS NULL OR ends_on >= e - 1)
            WHERE market.region IS NOT NULL GROUP BY ALL) GROUP BY ALL""",
    "family_markets": """
        SELECT product_family AS family, label, sum(total_revenue * part) AS worth FROM market_shared GROUP BY ALL""",
    "product_figures": """
        SELECT grp, period, product_id, coalesce(sum(priced), 0) AS priced,
            coalesce(sum(counted), 0) AS counted, coalesce(sum(units), 0) AS units,
            coalesce(sum(sold), 0) AS sold, coalesce(sum(cost), 0) AS cost, coalesce(sum(costed), 0) AS costed,
            coalesce(max(worth), 0) AS worth, coalesce(sum(good), 0) AS good, coalesce(sum(answers), 0) AS answers
        FROM (
            SELECT {by} AS grp, w.label AS period, product_id, count(revenue) AS priced,
                count(quantity) AS counted, sum(quantity) AS units,
                sum(revenue) AS sold, sum(cogs) AS cost, count(cogs) AS costed, max(worth) AS worth,
                NULL AS good, NULL AS answers
            FROM line_rows JOIN windows w ON ordered_at >= s AND ordered_at < e LEFT JOIN products USING (product_id)
                LEFT JOIN family_markets f ON f.family = products.family AND f.label = w.label
            GROUP BY ALL
            UNION ALL
            SELECT {by}, label, product_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                count(*) FILTER (score >= positive_from), count(*)
            FROM survey_rows JOIN windows ON answered_at >= s AND answered_at < e
            WHERE kind = 'product' AND score IS NOT NULL AND positive_from IS NOT NULL GROUP BY ALL)
        WHERE product_id IS NOT NULL GROUP BY ALL""",
    "followed_touches": """
        SELECT {by} AS grp, label AS period, 'touches' AS k, count(*)::DOUBLE AS v, count(*) FILTER (EXISTS (
                FROM activities o WHERE o.direction = 'out' AND o."at" > t."at"
                    AND (o.deal_id = t.deal_id OR o.lead_id = t.lead_id)
                    AND date_diff('day', t."at"::DATE, o."at"::DATE) <= 3)) AS followed
        FROM activity_rows t JOIN windows ON t."at" >= s AND t."at" < e
        WHERE (direction = 'out' AND is_follow_up = false OR kind IN ('meeting', 'demo') AND outcome = 'held')
            AND (deal_id IS NOT NULL OR lead_id IS NOT NULL) GROUP BY ALL""",
    "followed_proposals": """
        SELECT {by} AS grp, label AS period, 'proposals' AS k, count(*)::DOUBLE AS v, count(*) FILTER (EXISTS (
                FROM activities o WHERE o.direction = 'out' AND o."at" > q.issued_at AND o.deal_id = q.deal_id
                    AND date_diff('day', q.issued_at::DATE, o."at"::DATE) <= 3)) AS followed
        FROM quote_rows q JOIN windows ON issued_at >= s AND issued_at < e
        WHERE kind = 'proposal' AND deal_id IS NOT NULL GROUP BY ALL""",
    "mails_out": """
        SELECT {by} AS grp, label AS period, 'mails' AS k, tally(kind = 'email' AND direction = 'out')::DOUBLE AS v
        FROM activity_rows JOIN windows ON "at" >= s AND "at" < e GROUP BY ALL""",
    "tickets_opened": """
        SELECT {by} AS grp, label AS period, 'tickets' AS k, count(*)::DOUBLE AS v
        FROM ticket_rows JOIN windows ON opened_at >= s AND opened_at < e GROUP BY ALL""",
    "users_told": """
        SELECT account_id, e AS seen,
            count(DISTINCT user_id) FILTER (age BETWEEN 0 AND 29) AS active,
            (count(DISTINCT user_id) FILTER (age BETWEEN 30 AND 59) + count(DISTINCT user_id) FILTER (
                age BETWEEN 60 AND 89) + count(DISTINCT user_id) FILTER (age BETWEEN 90 AND 119)) / 3 AS usual,
            count(DISTINCT feature) FILTER (age BETWEEN 0 AND 29) AS features
        FROM (SELECT *, date_diff('day', "at"::DATE, e - 1) AS age FROM usage, windows) GROUP BY ALL""",
    "opinions": """
        SELECT account_id, e AS seen,
            arg_max(score / nullif(scale_max, 0), (answered_at, survey_id))
                FILTER (kind = 'csat' AND scale_max IS NOT NULL) AS satisfied,
            arg_max(CASE WHEN score >= 9 THEN 1 WHEN score > 6 THEN 0.5 ELSE 0 END, (answered_at, survey_id))
                FILTER (kind = 'nps' AND (scale_max IS NULL OR scale_max = 10)) AS recommends
        FROM surveys JOIN windows ON answered_at < e WHERE score IS NOT NULL GROUP BY ALL""",
    "requests": f"""
        SELECT account_id, e AS seen, count(*) FILTER ({_LAST_DAYS.format(at="opened_at", days=90)}) AS n
        FROM tickets, windows GROUP BY ALL""",
    "usual_requests": f"""
        SELECT e AS seen, count(*) FILTER ({_LAST_DAYS.format(at="opened_at", days=90)}) / nullif(
            (SELECT count(*) FROM accounts WHERE became_customer_at < e AND (ended_at IS NULL OR ended_at >= e)), 0)
            AS n
        FROM tickets, windows GROUP BY e""",
    "reached": f"""
        SELECT DISTINCT account_id, e AS seen FROM activities, windows
        WHERE {_LAST_DAYS.format(at='"at"', days=30)}
            AND (direction = 'in' OR replied_at IS NOT NULL OR outcome IN ('connected', 'held', 'replied'))""",
    "moods": """
        SELECT call_id, sum((end_s - start_s) * sentiment)
            / nullif(sum(end_s - start_s) FILTER (sentiment IS NOT NULL), 0) AS mood
        FROM call_turns WHERE speaker = 'customer' GROUP BY ALL""",
    "mood_points": """
        SELECT account_id, started_at::DATE AS day, mood FROM calls JOIN moods USING (call_id)
        UNION ALL
        SELECT account_id, answered_at::DATE, 2 * score / nullif(scale_max, 0) - 1 FROM surveys
        WHERE kind IN ('csat', 'nps', 'product')""",
    "mood_lines": """
        SELECT account_id, e AS seen, 30 * regr_slope(mood, age) AS slope
        FROM (SELECT *, date_diff('day', e - 1, day) AS age FROM mood_points, windows)
        WHERE age BETWEEN -179 AND 0 AND mood IS NOT NULL
        GROUP BY ALL HAVING count(*) >= 3 AND count(DISTINCT age) > 1""",
    "deal_mood_lines": """
        SELECT deal_id, e AS seen, regr_slope(mood, age) AS slope
        FROM (SELECT *, date_diff('day', e - 1, started_at::DATE) AS age FROM calls JOIN moods USING (call_id), windows)
        WHERE age BETWEEN -179 AND 0 AND mood IS NOT NULL
        GROUP BY ALL HAVING count(*) >= 2 AND count(DISTINCT age) > 1""",
    "touches_of_deal": """
        SELECT deal_id, e AS seen, max("at"::DATE) AS last_on, bool_or(decision_maker_present) AS met,
            max(next_step_at::DATE) AS step_on
        FROM activities JOIN windows ON "at" < e GROUP BY ALL""",
    "changes_of_deal": """
        SELECT deal_id, e AS seen,
            count(*) FILTER (field = 'expected_close_at' AND new_value[:10] > old_value[:10]) AS pushes,
            max(greatest(TRY_CAST(old_value AS DOUBLE), TRY_CAST(new_value AS DOUBLE)))
                FILTER (field = 'amount') AS most
        FROM deal_changes JOIN windows ON changed_at < e GROUP BY ALL""",
    "stage_of_deal": """
        SELECT deal_id, e AS seen, max(entered_at::DATE) AS entered_on
        FROM stage_history JOIN windows ON entered_at < e GROUP BY ALL""",
    "stays_of_won": """
        SELECT v.stage, e AS seen, quantile_cont(date_diff('day', entered_at::DATE, left_at::DATE), 0.75) AS usual
        FROM stage_history v JOIN deals d USING (deal_id) JOIN windows ON left_at < e AND closed_at < e
        WHERE status = 'won' GROUP BY ALL""",
    "through_stage": """
        SELECT v.stage, e AS seen, count(DISTINCT deal_id) FILTER (status = 'won') AS won,
            count(DISTINCT deal_id) FILTER (status IN ('won', 'lost')) AS closed
        FROM stage_history v JOIN deals d USING (deal_id) JOIN windows ON closed_at < e GROUP BY ALL""",
    "mrr_gone": """
        SELECT grp, period, 'lost' AS k, sum(CASE WHEN after = 0 THEN before ELSE 0 END)::DOUBLE AS v
        FROM account_mrr_over_year GROUP BY ALL""",
    "mrr_a_year_ago": """
        SELECT grp, period, 'had' AS k, sum(before)::DOUBLE AS v FROM account_mrr_over_year GROUP BY ALL""",
    "account_mrr_over_year": """
        SELECT {by} AS grp, label AS period, account_id,
            coalesce(sum(mrr) FILTER (starts_on < year_s AND (ends_on IS NULL OR ends_on >= year_s)), 0) AS before,
            coalesce(sum(mrr) FILTER (starts_on < s AND (ends_on IS NULL OR ends_on >= s)), 0) AS after
        FROM subscription_rows JOIN windows
            ON starts_on < s AND (ends_on IS NULL OR ends_on >= s)
            OR starts_on < year_s AND (ends_on IS NULL OR ends_on >= year_s)
        WHERE account_id IS NOT NULL GROUP BY ALL""",
    "recurring": """
        SELECT {by} AS grp, label AS period, 'recurring' AS k,
            (sum(mrr) * any_value(date_diff('day', s, e)) * 12 / 365)::DOUBLE AS v
        FROM subscription_rows JOIN windows ON starts_on < s AND (ends_on IS NULL OR ends_on >= s) GROUP BY ALL""",
    "open_at_end": _of_boundary("open", "count(*)", "open_rows JOIN windows ON b = e"),
    "churn_scores": """
        SELECT account_id, e AS seen, arg_max(churn_probability, scored_at) AS chance
        FROM account_scores JOIN windows ON scored_at < e GROUP BY ALL""",
    "win_scores": """
        SELECT deal_id, e AS seen, arg_max(win_probability, scored_at) AS chance
        FROM deal_scores JOIN windows ON scored_at < e GROUP BY ALL""",
    "conversion_scores": """
        SELECT lead_id, e AS seen, arg_max(conversion_probability, scored_at) AS chance
        FROM lead_scores JOIN windows ON scored_at < e GROUP BY ALL""",
    "interest": """
        SELECT account_id, e AS seen,
            least(100, sum(weight * pow(0.5, date_diff('day', "at"::DATE, e - 1) / 14))) AS score
        FROM intent_signals JOIN windows ON "at" < e WHERE weight IS NOT NULL GROUP BY ALL""",
    "target_rows": "SELECT * FROM account_rows WHERE is_target",
    "engaged": """
        SELECT account_id, period, count(*) AS n FROM (
            SELECT account_id, label AS period FROM activities JOIN windows ON "at" >= s AND "at" < e
            WHERE direction = 'in' OR outcome = 'held'
            UNION ALL SELECT account_id, label FROM intent_signals JOIN windows ON "at" >= s AND "at" < e)
        GROUP BY ALL""",
    "points": f"""
        SELECT account_id, seen, sum(points) AS points FROM (
            SELECT account_id, e AS seen, weight AS points FROM intent_signals, windows
            WHERE {_LAST_DAYS.format(at='"at"', days=90)}
            UNION ALL SELECT account_id, e, 5 FROM activities, windows
            WHERE {_LAST_DAYS.format(at="replied_at", days=90)}
            UNION ALL SELECT account_id, e, 10 FROM activities, windows
            WHERE outcome = 'held' AND {_LAST_DAYS.format(at='"at"', days=90)})
        GROUP BY ALL""",
}
