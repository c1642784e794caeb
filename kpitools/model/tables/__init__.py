"""The tables of the sales model: one class each, listed once in `TABLES`."""

from kpitools.model.tables.conversations import CallMarks, Calls, CallTurns, Playbook
from kpitools.model.tables.customers import Accounts, Leads
from kpitools.model.tables.development import Assessments, Coaching, Initiatives, InitiativeUsers, RepHours, Shares
from kpitools.model.tables.industries import (
    Carts,
    Claims,
    Courses,
    Enrolments,
    Holdings,
    Listings,
    Policies,
    PortfolioReturns,
    Projects,
    Sessions,
)
from kpitools.model.tables.outlook import AccountScores, DealScores, Forecasts, LeadScores, Market
from kpitools.model.tables.people import Activities, Quotas, Reps
from kpitools.model.tables.pipeline import DealChanges, DealMembers, Deals, DealVersions, Quotes, StageHistory, Stages
from kpitools.model.tables.revenue import Costs, OrderLines, Orders, Products, Subscriptions
from kpitools.model.tables.service import CcCalls, IntentSignals, Surveys, Tickets, Usage
from kpitools.model.tables.table import Table

#: Every table by its name, derived ones included.
TABLES: dict[str, type[Table]] = {
    table.name: table
    for table in (
        AccountScores, Accounts, Activities, Assessments, CallMarks, CallTurns, Calls, Carts, CcCalls, Claims,
        Coaching, Costs, Courses, DealChanges, DealMembers, DealScores, DealVersions, Deals, Enrolments, Forecasts,
        Holdings, InitiativeUsers, Initiatives, IntentSignals, LeadScores, Leads, Listings, Market, OrderLines,
        Orders, Playbook, Policies, PortfolioReturns, Products, Projects, Quotas, Quotes, RepHours, Reps, Sessions,
        Shares, StageHistory, Stages, Subscriptions, Surveys, Tickets, Usage,
    )
}  # fmt: skip

#: The tables that are worked out from others and never read from a file.
DERIVED = frozenset({"deal_versions"})

__all__ = [
    "DERIVED",
    "TABLES",
    "AccountScores",
    "Accounts",
    "Activities",
    "Assessments",
    "CallMarks",
    "CallTurns",
    "Calls",
    "Carts",
    "CcCalls",
    "Claims",
    "Coaching",
    "Costs",
    "Courses",
    "DealChanges",
    "DealMembers",
    "DealScores",
    "DealVersions",
    "Deals",
    "Enrolments",
    "Forecasts",
    "Holdings",
    "InitiativeUsers",
    "Initiatives",
    "IntentSignals",
    "LeadScores",
    "Leads",
    "Listings",
    "Market",
    "OrderLines",
    "Orders",
    "Playbook",
    "Policies",
    "PortfolioReturns",
    "Products",
    "Projects",
    "Quotas",
    "Quotes",
    "RepHours",
    "Reps",
    "Sessions",
    "Shares",
    "StageHistory",
    "Stages",
    "Subscriptions",
    "Surveys",
    "Table",
    "Tickets",
    "Usage",
]  # fmt: skip
