"""The explorers: controls, charts that answer a click, tables, and the rows behind each number.

An explorer is made of pieces that can be used alone: `open_page` with its controls, the sections of `kpitools.views`,
and `Rows`. A cell that shows an explorer shows all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kpitools.evaluation.audit import leads_to
from kpitools.explore.rows import Rows
from kpitools.explore.rows_sources import Number
from kpitools.kpis.catalogue import find
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import median_sales_cycle_length
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.pipeline import pipeline_value
from kpitools.kpis.rep import number_of_deals_closed
from kpitools.kpis.retention import customer_retention_rate, gross_revenue_retention, net_revenue_retention
from kpitools.kpis.sets import kpi_set
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import Page, open_page
from kpitools.pages.section import InTwoGoes, Section
from kpitools.views import conversion
from kpitools.views import funnel as funnel_views
from kpitools.views import kpi as kpi_views
from kpitools.views import pipeline as pipeline_views
from kpitools.views import reps as reps_views
from kpitools.views import retention as retention_views
from kpitools.views import scorecard as scorecard_views

Data = str | Path | Dataset

#: By what one KPI is broken down: those of these that the data can be divided by.
DIVIDED_BY = ("team", "segment", "rep")


class Explorer:
    """A page with its sections and the rows behind its numbers; shown where a cell ends with it.

    Attributes:
        page: the page; `page.view` is what it shows, `page.choose("team", ("Nordics",))` chooses.
        sections: what it shows, in this order.
        rows: the panel of rows, where there are numbers to open.
    """

    def __init__(self, page: Page, sections: Sequence[Section], numbers: Sequence[Number | Kpi | str] = ()) -> None:
        self.page = page
        self.sections = tuple(sections)
        self.rows = Rows(page, numbers) if numbers and page.interactive else None

    def _ipython_display_(self) -> None:
        self.page.controls()
        self.page.show(*self.sections)
        if self.rows is not None:
            self.rows.show()


def funnel(
    data: Data, *, slice: str | Slice = "", period: str = "", as_of: str = "", interactive: bool = True
) -> Explorer:
    """How far deals come: the funnel, what became of each stage's visits, why deals are lost, what is open.

    A click on a step shows the deals that stand there. The rows behind each step and behind the win rate can be opened.

    Args:
        data: a folder of files, a mapping file, or a dataset.
        slice: the rows asked for, in the text form of a slice.
        period: the period, where the slice names none; the last quarter of the data where nobody does.
        as_of: the day seen from.
        interactive: whether controls are shown and charts answer; without a kernel they cannot.

    Raises:
        DataError: the data cannot be read.
        EvaluationError: the slice or period cannot.
    """
    page = open_page(data, slice=slice, period=period, as_of=as_of, interactive=interactive)
    views = funnel_views
    steps_first = InTwoGoes(views.by_count, views.counts)
    sections = (steps_first, views.findings, views.conversion, conversion.won, views.lost, views.open_pipeline)
    steps = [Number.of_step(step) for step in views.steps(page.view)]
    return Explorer(page, sections, [win_rate, pipeline_value, *steps])


def retention(
    data: Data, *, slice: str | Slice = "", period: str = "", as_of: str = "", interactive: bool = True
) -> Explorer:
    """Which customers stay: cohorts by age, survival, movements of recurring revenue.

    A brush over cohorts shows their customers alone. Arguments and errors are those of `funnel`.
    """
    page = open_page(data, slice=slice, period=period, as_of=as_of, interactive=interactive)
    views = retention_views
    sections = (views.cohorts, views.findings, views.curve, views.movements, views.trend)
    return Explorer(page, sections, [customer_retention_rate, net_revenue_retention, gross_revenue_retention])


def reps(
    data: Data, *, slice: str | Slice = "", period: str = "", as_of: str = "", interactive: bool = True
) -> Explorer:
    """What each rep brought in, how sure that is, and what each does.

    A click on a rep shows that rep alone. Arguments and errors are those of `funnel`.
    """
    page = open_page(data, slice=slice, period=period, as_of=as_of, interactive=interactive)
    views = reps_views
    leaderboard = InTwoGoes(views.leaderboard, views.ranked)
    sections = (leaderboard, views.findings, views.attainment, views.activities, views.differences)
    return Explorer(page, sections, [win_rate, number_of_deals_closed, median_sales_cycle_length])


def pipeline(
    data: Data,
    *,
    slice: str | Slice = "",
    period: str = "",
    as_of: str = "",
    compare: str = "previous",
    interactive: bool = True,
) -> Explorer:
    """What is open, how it came to that, how old and how fast it is.

    A click on a stage shows what stands there. Arguments and errors are those of `funnel`.

    Args:
        data: see `funnel`.
        slice: see `funnel`.
        period: see `funnel`.
        as_of: see `funnel`.
        compare: what velocity is compared with: `previous` or `year_ago`.
        interactive: see `funnel`.
    """
    page = open_page(data, slice=slice, period=period, as_of=as_of, compare=compare, interactive=interactive)
    views = pipeline_views
    sections = (
        views.by_stage, views.bridge, views.findings, views.older, views.slippage, views.velocity, views.coverage,
    )  # fmt: skip
    return Explorer(page, sections, [pipeline_value, win_rate])


def scorecard(
    data: Data,
    *,
    slice: str | Slice = "",
    period: str = "",
    as_of: str = "",
    role: str = "core",
    compare: str = "previous",
    interactive: bool = True,
) -> Explorer:
    """The core figures of a role, what they say, and their course.

    Args:
        data: see `funnel`.
        slice: see `funnel`.
        period: see `funnel`.
        as_of: see `funnel`.
        role: the set of KPIs, one of `SETS`.
        compare: what figures are compared with: `previous` or `year_ago`.
        interactive: see `funnel`.

    Raises:
        UnknownNameError: no such set or comparison.
    """
    page = open_page(
        data, slice=slice, period=period, as_of=as_of, compare=compare, kpi_set=role, interactive=interactive
    )
    views = scorecard_views
    sections = (views.headline(role), views.findings(role), views.red_flags(), views.trends(role))
    return Explorer(page, sections, kpi_set(role).kpis)


def kpi(
    data: Data,
    which: Kpi | str,
    *,
    slice: str | Slice = "",
    period: str = "",
    as_of: str = "",
    compare: str = "previous",
    interactive: bool = True,
) -> Explorer:
    """One KPI: its course, its figure, who stands where by team, segment and rep, and the rows behind it.

    A click on a team, segment or rep shows it alone.

    Args:
        data: see `funnel`.
        which: the KPI, or the name of one in the catalogue.
        slice: see `funnel`.
        period: see `funnel`.
        as_of: see `funnel`.
        compare: what the figure is compared with: `previous` or `year_ago`.
        interactive: see `funnel`.

    Raises:
        UnknownNameError: no such KPI.
    """
    chosen = find(which) if isinstance(which, str) else which
    page = open_page(data, slice=slice, period=period, as_of=as_of, compare=compare, interactive=interactive)
    members = [kpi_views.members(chosen, by) for by in DIVIDED_BY if leads_to(chosen, page.view.whole, by)]
    return Explorer(page, (kpi_views.trend(chosen), kpi_views.figure(chosen), *members), [chosen])
