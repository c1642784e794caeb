"""Which reports have to be made: those that are not there whole, and those that something has changed for."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from kpitools.reports.cut import Aggregates, Cut, digest
from kpitools.reports.look import Look
from kpitools.reports.plan import Job, Plan
from kpitools.reports.record import Record

_PACKAGE = Path(__file__).resolve().parents[1]
#: What of the package is code or goes into pages.
SOURCES = (".py", ".csv", ".j2", ".css", ".js")
#: What of the company's settings concerns a report is in its cut; all of them together are no part of its key.
COMPANY = "company settings"
NEW, AGAIN, GONE = "new", "failed before", "files changed or gone"


@dataclass(frozen=True)
class Step:
    """A planned report, and whether there is anything to do for it.

    Attributes:
        key: what it follows from, part by part.
        record: how it was made last, if it was.
        cut: what it is made from; None where nothing happened in its slice, and where it stands as it is.
        reason: why it has to be made; "" where it need not.
    """

    job: Job
    key: Mapping[str, str]
    record: Record | None
    cut: Cut | None
    reason: str


def common(
    settings: Mapping[str, Any], definitions: Mapping[str, str], look: Look, formats: Iterable[str]
) -> dict[str, str]:
    """What all reports of a batch follow from beside their data: part -> digest."""
    return {
        "kpitools": digest([_installed("kpitools"), _code()]),
        "libraries": digest(libraries()),
        "look": digest([asdict(look), *formats]),
        COMPANY: digest([dict(settings), dict(definitions)]),
    }


def libraries() -> dict[str, str]:
    """The version of Python and of every library that this package asks for; "" for an extra that is not there."""
    names = {match[0] for line in _required() if (match := re.match(r"[\w.-]+", line))}
    return {"python": sys.version.split()[0], **{name: _installed(name) for name in sorted(names)}}


def _required() -> list[str]:
    with suppress(PackageNotFoundError):
        return requires("kpitools") or []
    return []


def _installed(name: str) -> str:
    with suppress(PackageNotFoundError):
        return version(name)
    return ""


def _code() -> str:
    """A hash of the package's own files: a changed line of code is a changed result."""
    whole = hashlib.blake2b(digest_size=8)
    for path in sorted(path for path in _PACKAGE.rglob("*") if path.suffix in SOURCES):
        whole.update(f"{path.relative_to(_PACKAGE)}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()


def state_of(data: str, made: Plan, parts: Mapping[str, str], aggregates: Aggregates | None, min_peers: int) -> str:
    """A hash of everything a batch follows from, its choice of reports excepted; "" where it cannot be told.

    Args:
        data: a text that differs where the data does.
        made: the plan.
        parts: what is common to all reports.
        aggregates: how the figures of the others are computed; of a function not in this package nobody can tell
            whether it would still give the same.
        min_peers: members behind a company figure, at least.
    """
    function = aggregates.func if isinstance(aggregates, partial) else aggregates
    if function is not None and not function.__module__.startswith("kpitools."):
        return ""
    about = [made.by, made.chosen, str(made.period), str(made.period.start), str(made.period.end), made.as_of]
    return digest([data, *about, dict(parts), getattr(function, "__qualname__", ""), min_peers])


def key_of(job: Job, parts: Mapping[str, str], cut: Cut | None) -> dict[str, str]:
    """What a report follows from: part in words -> digest."""
    own = dict(cut.key) if cut else {"data": "nothing happened"}
    if not job.template.peers:
        own.pop("figures of the others", None)
    return {**own, **_known(job, parts)}


def _known(job: Job, parts: Mapping[str, str]) -> dict[str, str]:
    """What a report follows from beside its slice."""
    return {**_of_job(job), **{name: value for name, value in parts.items() if name != COMPANY}}


def _of_job(job: Job) -> dict[str, str]:
    return {"template": job.template.digest, "parameters": digest([dict(job.parameters), dict(job.facts)])}


def reason(record: Record | None, key: Mapping[str, str], folder: Path) -> str:
    """Why a report has to be made, in words; "" where it stands and nothing has changed."""
    if record is None:
        return NEW
    if changed := [part for part in key if record.key.get(part) != key[part]]:
        return f"changed: {', '.join(changed)}"
    if record.outcome.status == "failed":
        return AGAIN
    return "" if record.stands(folder) else GONE


def surely_due(made: Plan, parts: Mapping[str, str], records: Mapping[str, Record]) -> int:
    """How many reports have to be made whatever is in their slices, unless that is nothing."""
    return sum(_is_due(job, parts, records.get(job.stem)) for job in made.jobs)


def _is_due(job: Job, parts: Mapping[str, str], record: Record | None) -> bool:
    if record is None or record.outcome.status == "failed":
        return True
    return record.outcome.status == "made" and not _known(job, parts).items() <= record.key.items()


def standing(made: Plan, records: Mapping[str, Record], state: str, folder: Path) -> list[Step] | None:
    """Every report as it stands, where all were made from this very state of everything; else None."""
    steps = []
    for job in made.jobs:
        record = records.get(job.stem)
        if not state or record is None or record.state != state:
            return None
        if not _of_job(job).items() <= record.key.items() or not record.stands(folder):
            return None
        steps.append(Step(job, record.key, record, None, ""))
    return steps
