"""The members of a batch side by side: each core KPI's figure, its change and its course, as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from kpitools.analyses.presets import FEWEST, FROM_DEALS
from kpitools.analyses.words.figures import change_status, same_figure
from kpitools.evaluation.audit import computable, divisible
from kpitools.evaluation.evaluate import evaluate
from kpitools.formats import format_difference, format_interval, format_value, is_figure
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.sets import SETS
from kpitools.model.calendar import periods_until
from kpitools.model.dataset import Dataset
from kpitools.reports.plan import SLICE, Plan
from kpitools.tables.html import spark

#: Periods that a course shows, the one reported on included.
TREND = 8
#: The whole beside its members.
ALL = "All together"


def core_kpis(made: Plan, kpis: Mapping[str, Kpi]) -> list[Kpi]:
    """The KPIs that the pages of a batch put first: those asked for by name, else those of the sets asked for."""
    asked = dict.fromkeys(name for job in made.jobs for name in job.parameters.get("kpis") or ())
    if asked:
        return [kpis[name] for name in asked if name in kpis]
    roles = dict.fromkeys(job.parameters.get("role", job.template.parameters.get("role")) for job in made.jobs)
    names = dict.fromkeys(name for role in roles if role in SETS for name in SETS[role].kpis)
    return [kpis[name] for name in names or SETS["core"].kpis if name in kpis]


def comparison(data: Dataset, made: Plan, kpis: Mapping[str, Kpi]) -> dict[str, Any]:
    """Every member's core figures in the period reported on, against the period before, and their course up to it.

    Args:
        data: the whole dataset, as seen from the batch's day.
        made: the plan of the batch.
        kpis: the catalogue.

    Returns:
        `kpis` (id, label, unit, better) and `rows` (`name`, None for what belongs to no member, and `figures` by KPI:
        value, lower, upper, small, difference, status, trend), the whole first. No KPI where the data gives none, or
        where there is but one slice.
    """
    if made.by == SLICE:
        return {"kpis": [], "rows": []}
    wanted = core_kpis(made, kpis)
    shown = divisible(data, made.cut_by, computable(data, wanted))
    if len(shown) < FEWEST:
        more = [kpis[name] for name in FROM_DEALS if name in kpis and kpis[name] not in shown]
        shown += divisible(data, made.cut_by, computable(data, more))
    rows: list[tuple[str | None, pl.DataFrame]] = [(ALL, _figures(shown, data, made))] if shown else []
    parts = _figures(shown, data, made, made.by).partition_by(made.by, as_dict=True) if shown else {}
    rows += [(member, parts[member,]) for member in made.members if (member,) in parts]
    return {
        "kpis": [{"id": one.id, "label": one.label, "unit": one.unit, "better": one.better} for one in shown],
        "rows": [{"name": name, "figures": _by_kpi(frame, kpis)} for name, frame in rows],
    }


def _figures(shown: Iterable[Kpi], data: Dataset, made: Plan, *by: str) -> pl.DataFrame:
    return evaluate(shown, data, periods=periods_until(made.period, TREND), by=by, compare="previous").frame


def _by_kpi(frame: pl.DataFrame, kpis: Mapping[str, Kpi]) -> dict[str, dict[str, Any]]:
    found = {}
    for (name,), rows in frame.partition_by("kpi", as_dict=True, maintain_order=True).items():
        *earlier, now = rows.to_dicts()
        before = earlier[-1] if earlier and same_figure(now, earlier[-1]) else None
        found[name] = {
            **{key: now[key] for key in ("value", "lower", "upper", "small")},
            "difference": now["previous_difference"],
            "status": change_status(kpis[name], now, before, now["previous_status"]),
            "trend": rows["value"].to_list(),
        }
    return found


def shown(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a comparison as a page shows them: every figure in words, all courses of a KPI on one scale."""
    bounds = {kpi["id"]: _bounds(found["rows"], kpi["id"]) for kpi in found["kpis"]}
    return [
        {
            "name": row["name"],
            "cells": [
                _cell(row["figures"].get(kpi["id"], {}), kpi["unit"], bounds[kpi["id"]]) for kpi in found["kpis"]
            ],
        }
        for row in found["rows"]
    ]


def _bounds(rows: Iterable[Mapping[str, Any]], kpi: str) -> tuple[float, float] | None:
    """The least and greatest figure of a KPI over the members; the whole would flatten sums of its parts."""
    members = [row["figures"].get(kpi, {}) for row in rows if row["name"] != ALL]
    known = [value for figures in members for value in figures.get("trend", ()) if is_figure(value)]
    return (min(known), max(known)) if known else None


def _cell(figure: Mapping[str, Any], unit: str, bounds: tuple[float, float] | None) -> dict[str, Any]:
    trend = figure.get("trend", [])
    known = [value for value in trend if is_figure(value)]
    fits = bounds is not None and known and bounds[0] <= min(known) and max(known) <= bounds[1]
    return {
        "sort": figure.get("value"),
        "text": format_value(figure.get("value"), unit),
        "range": format_interval(figure.get("lower"), figure.get("upper"), unit),
        "small": bool(figure.get("small")),
        "change": format_difference(figure.get("difference"), unit) if is_figure(figure.get("difference")) else "",
        "status": figure.get("status") or "",
        "trend": trend,
        "unit": unit,
        "line": spark(trend, bounds if fits else None) if len(known) > 1 else None,
    }
