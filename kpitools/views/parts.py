"""What views are made of: sentences as text that no name can turn into markup, and figures of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from kpitools.analyses.stages import WON
from kpitools.analyses.words.figures import status_beside
from kpitools.charts.style import PICKED
from kpitools.errors import KpitoolsError
from kpitools.evaluation.audit import computable, require
from kpitools.evaluation.compare import judged
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period, periods_until
from kpitools.pages.linked import Linked

if TYPE_CHECKING:
    from kpitools.pages.view import View

#: Conversion is told of the deals of so many periods: those of one alone have seldom had the time to be won.
LOOKED_AT = 4


def sentences(said: Iterable[str]) -> list[Any]:
    """Findings as a list of points; nothing where there is nothing to say."""
    from IPython.display import Markdown

    points = [f"- {sentence}" for sentence in said]
    return [Markdown("\n".join(points))] if points else []


def by_stage(chart: Any, stages: Iterable[str | None]) -> Linked:
    """A chart of stages, of which a click chooses one; the outcome after the last is no stage."""
    known = (stage for stage in stages if stage is None or stage.lower() not in WON)
    return Linked.of(chart, "stage", PICKED, "stage", known)


def last_periods(view: View) -> Period:
    """The period and those before it that conversion is told of."""
    first, *_ = found = periods_until(view.period, LOOKED_AT)
    return replace(view.period, start=first.start, label=f"{first}..{found[-1]}")


def some_of(kpis: Sequence[Kpi], view: View) -> list[Kpi]:
    """Those of the KPIs that the data allows, noted as being on the page.

    Raises:
        EvaluationError: none; the message says what each needs.
    """
    kpis = [view.config.kpis.get(kpi.id, kpi) for kpi in kpis]
    found = computable(view.data, kpis)
    if not found:
        require(kpis, view.data)
    view.use(found)
    return found


def with_peers(frame: pl.DataFrame, kpis: Sequence[Kpi], view: View) -> pl.DataFrame:
    """The figures of a slice beside those of the others of its kind, where they can be told."""
    found = _peers(kpis, view)
    if found is None or found.is_empty():
        return frame
    beside = frame.join(found.select("kpi", "period", "peers"), on=["kpi", "period"], how="left", maintain_order="left")
    known = (kpi for kpi in kpis if kpi.id in frame["kpi"])
    return pl.concat(_beside_peers(beside.filter(pl.col("kpi") == kpi.id), kpi) for kpi in known)


def _beside_peers(rows: pl.DataFrame, kpi: Kpi) -> pl.DataFrame:
    """A KPI's figures judged by those of the others; what chance explains is neither better nor worse."""
    found = rows.with_columns(judged("peers", pl.col("peers"), kpi))
    status = [status_beside(kpi, row, row["peers"], row["peers_status"]) for row in found.to_dicts()]
    return found.with_columns(pl.Series("peers_status", status, pl.String))


def one_member(view: View) -> tuple[str, str] | None:
    """The dimension and the member, where the slice is that of one: it stands beside the others."""
    named = [(name, values[0]) for name, values in view.slice.where.items() if len(values) == 1 and values[0]]
    return named[0] if len(named) == 1 else None


def _peers(kpis: Sequence[Kpi], view: View) -> pl.DataFrame | None:
    """What was handed to the notebook, else, where it holds everything, what the others make."""
    if view.peers is not None:
        return view.peers.select("kpi", "period", pl.col("value").alias("peers"))
    found = one_member(view)
    if found is None:
        return None
    from kpitools.evaluation.others import figures_beside

    name, member = found
    try:
        others = view.others(name, member)
        beside = figures_beside(member, kpis, view.everyone, others, by=name, period=view.period)
    except KpitoolsError:
        return None
    return beside.rename({"value": "peers"})
