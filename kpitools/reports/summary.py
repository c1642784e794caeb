"""The end of a batch: what was made, reused, empty, left and failed, and what took longest; in words and as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kpitools.reports.index import said
from kpitools.reports.run import put

if TYPE_CHECKING:
    from kpitools.reports.result import Batch, Report

NAME = "summary.json"
STATUSES = ("made", "reused", "empty", "failed", "left")
SLOWEST = 3


def summary(batch: Batch) -> dict[str, Any]:
    """What became of a batch, as plain values."""
    made = sorted((one for one in batch.reports if one.status == "made"), key=lambda one: -one.outcome.seconds)
    return {
        "ok": batch.ok,
        "by": batch.plan.by,
        "period": str(batch.plan.period),
        "as_of": batch.plan.as_of,
        "counts": {status: batch.count(status) for status in STATUSES},
        "seconds": round(batch.seconds, 2),
        "made": [_told(one) for one in batch.reports if one.status == "made"],
        "failed": [{**_told(one), **_failure(one)} for one in batch.reports if one.status == "failed"],
        "empty": [one.job.stem for one in batch.reports if one.status == "empty"],
        "left": [one.job.stem for one in batch.reports if one.status == "left"],
        "slowest": [_told(one) for one in made[:SLOWEST]],
        "differences": [str(check) for check in batch.differences],
    }


def _told(report: Report) -> dict[str, Any]:
    outcome = report.outcome
    told = {"report": report.job.stem, "why": report.reason, "seconds": round(outcome.seconds, 2)}
    return {**told, "memory": outcome.memory, "tries": outcome.tries}


def _failure(report: Report) -> dict[str, Any]:
    job, outcome = report.job, report.outcome
    files = {"files": list(outcome.files)}
    return {
        "template": job.template.name,
        "member": job.member,
        "cell": outcome.cell,
        "reason": outcome.reason,
        **files,
    }


def write_summary(batch: Batch) -> None:
    """Write it into the batch's folder."""
    put(batch.out / NAME, f"{as_json(batch)}\n".encode("utf-8", "replace"))


def as_json(batch: Batch) -> str:
    """The summary as text for programs."""
    return json.dumps(summary(batch), indent=1, ensure_ascii=False)


def words(batch: Batch) -> str:
    """The summary for people: counts, failures with their reasons, what took longest, sums that differ."""
    told = summary(batch)
    counts, index = _counted(told["counts"]), batch.out / "index.html"
    lines = [f"{counts} of {len(batch.reports)} reports for {batch.plan.period}: {index}"]
    lines += [f"  {one.status} {one.job.stem}: {said(one.outcome)}" for one in batch.reports if one.outcome.reason]
    if told["slowest"]:
        slowest = ", ".join(f"{one['report']} {one['seconds']:.1f} s" for one in told["slowest"])
        lines.append(f"{told['seconds']:.1f} s in all; slowest: {slowest}")
    if batch.differences:
        lines += ["The slices do not make up the whole:", *(f"  {check}" for check in batch.differences)]
    return "\n".join(lines)


def todo(batch: Batch) -> str:
    """What a batch would do, for people: a line per report, then how many of each."""
    told = [(report.status, report.job.stem, report.reason) for report in batch.reports]
    lines = [f"{status:9}  {stem}" + (f"  ({why})" if why not in ("", status) else "") for status, stem, why in told]
    counts = {status: batch.count(status) for status in dict.fromkeys(status for status, _, _ in told)}
    return "\n".join([*lines, ", ".join(f"{count} {status}" for status, count in counts.items())])


def todo_json(batch: Batch) -> str:
    """What a batch would do, for programs."""
    told = [{"report": one.job.stem, "status": one.status, "why": one.reason} for one in batch.reports]
    return json.dumps(told, indent=1, ensure_ascii=False)


def _counted(counts: Mapping[str, int]) -> str:
    """The counts in words; what is usual is said even where there is none.

    >>> _counted({"made": 2, "reused": 0, "empty": 1, "failed": 0, "left": 0})
    '2 made, 1 empty, 0 failed'
    """
    usual = ("made", "empty", "failed")
    return ", ".join(f"{counts[name]} {name}" for name in STATUSES if counts[name] or name in usual)
