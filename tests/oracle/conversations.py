"""Conversation KPIs and product knowledge."""

from __future__ import annotations

_CALLS = "talks JOIN windows ON started_at >= s AND started_at < e"
_CHECKED = "checks JOIN windows ON started_at >= s AND started_at < e"
_MARKED = "mark_rows JOIN windows ON started_at >= s AND started_at < e"
_SPOKEN = "turn_rows JOIN windows ON started_at >= s AND started_at < e"
_LEADS = "verdicts JOIN windows ON {at} >= s AND {at} < e"


def _figure(value: str, rows: str, where: str = "true") -> str:
    return f"SELECT {{by}} AS grp, label AS period, {value} AS value FROM {rows} WHERE {where} GROUP BY ALL"


def _weighted(kind: str, also: str = "true") -> str:
    """The weight of the items heard, of that of the items checked."""
    asked = f"kind = '{kind}' AND {also}"
    heard = f"amount_where(weight, {asked} AND heard)"
    return _figure(f"share({heard}, amount_where(weight, {asked} AND heard IS NOT NULL))", _CHECKED)


def _composed(**weights: float) -> str:
    parts = " UNION ALL ".join(f"SELECT *, {weight} AS w FROM {name}" for name, weight in weights.items())
    return f"""
        SELECT grp, period, sum(value * w) / sum(w) AS value FROM ({parts}) WHERE value IS NOT NULL GROUP BY ALL"""


#: Queries that the ones below build on.
PARTS: dict[str, str] = {
    "call_rows": """
        SELECT c.*, r.team, a.segment, a.industry AS account_industry
        FROM calls c LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a USING (account_id)""",
    "turn_rows": """
        SELECT t.*, c.* EXCLUDE (call_id), end_s - start_s AS seconds,
            lag(speaker) OVER in_call AS before, lead(speaker, 1) OVER in_call AS next,
            lead(speaker, 2) OVER in_call AS after_next
        FROM call_turns t JOIN call_rows c USING (call_id) WINDOW in_call AS (PARTITION BY call_id ORDER BY turn_no)""",
    # One row per call that has turns.
    "talks": """
        SELECT call_id, any_value(started_at) AS started_at, any_value(team) AS team, any_value(segment) AS segment,
            nullif(any_value(duration_s), 0) AS length,
            CASE WHEN count(seconds) FILTER (speaker IS NOT NULL) > 0
                THEN coalesce(sum(seconds) FILTER (speaker = 'rep'), 0) END AS rep,
            CASE WHEN count(seconds) FILTER (speaker IS NOT NULL) > 0
                THEN coalesce(sum(seconds) FILTER (speaker = 'customer'), 0) END AS customer,
            rep / nullif(rep + customer, 0) AS rep_share,
            CASE WHEN rep IS NOT NULL THEN coalesce(max(seconds) FILTER (speaker = 'rep'), 0) END AS longest,
            tally(speaker = 'rep' AND is_question) AS asked_by_rep,
            tally(speaker = 'customer' AND is_question) AS asked_by_customer,
            CASE WHEN count(speaker) > 0 THEN count(*) FILTER (speaker <> before) END AS switches,
            tally(speaker = 'customer' AND is_question AND NOT coalesce(next = 'rep', false)
                AND NOT coalesce(after_next = 'rep', false)) AS unanswered
        FROM turn_rows GROUP BY call_id""",
    "mark_rows": """
        SELECT m.*, p.kind, p.weight, p.industry, c.* EXCLUDE (call_id)
        FROM call_marks m JOIN call_rows c USING (call_id) LEFT JOIN playbook p USING (item_id)""",
    # One row per call and item it was checked for.
    "checks": """
        SELECT call_id, item_id, bool_or(hit) AS heard, any_value(kind) AS kind, any_value(weight) AS weight,
            any_value(industry) AS industry, any_value(account_industry) AS account_industry,
            any_value(started_at) AS started_at, any_value(team) AS team, any_value(segment) AS segment,
            any_value(purpose) AS purpose, any_value(lead_id) AS lead_id, any_value(deal_id) AS deal_id
        FROM mark_rows GROUP BY ALL""",
    "verdicts": """
        SELECT l.*, a.icp_fit,
            EXISTS (FROM stage_history v JOIN stages g USING (stage) WHERE v.deal_id = l.deal_id AND g.position >= 2)
                OR coalesce(d.status = 'won', false) AS confirmed,
            l.disqualified_at IS NOT NULL OR d.closed_at IS NOT NULL AS ended
        FROM lead_rows l LEFT JOIN deals d USING (deal_id) LEFT JOIN accounts a ON a.account_id = l.account_id""",
    "verdict_counts": f"""
        {_figure("tally(confirmed) AS good, count(*) FILTER (confirmed OR ended)", _LEADS.format(at="sql_at"))}
        UNION ALL {
        _figure(
            "tally(sql_at IS NULL AND deal_id IS NULL) AS good, tally(sql_at IS NULL)",
            _LEADS.format(at="disqualified_at"),
        )
    }""",
    "meeting_rows": """
        SELECT t.*, r.team, a.segment, a.icp_fit, t."at"::DATE AS on_day,
            EXISTS (FROM deals d WHERE d.account_id = t.account_id
                AND d.created_at::DATE BETWEEN t."at"::DATE AND t."at"::DATE + 30)
            OR EXISTS (FROM stage_history v LEFT JOIN stages here ON here.stage = v.stage
                    LEFT JOIN stages onward ON onward.stage = v.next_stage
                WHERE v.deal_id = t.deal_id AND (v.next_stage = 'won' OR onward.position > here.position)
                    AND v.left_at::DATE BETWEEN t."at"::DATE AND t."at"::DATE + 30) AS moved
        FROM activities t LEFT JOIN reps r USING (rep_id) LEFT JOIN accounts a ON a.account_id = t.account_id
        WHERE kind = 'meeting' AND outcome IS NOT NULL""",
    "meeting_scores": """
        SELECT *, (outcome = 'held')::INTEGER AS held,
            (outcome = 'held' AND coalesce(decision_maker_present, false))::INTEGER AS met_decider,
            CASE WHEN moved OR on_day + 30 <= (SELECT day FROM seen) THEN moved::INTEGER END AS led_on
        FROM meeting_rows""",
}
SQL: dict[str, str] = {
    "talk_to_listen_ratio": _figure(
        "ratio(amount_where(seconds, speaker = 'rep'), amount_where(seconds, speaker = 'customer'))", _SPOKEN
    ),
    "question_rate": _figure(
        "600 * sum(asked_by_rep) / sum(length)", _CALLS, "length IS NOT NULL AND asked_by_rep IS NOT NULL"
    ),
    "talk_balance": _figure("avg(100 * greatest(0, 1 - abs(rep_share - 0.5) / 0.5))", _CALLS, "rep_share IS NOT NULL"),
    "question_score": _figure(
        "avg(100 * least(1, 600 * asked_by_rep / length / 6))", _CALLS, "asked_by_rep * length IS NOT NULL"
    ),
    "call_engagement_level": """
        WITH parts AS (
            SELECT call_id, least(1, (1 - rep_share) / 0.5) AS part FROM talks WHERE rep_share IS NOT NULL
            UNION ALL SELECT call_id, least(1, 600 * asked_by_customer / length / 3) FROM talks
                WHERE asked_by_customer * length IS NOT NULL
            UNION ALL SELECT call_id, least(1, 60 * switches / length / 4) FROM talks
                WHERE switches * length IS NOT NULL
            UNION ALL SELECT call_id, 1 - least(1, longest / 180) FROM talks WHERE longest IS NOT NULL),
        scores AS (SELECT call_id, 100 * avg(part) AS score FROM parts GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(score) AS value
        FROM call_rows JOIN windows ON started_at >= s AND started_at < e JOIN scores USING (call_id) GROUP BY ALL""",
    "key_message_delivery": _weighted("key_message"),
    "objection_handling_quality": _figure(
        "share(count(*) FILTER (hit), count(hit))", _MARKED, "kind = 'objection'"
    ),
    "call_performance_score": _composed(
        talk_balance=0.2, question_score=0.15, call_engagement_level=0.2, key_message_delivery=0.25,
        objection_handling_quality=0.2,
    ),
    "discovery_effectiveness": """
        WITH topics AS (
            SELECT call_id, item_id, any_value(weight) AS weight,
                bool_or(hit AND t.speaker = 'customer') AS told
            FROM mark_rows m LEFT JOIN (SELECT call_id, turn_no, speaker FROM call_turns) t USING (call_id, turn_no)
            WHERE kind = 'discovery_topic' AND hit IS NOT NULL GROUP BY ALL),
        shares AS (
            SELECT call_id, share(coalesce(sum(weight) FILTER (told), 0), sum(weight)) AS share FROM topics
            GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(share) AS value
        FROM call_rows JOIN windows ON started_at >= s AND started_at < e JOIN shares USING (call_id)
        WHERE purpose = 'discovery' GROUP BY ALL""",
    "qualification_accuracy": _figure(
        "share(count(*) FILTER (confirmed), count(*) FILTER (confirmed OR ended))", _LEADS.format(at="sql_at")
    ),
    "qualification_accuracy_of_all_verdicts": """
        SELECT grp, period, share(sum(good), sum(value)) AS value FROM verdict_counts GROUP BY ALL""",
    "qualified_lead_fit": _figure("100 * avg(icp_fit)", _LEADS.format(at="sql_at")),
    "value_proposition_delivery": _weighted("value_proposition"),
    "industry_value_proposition_delivery": _weighted("value_proposition", "industry = account_industry"),
    "meeting_quality_score": _figure(
        """avg(100 * (coalesce(0.4 * icp_fit, 0) + 0.2 * held + 0.2 * met_decider + coalesce(0.2 * led_on, 0))
            / (CASE WHEN icp_fit IS NULL THEN 0 ELSE 0.4 END + 0.4 + CASE WHEN led_on IS NULL THEN 0 ELSE 0.2 END))""",
        'meeting_scores JOIN windows ON "at" >= s AND "at" < e',
    ),
    "best_practice_adherence": _weighted("best_practice"),
    "messaging_compliance": """
        WITH phrases AS (
            SELECT call_id, avg(heard::INTEGER) FILTER (kind = 'required_phrase') AS used,
                coalesce(bool_or(heard) FILTER (kind = 'banned_phrase'), false) AS slipped
            FROM checks GROUP BY ALL)
        SELECT {by} AS grp, label AS period, avg(CASE WHEN slipped THEN 0 ELSE 100 * used END) AS value
        FROM call_rows JOIN windows ON started_at >= s AND started_at < e JOIN phrases USING (call_id) GROUP BY ALL""",
    "custom_qualification_match": _weighted(
        "qualification_criterion", "(lead_id IS NOT NULL OR deal_id IS NOT NULL)"
    ),
    "call_sentiment": _figure(
        "ratio(sum(seconds * sentiment), sum(seconds) FILTER (sentiment IS NOT NULL))", _SPOKEN, "speaker = 'customer'"
    ),
    "talk_dominance_rate": _figure(
        "share(count(*) FILTER (rep_share > 0.65 OR longest > 120), count(*))", _CALLS, "rep_share IS NOT NULL"
    ),
    "missed_engagement_moments": _figure("share(sum(unanswered), sum(asked_by_customer))", _CALLS),
    "knowledge_test_result": """
        SELECT {by} AS grp, label AS period, avg(share(score, max_score)) AS value
        FROM assessments JOIN windows ON taken_at >= s AND taken_at < e LEFT JOIN reps USING (rep_id) GROUP BY ALL""",
    "product_statement_accuracy": _figure("share(count(*) FILTER (hit), count(hit))", _MARKED, "kind = 'product_fact'"),
    "product_knowledge_score": _composed(knowledge_test_result=1, product_statement_accuracy=1),
}  # fmt: skip
