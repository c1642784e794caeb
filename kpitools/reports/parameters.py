"""Values for a template's parameters, checked by the type its own default declares, never by how they look."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from kpitools.errors import ReportError, UnknownNameError
from kpitools.reports.templates import GIVEN, Template

_WORDS = {"true": True, "yes": True, "false": False, "no": False}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def check_parameters(
    templates: Sequence[Template], asked: Mapping[str, Any], kpis: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """The parameters each template is to get: template name -> name -> value of the declared type.

    A parameter that only some of the templates have goes to those that have it. `kpis` are a company's own.

    Raises:
        UnknownNameError: no template has a parameter of that name.
        UnknownNameError: a value is none of those that the template allows; the message names the nearest.
        ReportError: a value is not of the declared type or not between its bounds, or the parameter is the batch's
            own to set.
    """
    known = {name for template in templates for name in template.parameters} - set(GIVEN) - {"interactive"}
    for name in asked:
        if name in (*GIVEN, "interactive"):
            raise ReportError(f"Parameter {name!r} is set by the batch for each report; it cannot be given.")
        if name not in known:
            raise UnknownNameError("parameter", name, known)
    return {template.name: _checked(template, asked, kpis) for template in templates}


def _checked(template: Template, asked: Mapping[str, Any], kpis: Iterable[str]) -> dict[str, Any]:
    own = {name: value for name, value in asked.items() if name in template.parameters}
    values = {name: typed(name, value, template.parameters[name]) for name, value in own.items()}
    for name in values.keys() & template.allowed.keys():
        template.allowed[name].check(name, values[name], kpis)
    return values


def typed(name: str, value: Any, default: Any) -> Any:
    """The value as the type of the default: text stays text, a day is a day, a whole number is whole.

    Text is read as a number, a yes or no, or a comma-separated list where the default is one.

    >>> typed("code", "007", "x"), typed("ages", "012", 6), typed("quick", "yes", False)
    ('007', 12, True)

    Raises:
        ReportError: the value cannot be of that type.
    """
    try:
        return _typed(value, default)
    except (ValueError, TypeError):
        raise ReportError(f"Parameter {name!r} is {_kind(default)}, such as {default!r}; {value!r} is not.") from None


def _typed(value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        return (
            value
            if isinstance(value, bool)
            else _WORDS[_text(value).lower()]
            if _text(value).lower() in _WORDS
            else _no()
        )
    if isinstance(default, int):
        return _whole(value)
    if isinstance(default, float):
        return _finite(value)
    if isinstance(default, str):
        return _day(value) if _DAY.fullmatch(default) else _text(value)
    if isinstance(default, (list, tuple)):
        parts = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else list(value)
        return [_typed(part, default[0]) if default else part for part in parts]
    return value if isinstance(value, type(default)) else _no()


def _whole(value: Any) -> int:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[+-]?[0-9]+", value) else _no()
    return value if isinstance(value, int) and not isinstance(value, bool) else _no()


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        _no()
    number = float(value)
    return number if math.isfinite(number) else _no()


def _day(value: Any) -> str:
    return value.isoformat() if type(value) is date else date.fromisoformat(_text(value)).isoformat()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _no()


def _no() -> Any:
    raise ValueError


def _kind(default: Any) -> str:
    if isinstance(default, str):
        return "a day" if _DAY.fullmatch(default) else "a text"
    kinds = {bool: "yes or no", int: "a whole number", float: "a number", list: "a list", tuple: "a list"}
    return kinds.get(type(default), f"a {type(default).__name__}")
