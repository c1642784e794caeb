"""The index of a batch for people, and its manifest for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpitools.formats import format_date, format_period_range, heading
from kpitools.reports.comparison import TREND, shown
from kpitools.reports.export import environment, policy, style
from kpitools.reports.look import Look
from kpitools.reports.names import UNASSIGNED
from kpitools.reports.record import MANIFEST
from kpitools.reports.run import Outcome, put
from kpitools.tables.cells import spark_words

if TYPE_CHECKING:
    from kpitools.reports.batch import Batch, Report

_SEARCH = Path(__file__).with_name("index.js")
STATUSES = ("made", "reused", "empty", "failed", "left")
#: What a file beside a page is called.
KINDS = {"ipynb": "notebook", "pdf": "PDF", "xlsx": "Excel", "log": "log"}


def write_index(batch: Batch, facts: Mapping[str, Any], look: Look) -> None:
    """Write `index.html` and `manifest.json` into the batch's folder."""
    text = json.dumps(manifest(batch, facts), indent=1, ensure_ascii=False)
    put(batch.out / MANIFEST, f"{text}\n".encode("utf-8", "replace"))
    page = index_html(batch, facts, look.lang)
    if look.words:
        page = look.words.reading(batch.names).html(page)
    put(batch.out / "index.html", page.encode("utf-8", "replace"))


def manifest(batch: Batch, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The batch as plain values: what was planned, what became of it, and whether the slices make up the whole."""
    return {
        "by": batch.plan.by,
        "slice": batch.plan.chosen,
        "period": str(batch.plan.period),
        "as_of": batch.plan.as_of,
        "ok": batch.ok,
        "counts": {status: batch.count(status) for status in ("made", "empty", "failed")},
        **facts,
        "reports": [_entry(report) for report in batch.reports],
        "sums": [
            {"table": one.table, "column": one.column, "whole": one.whole, "slices": one.slices, "ok": one.ok}
            for one in batch.checks
        ],
    }


def _entry(report: Report) -> dict[str, Any]:
    job, outcome = report.job, report.outcome
    return {
        "template": job.template.name,
        "template_digest": job.template.digest,
        "member": job.member,
        "slice": job.facts["slice"],
        "parameters": dict(job.parameters),
        "status": outcome.status,
        "files": list(outcome.files),
        "bytes": outcome.size,
        "reason": outcome.reason,
        "cell": outcome.cell,
        "headline": outcome.headline,
    }


def index_html(batch: Batch, facts: Mapping[str, Any], lang: str = "en") -> str:
    """The members side by side, then a row per member and a column per template, with search, status and links.

    Args:
        batch: the finished batch.
        facts: what is known of it beside: source, fingerprint, versions; `comparison`, as `comparison` gives it;
            `changes`, sentences about the last batch.
        lang: the language that its words are going to be in.
    """
    script = Markup(_SEARCH.read_text(encoding="utf-8"))
    pages = environment()
    pages.filters["said"] = said
    pages.globals |= {"spark_words": spark_words, "heading": heading}
    compared = facts.get("comparison") or {"kpis": [], "rows": []}
    return pages.get_template("index.html.j2").render(
        batch=batch,
        lang=lang,
        dates=format_period_range(batch.plan.period.start, batch.plan.period.end),
        as_of=format_date(date.fromisoformat(batch.plan.as_of)),
        facts=facts,
        by=batch.plan.by.replace("_", " "),
        within=batch.plan.within,
        statuses=[status for status in STATUSES if batch.count(status)],
        kinds=KINDS,
        comparison=compared,
        compared=shown(compared) if compared["kpis"] else [],
        trend=TREND,
        unassigned=UNASSIGNED,
        changes=facts.get("changes", ()),
        rows=_rows(batch),
        style=Markup(style("page.css", "index.css")),
        script=script,
        policy=policy(script),
    )


def _rows(batch: Batch) -> list[dict[str, Any]]:
    """The members in the plan's order, each with its reports in the templates' order."""
    members: dict[str | None, list[Report]] = {}
    for report in batch.reports:
        members.setdefault(report.job.member, []).append(report)
    return [
        {
            "name": UNASSIGNED if member is None else member,
            "reports": reports,
            "headline": next((one.outcome.headline for one in reports if one.outcome.headline), ""),
        }
        for member, reports in members.items()
    ]


def said(outcome: Outcome) -> str:
    """Why a report is not there, with the cell to look at."""
    return f"{outcome.reason} (cell {outcome.cell})" if outcome.cell else outcome.reason
