"""Conversation KPIs: what happens on recorded calls, and how right sales is about whom it talks to.

What a turn asks, how it sounds and which items of the playbook it holds is read from the tables; working that out
from the text of a transcript is done before.
"""

from __future__ import annotations

from functools import partial

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import composite, kpi
from kpitools.measures import conversations, playbook, qualification

EVERYONE = ("rep", "ae", "sdr", "manager")
quality = partial(kpi, timing="leading", kind="quality")


@quality(
    unit="ratio",
    better="band",
    roles=EVERYONE,
    form="ratio",
    label="Talk-to-listen ratio",
    aliases=("Talk Ratio", "Talk Pattern"),
)
def talk_to_listen_ratio(rep=conversations.rep_talk_time, customer=conversations.customer_talk_time) -> pl.Expr:
    """Time that reps spoke divided by the time that customers spoke, over the calls of the period.

    The source flags a low ratio in one place and a rep who dominates in another, so both ends are bad; it gives no
    number, and the range differs by purpose of the call: set it.

    Source: [003].
    """
    return rep / customer


@quality(unit="ratio", better="band", roles=("rep", "ae", "sdr"), form="ratio")
def question_rate(asked=conversations.rep_questions_asked, seconds=conversations.transcribed_time) -> pl.Expr:
    """Questions that reps ask per ten minutes of call, over the calls of the period that have a transcript.

    Too few is a lecture, too many an interrogation; the range must be set, the source gives none.

    Source: [003].
    """
    return 600 * asked / seconds


@quality(unit="score", better="higher", roles=EVERYONE)
def talk_balance(balance=conversations.mean_talk_balance) -> pl.Expr:
    """Mean score from 0 to 100 of how evenly the talking is shared on the calls of the period: 100 where rep and
    customer speak equally long, 0 where only one of them does.

    Source: [003], a part of the call performance score.
    """
    return balance


@quality(unit="score", better="higher", roles=EVERYONE)
def question_score(score=conversations.mean_question_score) -> pl.Expr:
    """Mean score from 0 to 100 of how much reps ask on the calls of the period: full at six questions per ten minutes.

    Source: [003], a part of the call performance score.
    """
    return score


@quality(unit="score", better="higher", roles=("rep", "ae", "sdr"), aliases=("Engagement Level",))
def call_engagement_level(engaged=conversations.mean_call_engagement) -> pl.Expr:
    """Mean score from 0 to 100 of how actively customers take part in the calls of the period: their share of the
    talking, their questions, the changes of speaker, and how short the rep's longest turn is, in equal parts.

    Full at half of the talking, 3 questions in ten minutes and 4 changes a minute; nothing for a turn of three
    minutes. A part that is not known is left out.

    Source: [003].
    """
    return engaged


@quality(unit="percent", better="higher", roles=EVERYONE, form="ratio")
def key_message_delivery(delivered=playbook.key_messages_delivered, due=playbook.key_messages_due) -> pl.Expr:
    """Share, by weight, of the key messages due on the calls of the period that came across.

    A message is due on a call that was checked for it, and counts once however often it was said.

    Source: [003].
    """
    return percent(delivered, due)


@quality(
    unit="percent", better="higher", roles=("rep", "ae", "manager"), form="proportion", aliases=("Objection Handling",)
)
def objection_handling_quality(handled=playbook.objections_handled, raised=playbook.objections_raised) -> pl.Expr:
    """Share of the objections raised on the calls of the period that the rep answered and that did not come back.

    Each moment at which one was raised counts; whether it was dealt with is given with its mark. Empty, not 0, where
    nobody objected.

    Source: [003].
    """
    return percent(handled, raised)


@composite(
    weights={"balance": 0.20, "questions": 0.15, "engagement": 0.20, "messages": 0.25, "objections": 0.20},
    better="higher",
    roles=EVERYONE,
    timing="leading",
    kind="quality",
    aliases=("Call Performance Scores", "Automatic Scoring", "Conversation Quality", "Conversation Score"),
)
def call_performance_score(
    balance=talk_balance,
    questions=question_score,
    engagement=call_engagement_level,
    messages=key_message_delivery,
    objections=objection_handling_quality,
) -> None:
    """Score from 0 to 100 of the calls of the period: balance of talking, questions, engagement of the customer, key
    messages and handling of objections, weighted 20, 15, 20, 25 and 20.

    Where nobody objected, or another part is not known, the remaining parts count for more.

    Source: [003] for the five parts; it gives no weights.
    """


@quality(unit="percent", better="higher", roles=("sdr", "ae", "manager"))
def discovery_effectiveness(disclosed=playbook.mean_discovery) -> pl.Expr:
    """Mean over the discovery calls of the period of the share, by weight, of the topics checked on which the customer
    disclosed something.

    A topic counts when it was found in a turn of the customer, not when the rep asks about it.

    Source: [003].
    """
    return disclosed


@quality(unit="percent", better="higher", roles=("sdr", "manager"), form="proportion")
def qualification_accuracy(right=qualification.confirmed_leads, decided=qualification.decided_leads) -> pl.Expr:
    """Share of the leads accepted as sales qualified in the period, and settled by now, whose deal reached the second
    stage or was won.

    Settled against it are those disqualified after all and those whose deal ended in the first stage; the others are
    still open and left out.

    Source: [003].
    """
    return percent(right, decided)


@quality(unit="percent", better="higher", roles=("sdr", "manager"))
def qualification_accuracy_of_all_verdicts(
    accepted=qualification.confirmed_leads,
    rejected=qualification.rightly_rejected_leads,
    decided=qualification.decided_leads,
    turned_away=qualification.rejected_leads,
) -> pl.Expr:
    """Share of all verdicts of the period on leads, accepted or turned away, that later facts confirmed.

    Turning a lead away was right as long as no deal has been opened for it since.

    Source: [003], the audit form, judged by facts.
    """
    return percent(accepted + rejected, decided + turned_away)


@quality(unit="percent", better="higher", roles=("sdr", "manager"))
def qualified_lead_fit(fit=qualification.mean_fit_of_qualified_leads) -> pl.Expr:
    """Mean fit with the ideal customer, from 0 to 100, of the accounts of the leads accepted as sales qualified in the
    period: to be read beside qualification accuracy.

    Source: [003].
    """
    return fit


@quality(unit="percent", better="higher", roles=("sdr", "ae"), form="ratio")
def value_proposition_delivery(made=playbook.value_points_delivered, due=playbook.value_points_due) -> pl.Expr:
    """Share, by weight, of the points of the value proposition due on the calls of the period that were made.

    Source: [003].
    """
    return percent(made, due)


@quality(
    unit="percent",
    better="higher",
    roles=("sdr", "ae", "manager"),
    form="ratio",
    label="Industry-specific value proposition delivery",
)
def industry_value_proposition_delivery(
    made=playbook.industry_value_points_delivered, due=playbook.industry_value_points_due
) -> pl.Expr:
    """Share, by weight, of the points of the value proposition written for the account's own industry that were made
    on the calls of the period; points for every industry are left out.

    Source: [003].
    """
    return percent(made, due)


@quality(unit="score", better="higher", roles=("sdr", "manager"))
def meeting_quality_score(quality=qualification.mean_meeting_quality) -> pl.Expr:
    """Mean score from 0 to 100 of the meetings due in the period: fit of the account with the ideal customer (40),
    held (20), with a decision maker (20), and a deal with the account opened or the meeting's own deal advanced within
    30 days (20).

    A meeting younger than 30 days that has led to nothing yet is scored on the rest, and so is one whose account's
    fit is not known.

    Source: [003].
    """
    return quality


@quality(
    unit="percent",
    better="higher",
    roles=EVERYONE,
    form="ratio",
    aliases=("Best Practice Adherence Tracking", "Playbook Adherence"),
)
def best_practice_adherence(followed=playbook.best_practices_followed, due=playbook.best_practices_due) -> pl.Expr:
    """Share, by weight, of the best-practice steps due on the calls of the period that were carried out.

    Source: [003].
    """
    return percent(followed, due)


@quality(
    unit="percent",
    better="higher",
    roles=("rep", "sdr", "ae", "manager"),
    label="Company messaging compliance",
    aliases=("Company-Specific Messaging Compliance",),
)
def messaging_compliance(compliance=playbook.mean_messaging_compliance) -> pl.Expr:
    """Mean over the calls of the period of the share of required phrases used; a call on which a banned phrase was
    used counts as 0.

    Source: [003].
    """
    return compliance


@quality(
    unit="percent",
    better="higher",
    roles=("sdr", "ae", "manager"),
    form="ratio",
    label="Custom qualification criteria match",
    aliases=("Custom Qualification Criteria",),
)
def custom_qualification_match(confirmed=playbook.criteria_confirmed, checked=playbook.criteria_checked) -> pl.Expr:
    """Share, by weight, of the company's own qualification criteria checked on the calls of the period with a lead or
    on a deal that were confirmed.

    A criterion that several calls were checked for counts on each of them.

    Source: [003].
    """
    return percent(confirmed, checked)


@quality(
    unit="score",
    better="higher",
    roles=("ae", "am", "manager"),
    form="ratio",
    label="Conversation sentiment",
    aliases=("Sentiment Analysis",),
)
def call_sentiment(
    felt=conversations.customer_talk_time_by_sentiment, spoken=conversations.customer_talk_time_with_sentiment
) -> pl.Expr:
    """Mean sentiment of what customers said on the calls of the period, from -1 to 1, longer turns counting for more.

    Read it by stage of the deal: a negative one is graver late than early.

    Source: [003].
    """
    return felt / spoken


@quality(unit="percent", better="lower", roles=EVERYONE, form="proportion", aliases=("Talk Patterns",))
def talk_dominance_rate(dominated=conversations.dominated_calls, calls=conversations.calls_with_talk) -> pl.Expr:
    """Share of the calls of the period on which the rep has more than 65 percent of the talking or speaks for more
    than two minutes at a stretch.

    Source: [003].
    """
    return percent(dominated, calls)


@quality(
    unit="percent",
    better="lower",
    roles=EVERYONE,
    form="proportion",
    label="Missed engagement opportunities",
    aliases=("Engagement Metrics (missed)",),
)
def missed_engagement_moments(missed=conversations.missed_moments, moments=conversations.engagement_moments) -> pl.Expr:
    """Share of the customers' questions on the calls of the period to which the rep said nothing within the next two
    turns.

    A buying signal that is not a question is not in it: the tables do not tell of any.

    Source: [003].
    """
    return percent(missed, moments)
