"""The steps of the funnel, and how far each deal has come by a stated rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from kpitools.analyses.spells import ended, step_of, step_visits, visits_of
from kpitools.analyses.stages import open_stages
from kpitools.analyses.view import column_or_null, last_day, need
from kpitools.errors import EvaluationError
from kpitools.measures.aggregates import days_between
from kpitools.model.dataset import Dataset
from kpitools.model.versions import undo

FIRST, LAST = "Created", "Won"


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps of the funnel and what deals did in them.

    Attributes:
        names: the steps in order: `stage`, `position`, `step`.
        visits: the visits of the deals to them: `row` (of the deal), `step`.
        spells: gives the same as spells, where a history dates them.
    """

    names: pl.DataFrame
    visits: pl.DataFrame
    spells: Callable[[], pl.DataFrame] | None = None

    @property
    def last(self) -> int:
        """The number of the last step, Won."""
        return self.names.height - 1


def opened(deals: pl.LazyFrame, view: Dataset, within: int | None) -> pl.DataFrame:
    """The deals as the rules take them: `row`, `deal_id`, `group`, `status`, `amount`, `stage`, `closed_at` (null while
    open) and `until`, the last day on which each is seen; in a window as they stood at its end.
    """
    closed = column_or_null(view, "deals", "closed_at", pl.Datetime("us"))
    amount = column_or_null(view, "deals", "amount", pl.Float64)
    stage = column_or_null(view, "deals", "stage", pl.String)
    deals = deals.with_columns(amount, stage, closed, pl.col("status").fill_null("open"))
    if within is None:
        deals = deals.with_columns(until=pl.lit(last_day(view), pl.Date))
    else:
        deals = _in_window(deals, view, within)
    over = pl.when(pl.col("status") != "open").then("closed_at").alias("closed_at")
    found = deals.select("deal_id", "group", "status", "amount", "stage", "until", over)
    return found.collect().with_row_index("row")


def _in_window(deals: pl.LazyFrame, view: Dataset, within: int) -> pl.LazyFrame:
    """Only deals opened that many days ago or more, with the status and the amount they had so many days later."""
    if within < 1:
        raise EvaluationError(f"The window is {within} days; it must be a whole day or more, such as 90.")
    need("The funnel of a window", view, "deals.closed_at")
    until = pl.col("created_at").cast(pl.Date).dt.offset_by(f"{within}d")
    if "deal_changes" in view.lookups and "amount" in view.columns("deals"):
        over = until.dt.offset_by("1d").cast(pl.Datetime("us")) - pl.duration(microseconds=1)
        deals = undo(deals, view.lookups["deal_changes"], ["amount"], after=over)
    late = days_between("created_at", "closed_at") > within
    expected = column_or_null(view, "deals", "expected_amount", pl.Float64)
    return deals.filter(until <= pl.lit(last_day(view), pl.Date)).with_columns(
        until=until,
        status=pl.when(late).then(pl.lit("open")).otherwise("status"),
        amount=pl.when(late).then(pl.coalesce(expected, "amount")).otherwise("amount"),
    )


def steps_of(view: Dataset, deals: pl.DataFrame, *apart: str, rule: str, within: int | None) -> Steps:
    """From the stage history, else from the stage that deals stand or ended in, else only opened and won.

    Args:
        deals: the frame of `opened`.
        apart: the columns of deals by which their visits are counted apart.
        rule: one of `RULES`.
        within: the window in days: of it only a history knows which stages were reached.
    """
    stages = open_stages(view)
    columns = set(view.columns("stage_history")) if "stage_history" in view else set()
    if stages.height and {"deal_id", "stage", "entered_at"} <= columns:
        visits = step_visits(view["stage_history"], view, stages)
        dated = visits if within is None else visits.filter(pl.col("entered_at").is_not_null())
        known = deals.select("row", "deal_id", *apart, "until", "closed_at")
        found = visits_of(dated, known)
        return Steps(_named(stages), _in_time(found, within), lambda: _in_time(ended(found, known), within))
    if stages.height and within is None and _ended_in_stages(view):
        if rule == "through":
            need("The funnel through all stages", view, "stage_history.stage", "stage_history.entered_at")
        return Steps(_named(stages), deals.select("row", step_of(stages)).drop_nulls())
    created = pl.DataFrame({"stage": [FIRST], "position": [0]})
    return Steps(_named(created), deals.select("row", step=pl.lit(0, pl.Int16)))


def _in_time(visits: pl.DataFrame, within: int | None) -> pl.DataFrame:
    """Of a window the visits that began in it; else none is later than the last day."""
    if within is None:
        return visits
    return visits.filter(~(pl.col("entered_at").cast(pl.Date) > pl.col("until")).fill_null(False))


def _named(stages: pl.DataFrame) -> pl.DataFrame:
    end = pl.DataFrame({"stage": [LAST], "position": [stages["position"].max()]})
    named = pl.concat([stages, end.with_columns(pl.col("position") + 1)])
    return named.with_columns(step=pl.int_range(pl.len(), dtype=pl.Int16))


def _ended_in_stages(data: Dataset) -> bool:
    """Whether deals that were lost still say in which stage: without that, no step in between can be counted."""
    if "stage" not in data.columns("deals"):
        return False
    lost = data["deals"].filter(pl.col("status") == "lost").select(pl.len(), said=pl.col("stage").count()).collect()
    return lost.item(0, "said") > 0 or lost.item(0, "len") == 0


def _rows(steps: Steps) -> list[pl.Series]:
    """For each step before the last, the deals that visited it."""
    visits = steps.visits.select("row", "step")
    return [visits.filter(pl.col("step") == step)["row"] for step in range(steps.last)]


def _visited(deals: pl.DataFrame, steps: Steps) -> list[pl.Series]:
    """For each step before the last, whether each deal visited it: its row is its place."""
    nobody = pl.repeat(False, deals.height, eager=True)
    return [nobody.clone().scatter(rows, True).alias(str(step)) for step, rows in enumerate(_rows(steps))]


def _furthest(visited: list[pl.Series]) -> pl.Expr:
    return pl.max_horizontal(pl.when(each).then(pl.lit(step, pl.Int16)) for step, each in enumerate(visited))


def _reached(deals: pl.DataFrame, steps: Steps) -> pl.DataFrame:
    furthest = pl.repeat(0, deals.height, dtype=pl.Int16, eager=True)
    for step, rows in enumerate(_rows(steps)):
        furthest = furthest.scatter(rows, step)  # later steps over earlier ones
    came = pl.when(pl.col("status") == "won").then(pl.lit(steps.last, pl.Int16)).otherwise(furthest)
    return deals.with_columns(step=came, skipped=False)


def _through(deals: pl.DataFrame, steps: Steps) -> pl.DataFrame:
    """The steps visited count as far as none is left out; a deal that went further had skipped the next."""
    visited = _visited(deals, steps)
    unbroken = pl.sum_horizontal(pl.all_horizontal(visited[: step + 1]) for step in range(steps.last))
    passed = deals.with_columns(step=unbroken.cast(pl.Int16) - 1, furthest=_furthest(visited))
    won, through = pl.col("status") == "won", pl.col("step") == steps.last - 1
    return passed.filter(pl.col("step") >= 0).with_columns(
        step=pl.when(won & through).then(pl.lit(steps.last, pl.Int16)).otherwise("step"),
        skipped=(pl.col("furthest") > pl.col("step")) | (won & ~through),
    )


#: By what a deal counts as having entered a stage.
RULES: dict[str, Callable[[pl.DataFrame, Steps], pl.DataFrame]] = {"reached": _reached, "through": _through}
