"""The tables of the sales model: one class each, listed once in `TABLES`."""

from kpitools.model.tables.customers import Accounts, Leads
from kpitools.model.tables.people import Activities, Quotas, Reps
from kpitools.model.tables.pipeline import DealChanges, Deals, DealVersions, StageHistory, Stages
from kpitools.model.tables.revenue import Costs, OrderLines, Orders, Products, Subscriptions
from kpitools.model.tables.table import Table

#: Every table by its name, derived ones included.
TABLES: dict[str, type[Table]] = {
    table.name: table
    for table in (
        Accounts, Activities, Costs, DealChanges, Deals, DealVersions, Leads,
        OrderLines, Orders, Products, Quotas, Reps, StageHistory, Stages, Subscriptions,
    )
}  # fmt: skip

#: The tables that are worked out from others and never read from a file.
DERIVED = frozenset({"deal_versions"})

__all__ = [
    "DERIVED",
    "TABLES",
    "Accounts",
    "Activities",
    "Costs",
    "DealChanges",
    "DealVersions",
    "Deals",
    "Leads",
    "OrderLines",
    "Orders",
    "Products",
    "Quotas",
    "Reps",
    "StageHistory",
    "Stages",
    "Subscriptions",
    "Table",
]  # fmt: skip
