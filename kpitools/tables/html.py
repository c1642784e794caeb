"""A table as HTML that a screen reader can walk through, safe for text from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from kpitools.formats import format_difference, is_figure
from kpitools.tables.cells import (
    STATUS,
    TO_THE_RIGHT,
    cell_text,
    parts,
    row_name,
    spark_figures,
    spark_words,
)
from kpitools.tables.table import Table

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 96, 22, 3


def fragment(table: Table, links: Mapping[str, str] = MappingProxyType({})) -> str:
    """The table as HTML with classes that begin with `kt-`, without style, script or id.

    A heading of a column, or the name of a row, that `links` has an address for leads there.
    """
    return _template().render(table=table, links=links)


def stylesheet() -> str:
    """The style of all tables, for the head of a page: light and dark."""
    return files("kpitools.tables").joinpath("table.css").read_text(encoding="utf-8")


def with_style(html: str) -> str:
    """The fragment for a notebook, where there is no page to hold its style."""
    return f"<style>{stylesheet()}</style>\n{html}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("kpitools.tables", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals.update(
        cell_text=cell_text, parts=parts, row_name=row_name, spark=spark, spark_words=spark_words
    )
    environment.globals.update(
        signs=STATUS, is_figure=is_figure, difference=format_difference, to_the_right=TO_THE_RIGHT
    )
    return environment.get_template("table.html.j2")


def spark(values: Any, bounds: tuple[float, float] | None = None) -> dict[str, Any]:
    """The geometry of a sparkline: a line per unbroken run of figures, and the place of the last figure.

    Args:
        values: the figures, oldest first.
        bounds: the least and greatest of the scale, where several lines share one; else those of the figures.
    """
    known = spark_figures(values)
    low, high = bounds or (min(known), max(known))
    span = (high - low) or 1
    step = (SPARK_WIDTH - 2 * SPARK_EDGE) / max(len(values) - 1, 1)
    room = SPARK_HEIGHT - 2 * SPARK_EDGE
    places = [
        (round(SPARK_EDGE + at * step, 1), round(SPARK_EDGE + room * (1 - (value - low) / span), 1))
        if is_figure(value)
        else None
        for at, value in enumerate(values)
    ]
    runs: list[list[str]] = [[]]
    for place in places:
        runs = [*runs, []] if place is None else [*runs[:-1], [*runs[-1], f"{place[0]},{place[1]}"]]
    last = [place for place in places if place][-1]
    return {"lines": [" ".join(run) for run in runs if len(run) > 1], "last": last, "size": (SPARK_WIDTH, SPARK_HEIGHT)}
