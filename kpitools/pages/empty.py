"""Slices that hold nothing: they are refused, and it is said which part of them leaves no row."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.formats import format_date
from kpitools.model.led import REFERENCE
from kpitools.model.slice import UNASSIGNED
from kpitools.pages.options import Options, OptionTables
from kpitools.pages.view import View


def check_not_empty(view: View, tables: OptionTables) -> None:
    """Stop at a slice without any row.

    Raises:
        UnknownNameError: a value that the data has nowhere, or a dimension there is not.
        EvaluationError: rows that nothing is left of together, or on that day.
    """
    if _any_deal(view):
        return
    where = view.slice.where
    options = tables.on(view.as_of, where)
    day = format_date(view.day)
    if not options.rows({}) and tables.on(None).rows({}):
        raise EvaluationError(f"No {options.counted} are known yet as of {day}; choose a later day or period.")
    if options.holds(where) or _any_row(view):
        return
    for name, values in where.items():
        _check_known(name, values, tables.on(None, where), view.whole.members(name))
    raise EvaluationError(f"Nothing is left as of {day}. {options.why_none(where)}")


def _any_deal(view: View) -> bool:
    """Whether a deal is left: that is quickly told, and most slices have one."""
    return "deals" in view.data and bool(view.data["deals"].select(pl.len() > 0).collect().item())


def remark(view: View, tables: OptionTables) -> str:
    """What a reader of a slice that is not empty should know: that nothing of what is counted is in it."""
    where = view.slice.where
    options = tables.on(view.as_of, where)
    return "" if not where or options.rows(where) else f"{options.why_none(where)} Only other tables have such rows."


def _any_row(view: View) -> bool:
    frames = [frame for name, frame in view.data.frames.items() if name not in REFERENCE]
    return any(one.item() for one in pl.collect_all([frame.select(pl.len() > 0) for frame in frames]))


def _check_known(name: str, values: Collection[str | None], ever: Options, members: Collection[str]) -> None:
    if any(value is None or value in members for value in values) or ever.holds({name: tuple(values)}):
        return
    shown = [UNASSIGNED if value is None else value for value in values]
    raise UnknownNameError(name.replace("_", " "), shown[0], members)
