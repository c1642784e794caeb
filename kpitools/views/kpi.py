"""One KPI: its figure, its course, and who stands where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from kpitools.analyses import words
from kpitools.analyses.scorecard import Scorecard, scorecard
from kpitools.charts import kpi_by_member, kpi_trend, style
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.kpi import Kpi
from kpitools.pages.linked import Linked
from kpitools.pages.section import Section
from kpitools.pages.view import View
from kpitools.tables import frame_table, scorecard_table
from kpitools.views.parts import sentences, with_peers

#: So many members of a dimension are drawn, those of the most cases first.
MOST_MEMBERS = 30


def figure(kpi: Kpi) -> Section:
    """The figure of the period beside the period before, the year before, its benchmark and its target."""

    def section(view: View) -> Iterable[Any]:
        card = _card(view, kpi)
        view.use([kpi])
        frame = with_peers(words.with_chance(card), card.kpis, view)
        compare = [view.compare or "previous", "peers" if "peers" in frame.columns else "year_ago"]
        yield scorecard_table(
            frame, card.kpis, compare=list(dict.fromkeys(compare)), caption=f"{kpi.label}, {view.period.name}"
        )
        yield from sentences(words.findings(card))

    return section


def trend(kpi: Kpi) -> Section:
    """The figure over the last periods."""

    def section(view: View) -> Iterable[Any]:
        view.use([kpi])
        return [kpi_trend(_card(view, kpi).trend.of(kpi), kpi)]

    return section


def _card(view: View, kpi: Kpi) -> Scorecard:
    return view.once(
        f"card of {kpi.id}",
        lambda: scorecard(view.data, period=view.period, kpis=[kpi], as_of=view.as_of, targets=view.config.targets),
    )


def members(kpi: Kpi, by: str) -> Section:
    """The figure of each member of a dimension, best first; a click on one shows it alone.

    Args:
        kpi: the KPI.
        by: the dimension.
    """

    def section(view: View) -> Iterable[Any]:
        view.use([kpi])
        found = evaluate(kpi, view.data, periods=view.period, as_of=view.as_of, by=by).of(kpi)
        some = found.filter(pl.col("value").is_not_null()).sort("n", by, descending=[True, False], nulls_last=True)
        shown = some.head(MOST_MEMBERS)
        chart = kpi_by_member(shown, kpi, by=by, better="lower" if kpi.better == "lower" else "higher")
        yield Linked.of(chart, by, style.PICKED, "rep", shown[by])
        labels = {by: by.capitalize(), "value": kpi.label, "lower": "From", "upper": "To", "n": "Cases"}
        units = dict.fromkeys(("value", "lower", "upper"), kpi.unit) | {"n": "count"}
        left = some.height - shown.height
        note = f"{left} with fewer cases are left out." if left else ""
        yield frame_table(shown.select(*labels), caption=f"{kpi.label} by {by}", labels=labels, units=units, note=note)

    return section
