"""Reps: what each brought in, how sure that is, and what they do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kpitools.analyses import activity, words
from kpitools.analyses import reps as analysis
from kpitools.charts import activity_mix, rep_leaderboard
from kpitools.explore.view import View
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import median_sales_cycle_length
from kpitools.kpis.rep import individual_quota_attainment, number_of_deals_closed
from kpitools.tables import frame_table, leaderboard_table
from kpitools.views.parts import sentences


def findings(view: View) -> Iterable[Any]:
    """The reps in words."""
    said = words.rep_words(_table(view))
    view.once("headline", lambda: said[0] if said else "")
    return sentences(said)


def leaderboard(view: View) -> Iterable[Any]:
    """Win rates with their intervals, beside those of the others."""
    view.use([win_rate, individual_quota_attainment, number_of_deals_closed, median_sales_cycle_length])
    frame = analysis.leaderboard(_table(view))
    return [
        rep_leaderboard(frame, win_rate.label, win_rate.unit),
        leaderboard_table(frame, win_rate.label, win_rate.unit),
    ]


def attainment(view: View) -> Iterable[Any]:
    """What each rep won, against quota."""
    frame = _table(view)
    labels = {
        "won": "Deals won",
        "won_amount": "Amount won",
        "quota": "Quota",
        "attainment": "Attainment",
        "tenure_days": "Tenure, days",
    }
    units = {
        "won": "count",
        "won_amount": "currency",
        "quota": "currency",
        "attainment": "percent",
        "tenure_days": "count",
    }
    shown = frame.select("rep", *labels)
    return [frame_table(shown, caption="Attainment by rep", labels=labels, units=units)]


def activities(view: View) -> Iterable[Any]:
    """What each rep does."""
    frame = activity.activity_mix(view.data, period=view.period, by="rep", as_of=view.as_of)
    return [activity_mix(frame)]


def _table(view: View) -> Any:
    return view.once("reps", lambda: analysis.rep_table(view.data, period=view.period, as_of=view.as_of))
