"""What is different from the last batch: definitions, and the figures that moved most, with why they may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kpitools.formats import format_difference, format_value
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.version import version_of
from kpitools.reports.names import UNASSIGNED
from kpitools.reports.plan import Plan

MOST = 5
#: What of a batch the next one is held against.
KEPT = ("period", "as_of", "state", "definitions", "comparison")
Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Movement:
    """A figure of a member that is not what it was in the last batch; `share` of the larger of the two."""

    member: str | None
    label: str
    unit: str
    before: float
    now: float
    reason: str

    @property
    def share(self) -> float:
        """How far it moved, from 0 to 1 (2 where the sign turned)."""
        return abs(self.now - self.before) / max(abs(self.now), abs(self.before))

    def __str__(self) -> str:
        name = UNASSIGNED if self.member is None else self.member
        moved = format_difference(self.now - self.before, self.unit)
        values = f"{format_value(self.before, self.unit)} to {format_value(self.now, self.unit)}"
        return f"{name}: {self.label} went from {values} ({moved}), {self.reason}."


def versions_of(kpis: Mapping[str, Kpi]) -> dict[str, str]:
    """KPI id -> version of its definition."""
    return {name: version_of(kpi) for name, kpi in kpis.items()}


def held_against(previous: Manifest, made: Plan, state: str, definitions: Mapping[str, str]) -> dict[str, Any]:
    """What this batch is compared with: the batch before it, as far as its manifest is there, of the same rows.

    A batch that is only run again is compared with what it was compared with the first time, so that it says the same.
    """
    if not previous or previous.get("slice", "") != made.chosen:
        return {}
    before = {name: previous.get(name) for name in KEPT}
    if (previous.get("period"), previous.get("as_of")) != (str(made.period), made.as_of):
        return before
    first = previous.get("before") or {}
    if previous.get("state") == state:
        return dict(first)
    return {**before, **({"definitions": first.get("definitions")} if before["definitions"] == definitions else {})}


def changed_definitions(
    before: Manifest, definitions: Mapping[str, str], kpis: Mapping[str, Kpi]
) -> list[dict[str, str]]:
    """The KPIs that mean something else than in the last batch: id and label.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> changed_definitions({"definitions": {"win_rate": "old"}}, {"win_rate": "new"}, CATALOGUE)
    [{'id': 'win_rate', 'label': 'Win rate'}]
    """
    then = before.get("definitions") or {}
    return [
        {"id": name, "label": kpis[name].label}
        for name, version in definitions.items()
        if then.get(name, version) != version
    ]


def largest(before: Manifest, now: Manifest, most: int = MOST) -> list[Movement]:
    """The figures that moved furthest beyond what their interval allows for, the furthest first.

    Args:
        before: what `held_against` gave.
        now: period, as_of, definitions and comparison of this batch.
        most: so many at most.
    """
    if not before.get("comparison") or not now.get("comparison"):
        return []
    found = (one for one in _movements(before, now) if one.before != one.now)
    return sorted(found, key=lambda one: -one.share)[:most]


def _movements(before: Manifest, now: Manifest) -> Iterator[Movement]:
    then = {row["name"]: row["figures"] for row in before["comparison"]["rows"]}
    for row in now["comparison"]["rows"]:
        for kpi in now["comparison"]["kpis"]:
            old, new = then.get(row["name"], {}).get(kpi["id"]), row["figures"].get(kpi["id"])
            if old and new and _is_clear(old["value"], new):
                yield Movement(
                    row["name"], kpi["label"], kpi["unit"], old["value"], new["value"], _reason(kpi["id"], before, now)
                )


def _is_clear(old: float | None, new: Mapping[str, Any]) -> bool:
    """Whether both figures are there, and chance alone does not explain the difference."""
    if old is None or new["value"] is None or new.get("small"):
        return False
    return new["lower"] is None or new["upper"] is None or not new["lower"] <= old <= new["upper"]


def _reason(kpi: str, before: Manifest, now: Manifest) -> str:
    versions = [(each.get("definitions") or {}).get(kpi) for each in (before, now)]
    if None not in versions and versions[0] != versions[1]:
        return "its definition has changed"
    if before["period"] != now["period"]:
        return f"{before['period']} beside {now['period']}"
    if before["as_of"] != now["as_of"]:
        return f"seen on {before['as_of']} and on {now['as_of']}"
    return "the data of the same period has changed"


def sentences(movements: Iterable[Movement], changed: Iterable[Mapping[str, str]]) -> list[str]:
    """What changed, in words; nothing where nothing did."""
    labels = ", ".join(one["label"] for one in changed)
    return [*([f"Defined otherwise than in the last batch: {labels}."] if labels else []), *map(str, movements)]
