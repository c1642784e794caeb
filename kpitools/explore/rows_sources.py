"""Numbers whose rows can be opened: of a KPI, of a step of the funnel, of anything that rows can be found for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import polars as pl

from kpitools.analyses.funnel import deals_of_step
from kpitools.errors import KpitoolsError
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.rows import rows_seen
from kpitools.explore.rows_listing import Listing
from kpitools.formats import format_number, format_value, one_line
from kpitools.kpis.catalogue import find
from kpitools.kpis.kpi import Kpi
from kpitools.pages.view import View


@dataclass(frozen=True)
class Number:
    """A number on a page, and how the rows behind it are found.

    Attributes:
        label: what it is called, in words.
        rows: the rows of a view, by table. Boolean columns that the table does not have itself say which input of the
            number counts the row.
        figure: the number in words; empty where it is how many rows there are.

    >>> owned = Number("Deals of Ann", lambda view: {"deals": view.data["deals"].filter(rep="Ann").collect()})
    >>> owned.label, owned.figure
    ('Deals of Ann', None)
    """

    label: str
    rows: Callable[[View], Mapping[str, pl.DataFrame]]
    figure: Callable[[View], str] | None = None

    @classmethod
    def of_kpi(cls, kpi: Kpi | str) -> Number:
        """A KPI, or the name of one in the catalogue, with the rows that it counts.

        Raises:
            UnknownNameError: there is no such KPI.
        """
        chosen = find(kpi) if isinstance(kpi, str) else kpi

        def figure(view: View) -> str:
            result = evaluate(chosen, view.data, periods=view.period.text, as_of=view.as_of)
            return format_value(result.frame["value"].item(), chosen.unit)

        return cls(chosen.label, lambda view: rows_seen(chosen, view.data, view.period.text), figure)

    @classmethod
    def of_step(cls, step: str) -> Number:
        """A step of the funnel, with the deals that entered it."""
        return cls(f"Deals that entered {step}", lambda view: rows_of_step(view, step))


def rows_of_step(view: View, step: str) -> dict[str, pl.DataFrame]:
    """The deals that entered a step of the funnel of the period, and what became of each there.

    Args:
        view: the slice.
        step: the stage, or `Won`.

    Returns:
        The rows of `deals`, as many as the step's `entered`, with the columns went_on, still_open, lost and skipped,
        whose sums are the step's counts.

    Raises:
        EvaluationError: the data lacks what the funnel needs.
        UnknownNameError: no such step.
    """
    data = view.deals_in(view.period)
    entered = deals_of_step(data, step, period=view.period, as_of=view.as_of)
    deals = data["deals"].join(entered.lazy(), on="deal_id", maintain_order="left")
    return {"deals": deals.collect()}


def _marks(view: View, table: str, frame: pl.DataFrame) -> list[str]:
    """The columns of such a frame that say which input counts the row: those the table does not have itself."""
    own = view.whole[table].collect_schema() if table in view.whole else frame.schema
    return [name for name, kind in frame.schema.items() if kind == pl.Boolean and name not in own]


class Found(NamedTuple):
    """What was found behind a number: rows by table, the number in HTML, and what is wrong, if anything."""

    listings: Mapping[str, Listing]
    headline: str
    said: str = ""


def look(number: Number, view: View) -> Found:
    """The rows behind a number of a view; what the data cannot give is said."""
    try:
        frames = number.rows(view)
        figure = number.figure(view) if number.figure else ""
    except KpitoolsError as error:
        return Found({}, _headline(number.label, []), str(error))
    counts = [f"{row_count(frame.height)} of {name.replace('_', ' ')}" for name, frame in frames.items()]
    said = f"{number.label}: {figure}" if figure else number.label
    listings = {name: Listing(frame, _marks(view, name, frame)) for name, frame in frames.items()}
    return Found(listings, _headline(said, counts))


def _headline(said: str, counts: Sequence[str]) -> str:
    """The number in bold, and how many rows make it."""
    made = f", from {' and '.join(counts)}" if counts else ""
    return f"<p><strong>{escape(one_line(said))}</strong>{escape(one_line(made))}</p>"


def row_count(count: int) -> str:
    """So many rows, in words.

    >>> row_count(1), row_count(1234)
    ('1 row', '1,234 rows')
    """
    return f"{format_number(count)} {'row' if count == 1 else 'rows'}"
