"""Who stays: cohorts by age. An age that is not over for a cohort is no figure, and is in no mean."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from kpitools.analyses.lives import (
    CUSTOMER,
    ORDERED,
    PRICED,
    SOLD,
    SUBSCRIBED,
    customer_spans,
    live_at,
    months_after,
    order_spans,
    period_frame,
    subscription_spans,
    units_between,
)
from kpitools.analyses.movements import mrr_movements, revenue_retention
from kpitools.analyses.survival import survival
from kpitools.analyses.view import AsOf, Schema, choose, lacking, last_day, need, percent, seen, shaped
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset

#: What `value` is, in words, by what was asked for.
LABELS = {
    "customers": "Customers retained",
    "subscriptions": "Subscribers retained",
    "revenue": "Revenue retained, with expansion",
    "gross_revenue": "Revenue retained, without expansion",
}
#: Those of which accounts are counted, not money.
HEADS = ("customers", "subscriptions")
GRAINS = ("month", "quarter", "year")
#: Where each is read from, the first that the data has.
SOURCES = {
    "customers": (CUSTOMER, SUBSCRIBED, ORDERED),
    "subscriptions": (SUBSCRIBED,),
    "revenue": (PRICED, SOLD),
    "gross_revenue": (PRICED, SOLD),
}
#: How age is counted: in the periods of the calendar, or in units since each customer's own first day.
AGES = ("calendar", "own")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
SUMMED = ("size", "base", "retained")

COHORTS: Schema = {
    "cohort": pl.String,
    "cohort_start": pl.Date,
    "age": pl.Int64,
    "size": pl.Int64,
    "base": pl.Float64,
    "retained": pl.Float64,
    "value": pl.Float64,
    "complete": pl.Boolean,
}
MEANS: Schema = {
    "age": pl.Int64,
    "cohorts": pl.Int64,
    "size": pl.Int64,
    "base": pl.Float64,
    "retained": pl.Float64,
    "value": pl.Float64,
}


def cohorts(
    data: Dataset,
    *,
    as_of: AsOf = None,
    grain: str = "quarter",
    of: str = "customers",
    since: date | None = None,
    fiscal_start: int = 1,
    ages: str = "calendar",
    source: str | None = None,
) -> pl.DataFrame:
    """What is left of the customers who began in each period, at the end of that period (age 0) and of each later one.

    Args:
        data: accounts with became_customer_at and ended_at, subscriptions, or orders.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        grain: `month`, `quarter` or `year`: of the cohorts and of the ages.
        of: `customers`: from accounts; where they do not say, accounts with a live subscription; where there are none,
            accounts that order (active: bought in the period).
            `subscriptions`: accounts with a live subscription.
            `revenue`: recurring revenue with expansion, of what the cohort paid on its first day; where there are no
            subscriptions, what it ordered in the period, of what it ordered in its first.
            `gross_revenue`: the same, of each account at most what it paid at first.
        since: leave out earlier cohorts. Of customers from before the data begins it often holds only who stayed.
        fiscal_start: first month of the year for quarters and years.
        ages: `calendar`: at the end of the period in which the cohort began (age 0) and of each later one.
            `own`: on the evening so many months, quarters or years after each customer's own first day (age 0: that
            day); of orders, what was bought in that many-th unit since the first purchase (age 0: the first).
        source: read it from `accounts`, `subscriptions` or `orders`, instead of from the first of those that tells.

    Returns:
        cohort, cohort_start, age (periods), size (customers), base (what value is a percentage of), retained, value
        (percent), complete. Of a cell whose period is not over on the last day seen (by own ages: to which not all of
        the cohort have come), retained and value are null.

    Raises:
        EvaluationError: the data lacks what is needed.
        UnknownNameError: no such grain, kind of retention, kind of age, or source of this kind.

    >>> accounts = pl.DataFrame({"account_id": ["a", "b"], "became_customer_at": [date(2026, 1, 9), date(2026, 3, 1)],
    ...     "ended_at": [None, date(2026, 5, 2)]})
    >>> cells = cohorts(Dataset.of({"accounts": accounts}), as_of="2026-09-10")
    >>> cells.select("cohort", "age", "value", "complete").rows()
    [('2026Q1', 0, 100.0, True), ('2026Q1', 1, 50.0, True), ('2026Q1', 2, None, False)]
    """
    choose("grain", grain, GRAINS)
    choose("kind of retention", of, LABELS)
    choose("kind of age", ages, AGES)
    view = seen(data, as_of)
    columns = _source(view, of, source)
    own = MONTHS[grain] if ages == "own" else None
    spans, periods = _spans(view, columns, RegularCalendar(grain, fiscal_start), own)
    members = _members(spans, periods, of)
    if since is not None:
        members = members.filter(pl.col("cohort_start") >= since)
    last = last_day(view)
    if own is None:
        cells, boundary = _cells(members, periods, last), pl.col("boundary")
    else:
        boundary = _own_boundary(own, bought=columns in (ORDERED, SOLD))
        cells = _own_cells(members, periods.height, own, boundary, last)
    return shaped(_retained(members, cells, of, boundary).sort("cohort_start", "age"), COHORTS)


def _source(data: Dataset, of: str, asked: str | None) -> tuple[str, ...]:
    """The columns that tell: of the table asked for, else the first that the data has."""
    tables = {columns[0].split(".")[0]: columns for columns in SOURCES[of]}
    kind = of.replace("_", " ")
    if asked is not None:
        choose(f"source of {kind}", asked, tables)
        tables = {asked: tables[asked]}
    told = next((columns for columns in tables.values() if not lacking(data, columns)), next(iter(tables.values())))
    need(f"Retention of {kind}", data, *told)
    return told


def _spans(
    data: Dataset, source: tuple[str, ...], calendar: RegularCalendar, own: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The spans that count, and the periods from the first of them to the last day seen."""
    last = last_day(data)
    if source in (ORDERED, SOLD):
        days = data["orders"].select(pl.col("ordered_at").cast(pl.Date)).collect()["ordered_at"]
        periods = _periods(calendar, days.min(), last)
        if own is None:
            return order_spans(data, periods).collect(), periods
        each = period_frame([RegularCalendar("day").containing(day) for day in days.drop_nulls().unique().sort()])
        return _own_units(order_spans(data, each).collect(), own), periods
    found = customer_spans(data) if source == CUSTOMER else subscription_spans(data)
    spans = found.filter(pl.col("starts") <= pl.lit(last, pl.Date)).collect()
    periods = _periods(calendar, spans["starts"].min(), last)
    return (_alike(spans, periods) if source == CUSTOMER and own is None else spans), periods


def _alike(customers: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """One row for all who began in the same period and left in the same: no age tells them apart, and they are few."""
    days = pl.concat([periods["starts"], periods["ends"].tail(1)])
    places = [
        (days.search_sorted(customers[name], side="right").cast(pl.Int64) - 1).clip(0) for name in ("starts", "ends")
    ]
    known = pl.DataFrame({"starts": days.gather(places[0]), "ends": days.gather(places[1]), "left": customers["ends"]})
    left = pl.when(pl.col("left").is_not_null()).then("ends")
    alike = known.group_by("starts", left.alias("ends")).agg(heads=pl.len().cast(pl.Int64))
    return alike.select(pl.int_range(pl.len()).alias("account_id"), "starts", "ends", worth="heads", heads="heads")


def _own_units(orders: pl.DataFrame, months: int) -> pl.DataFrame:
    """Orders as presence in units of so many months since the first order of their account."""
    day, began, unit = pl.col("starts"), pl.col("began"), pl.col("unit")
    dated = orders.with_columns(began=day.min().over("account_id"))
    dated = dated.with_columns(unit=units_between(began, day, months))
    starts, ends = (months_after(began, number * months) for number in (unit, unit + 1))
    return dated.select("account_id", "worth", starts=starts, ends=ends)


def _own_boundary(months: int, *, bought: bool) -> pl.Expr:
    """The morning from which an age of an account is over."""
    began, age = pl.col("began"), pl.col("age")
    if bought:
        return months_after(began, (age + 1) * months)
    return months_after(began, age * months) + pl.duration(days=1)


def _own_cells(members: pl.DataFrame, most: int, months: int, over: pl.Expr, last: date | None) -> pl.DataFrame:
    """Every cohort at every own age that one of it has come to; complete if all of it have seen the age to its end."""
    accounts = members.unique("account_id", keep="first").group_by("cohort", "cohort_start")
    sizes = accounts.agg(
        size=pl.col("heads").sum(),
        base=pl.col("base").sum(),
        first=pl.col("began").min(),
        began=pl.col("began").max(),
    )
    crossed = sizes.join(pl.DataFrame({"age": range(most)}, schema={"age": pl.Int64}), how="cross")
    until = pl.lit(last + timedelta(days=1) if last else None, pl.Date)
    cells = crossed.with_columns(complete=over <= until, begins=months_after(pl.col("first"), pl.col("age") * months))
    return cells.filter(pl.col("begins") < until).drop("began", "first", "begins")


def _periods(calendar: RegularCalendar, first: object, last: date | None) -> pl.DataFrame:
    found: list[Period] = []
    if isinstance(first, date) and last is not None:
        period = calendar.containing(first)
        while period.start <= last:
            found.append(period)
            period = calendar.shift(period, 1)
    return period_frame(found)


def _members(spans: pl.DataFrame, periods: pl.DataFrame, of: str) -> pl.DataFrame:
    """The spans with the period in which their account began, and what it counted for on its first day."""
    first = pl.col("starts").min().over("account_id")
    heads = pl.col("heads") if "heads" in spans.columns else pl.lit(1, pl.Int64).alias("heads")
    began = spans.with_columns(heads).with_columns(first=first, worth=pl.col("heads" if of in HEADS else "worth"))
    at_first = pl.col("worth").filter(pl.col("starts") == pl.col("first"))
    base = (at_first.first() if of in HEADS else at_first.sum()).over("account_id")
    cohort = periods.select(cohort="period", cohort_start="starts", first="starts")
    return (
        began.with_columns(base=base)
        .sort("first")
        .join_asof(cohort, on="first", strategy="backward")
        .rename({"first": "began"})
    )


def _cells(members: pl.DataFrame, periods: pl.DataFrame, last: date | None) -> pl.DataFrame:
    """Every cohort at every age that has begun; complete if its last day has been seen."""
    accounts = members.unique("account_id", keep="first").group_by("cohort", "cohort_start")
    sizes = accounts.agg(size=pl.col("heads").sum(), base=pl.col("base").sum())
    numbered = periods.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64))
    first = numbered.select(cohort_start="starts", first="number")
    crossed = sizes.join(first, on="cohort_start").join(numbered.select("number", boundary="ends"), how="cross")
    until = pl.lit(last + timedelta(days=1) if last else None, pl.Date)
    return crossed.filter(pl.col("number") >= pl.col("first")).with_columns(
        age=pl.col("number") - pl.col("first"), complete=pl.col("boundary") <= until
    )


def _retained(members: pl.DataFrame, cells: pl.DataFrame, of: str, boundary: pl.Expr) -> pl.DataFrame:
    """The cells with what is left in those that are over: per account first, so that two subscriptions are one."""
    finished = cells.filter("complete").drop("cohort", "size", "base", "complete")
    live = members.join(finished, on="cohort_start").filter(live_at(boundary))
    account = live.group_by("cohort_start", "age", "account_id").agg(pl.col("worth").sum(), pl.col("base").first())
    capped = pl.col("worth") if of == "revenue" else pl.min_horizontal("worth", "base")
    left = account.group_by("cohort_start", "age").agg(left=capped.sum())
    joined = cells.join(left, on=["cohort_start", "age"], how="left")
    kept, scale = pl.when("complete").then(pl.col("left").fill_null(0)), 1 if of in HEADS else 100
    return joined.with_columns(
        retained=kept.cast(pl.Float64) / scale,
        base=pl.col("base").cast(pl.Float64) / scale,
        value=percent(kept, pl.col("base")),
    )


def cohort_means(cells: pl.DataFrame) -> pl.DataFrame:
    """The mean of the cohorts at each age, weighted by their size (of revenue: by what they paid at first).

    Only cells that are over count. Each age has its own cohorts behind it: the older the age, the fewer.

    Args:
        cells: the frame of `cohorts`.

    Returns:
        age, cohorts (how many), size (customers in them), base, retained, value (percent).

    >>> cells = pl.DataFrame({"age": [1, 1], "size": [30, 10], "base": [30.0, 10.0], "retained": [30.0, 0.0],
    ...     "complete": [True, True]})
    >>> cohort_means(cells).rows()
    [(1, 2, 40, 40.0, 30.0, 75.0)]
    """
    sums = cells.filter("complete").group_by("age").agg(cohorts=pl.len(), **{c: pl.col(c).sum() for c in SUMMED})
    return shaped(sums.with_columns(value=percent(pl.col("retained"), pl.col("base"))).sort("age"), MEANS)


__all__ = [
    "COHORTS",
    "GRAINS",
    "LABELS",
    "MEANS",
    "cohort_means",
    "cohorts",
    "mrr_movements",
    "revenue_retention",
    "survival",
]
