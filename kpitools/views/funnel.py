"""The funnel: how far deals come, where they are lost, what is open and how old it is.

The sections whose figures depend on how deals are counted take a `Counting`; see `kpitools.views.counting`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from kpitools.analyses import conversion as ways
from kpitools.analyses import funnel as analysis
from kpitools.analyses import pipeline, stage_times, words
from kpitools.analyses.funnel_beside import EARLIER, funnel_beside
from kpitools.analyses.moves import unusual_moves
from kpitools.analyses.stage_conversion import stage_conversion
from kpitools.analyses.words import funnel as funnel_words
from kpitools.analyses.words import ways as more_words
from kpitools.charts import funnel_chart, kpi_trend, pipeline_by_stage_and_age, stage_conversion_chart
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import sales_cycle_length
from kpitools.kpis.pipeline import pipeline_value
from kpitools.model.calendar import Period, periods_until
from kpitools.pages.view import View
from kpitools.tables import frame_table
from kpitools.views.counting import USUAL, Counting
from kpitools.views.parts import by_stage, last_periods, sentences, some_of

SHOWN = (win_rate, sales_cycle_length, pipeline_value)
TREND = 8
#: So many pairs of stage and reason a table shows.
MOST_REASONS = 10


def findings(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """The funnel in words, and by which rules deals are counted in it.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    told = words.funnel_words(_steps(view, counting))
    view.once("headline", lambda: told[0] if told else "")
    rules = funnel_words.rule_words(counting.rule, counting.reopened, counting.window_days)
    if counting.window_days:
        rules.append(f"Counted are the deals opened in {_counted_in(view, counting).label}.")
    return sentences([*told, *rules])


def by_count(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """How many of the deals opened in the period came how far, with the time in each stage.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    frame = _steps(view, counting)
    return [by_stage(funnel_chart(frame, measure="count"), frame["stage"]), *_as_table(frame)]


def _as_table(frame: pl.DataFrame) -> list[Any]:
    labels = {
        "stage": "Step",
        "entered": "Deals",
        "share_of_first": "Of the first",
        "share_of_previous": "Of those decided before",
        "lower": "From",
        "upper": "To",
        "still_open": "Deals still open here",
        "lost": "Deals lost here",
        "skipped": "Deals that skipped the next",
        "median": "Half have left after",
    }
    dull = {"skipped"} if not frame["skipped"].sum() else set()
    dull |= {"median"} if not frame["median"].count() else set()
    units = dict.fromkeys(("share_of_first", "share_of_previous", "lower", "upper"), "percent") | {"median": "days"}
    shown = {name: label for name, label in labels.items() if name not in dull}
    note = "From and to: 95 % interval of the share of those decided in the step before."
    if frame.is_empty():
        return []
    return [frame_table(frame.select(*shown), caption="Steps of the funnel", labels=shown, units=units, note=note)]


def by_amount(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """The same by contract value.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    frame = _steps(view, counting)
    return [by_stage(funnel_chart(frame, measure="amount"), frame["stage"])]


def moves(view: View) -> Iterable[Any]:
    """How many deals skipped a stage, moved back or were opened again."""
    frame = unusual_moves(view.deals_in(view.period), period=view.period, as_of=view.as_of)
    labels = {"move": "Move", "moves": "Moves", "deals": "Deals", "share": "Of all", "lower": "From", "upper": "To"}
    units = dict.fromkeys(("share", "lower", "upper"), "percent")
    said = sentences(funnel_words.move_words(frame))
    note = "Of all deals opened in the period that have visited a stage. From and to: 95 % interval."
    table = frame_table(frame.select(*labels), caption="Unusual moves", labels=labels, units=units, note=note)
    return [*said, *([table] if frame.height else [])]


def conversion(view: View) -> Iterable[Any]:
    """What became of the visits to each stage."""
    frame = stage_conversion(view.deals_in(view.period), period=view.period, as_of=view.as_of)
    labels = {
        "entered": "Visits",
        "advanced": "Visits that went on",
        "lost": "Visits that ended lost",
        "still_open": "Visits not over",
        "conversion": "Of those decided",
    }
    units = {"conversion": "percent"}
    shown = frame.select("stage", *labels)
    note = (
        "Of those decided: deals that went on as a share of those that went on or were lost; open ones are in neither."
    )
    return [
        by_stage(stage_conversion_chart(frame), frame["stage"]),
        frame_table(shown, caption="Visits to each stage", labels=labels, units=units, note=note),
    ]


def beside(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """The funnel beside the period before and the year before, at the same point.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    labels = {
        "stage": "Step",
        "entered": "Deals",
        "share_of_first": "Of the first",
        "before_entered": "Deals then",
        "before_share": "Of the first then",
        "difference": "Difference",
        "lower": "From",
        "upper": "To",
    }
    units = dict.fromkeys(("share_of_first", "before_share"), "percent")
    units |= dict.fromkeys(("difference", "lower", "upper"), "score")
    shown: list[Any] = []
    for compare in EARLIER:
        frame = funnel_beside(
            view.data, period=view.period, as_of=view.as_of, compare=compare,
            rule=counting.rule, reopened=counting.reopened,
        )  # fmt: skip
        caption = f"{view.period} beside {frame.item(0, 'before')}" if frame.height else "No deals"
        shown += sentences(more_words.beside_words(frame))
        if frame["difference"].count():
            shown.append(frame_table(frame.select(*labels), caption=caption, labels=labels, units=units))
    return shown


def times(view: View) -> Iterable[Any]:
    """How long deals stand in each stage."""
    frame = stage_times.stage_times(view.deals_in(last_periods(view)), period=last_periods(view), as_of=view.as_of)
    labels = {
        "entered": "Visits",
        "still_open": "Visits not over",
        "quartile_1": "A quarter has left after",
        "median": "Half",
        "quartile_3": "Three quarters",
        "mean": "Mean",
        "longest": "Longest seen",
    }
    units = dict.fromkeys(("quartile_1", "median", "quartile_3", "mean", "longest"), "days")
    note = "Visits that are not over count as long as they were seen; the mean counts none beyond the longest seen."
    shown = frame.select("stage", *labels)
    table = frame_table(shown, caption="Time in each stage", labels=labels, units=units, note=note)
    return [*sentences(more_words.stage_time_words(frame)), *([table] if frame.height else [])]


def lost(view: View) -> Iterable[Any]:
    """Why and where the deals opened in the period were lost."""
    frame = stage_times.lost_reasons(view.deals_in(view.period), period=view.period, as_of=view.as_of)
    said = sentences(more_words.reason_words(frame))
    if frame.is_empty():
        return said
    labels = {"reason": "Reason", "stage": "Stage", "lost": "Deals lost", "amount": "Amount", "share": "Of all lost"}
    units = {"amount": "currency", "share": "percent"}
    most = frame.sort("lost", descending=True, maintain_order=True).head(MOST_REASONS)
    rest = frame.height - most.height
    note = f"{rest} rarer ones are left out." if rest else ""
    table = frame_table(most.select(*labels), caption="Deals lost", labels=labels, units=units, note=note)
    return [*said, table]


def leads(view: View) -> Iterable[Any]:
    """How far the leads of the period have come, to won deals."""
    frame = ways.lead_funnel(view.data, period=view.period, as_of=view.as_of)
    labels = {
        "stage": "Step",
        "entered": "Leads",
        "share_of_first": "Of all",
        "share_of_previous": "Of those decided before",
        "still_open": "Leads still open here",
        "lost": "Leads lost here",
    }
    units = dict.fromkeys(("share_of_first", "share_of_previous"), "percent")
    said = sentences(funnel_words.lead_words(frame))
    table = frame_table(frame.select(*labels), caption="From lead to won deal", labels=labels, units=units)
    return [*said, *([table] if frame.height else [])]


def trend(view: View) -> Iterable[Any]:
    """The figures of the funnel over the last periods."""
    kpis = some_of(SHOWN, view)
    result = evaluate(kpis, view.data, periods=periods_until(view.period, TREND), as_of=view.as_of)
    return [kpi_trend(result.of(kpi), kpi) for kpi in kpis]


def open_pipeline(view: View) -> Iterable[Any]:
    """What is open, by stage and age."""
    frame = pipeline.by_stage_and_age(view.deals_in(view.period), as_of=view.as_of)
    return [by_stage(pipeline_by_stage_and_age(frame, measure="amount"), frame["stage"])]


def counts(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """The chart of `by_count` without the table, which takes the days in each stage.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    frame = analysis.counted(_placed(view, counting))
    return [by_stage(funnel_chart(frame, measure="count"), frame["stage"])]


def _placed(view: View, counting: Counting) -> analysis.Placed:
    period = _counted_in(view, counting)
    opened = "stage_history" in view.whole  # without it, those that were lost say which steps there are
    return view.once(f"deals in the funnel {counting}", lambda: analysis.placed(
        view.deals_in(period, opened=opened), period=period, as_of=view.as_of, by=None,
        rule=counting.rule, reopened=counting.reopened, within=counting.window_days or None,
    ))  # fmt: skip


def _steps(view: View, counting: Counting) -> pl.DataFrame:
    return view.once(f"funnel {counting}", lambda: analysis.timed(_placed(view, counting)))


def steps(view: View) -> list[str]:
    """The steps of the funnel in their order; none where no deal is counted."""
    return _steps(view, USUAL)["stage"].to_list()


def _counted_in(view: View, counting: Counting) -> Period:
    """The period; with a window the last ones, as few deals of this one alone have had the days."""
    return last_periods(view) if counting.window_days else view.period
