"""A chart whose selection sets the slice of its page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from kpitools.errors import EvaluationError

if TYPE_CHECKING:
    from kpitools.pages.page import Page

#: The values of a dimension, as a slice holds them; None for the rows that have none.
Values = tuple[str | None, ...]


@dataclass(frozen=True)
class Linked:
    """A chart in which one picks values of a dimension; a section yields it where it would yield the chart.

    Live, what is picked becomes the page's slice, and nothing picked is every value. Without a kernel it is the chart.

    Attributes:
        chart: the chart, which has the selection itself, so that it also works in an exported page.
        dimension: what is picked.
        parameter: the name of the selection in the chart.
        field: the field of the chart's rows that the selection tells of.
        values: what the chart shows in that field, and the values it stands for: several where names look alike.
    """

    chart: Any
    dimension: str
    parameter: str
    field: str
    values: Mapping[str, Values]

    @classmethod
    def of(cls, chart: Any, dimension: str, parameter: str, field: str, values: Iterable[str | None]) -> Linked:
        """A chart that shows the names of the dimension's own values, as charts write names.

        >>> Linked.of(None, "rep", "picked", "rep", ["Ann", "Bo\\nEk", "Bo Ek", None]).values
        {'Ann': ('Ann',), 'Bo Ek': ('Bo\\nEk', 'Bo Ek'), '(none)': (None,)}
        """
        from kpitools.charts import data

        found: dict[str, Values] = {}
        for value in dict.fromkeys(values):
            (name,) = data.names(pl.Series([value], dtype=pl.String))
            found[name] = (*found.get(name, ()), value)
        return cls(chart, dimension, parameter, field, found)

    def for_page(self, page: Page, before: Any | None = None) -> Any:
        """What a page shows: the plain chart, as any of the package's own, or where a kernel answers a widget.

        Args:
            page: the page, which is told what is picked.
            before: what the same place of the section showed last; a widget is used again for the next chart.
        """
        if not page.interactive:
            return self._drawn
        from kpitools.pages.live import LiveChart

        live = before if isinstance(before, LiveChart) else LiveChart()
        live.show(self, page)
        return live

    @property
    def _drawn(self) -> Any:
        from kpitools.charts import notebook

        return notebook.Drawn(self.chart)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        """The chart, where it stands on no page."""
        return self._drawn._repr_mimebundle_()

    def spec(self, chosen: Collection[str | None]) -> dict[str, Any]:
        """The chart's specification with the values picked that the slice says."""
        from kpitools.charts import notebook

        with notebook.unchecked():
            spec = self.chart.to_dict(validate=False, context={"pre_transform": False})
        names = [{self.field: name} for name, values in self.values.items() if {*values} & {*chosen}]
        for parameter in spec.get("params", []):
            if parameter["name"] == self.parameter and parameter["select"]["type"] == "point" and names:
                parameter["value"] = names
        return spec

    def choose(self, page: Page, names: Collection[str]) -> None:
        """Let the page show what was picked, by the names in the chart; without any of them, every value.

        Raises:
            KpitoolsError: nothing that was picked is a value of the dimension, or the page cannot show it.
        """
        values = tuple(dict.fromkeys(one for name, many in self.values.items() if name in names for one in many))
        if names and not values:
            asked, known = " or ".join(map(str, names)), ", ".join(self.values)
            raise EvaluationError(f"{asked} is no {self.dimension.replace('_', ' ')} to choose; there are {known}.")
        if {*values} != {*page.view.slice.where.get(self.dimension, ())}:
            page.choose(self.dimension, values)
