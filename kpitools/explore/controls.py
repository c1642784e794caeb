"""The widgets that set a slice. They do nothing else: the same slice headless gives the same page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

import ipywidgets
from IPython.display import display

from kpitools.errors import KpitoolsError
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice

if TYPE_CHECKING:
    from kpitools.explore.page import Page
    from kpitools.explore.view import View

EVERYTHING = "All"
MOST_PERIODS = 60
#: The dimensions offered, where the data has them.
OFFERED = ("team", "manager", "rep", "segment", "region", "product_family")


class Controls:
    """One control per dimension, the period, the as-of day, and the slice as a text to copy out and paste in."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._setting = False
        self._where = {name: _choice(page.view.whole, name) for name in OFFERED if _offered(page.view.whole, name)}
        self._period = ipywidgets.Dropdown(description="Period", options=_periods(page.view.whole, page.view.period))
        self._as_of = ipywidgets.DatePicker(description="As of")
        self._text = ipywidgets.Text(description="Slice", continuous_update=False, layout={"width": "640px"})
        self._said = ipywidgets.HTML()
        self._fill(page.view)
        for control in (*self._where.values(), self._period, self._as_of):
            control.observe(self._chosen, names="value")
        self._text.observe(self._pasted, names="value")

    def show(self) -> None:
        """Put the controls on the page."""
        rows = ipywidgets.Layout(flex_flow="row wrap")
        display(ipywidgets.VBox([
            ipywidgets.Box([*self._where.values(), self._period, self._as_of], layout=rows), self._text, self._said,
        ]))  # fmt: skip

    def _chosen(self, change: Any) -> None:
        if self._setting:
            return
        where = {name: (control.value,) for name, control in self._where.items() if control.value != EVERYTHING}
        day = self._as_of.value
        # Another period is seen from its own end, unless a day is chosen after that.
        as_of = None if change["owner"] is self._period or day is None else day.isoformat()
        self._set(Slice(where, self._period.value, as_of))

    def _pasted(self, change: Any) -> None:
        if not self._setting:
            try:
                self._set(Slice.parse(change["new"]))
            except KpitoolsError as error:
                self._say(str(error))

    def _set(self, chosen: Slice) -> None:
        """Show the slice in the controls first and then in the sections, which may take a moment."""
        try:
            view = self._page.of(chosen)
        except KpitoolsError as error:
            self._say(str(error))
            return
        self._say("")
        self._fill(view)
        self._page.follow(view)

    def _fill(self, view: View) -> None:
        """Let the controls say what the slice is, without setting it again."""
        chosen = view.slice
        self._setting = True
        try:
            for name, control in self._where.items():
                value = chosen.where.get(name, (EVERYTHING,))[0]
                control.value = value if value in control.options else EVERYTHING
            if chosen.period in self._period.options:
                self._period.value = chosen.period
            self._as_of.value = view.day
            self._text.value = str(chosen)
        finally:
            self._setting = False

    def _say(self, message: str) -> None:
        from html import escape

        self._said.value = f"<span role='status'>{escape(message)}</span>"


def _offered(data: Dataset, name: str) -> bool:
    return any(name in data.dimensions(table) for table in data.frames) and len(_members(data, name)) > 1


def _members(data: Dataset, name: str) -> list[str]:
    try:
        return data.members(name)
    except KpitoolsError:
        return []


def _choice(data: Dataset, name: str) -> Any:
    return ipywidgets.Dropdown(
        description=name.replace("_", " ").capitalize(), options=[EVERYTHING, *_members(data, name)]
    )


def _periods(data: Dataset, current: Period) -> list[str]:
    """The periods of the current one's kind that the data reaches into, the latest first."""
    days = data.describe()
    first, last = days["first"].min(), days["last"].max()
    if first is None or last is None or not isinstance(current.calendar, RegularCalendar):
        return [current.text]
    period = current.calendar.containing(max(cast(date, last), current.start))
    found: list[str] = []
    while period.end > cast(date, first) and len(found) < MOST_PERIODS:
        found.append(period.text)
        period = current.calendar.shift(period, -1)
    return found
