"""A red flag as a rule: which KPIs, which condition, how much it matters; and the settings a company may change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from kpitools.analyses.flags.conditions import Condition, Kind, Level, Mismatch
from kpitools.errors import DataError, UnknownNameError
from kpitools.kpis.advice import Advice
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.levers import advice

#: How much a rule matters, in words.
SEVERITIES = {1: "watch", 2: "warning", 3: "alarm"}
#: Members that are single things, not samples of many.
SINGLE = ("deal", "account")
#: Not a dimension of the data, but the customers who began in one period.
COHORT = "cohort"


@dataclass(frozen=True)
class Rule:
    """A red flag.

    Attributes:
        id: its name.
        kpis: the id of the KPI it looks at, or of the two of a mismatch, the effort first.
        condition: when it fires.
        says: what it means for the business.
        severity: 1 (watch), 2 (warning) or 3 (alarm).
        over: the dimension whose members it looks at one by one (stage, rep, account, deal, cohort, ...).
        within: only members that are alike in this dimension are compared, where the data has it.
        only: the `early` or `late` half of the stages.
        wait: days that must have passed since a period before its figures are judged, where they can still change.
        yearly: judged over the year up to the end of the period, where the period is shorter.
        as_then: each period as it was seen at its own end, so that deals count in the stage they had.
        sources: where the condition is named; `own` where it is ours.
    """

    id: str
    kpis: tuple[str, ...]
    condition: Condition | Mismatch
    says: str
    sources: tuple[str, ...]
    severity: int = 2
    over: str | None = None
    within: str | None = None
    only: Literal["early", "late"] | None = None
    wait: int = 0
    yearly: bool = False
    as_then: bool = False

    @property
    def label(self) -> str:
        """Its name in words."""
        return self.id.replace("_", " ").capitalize()

    @property
    def kind(self) -> Kind:
        """Level, change, streak, spread or mismatch."""
        return self.condition.kind

    @property
    def kpi(self) -> str:
        """The KPI whose figure is shown: of a mismatch the outcome."""
        return self.kpis[-1]

    def advice(self, kpi: Kpi | None = None) -> Advice:
        """What is likely behind it and what usually helps: said of the flag itself, else of its KPI, else of the
        KPI's area."""
        return advice(self.id, self.kpi, *([kpi.area] if kpi else []))


def settings(rule: Rule) -> dict[str, Any]:
    """What can be set of a rule, with the value in force; of a mismatch `first_...` and `second_...`.

    >>> from kpitools.analyses.flags.catalogue import RULES
    >>> settings(RULES["thin_coverage"])
    {'severity': 3, 'wait': 0, 'below': 3.0, 'above': None, 'reaching': None, 'benchmark': None}
    """
    own = {"severity": rule.severity, "wait": rule.wait}
    if isinstance(rule.condition, Mismatch):
        sides = {"first": rule.condition.first, "second": rule.condition.second}
        return own | {f"{side}_{key}": value for side, each in sides.items() for key, value in _own(each).items()}
    return own | _own(rule.condition)


def with_limits(rules: Mapping[str, Rule], chosen: Mapping[str, Mapping[str, Any]]) -> dict[str, Rule]:
    """The rules with some of their settings changed.

    Args:
        rules: the rules by id.
        chosen: rule id -> setting -> value, as `[flags.thin_coverage] below = 2.5` says it.

    Raises:
        UnknownNameError: no such rule, or it has no such setting.
        DataError: a value of another kind than the setting has.

    >>> from kpitools.analyses.flags.catalogue import RULES
    >>> with_limits(RULES, {"thin_coverage": {"below": 2.5}})["thin_coverage"].condition.below
    2.5
    """
    for name, values in chosen.items():
        if name not in rules:
            raise UnknownNameError("red flag", name, rules)
        known = settings(rules[name])
        for key, value in values.items():
            if key not in known:
                raise UnknownNameError(f"setting of {name}", key, known)
            _check(name, key, value, known[key])
    return {name: _changed(rule, chosen.get(name, {})) for name, rule in rules.items()}


def rules_of(kpi: str, rules: Iterable[Rule]) -> list[Rule]:
    """The red flags that look at a KPI."""
    return [rule for rule in rules if kpi in rule.kpis]


def _own(condition: object) -> dict[str, Any]:
    return {each.name: getattr(condition, each.name) for each in fields(condition)}  # type: ignore[arg-type]


def _check(name: str, key: str, value: Any, before: Any) -> None:
    if isinstance(before, str | bool):
        right = type(value) is type(before)
    else:
        right = isinstance(value, int | float) and not isinstance(value, bool)
    if key == "severity":
        right = value in SEVERITIES
    if not right:
        raise DataError(f"{name}.{key} is {before!r}; it cannot be set to {value!r}: give a value of the same kind.")


def _changed(rule: Rule, chosen: Mapping[str, Any]) -> Rule:
    outer = {key: value for key, value in chosen.items() if key in ("severity", "wait")}
    inner = {key: value for key, value in chosen.items() if key not in outer}
    return replace(rule, condition=_set(rule.condition, inner), **outer) if chosen else rule


def _set(condition: Any, chosen: Mapping[str, Any]) -> Any:
    if not isinstance(condition, Mismatch):
        if isinstance(condition, Level) and {"below", "above", "reaching"} & chosen.keys():
            condition = replace(condition, benchmark=None)  # a limit of one's own takes the benchmark's place
        return replace(condition, **chosen)
    sides = {}
    for side in ("first", "second"):
        own = {key.removeprefix(f"{side}_"): value for key, value in chosen.items() if key.startswith(f"{side}_")}
        sides[side] = _set(getattr(condition, side), own)
    return replace(condition, **sides)
