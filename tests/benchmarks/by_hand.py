"""The aggregates of all KPIs by team and quarter, written straight in Polars: about one query per table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import polars as pl

TEAM = ["team", "quarter"]
WON, OUT, HELD = pl.col("status") == "won", pl.col("direction") == "out", pl.col("outcome") == "held"
CLOSED, KIND = pl.col("status").is_in(["won", "lost"]), pl.col("kind")
SALES_COSTS = ("sales_salary", "commission", "marketing", "tools", "training", "overhead")


@dataclass(frozen=True)
class Plan:
    """The tables, and the quarters asked for: their first days, and the day after the last one."""

    tables: Mapping[str, pl.LazyFrame]
    quarters: list[date]
    after: date

    def __getitem__(self, name: str) -> pl.LazyFrame:
        return self.tables[name]

    @property
    def since(self) -> date:
        """A year before the first quarter: what comes before it is compared with nothing."""
        return self.quarters[0].replace(year=self.quarters[0].year - 1)

    @property
    def boundaries(self) -> list[date]:
        """The ends of quarters from a year before on."""
        ends = pl.date_range(self.since, self.after, "3mo", eager=True)
        return ends.to_list()

    @cached_property
    def teams(self) -> pl.LazyFrame:
        return self["reps"].select("rep_id", "team").collect().lazy()

    @cached_property
    def last_day(self) -> date:
        """The last day that any row is dated on."""
        dated = {"accounts": "created_at", "deals": "created_at", "leads": "created_at", "orders": "ordered_at",
                 "costs": "spent_on", "reps": "hired_at", "stage_history": "entered_at",
                 "subscriptions": "starts_on"}  # fmt: skip
        days = [self[name].select(day=pl.col(column).cast(pl.Date).max()) for name, column in dated.items()]
        days.append(self["activities"].select(day=pl.min_horizontal("scheduled_at", "at").cast(pl.Date).max()))
        return pl.concat(days).max().collect(engine="streaming").item()

    def owned(self, frame: pl.LazyFrame, key: str = "rep_id") -> pl.LazyFrame:
        """The rows with the team of the rep."""
        return frame.join(self.teams, left_on=key, right_on="rep_id", how="left")

    def dated(self, table: str, column: str, columns: list[str], *, since: date | None = None) -> pl.LazyFrame:
        """The rows of the quarters, with the quarter."""
        at = pl.col(column)
        rows = self[table].filter(at >= (since or self.quarters[0]), at < self.after).select(column, *columns)
        return rows.with_columns(quarter=quarter(at))


def figures(folder: Path, quarters: list[date], after: date) -> list[pl.DataFrame]:
    """The figures by team and quarter, named as the leaves of the KPIs; n and standard deviation beside."""
    plan = Plan({path.stem: pl.scan_parquet(path) for path in sorted(folder.glob("*.parquet"))}, quarters, after)
    return [frame for make in MAKERS for frame in make(plan)]


def quarter(at: pl.Expr) -> pl.Expr:
    return at.cast(pl.Date).dt.truncate("1q")


def days(earlier: str, later: str) -> pl.Expr:
    return (pl.col(later).cast(pl.Date) - pl.col(earlier).cast(pl.Date)).dt.total_days()


def hours(earlier: str, later: str) -> pl.Expr:
    return (pl.col(later) - pl.col(earlier)).dt.total_seconds() / 3600


def count(name: str, where: pl.Expr) -> list[pl.Expr]:
    return [where.sum().alias(name)]


def total(name: str, value: pl.Expr) -> list[pl.Expr]:
    return [value.sum().alias(name), value.count().alias(f"{name}.n")]


def distinct(name: str, value: pl.Expr) -> list[pl.Expr]:
    return [value.drop_nulls().n_unique().alias(name), value.count().alias(f"{name}.n")]


def mean(name: str, value: pl.Expr) -> list[pl.Expr]:
    return [value.mean().alias(name), value.count().alias(f"{name}.n"), value.std().alias(f"{name}.sd")]


def median(name: str, value: pl.Expr) -> list[pl.Expr]:
    return [value.median().alias(name), value.count().alias(f"{name}.n")]


def where(condition: pl.Expr, value: str | pl.Expr) -> pl.Expr:
    return pl.when(condition).then(value)


def by_team(rows: pl.LazyFrame, *aggregates: list[pl.Expr]) -> pl.DataFrame:
    return rows.group_by(TEAM).agg(each for several in aggregates for each in several).collect(engine="streaming")


def moved(frame: pl.DataFrame, name: str, new: str, by: str) -> pl.DataFrame:
    """A figure beside the quarter it is compared with."""
    return frame.select("team", pl.col("quarter").dt.offset_by(by), pl.col(name).alias(new))


def closed_deals(plan: Plan) -> list[pl.DataFrame]:
    columns = ["deal_id", "owner_rep_id", "status", "amount", "list_amount", "kind", "created_at", "first_contact_at",
               "negotiation_started_at"]  # fmt: skip
    followed = (
        plan["activities"].filter("is_follow_up").select("deal_id", day=pl.col("at").cast(pl.Date))
        .join(plan["deals"].filter(WON).select("deal_id", "closed_at"), on="deal_id")
        .filter(pl.col("day") <= pl.col("closed_at").cast(pl.Date))
        .group_by("deal_id").agg(follow_ups=pl.len().cast(pl.Int64))
    )  # fmt: skip
    rows = plan.owned(plan.dated("deals", "closed_at", columns), "owner_rep_id")
    rows = rows.join(followed, on="deal_id", how="left")
    add_on, negotiated = KIND.is_in(["upsell", "cross_sell"]), pl.col("negotiation_started_at").is_not_null()
    kept = pl.col("amount") >= pl.col("list_amount") * 0.8
    cycle, contact = where(WON, days("created_at", "closed_at")), where(WON, days("first_contact_at", "closed_at"))
    return [
        by_team(
            rows,
            count("won_deals", WON),
            count("closed_deals", CLOSED),
            total("won_amount", where(WON, "amount")),
            total("closed_amount", where(CLOSED, "amount")),
            total("expansion_bookings", where(WON & KIND.is_in(["upsell", "cross_sell", "expansion"]), "amount")),
            mean("mean_won_amount", where(WON, "amount")),
            median("median_won_amount", where(WON, "amount")),
            count("won_add_on_deals", WON & add_on),
            count("closed_add_on_deals", CLOSED & add_on),
            count("negotiated_deals", CLOSED & negotiated),
            count("well_negotiated_deals", WON & negotiated & kept.fill_null(False)),
            mean("mean_days_from_creation", cycle),
            median("median_days_from_creation", cycle),
            mean("mean_days_from_first_contact", contact),
            median("median_days_from_first_contact", contact),
            mean("mean_follow_ups_to_close", where(WON, pl.col("follow_ups").fill_null(0))),
        )
    ]


def created_deals(plan: Plan) -> list[pl.DataFrame]:
    rows = plan.owned(
        plan.dated("deals", "created_at", ["owner_rep_id", "status", "sdr_rep_id", "amount"]), "owner_rep_id"
    )
    sourced = where(pl.col("sdr_rep_id").is_not_null(), "amount")
    return [
        by_team(
            rows,
            [pl.len().alias("created_deals")],
            count("created_and_won_deals", WON),
            total("sourced_amount", sourced),
        )
    ]


def spread_over(plan: Plan, rows: pl.LazyFrame, first: pl.Expr, last: pl.Expr) -> pl.LazyFrame:
    """The rows once for each quarter from the one of `first` to the one of `last`, both counted from 0."""
    spans = rows.with_columns(q=pl.int_ranges(first.clip(0), last.clip(upper_bound=len(plan.quarters) - 1) + 1))
    return spans.explode("q", empty_as_null=False)


def number(plan: Plan, at: str) -> pl.Expr:
    """Which quarter a day lies in, counted from the first one asked for."""
    first = plan.quarters[0]
    return (pl.col(at).dt.year().cast(pl.Int64) - first.year) * 4 + pl.col(at).dt.quarter() - (first.month + 2) // 3


def starts(plan: Plan) -> pl.LazyFrame:
    ends = [*plan.quarters[1:], plan.after]
    numbers = range(len(ends))
    return pl.LazyFrame({"q": numbers, "quarter": plan.quarters, "end": ends})


def worked_deals(plan: Plan) -> list[pl.DataFrame]:
    """Deals that were open at some time in a quarter, at its start, at its end: all from the quarters they span."""
    deals = plan["deals"].filter(
        pl.col("created_at") < plan.after, pl.col("closed_at").is_null() | (pl.col("closed_at") >= plan.quarters[0])
    )
    deals = deals.select("deal_id", "owner_rep_id", "amount", "stage", "expected_close_at", "created_at", "closed_at")
    opened, closed = number(plan, "created_at"), number(plan, "closed_at").fill_null(len(plan.quarters))
    deals = deals.with_columns(opened=opened, ended=closed)
    rows = plan.owned(spread_over(plan, deals, pl.col("opened"), pl.col("ended")), "owner_rep_id")
    rows = rows.join(plan["stages"].select("stage", "default_probability"), on="stage", how="left")
    rows = rows.join(starts(plan), on="q")
    due = (pl.col("expected_close_at") >= pl.col("quarter")) & (pl.col("expected_close_at") < pl.col("end"))
    at_start, at_end = pl.col("opened") < pl.col("q"), pl.col("ended") > pl.col("q")
    found = by_team(
        rows,
        [pl.len().alias("deals_worked")],
        mean("mean_worked_amount", pl.col("amount")),
        total("due_amount.start", where(at_start & due, "amount")),
        total("due_amount.end", where(at_end & due, "amount")),
        total("open_amount.end", where(at_end, "amount")),
        total("weighted_amount.end", where(at_end, pl.col("amount") * pl.col("default_probability"))),
        count("open_deals.end", at_end),
    )
    return [found, open_deals(plan, deals)]


def open_deals(plan: Plan, deals: pl.LazyFrame) -> pl.DataFrame:
    """What touches and stages say about the deals open at the end of a quarter."""
    rows = spread_over(plan, deals, pl.col("opened"), pl.col("ended") - 1).join(starts(plan), on="q")
    rows = (
        rows.select("deal_id", "owner_rep_id", "stage", "quarter", "end", "created_at")
        .collect(engine="streaming")
        .lazy()
    )
    cases = rows.select("deal_id", "quarter", "end")
    day = pl.col("end") - timedelta(days=1)
    answered = pl.col("replied_at").is_not_null() | pl.col("outcome").is_in(["connected", "held", "replied"])
    touches = plan["activities"].select(
        "deal_id", "direction", "duration_s", on=pl.col("at").cast(pl.Date), answered=answered.fill_null(False)
    )
    recent = pl.col("on") > pl.col("end") - timedelta(days=31)
    outbound = recent & OUT
    touched = (
        cases.join(touches, on="deal_id")
        .filter(pl.col("on") < pl.col("end"))
        .group_by("deal_id", "quarter")
        .agg(
            touched_on=pl.col("on").max(),
            two_way=(recent & (pl.col("answered") | (pl.col("direction") == "in"))).sum(),
            seconds=where(recent, "duration_s").sum(),
            replies=(outbound & pl.col("answered")).sum(),
            outbound=outbound.sum(),
        )
    )
    visits = plan["stage_history"].select("deal_id", on=pl.col("entered_at").cast(pl.Date))
    entered = (
        cases.join(visits, on="deal_id")
        .filter(pl.col("on") < pl.col("end"))
        .group_by("deal_id", "quarter")
        .agg(entered_on=pl.col("on").max())
    )
    rows = rows.join(touched, on=["deal_id", "quarter"], how="left").join(
        entered, on=["deal_id", "quarter"], how="left"
    )
    rows = plan.owned(rows, "owner_rep_id").join(plan["stages"].select("stage", "typical_days"), on="stage", how="left")
    created = pl.col("created_at").cast(pl.Date)
    idle = (day - pl.coalesce("touched_on", created)).dt.total_days()
    dwelt = (day - pl.coalesce("entered_on", created)).dt.total_days()
    score = 100 * (
        0.4 * pl.min_horizontal(pl.col("two_way") / 8, 1.0)
        + 0.3 * pl.min_horizontal(pl.col("seconds") / 60 / 120, 1.0)
        + 0.3 * pl.col("replies") / pl.max_horizontal("outbound", 1)
    )
    return by_team(
        rows,
        count("stale_deals.end", idle > 30),
        count("moving_deals.end", dwelt <= pl.col("typical_days")),
        mean("mean_engagement.end", score.fill_null(0)),
    )


def contracts(plan: Plan) -> list[pl.DataFrame]:
    months = where(pl.col("term_months") > 0, "term_months").otherwise(12)
    signed = plan["deals"].filter(pl.col("closed_at") < plan.after, CLOSED).select(
        "account_id", "owner_rep_id", "status", "closed_at",
        annual_value=pl.coalesce("annual_value", pl.col("amount") / months * 12),
        until=pl.col("closed_at").dt.offset_by(pl.format("{}mo", months)),
    )  # fmt: skip
    spans = spread_over(plan, signed, number(plan, "closed_at"), number(plan, "until") - 1).join(starts(plan), on="q")
    rows = plan.owned(spans, "owner_rep_id")
    return [
        by_team(
            rows,
            total("contracted_annual_value.end", where(WON, "annual_value")),
            distinct("contracted_accounts.end", where(WON, "account_id")),
            mean("mean_contract_value.end", where(WON, "annual_value")),
        )
    ]


def leads(plan: Plan) -> list[pl.DataFrame]:
    inbound, answered = pl.col("is_inbound"), pl.col("first_response_at").is_not_null()
    waited = hours("created_at", "first_response_at")
    columns = ["lead_id", "owner_rep_id", "email", "is_inbound", "first_response_at", "deal_id", "customer_at"]
    came = plan.owned(plan.dated("leads", "created_at", columns), "owner_rep_id")
    person = pl.coalesce(pl.col("email").str.to_lowercase().str.strip_chars(), "lead_id")
    has_deal = pl.col("deal_id").is_not_null()
    created = by_team(
        came,
        distinct("different_leads", person),
        [pl.len().alias("leads_created")],
        count("converted_leads", pl.col("customer_at").is_not_null()),
        count("leads_with_deal", has_deal),
        mean("mean_hours_to_answer_inquiry", where(inbound, waited)),
        median("median_hours_to_answer_inquiry", where(inbound, waited)),
        count("inquiries", inbound),
        count("answered_inquiries", inbound & answered),
        count("promptly_answered_inquiries", inbound & (waited <= 1).fill_null(False)),
    )
    qualified = plan.owned(plan.dated("leads", "sql_at", ["owner_rep_id", "deal_id"]), "owner_rep_id")
    assigned = plan.owned(plan.dated("leads", "assigned_at", ["owner_rep_id", "first_response_at"]), "owner_rep_id")
    since = hours("assigned_at", "first_response_at")
    return [
        created,
        by_team(qualified, [pl.len().alias("qualified_leads")], count("qualified_leads_with_deal", has_deal)),
        by_team(assigned, mean("mean_hours_to_answer_lead", since), median("median_hours_to_answer_lead", since)),
    ]


def touches(plan: Plan) -> list[pl.DataFrame]:
    columns = ["rep_id", "account_id", "kind", "direction", "outcome", "is_follow_up", "delivered", "opened_at",
               "next_step_at"]  # fmt: skip
    rows = plan.owned(plan.dated("activities", "at", columns))
    meeting, emailed = KIND.is_in(["meeting", "demo"]), (KIND == "email") & OUT
    delivered = emailed & pl.col("delivered")
    done = by_team(
        rows,
        count("sales_actions", OUT | KIND.is_in(["meeting", "demo", "proposal"])),
        count("outbound_calls", (KIND == "call") & OUT),
        count("outbound_emails", emailed),
        count("delivered_emails", delivered),
        count("opened_emails", delivered & pl.col("opened_at").is_not_null()),
        count("held_meetings", (KIND == "meeting") & HELD),
        count("held_demos", (KIND == "demo") & HELD),
        count("follow_ups", pl.col("is_follow_up") & OUT),
        distinct("contacted_accounts", pl.col("account_id")),
        count("meetings_with_buyer", meeting & HELD),
        count("meetings_with_next_step", meeting & HELD & pl.col("next_step_at").is_not_null()),
    )
    booked = plan.owned(plan.dated("activities", "scheduled_at", ["rep_id", "kind"]))
    return [done, by_team(booked, count("booked_meetings", meeting)), reviews(plan)]


def reviews(plan: Plan) -> pl.DataFrame:
    columns = ["activity_id", "rep_id", "account_id", "outcome", "decision_maker_present", "value_confirmed",
               "next_step_done_at", "kind"]  # fmt: skip
    rows = plan.dated("activities", "at", columns).filter(KIND == "qbr").with_columns(day=pl.col("at").cast(pl.Date))

    def live(ahead: int) -> pl.Expr:
        on = pl.col("day") + timedelta(days=ahead)
        return where(
            (pl.col("starts_on") <= on) & (pl.col("ends_on").is_null() | (pl.col("ends_on") > on)), "mrr"
        ).sum()

    paid = rows.select("activity_id", "account_id", "day").join(
        plan["subscriptions"].select("account_id", "mrr", "starts_on", "ends_on"), on="account_id"
    )
    paid = paid.group_by("activity_id").agg(before=live(0), later=live(90))
    rows = plan.owned(rows.join(paid, on="activity_id", how="left"))
    acted = pl.col("next_step_done_at").cast(pl.Date) <= pl.col("day") + timedelta(days=30)
    parts = [HELD & pl.col("decision_maker_present"), pl.col("value_confirmed"), acted]
    kept = (pl.col("later").fill_null(0) >= pl.col("before").fill_null(0)).cast(pl.Float64)
    ripe = pl.col("day") + timedelta(days=90) <= plan.last_day
    scores = [part.fill_null(False).cast(pl.Float64) for part in parts]
    return by_team(rows, mean("mean_review_score", 100 * pl.mean_horizontal(*scores, where(ripe, kept))))


def visits(plan: Plan) -> list[pl.DataFrame]:
    """Visits to stages, from four quarters before on, and how long each waited for sales."""
    stages = plan["stages"].select("stage", "position")
    by_deal = plan.owned(plan["deals"].select("deal_id", "owner_rep_id"), "owner_rep_id").select(
        "deal_id", deal_team="team"
    )
    by_lead = plan.owned(plan["leads"].select("lead_id", "owner_rep_id"), "owner_rep_id").select(
        "lead_id", lead_team="team"
    )
    columns = ["history_id", "deal_id", "lead_id", "stage", "next_stage", "left_at"]
    rows = plan.dated("stage_history", "entered_at", columns, since=plan.since)
    rows = rows.join(by_deal, on="deal_id", how="left").join(by_lead, on="lead_id", how="left")
    owned = rows.with_columns(team=pl.coalesce("deal_team", "lead_team"))
    rows = owned.join(stages, on="stage", how="left")
    rows = rows.join(stages.rename({"stage": "next_stage", "position": "next_position"}), on="next_stage", how="left")
    later = (pl.col("next_position") > pl.col("position")).fill_null(False)
    entered = (
        [pl.len().alias("stage_entries")],
        count("stage_advances", (pl.col("next_stage") == "won").fill_null(False) | later),
    )
    found = by_team(rows, *entered)
    return [found, before(found), waiting(plan, owned)]


def before(found: pl.DataFrame) -> pl.DataFrame:
    """The visits of the four quarters before."""
    names = {"stage_entries": "stage_entries.rolling.previous", "stage_advances": "stage_advances.rolling.previous"}
    later = [found.with_columns(pl.col("quarter").dt.offset_by(f"{3 * back}mo")) for back in range(1, 5)]
    return pl.concat(later).group_by(TEAM).agg(pl.col(name).sum().alias(new) for name, new in names.items())


def waiting(plan: Plan, rows: pl.LazyFrame) -> pl.DataFrame:
    entered = plan.dated("stage_history", "entered_at", ["history_id", "deal_id", "lead_id"])
    out = plan["activities"].filter(OUT)

    def next_touch(key: str) -> pl.LazyFrame:
        visits = entered.select("history_id", key, "entered_at").filter(pl.col(key).is_not_null())
        touched = visits.join(out.select(key, "at"), on=key).filter(pl.col("at") >= pl.col("entered_at"))
        return touched.group_by("history_id").agg(pl.col("at").min().alias(f"{key}.at"))

    answered = rows.filter(pl.col("quarter") >= plan.quarters[0])
    for key in ("deal_id", "lead_id"):
        answered = answered.join(next_touch(key), on="history_id", how="left")
    seen_to = pl.lit(plan.last_day + timedelta(days=1)).cast(pl.Datetime("us"))
    until = pl.coalesce("deal_id.at", "lead_id.at", pl.min_horizontal("left_at", seen_to))
    return by_team(answered, mean("mean_hours_waiting", (until - pl.col("entered_at")).dt.total_seconds() / 3600))


def orders(plan: Plan) -> list[pl.DataFrame]:
    accounts = plan["accounts"].select("account_id", "became_customer_at", "is_strategic")
    rows = plan.dated("orders", "ordered_at", ["account_id", "rep_id", "amount", "deductions"], since=plan.since)
    rows = plan.owned(rows.join(accounts, on="account_id", how="left"))
    became = pl.col("became_customer_at")
    found = by_team(
        rows,
        total("revenue", pl.col("amount")),
        total("net_revenue", pl.col("amount") - pl.col("deductions").fill_null(0)),
        [pl.len().alias("orders_placed")],
        mean("mean_order_amount", pl.col("amount")),
        distinct("buyers", pl.col("account_id")),
        total("new_revenue", where(quarter(became) == pl.col("quarter"), "amount")),
        total("existing_revenue", where(became < pl.col("quarter"), "amount")),
        total("strategic_revenue", where(pl.col("is_strategic"), "amount")),
    )
    earlier = [
        moved(found, "revenue", "revenue.previous", "3mo"),
        moved(found, "revenue", "revenue.year_ago", "1y"),
        moved(found, "strategic_revenue", "strategic_revenue.previous", "3mo"),
    ]
    return [found, *earlier, order_lines(plan)]


def order_lines(plan: Plan) -> pl.DataFrame:
    placed = plan.owned(plan.dated("orders", "ordered_at", ["order_id", "rep_id"])).select("order_id", *TEAM)
    rows = plan["order_lines"].select("order_id", "revenue", "cogs").join(placed, on="order_id")
    return by_team(rows, total("line_revenue", pl.col("revenue")), total("line_costs", pl.col("cogs")))


def subscriptions(plan: Plan) -> list[pl.DataFrame]:
    """What every account pays at every boundary, side by side; then what its team makes of it."""
    boundaries = plan.boundaries
    ends, starts_on = pl.col("ends_on"), pl.col("starts_on")
    live = [(starts_on < day) & (ends.is_null() | (ends >= day)) for day in boundaries]
    owners = plan.owned(plan["accounts"].select("account_id", "owner_rep_id"), "owner_rep_id").select(
        "account_id", "team"
    )
    paid = (
        plan["subscriptions"]
        .group_by("account_id")
        .agg(
            *(where(here, "mrr").sum().alias(f"{day}") for here, day in zip(live, boundaries, strict=True)),
            *(here.sum().alias(f"{day}.n") for here, day in zip(live, boundaries, strict=True)),
        )
    )
    paid = paid.join(owners, on="account_id", how="left")
    stock = [part for day in boundaries for part in _stock(f"{day}")]
    spans = list(pairwise(boundaries))
    kept = [part for start, end in spans for part in _kept(f"{start}", f"{end}")]
    wide = paid.group_by("team").agg(*stock, *kept).collect(engine="streaming")
    return [*_stocks(wide, boundaries), *(_span(wide, start) for start, _ in spans if start >= plan.quarters[0])]


def _stock(day: str) -> list[pl.Expr]:
    mrr, n = pl.col(day), pl.col(f"{day}.n")
    return [mrr.sum(), n.sum(), (n > 0).sum().alias(f"{day}.accounts")]


KEPT = ("starting_mrr", "kept_mrr", "retained_mrr", "expansion_mrr", "contraction_mrr", "churned_mrr")


def _kept(first: str, last: str) -> list[pl.Expr]:
    start, end = pl.col(first), pl.col(last)
    was = start > 0
    values = [
        start, where(was, end), where(was, pl.min_horizontal(start, end)),
        where(was, pl.max_horizontal(end - start, 0)), where(was & (end > 0), pl.max_horizontal(start - end, 0)),
        where(was & (end == 0), start),
    ]  # fmt: skip
    return [value.sum().alias(f"{first}.{name}") for name, value in zip(KEPT, values, strict=True)]


def _stocks(wide: pl.DataFrame, boundaries: list[date]) -> list[pl.DataFrame]:
    frames = []
    for day in boundaries:
        mrr = pl.when(pl.col(f"{day}.n") > 0).then(f"{day}")
        kinds = {
            "recurring_revenue.start": "0mo",
            "recurring_revenue.end": "-3mo",
            "recurring_revenue.end.year_ago": "9mo",
        }
        frames += [
            wide.select(
                "team", pl.lit(day).dt.offset_by(by).alias("quarter"), mrr.alias("value"), pl.lit(name).alias("name")
            )
            for name, by in kinds.items()
        ]
        frames.append(
            wide.select("team", pl.lit(day).alias("quarter"), pl.col(f"{day}.accounts").cast(pl.Float64).alias("value"),
                        pl.lit("subscribers.start").alias("name"))
        )  # fmt: skip
    return [pl.concat(frames).pivot("name", index=TEAM, values="value")]


def _span(wide: pl.DataFrame, start: date) -> pl.DataFrame:
    found = [pl.col(f"{start}.{name}").alias(name) for name in KEPT]
    return wide.select("team", pl.lit(start).alias("quarter"), *found)


def accounts(plan: Plan) -> list[pl.DataFrame]:
    columns = ["owner_rep_id", "referred_by_account_id"]
    won = plan.owned(plan.dated("accounts", "became_customer_at", columns, since=plan.since), "owner_rep_id")
    referrer = pl.col("referred_by_account_id")
    found = by_team(won, [pl.len().alias("new_customers")], count("referred_customers", referrer.is_not_null()))
    before = moved(found, "new_customers", "new_customers.previous", "3mo")
    return [found, before, referring(plan, won), customers(plan), targets(plan)]


def referring(plan: Plan, won: pl.LazyFrame) -> pl.DataFrame:
    """Customers at the start of a quarter that introduced one who became a customer in it."""
    introduced = won.select("quarter", account_id="referred_by_account_id").drop_nulls().unique()
    by = plan["accounts"].select("account_id", "owner_rep_id", "became_customer_at", "ended_at")
    active = (pl.col("became_customer_at") < pl.col("quarter")) & (
        pl.col("ended_at").is_null() | (pl.col("ended_at") >= pl.col("quarter"))
    )
    rows = plan.owned(introduced.join(by, on="account_id").filter(active), "owner_rep_id")
    return by_team(rows, [pl.len().alias("referring_customers.start")])


def customers(plan: Plan) -> pl.DataFrame:
    rows = (
        plan["accounts"]
        .filter(pl.col("became_customer_at") < plan.after)
        .select("owner_rep_id", "became_customer_at", "ended_at")
    )
    began, ended = number(plan, "became_customer_at"), number(plan, "ended_at").fill_null(len(plan.quarters))
    rows = plan.owned(spread_over(plan, rows.with_columns(began=began), pl.col("began"), ended), "owner_rep_id")
    rows = rows.join(starts(plan), on="q")
    at_start, left = pl.col("began") < pl.col("q"), pl.col("ended_at") < pl.col("end")
    return by_team(
        rows,
        [pl.len().alias("customers_served")],
        count("customers.start", at_start),
        count("customers_lost.start", at_start & left.fill_null(False)),
        count("customers_kept.start", at_start & (pl.col("ended_at").is_null() | ~left)),
    )


def targets(plan: Plan) -> pl.DataFrame:
    rows = (
        plan["accounts"].filter(pl.col("created_at") < plan.after).with_columns(came=number(plan, "created_at").clip(0))
    )
    matched = pl.col("is_target") & pl.col("provider_matched").fill_null(False)
    new = (
        plan.owned(rows, "owner_rep_id")
        .group_by("team", "came")
        .agg(
            pl.col("is_target").sum().cast(pl.Int64).alias("target_accounts.end"),
            matched.sum().cast(pl.Int64).alias("matched_target_accounts.end"),
        )
    )
    so_far = (
        starts(plan)
        .join(new, how="cross")
        .filter(pl.col("came") <= pl.col("q"))
        .group_by(TEAM)
        .agg(pl.col("target_accounts.end", "matched_target_accounts.end").sum())
    )
    return so_far.collect(engine="streaming")


def costs(plan: Plan) -> list[pl.DataFrame]:
    rows = plan.dated("costs", "spent_on", ["team", "category", "amount"])
    category = pl.col("category")
    return [
        by_team(
            rows,
            total("acquisition_costs", where(category.is_in(SALES_COSTS), "amount")),
            total("marketing_costs", where(category == "marketing", "amount")),
        )
    ]


def quotas(plan: Plan) -> list[pl.DataFrame]:
    kind = pl.col("owner_kind")
    asked = plan["quotas"].filter(pl.col("measure").is_null() | (pl.col("measure") == "revenue"))
    asked = plan.owned(asked, "owner_id").with_columns(
        team=where(kind == "team", "owner_id").when(kind == "rep").then("team")
    )
    after = pl.col("ends_on").dt.offset_by("1d")
    share = (pl.min_horizontal(after, "end") - pl.max_horizontal("starts_on", "quarter")).dt.total_days() / (
        after - pl.col("starts_on")
    ).dt.total_days()
    spread = asked.join(starts(plan), how="cross").with_columns(share=share).filter(pl.col("share") > 0)
    of = {level: where(kind == level, pl.col("amount") * pl.col("share")) for level in ("rep", "team", "company")}
    finest = pl.coalesce(*(pl.when(each.count() > 0).then(each.sum()) for each in of.values()))
    planned = by_team(spread, total("rep_quota", of["rep"]), total("team_quota", of["team"]), [finest.alias("quota")])
    return [planned, *reached(plan, asked)]


def reached(plan: Plan, asked: pl.LazyFrame) -> list[pl.DataFrame]:
    """Quotas met, from what was won a day: by reps, teams and the company."""
    won = plan["deals"].filter(WON).select("owner_rep_id", "amount", day=pl.col("closed_at").cast(pl.Date))
    won = plan.owned(won.group_by("owner_rep_id", "day").agg(pl.col("amount").sum()), "owner_rep_id").collect().lazy()
    sold = []
    for level, key in (("rep", "owner_rep_id"), ("team", "team"), ("company", pl.lit("company"))):
        days_won = won.group_by(pl.col(key).alias("owner_id") if isinstance(key, str) else key.alias("owner_id"), "day")
        of = asked.filter(pl.col("owner_kind") == level).select("quota_id", "owner_id", "starts_on", "ends_on")
        pairs = of.join(days_won.agg(pl.col("amount").sum()), on="owner_id")
        within = pl.col("day").is_between("starts_on", "ends_on")
        sold.append(pairs.filter(within).group_by("quota_id").agg(sold=pl.col("amount").sum()))
    judged = asked.join(pl.concat(sold), on="quota_id", how="left").with_columns(
        met=pl.col("sold").fill_null(0) >= pl.col("amount"), quarter=quarter(pl.col("ends_on"))
    )
    judged = judged.collect().lazy()
    ended = judged.filter(pl.col("ends_on") >= plan.quarters[0], pl.col("ends_on") < plan.after)
    return [by_team(ended, [pl.len().alias("quotas_ended")], count("quotas_met", pl.col("met"))), *staff(plan, judged)]


def staff(plan: Plan, quotas_judged: pl.LazyFrame) -> list[pl.DataFrame]:
    engaged = plan["activities"].filter(pl.col("outcome").is_in(["held", "connected"]))
    engaged = engaged.group_by("rep_id").agg(engaged_on=pl.col("at").cast(pl.Date).min())
    first = quotas_judged.filter("met", pl.col("owner_kind") == "rep", pl.col("ends_on") <= plan.last_day)
    first = first.group_by(rep_id="owner_id").agg(met_on=pl.col("ends_on").min())
    rows = plan["reps"].join(engaged, on="rep_id", how="left").join(first, on="rep_id", how="left").collect().lazy()
    hired = rows.filter(pl.col("hired_at") >= plan.quarters[0], pl.col("hired_at") < plan.after)
    seller = pl.col("is_seller")
    new = by_team(
        hired.with_columns(quarter=quarter(pl.col("hired_at"))),
        mean("mean_days_to_first_engagement", where(seller, days("hired_at", "engaged_on"))),
        count("sellers_not_yet_engaged", seller & pl.col("engaged_on").is_null()),
        mean("mean_days_to_first_quota", where(seller, days("hired_at", "met_on"))),
    )
    return [new, *headcount(plan, rows)]


def headcount(plan: Plan, rows: pl.LazyFrame) -> list[pl.DataFrame]:
    seller, left, hired = pl.col("is_seller"), pl.col("left_at"), pl.col("hired_at")
    left_in = rows.filter(left >= plan.quarters[0], left < plan.after).with_columns(quarter=quarter(left))
    there = rows.join(starts(plan), how="cross")
    at_start = (hired < pl.col("quarter")) & (left.is_null() | (left >= pl.col("quarter")))
    at_end = (hired < pl.col("end")) & (left.is_null() | (left >= pl.col("end")))
    tenure = (pl.col("end") - timedelta(days=1) - hired).dt.total_days()
    found = by_team(
        there.filter(at_start | at_end),
        [((seller & at_start).sum().cast(pl.Int64) + (seller & at_end).sum()).alias("both") / 2],
        [((at_start.sum().cast(pl.Int64) + at_end.sum()) / 2).alias("headcount.average")],
        count("sellers_kept.start", seller & at_start & (left.is_null() | (left >= pl.col("end")))),
        count("seller_headcount.start", seller & at_start),
        count("seller_headcount.end", seller & at_end),
        count("tenured_sellers.end", seller & at_end & (tenure >= 730)),
        mean("mean_tenure.end", where(seller & at_end, tenure)),
    ).rename({"both": "seller_headcount.average"})
    return [found, by_team(left_in, [pl.len().alias("leavers")])]


MAKERS: tuple[Callable[[Plan], list[pl.DataFrame]], ...] = (
    closed_deals, created_deals, worked_deals, contracts, leads, touches, visits, orders, subscriptions, accounts,
    costs, quotas,
)  # fmt: skip
