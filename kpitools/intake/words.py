"""What the trade calls our tables and columns: the words by which a first mapping is guessed from files' headers."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Words that tell nothing: of a file as of a column.
_EMPTY = {"all", "c", "crm", "data", "export", "list", "of", "sale", "the"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_]+")

#: Table -> the nouns that its file, and its rows, go by.
TABLE_WORDS: Mapping[str, set[str]] = {
    "accounts": {"account", "client", "company", "customer", "organisation", "organization"},
    "activities": {"activity", "engagement", "task", "touch"},
    "deals": {"deal", "opp", "opportunity"},
    "leads": {"lead", "prospect"},
    "orders": {"invoice", "order"},
    "products": {"item", "product", "sku"},
    "quotas": {"goal", "quota", "target"},
    "reps": {"agent", "employee", "rep", "representative", "salesperson", "seller", "staff", "user"},
    "subscriptions": {"contract", "subscription"},
}
#: Table -> further nouns that its file goes by, and a row does not.
FILE_WORDS: Mapping[str, set[str]] = {"deals": {"pipeline"}, "reps": {"team"}}

#: Table -> column -> what it goes by, `|` between; the noun of the table itself is left out of each.
COLUMN_WORDS: Mapping[str, Mapping[str, str]] = {
    "accounts": {
        "account_id": "id|number|name",
        "name": "name",
        "industry": "sector|vertical|branch",
        "region": "office location|location|country|geography",
        "segment": "size|tier|type",
        "owner_rep_id": "owner|owner id|rep|agent|account manager",
        "created_at": "created|create date|created date|date created",
        "domain": "website",
    },
    "activities": {
        "activity_id": "id|number",
        "rep_id": "rep|owner|owner id|agent|user|assigned to",
        "deal_id": "deal|opportunity|opportunity id",
        "account_id": "account|company|customer|client",
        "lead_id": "lead",
        "kind": "type",
        "at": "date|start|start date|timestamp|time|completed at",
    },
    "deals": {
        "deal_id": "id|number|name",
        "owner_rep_id": "owner|owner id|rep|rep id|agent|seller|salesperson|assigned to|user",
        "account_id": "account|company|company id|customer|customer id|client|client id|organisation|organization",
        "product_id": "product|product name|item|sku",
        "lead_id": "lead",
        "amount": "value|close value|price|revenue|total|size",
        "expected_amount": "expected value|expected revenue",
        "stage": "phase|step",
        "status": "state|outcome|result|stage",
        "created_at": "created|create date|created date|date created|open date|opened|engage date|start date",
        "closed_at": "closed|close date|closed date|date closed|end date|won date",
        "expected_close_at": "expected close|expected close date|forecast date",
        "lost_reason": "loss reason|reason lost|closed lost reason",
        "kind": "type",
    },
    "leads": {
        "lead_id": "id|number",
        "owner_rep_id": "owner|owner id|rep|agent|assigned to",
        "created_at": "created|create date|created date|date created",
        "source": "lead source|origin",
    },
    "orders": {
        "order_id": "id|number",
        "account_id": "account|customer|customer id|client|company",
        "rep_id": "rep|agent|owner|seller",
        "deal_id": "deal|opportunity|opportunity id",
        "ordered_at": "date|created|order date|invoice date",
        "amount": "value|total|price|revenue|net amount",
    },
    "products": {
        "product_id": "id|sku|code|name",
        "name": "name",
        "family": "series|line|category|group",
        "list_price": "price|sales price|unit price",
    },
    "quotas": {
        "quota_id": "id",
        "owner_id": "rep|owner|agent|rep id",
        "starts_on": "start|start date|from|period start",
        "ends_on": "end|end date|to|period end",
        "amount": "value",
    },
    "reps": {
        "rep_id": "id|email|name",
        "name": "name|full name",
        "role": "title|job title|position",
        "team": "team name|group|manager",
        "manager_rep_id": "manager|manager id|reports to|supervisor",
        "region": "office|regional office|location|country|territory",
        "hired_at": "hired|hire date|start date",
        "left_at": "left|leave date|end date|termination date",
    },
    "subscriptions": {
        "subscription_id": "id|number",
        "account_id": "account|customer|customer id|client|company",
        "product_id": "product|plan",
        "mrr": "monthly amount|monthly revenue|monthly recurring revenue",
        "starts_on": "start|start date|from",
        "ends_on": "end|end date|to|cancelled at",
    },
}

#: Column -> its word -> what is meant by it.
VALUE_WORDS: Mapping[str, Mapping[str, str]] = {
    "status": {"closed won": "won", "closedwon": "won", "win": "won", "closed lost": "lost", "closedlost": "lost",
               "loss": "lost", "in progress": "open"},
    "kind": {"new business": "new", "new logo": "new", "existing business": "expansion", "phone": "call",
             "phone call": "call", "mail": "email", "e mail": "email"},
}  # fmt: skip


def words(name: str) -> tuple[str, ...]:
    """The words of a name, small and in the singular, those that tell nothing left out.

    >>> words("SalesAgents"), words("close_date"), words("Opportunity ID"), words("companies.csv")
    (('agent',), ('close', 'date'), ('opportunity', 'id'), ('company', 'csv'))
    """
    found = (_singular(word.lower()) for word in _WORD.findall(name))
    return tuple(word for word in found if word not in _EMPTY)


def same_words(one: str, other: str) -> bool:
    """Whether two names are made of the same words, in whatever order.

    >>> same_words("date_created", "Created Date"), same_words("close_date", "close_value")
    (True, False)
    """
    return set(words(one)) == set(words(other))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word
