"""The widgets that set a slice. They do nothing else: the same slice headless gives the same page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets
from IPython.display import display

from kpitools.errors import KpitoolsError
from kpitools.kpis.sets import SETS
from kpitools.model.slice import Slice
from kpitools.pages.boxes import control, status
from kpitools.pages.choice import MOST_LISTED, Choice, Values
from kpitools.pages.copying import as_lines, read_lines
from kpitools.pages.empty import remark
from kpitools.pages.history import History
from kpitools.pages.periods import Periods, calendar_of
from kpitools.pages.view import COMPARISONS
from kpitools.pages.work import Step

if TYPE_CHECKING:
    from kpitools.pages.page import Page
    from kpitools.pages.view import View

WIDE = {"width": "640px"}
#: How many rows each value of each dimension leaves.
Counts = Mapping[str, Mapping[str | None, int]]


class Shown(NamedTuple):
    """What the controls of a page say."""

    slice: Slice
    compare: str
    kpi_set: str

    @classmethod
    def by(cls, view: View) -> Shown:
        """What they say of a view."""
        return cls(view.slice, view.compare, view.kpi_set)


class Controls:
    """One control per dimension, the period, the as-of day, and the slice as a text to copy out and paste in.

    Each offers what the data has beside what the others say, and how much of it. What cannot be shown is told, and
    the page stays as it was.

    Attributes:
        where: the control of each dimension, by its name.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._filling = False
        self._history = History(Shown.by(page.view))
        self._periods = Periods(page.view.whole, page.view.config.fiscal_start)
        self.where = {
            name: Choice(name, searched=values > MOST_LISTED, chosen=partial(self._where_chosen, name),
                         failed=self._say)
            for name, values in page.options.members().items()
        }  # fmt: skip
        self.calendar, self.period = control(ipywidgets.Dropdown, "Calendar"), control(ipywidgets.Dropdown, "Period")
        self.as_of = control(ipywidgets.DatePicker, "As of")
        self.compare = control(ipywidgets.Dropdown, "Compare with")
        self.kpi_set = control(ipywidgets.Dropdown, "KPI set")
        self.text = control(ipywidgets.Text, "Slice", continuous_update=False, layout=WIDE)
        self.lines = control(ipywidgets.Textarea, "Parameters", continuous_update=False, layout=WIDE, rows=3)
        self.said = ipywidgets.HTML()
        self.undo, self.redo, self.reset = (ipywidgets.Button(description=name) for name in ("Undo", "Redo", "Reset"))
        self._fill(page.view, self._counted(page.view))
        self._listen()
        page.watch("controls", self.follow, self._counting)

    def _listen(self) -> None:
        for box, chosen in (
            (self.calendar, self._calendar_chosen), (self.period, self._period_chosen), (self.as_of, self._day_chosen),
            (self.compare, self._compare_chosen), (self.kpi_set, self._set_chosen), (self.text, self._pasted),
            (self.lines, self._lines_pasted),
        ):  # fmt: skip
            box.observe(partial(self._changed, chosen), names="value")
        self.undo.on_click(lambda _: self._again(self._history.step(-1)))
        self.redo.on_click(lambda _: self._again(self._history.step(1)))
        self.reset.on_click(lambda _: self._again(self._history.first))

    def show(self) -> None:
        """Put the controls on the page: what to choose, what was chosen, and how to go back."""
        view = self._page.view
        more = [self.compare] * bool(view.compare) + [self.kpi_set] * bool(view.kpi_set)
        choices = [*(choice.widget for choice in self.where.values()), self.calendar, self.period, self.as_of, *more]
        wrapped = ipywidgets.Layout(flex_flow="row wrap", width="100%")
        counted = self._page.options.on(None).counted
        display(ipywidgets.VBox([
            ipywidgets.Label(f"In brackets: {counted}, as of the day."), ipywidgets.Box(choices, layout=wrapped),
            ipywidgets.HBox([self.undo, self.redo, self.reset, self._page.progress.widget]), self.text, self.lines,
            self.said,
        ], layout={"width": "100%"}))  # fmt: skip

    def follow(self, view: View) -> None:
        """Say what the page shows, whoever chose it; how many rows each value leaves is counted later."""
        self._history.add(Shown.by(view))
        self._fill(view, {})
        self._say(self._periods.remark(view.period, view.day))

    def _counting(self, view: View) -> Step:
        """Count what can be chosen beside what is, and say so."""

        def make() -> tuple[Counts, str]:
            return self._counted(view), remark(view, self._page.options)

        def show(found: tuple[Counts, str]) -> None:
            counts, note = found
            self._fill(view, counts)
            if note:
                self._say(" ".join(filter(None, (note, self._periods.remark(view.period, view.day)))))

        return Step(make, show)

    def _counted(self, view: View) -> Counts:
        where = view.slice.where
        options = self._page.options.on(view.as_of, where)
        return {name: options.of(name, where) for name in self.where}

    def _changed(self, chosen: Callable[[Any], None], change: Any) -> None:
        if not self._filling:
            chosen(change["new"])

    def _where_chosen(self, name: str, values: Values) -> None:
        now = self._page.view.slice
        where = {**now.where, name: values}
        self._set(Slice(where, now.period, now.as_of))

    def _calendar_chosen(self, calendar: Any) -> None:
        self._period_chosen(self._periods.nearest(calendar, self._page.view.period).text)

    def _period_chosen(self, period: str) -> None:
        """Another period is seen from its own end, unless a day is chosen after that."""
        self._set(Slice(self._page.view.slice.where, period))

    def _day_chosen(self, day: Any) -> None:
        now = self._page.view.slice
        self._set(Slice(now.where, now.period, day.isoformat() if day else None))

    def _compare_chosen(self, name: str) -> None:
        self._set(self._page.view.slice, compare=name)

    def _set_chosen(self, name: str) -> None:
        self._set(self._page.view.slice, kpi_set=name)

    def _pasted(self, text: str) -> None:
        try:
            chosen = Slice.parse(text)
        except KpitoolsError as error:
            self._say(str(error))
        else:
            self._set(chosen, typed=True)

    def _lines_pasted(self, text: str) -> None:
        try:
            found = read_lines(text)
            chosen = Slice.parse(found["slice"])
        except KpitoolsError as error:
            self._say(str(error))
        else:
            self._set(chosen, compare=found.get("compare", ""), kpi_set=found.get("role", ""), typed=True)

    def _again(self, shown: Shown) -> None:
        self._set(shown.slice, compare=shown.compare, kpi_set=shown.kpi_set)

    def _set(self, chosen: Slice, *, compare: str = "", kpi_set: str = "", typed: bool = False) -> None:
        """Show what was chosen; what was typed stays to be mended where it cannot be."""
        try:
            view = self._page.of(chosen, compare=compare, kpi_set=kpi_set)
        except KpitoolsError as error:
            self._say(str(error)) if typed else self._refuse(str(error))
        else:
            self._page.follow(view)

    def _refuse(self, message: str) -> None:
        self._fill(self._page.view, {})
        self._say(message)

    def _fill(self, view: View, counts: Counts) -> None:
        """Let the controls say what the view is, without setting it again; what is not counted anew stays."""
        self._filling = True
        try:
            for name, choice in self.where.items():
                choice.fill(counts.get(name), view.slice.where.get(name, ()))
            self._fill_time(view)
            self._fill_more(view)
        finally:
            self._filling = False

    def _fill_time(self, view: View) -> None:
        _fill_list(self.calendar, self._periods.calendars(view.period), calendar_of(view.period))
        _fill_list(self.period, self._periods.listed(view.period), view.period.text)
        self.as_of.value = view.day

    def _fill_more(self, view: View) -> None:
        _fill_list(self.compare, {label: name for name, label in COMPARISONS.items()}, view.compare or None)
        _fill_list(self.kpi_set, {one.label: name for name, one in SETS.items()}, view.kpi_set or None)
        self.text.value = str(view.slice)
        self.lines.value = as_lines(view)
        self.undo.disabled, self.redo.disabled = not self._history.can(-1), not self._history.can(1)
        self.reset.disabled = Shown.by(view) == self._history.first

    def _say(self, message: str) -> None:
        self.said.value = status(message)


def _fill_list(box: Any, options: dict[str, Any], current: Any) -> None:
    with box.hold_sync():
        if dict(box.options) != options:
            box.options = list(options.items())
        box.value = current
