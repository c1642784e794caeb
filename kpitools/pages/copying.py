"""What a page shows as lines for the `parameters` cell of its notebook, to copy out and to paste back in."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.pages.view import View

#: The parameters that templates have, and what each is of a view.
PARAMETERS = ("slice", "compare", "role")


def as_lines(view: View) -> str:
    """The parameters that make this view again; those alone that its page has."""
    values = dict(zip(PARAMETERS, (str(view.slice), view.compare, view.kpi_set), strict=True))
    return "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items() if value)


def read_lines(text: str) -> Mapping[str, str]:
    r"""The values of parameter lines; nothing in them is run.

    Raises:
        EvaluationError: a line is not of the form `name = "text"`, or the slice is missing.
        UnknownNameError: a parameter that is not one of `PARAMETERS`.

    >>> read_lines('slice = "team=North"\ncompare = "year_ago"')
    {'slice': 'team=North', 'compare': 'year_ago'}
    """
    found = dict(_line(line) for line in text.splitlines() if line.strip())
    for name in found:
        if name not in PARAMETERS:
            raise UnknownNameError("parameter of this page", name, PARAMETERS)
    if "slice" not in found:
        raise EvaluationError('These lines name no slice; write slice = "" for everything.')
    return found


def _line(line: str) -> tuple[str, str]:
    name, _, literal = line.partition("=")
    try:
        value = ast.literal_eval(literal.strip())
    except (ValueError, SyntaxError):
        value = None
    if not isinstance(value, str):
        raise EvaluationError(f'{line!r} is not a parameter line; write slice = "team=North&period=2026Q3".')
    return name.strip(), value
