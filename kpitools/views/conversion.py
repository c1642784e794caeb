"""What share of deals is won, three ways, and how long that takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from kpitools.analyses import conversion as ways
from kpitools.analyses.conversion_apart import conversion_apart
from kpitools.analyses.words import ways as words
from kpitools.charts import incidence_curves
from kpitools.pages.view import View
from kpitools.tables import frame_table
from kpitools.views.counting import USUAL, Counting
from kpitools.views.parts import last_periods, sentences


def won(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """What share of the deals of the last periods is won, three ways, and how long it takes.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    asked, within = _asked(view, counting), counting.window
    data = view.deals_in(last_periods(view))
    three = ways.conversion(data, **asked, within=within)
    said = words.ways_words(three) + words.time_words(ways.time_to_win(data, **asked, within=within))
    curve = ways.incidence(data, **asked).filter(pl.col("age") <= 2 * within)
    labels = {
        "way": "How it is reckoned",
        "deals": "Deals",
        "won": "Deals won",
        "lost": "Deals lost",
        "still_open": "Deals still open",
        "conversion": "Conversion",
        "lower": "From",
        "upper": "To",
        "share_open": "Share still open",
    }
    units = dict.fromkeys(("conversion", "lower", "upper", "share_open"), "percent")
    note = (
        f"Deals opened in {last_periods(view)}. Naive: won by now, of all deals. Matured: won within {within} "
        "days, of the deals that have had them. Censoring-aware: the same from all deals, each for as long as it was "
        "seen. From and to: 95 % interval."
    )
    table = frame_table(three.select(*labels), caption="Conversion three ways", labels=labels, units=units, note=note)
    return [*sentences(said), incidence_curves(_where_it_rises(curve), within=within), table]


def won_by_segment(view: View, counting: Counting = USUAL) -> Iterable[Any]:
    """The same by segment.

    Args:
        view: the slice.
        counting: by which rule, outcome and window deals are counted.
    """
    asked, within = _asked(view, counting) | {"by": "segment"}, counting.window
    data = view.deals_in(last_periods(view))
    three, times = (find(data, **asked, within=within) for find in (ways.conversion, ways.time_to_win))
    said = words.group_words(three, times)
    if three["group"].n_unique() > 1:
        said += words.apart_words(conversion_apart(data, **asked, within=within))
    curve = ways.incidence(data, **asked).filter(pl.col("age") <= 2 * within)
    return [*sentences(said), incidence_curves(_where_it_rises(curve), within=within)]


def _asked(view: View, counting: Counting) -> dict[str, Any]:
    return {"period": last_periods(view), "as_of": view.as_of, "reopened": counting.reopened}


def _where_it_rises(curve: pl.DataFrame) -> pl.DataFrame:
    """The ages at which a curve moves, its first and its last: in between it is level."""
    age = pl.col("age")
    return curve.filter((pl.col("events") > 0) | (age == 0) | (age == age.max().over("group")))
