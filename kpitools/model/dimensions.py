"""What figures can be broken down by, and how a table's rows find it along foreign keys."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from kpitools.errors import UnknownNameError
from kpitools.model.tables import TABLES


@dataclass(frozen=True)
class Dimension:
    """A column to group and filter by: where it lives, and which tables carry it themselves."""

    table: str
    column: str
    own: tuple[str, ...] = ()


#: Every dimension by name. A dotted column leads along a key: `manager_rep_id.label`.
DIMENSIONS: dict[str, Dimension] = {
    "team": Dimension("reps", "team", own=("quotas", "forecasts", "costs")),
    "rep": Dimension("reps", "label"),
    "rep_id": Dimension("reps", "rep_id"),
    "role": Dimension("reps", "role"),
    "manager": Dimension("reps", "manager_rep_id.label"),
    "rep_region": Dimension("reps", "region"),
    "account": Dimension("accounts", "name"),
    "account_id": Dimension("accounts", "account_id"),
    "industry": Dimension("accounts", "industry"),
    "segment": Dimension("accounts", "segment", own=("deals",)),
    "region": Dimension("accounts", "region", own=("listings", "market")),
    "territory": Dimension("accounts", "territory"),
    "is_target": Dimension("accounts", "is_target"),
    "is_strategic": Dimension("accounts", "is_strategic"),
    "cohort": Dimension("accounts", "cohort"),
    "channel": Dimension("accounts", "channel", own=("deals", "leads", "orders", "costs", "sessions")),
    "product": Dimension("products", "name"),
    "product_family": Dimension("products", "family", own=("deals", "market")),
    "stage": Dimension("stages", "stage", own=("deals", "deal_versions", "stage_history")),
    "source": Dimension("leads", "source"),
    "deal_kind": Dimension("deals", "kind"),
    "status": Dimension("deals", "status"),
    "lost_reason": Dimension("deals", "lost_reason"),
    "activity_kind": Dimension("activities", "kind"),
    "direction": Dimension("activities", "direction"),
    "cost_category": Dimension("costs", "category"),
    "call_purpose": Dimension("calls", "purpose"),
    "deal_stage": Dimension("calls", "deal_stage"),
    "product_line": Dimension("policies", "product_line"),
    "course_level": Dimension("courses", "level"),
    "ticket_tier": Dimension("tickets", "tier"),
    "severity": Dimension("tickets", "severity"),
    "deal": Dimension("deals", "deal_id"),
}

#: The name of a dimension's own column where a table calls it otherwise.
OWN_NAMES = {("product_family", "deals"): "product_family", ("product_family", "market"): "product_family"}


def dimension(name: str) -> Dimension:
    """The dimension of that name.

    Raises:
        UnknownNameError: there is none; the message lists what there is.
    """
    if name not in DIMENSIONS:
        raise UnknownNameError("dimension", name, DIMENSIONS)
    return DIMENSIONS[name]


def paths(table: str, name: str) -> list[str]:
    """The columns, own or along keys, that give a table's rows their value of a dimension; the first with one counts.

    >>> paths("deals", "team"), paths("deals", "segment"), paths("products", "team")
    (['owner_rep_id.team'], ['segment', 'account_id.segment'], [])
    """
    wanted = dimension(name)
    own = [OWN_NAMES.get((name, table), wanted.column)] if table in wanted.own else []
    if own and own == TABLES[wanted.table].primary_key():
        return own  # the key itself: where a row has none, no other table knows better
    return own + _routes(table, name, wanted)


def _routes(table: str, name: str, wanted: Dimension) -> list[str]:
    """The column itself, the shortest way along the keys, or the ways of the rows that this one tells of."""
    if table == wanted.table:
        return [wanted.column]
    keys, tells_of = TABLES[table].foreign_keys, TABLES[table].tells_of
    if not tells_of or any(keys[key] == wanted.table for key in keys.keys() - tells_of):
        return [route for route in [_shortest(table, wanted, keys)] if route]
    return [f"{key}.{path}" for key in tells_of for path in paths(keys[key], name)]


def _shortest(table: str, wanted: Dimension, keys: dict[str, str]) -> str | None:
    """The shortest way to the dimension's table; among equals the key that is declared first."""
    queue = deque((target, [key]) for key, target in keys.items())
    seen = {table}
    while queue:
        here, steps = queue.popleft()
        if here == wanted.table:
            return ".".join([*steps, wanted.column])
        if here not in seen:
            seen.add(here)
            queue.extend((target, [*steps, key]) for key, target in TABLES[here].foreign_keys.items())
    return None


def reachable(table: str) -> list[str]:
    """The dimensions that a table's rows can be grouped by."""
    return [name for name in DIMENSIONS if paths(table, name)]


def route_tables(table: str, path: str) -> Iterable[tuple[str, str]]:
    """The (table, column) pairs that a path reads, its keys included.

    >>> list(route_tables("deals", "owner_rep_id.team"))
    [('deals', 'owner_rep_id'), ('reps', 'team')]
    """
    for step in path.split("."):
        yield table, step
        table = TABLES[table].foreign_keys.get(step, table)
