"""KPIs of professional services."""

from __future__ import annotations

import polars as pl

from kpitools.kpis.families import percent
from kpitools.kpis.kpi import kpi
from kpitools.measures import accounts, projects, purchases, revenue


@kpi(
    unit="currency",
    better="higher",
    roles=("ae", "am", "executive"),
    timing="lagging",
    kind="outcome",
)
def project_value(worth=projects.mean_project_worth) -> pl.Expr:
    """Mean worth of a service project begun in the period: fees and additional services.

    Source: [003].
    """
    return worth


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "ae", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    aliases=("Attach Rate",),
)
def service_attach_rate(served=purchases.orders_with_service, orders=revenue.orders_placed) -> pl.Expr:
    """Share of the orders placed in the period that include a service beside the core offer.

    Source: [003], reading (b), the one its benchmark is for.
    """
    return percent(served, orders)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "ae", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def client_service_attach_rate(served=purchases.customers_with_service, clients=accounts.customers) -> pl.Expr:
    """Share of the customers at the end of the period that have ever bought a service beside the core offer.

    Source: [003], service attach rate, reading (a), by clients.
    """
    return percent(served, clients)


@kpi(
    unit="percent",
    better="band",
    roles=("manager", "team"),
    timing="lagging",
    kind="outcome",
    form="ratio",
    aliases=("Billable Utilization",),
)
def utilization_rate(billed=projects.billable_hours, available=projects.available_hours) -> pl.Expr:
    """Hours billed to clients as a share of the hours available for their work.

    Source: [003].
    """
    return percent(billed, available)


@kpi(unit="percent", better="band", roles=("manager", "executive"), timing="leading", kind="outcome")
def utilization_forecast(
    planned=projects.planned_billable_hours,
    likely=projects.likely_due_amount,
    available=projects.available_hours,
    worth=projects.project_worth.to_date,
    billed=projects.billable_hours.to_date,
) -> pl.Expr:
    """Share of the hours available in a coming period that will probably be billed: hours booked ahead, and those of
    the open deals expected to close in it.

    A deal stands for as many hours as its amount buys at the rate so far (worth of service projects per hour billed),
    times the default probability of its stage.

    Source: [003].
    """
    of_deals = pl.when(likely == 0).then(0.0).otherwise(likely * billed / worth)
    return percent(planned + of_deals, available)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def client_expansion_rate(grown=purchases.expanded_clients, clients=accounts.customers.at_start) -> pl.Expr:
    """Share of the customers at the start of the period whose orders came to more than in the period before.

    The benchmark is for years: compare a year with the year before.

    Source: [003].
    """
    return percent(grown, clients)


@kpi(
    unit="percent",
    better="higher",
    roles=("am", "executive"),
    timing="lagging",
    kind="outcome",
    form="proportion",
    label="Client expansion rate by subscription",
)
def client_expansion_rate_by_subscription(
    grown=purchases.expanded_subscribers, subscribers=purchases.subscribers_at_start
) -> pl.Expr:
    """Share of the subscribers at the start of the period who pay more a month at its end.

    Source: [003], client expansion rate with recurring revenue for business.
    """
    return percent(grown, subscribers)


@kpi(
    unit="percent",
    better="higher",
    roles=("ae", "manager"),
    timing="lagging",
    kind="outcome",
    form="proportion",
)
def proposal_win_rate(won=projects.proposals_won, decided=projects.proposals_decided) -> pl.Expr:
    """Share of the proposals decided in the period that were accepted.

    Proposals still open are not in it.

    Source: [003].
    """
    return percent(won, decided)
