"""The values that a template's parameter may have, as the notebook's metadata states them.

    "metadata": {"kpitools": {"parameters": {
        "role": "roles",
        "rule": "stage_rules",
        "form": ["short", "long"],
        "window_days": {"least": 1, "most": 3650}
    }}}

A name stands for a list that the package knows (`CHOICES`), a list for itself, `least` and `most` bound a number or
a day. What is said holds for each item of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kpitools.analyses.funnel_steps import RULES
from kpitools.analyses.outcomes import OUTCOMES
from kpitools.errors import ReportError, UnknownNameError
from kpitools.kpis.benchmarks import scopes
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.sets import SETS

#: Lists that templates may name.
CHOICES: Mapping[str, Callable[[], Iterable[str]]] = {
    "kpis": lambda: CATALOGUE,
    "outcomes": lambda: OUTCOMES,
    "roles": lambda: SETS,
    "scopes": scopes,
    "stage_rules": lambda: RULES,
}
_BOUNDS = ("least", "most")


@dataclass(frozen=True)
class Allowed:
    """The values a parameter may have: one of some, or between bounds; `listed` names the package's list of them."""

    choices: tuple[Any, ...] = ()
    least: Any = None
    most: Any = None
    listed: str = ""

    def check(self, name: str, value: Any, kpis: Iterable[str] = ()) -> None:
        """Refuse a value that cannot be.

        >>> Allowed(least=1).check("window_days", -5)
        Traceback (most recent call last):
            ...
        kpitools.errors.ReportError: Parameter 'window_days' is at least 1; -5 is not.

        Args:
            name: the parameter.
            value: what it is to be.
            kpis: a company's own KPIs, which may stand wherever those of the package may.

        Raises:
            UnknownNameError: it is none of the choices; the message names the nearest.
            ReportError: it lies beyond a bound.
        """
        choices = (*self.choices, *kpis) if self.listed == "kpis" else self.choices
        for one in value if isinstance(value, list | tuple) else [value]:
            if choices and one not in choices:
                raise UnknownNameError(f"value of parameter {name!r} like", one, choices)
            if (self.least is not None and one < self.least) or (self.most is not None and one > self.most):
                raise ReportError(f"Parameter {name!r} is {self._bounds()}; {one!r} is not.")

    def _bounds(self) -> str:
        said = [("at least", self.least), ("at most", self.most)]
        return " and ".join(f"{words} {bound!r}" for words, bound in said if bound is not None)


def read_allowed(name: str, rule: Any) -> Allowed:
    """The allowed values of a parameter, from what the metadata says.

    >>> read_allowed("rule", ["reached", "through"]).choices
    ('reached', 'through')

    Raises:
        UnknownNameError: a list that the package does not know.
        ReportError: what is said is none of the three forms.
    """
    if isinstance(rule, str):
        if rule not in CHOICES:
            raise UnknownNameError(f"list of allowed values (of parameter {name!r})", rule, CHOICES)
        return Allowed(tuple(CHOICES[rule]()), listed=rule)
    if isinstance(rule, list) and rule:
        return Allowed(tuple(rule))
    if isinstance(rule, dict) and rule and set(rule) <= set(_BOUNDS):
        return Allowed((), rule.get("least"), rule.get("most"))
    raise ReportError(
        f"The allowed values of parameter {name!r} are {rule!r}; give a list of values, the name of a list"
        f" ({', '.join(CHOICES)}), or least and most."
    )
