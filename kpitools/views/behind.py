"""The rows behind a number, few enough for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from kpitools.evaluation.rows import rows_seen
from kpitools.formats import format_number
from kpitools.kpis.catalogue import find
from kpitools.kpis.kpi import Kpi
from kpitools.pages.section import Section
from kpitools.pages.view import View
from kpitools.tables import Table
from kpitools.tables.builders import frame_table

#: The columns by which people know a row; the first of a table's own is its key.
TELLING = (
    "name", "amount", "owner_rep_id", "rep_id", "status", "stage", "segment", "created_at", "closed_at", "account_id",
    "kind", "measure", "expected_close_at", "became_customer_at", "ended_at", "starts_on", "ends_on",
)  # fmt: skip
#: How many of these are shown.
COLUMNS = 6


def telling(frame: pl.DataFrame) -> list[str]:
    """The columns by which people know a row: its first, then those of `TELLING` that the rows have values of; where
    there is none, the first ones.
    """
    own = [name for name, kind in frame.schema.items() if not kind.is_nested()]
    known = [name for name in TELLING if name in own and frame[name].null_count() < frame.height]
    return list(dict.fromkeys([own[0], *(known or own[1:])[:COLUMNS]]))


def rows_of(kpi: Kpi | str, most: int = 20) -> Section:
    """A section with the rows that a KPI counts in the slice, and how many of them are left out.

    Args:
        kpi: the KPI, or the name of one in the catalogue.
        most: rows of each table that are shown, those of the largest amount first.
    """
    chosen = find(kpi) if isinstance(kpi, str) else kpi

    def section(view: View) -> Iterator[Table]:
        view.use([chosen])
        for name, frame in rows_seen(chosen, view.data, str(view.slice.period)).items():
            own = view.whole[name].collect_schema()
            inputs = [column for column in frame.columns if column not in own]
            caption = f"Rows behind {chosen.label[:1].lower()}{chosen.label[1:]}: {name.replace('_', ' ')}"
            yield rows_table(frame, inputs, caption=caption, most=most)

    return section


def rows_table(frame: pl.DataFrame, inputs: Sequence[str], *, caption: str, most: int) -> Table:
    """Rows of `evaluation.rows` as a table: what tells them apart, and which inputs of the figure count them.

    Args:
        frame: one of the frames.
        inputs: its columns that say which input counts the row.
        caption: the heading.
        most: rows that are shown.

    >>> frame = pl.DataFrame({"deal_id": ["a", "b"], "amount": [1.0, 9.0], "denominator": [True, False]})
    >>> print(rows_table(frame, ["denominator"], caption="Rows", most=1).to_text())
    Rows
    Deal id  Amount  Counted in
    -------  ------  ----------
    b             9
    1 of 2 rows, the largest amounts; the others are left out.
    """
    shown = telling(frame.drop(inputs))
    if large := "amount" in shown:
        frame = frame.sort("amount", descending=True, nulls_last=True, maintain_order=True)
    counted = [pl.when(pl.col(name)).then(pl.lit(name.replace("_", " "))) for name in inputs]
    counted_in = pl.concat_str(counted, separator=", ", ignore_nulls=True).alias("counted_in")
    page = frame.head(most).select(*shown, counted_in)
    of = f"{format_number(page.height)} of {format_number(frame.height)} rows{', the largest amounts' if large else ''}"
    return frame_table(
        page,
        caption=caption,
        units={"amount": "currency"} if large else {},
        note=f"{of}; the others are left out." if page.height < frame.height else "",
        folded=True,
    )
