"""The widget that draws a chart and hears what is picked in it; only on a page with a kernel behind it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import traitlets

from kpitools.errors import KpitoolsError
from kpitools.formats import one_line
from kpitools.pages.script import bundled

if TYPE_CHECKING:
    from kpitools.pages.linked import Linked
    from kpitools.pages.page import Page

_HERE = Path(__file__).parent


class Drawing(ipywidgets.Widget):
    """What all charts are drawn with. It weighs a megabyte, so it is sent once and not with each of them."""

    script = traitlets.Unicode().tag(sync=True)


@cache
def drawing() -> Drawing:
    """The one of this process."""
    return Drawing(script=bundled(_HERE / "drawing.js"))


class LiveChart(anywidget.AnyWidget):
    """A linked chart on a page: what is picked in it sets the page's slice, and the chart says what that is.

    It tells of what a reader picks and of nothing else, not of what it is given to show: so nothing goes in circles.
    """

    _esm = (_HERE / "live.js").read_text(encoding="utf-8")
    _css = (_HERE / "live.css").read_text(encoding="utf-8")

    library = anywidget.WidgetTrait().tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    parameter = traitlets.Unicode().tag(sync=True)
    field = traitlets.Unicode().tag(sync=True)
    #: What is wrong with what was picked, if anything.
    said = traitlets.Unicode().tag(sync=True)
    #: What is on the button that takes the choice back; empty where nothing is chosen.
    everything = traitlets.Unicode().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(library=drawing())
        self.on_msg(self._heard)

    def show(self, linked: Linked, page: Page) -> None:
        """Draw a chart in place of the last one, with what the page's slice says of its dimension picked."""
        self._linked, self._page = linked, page
        chosen = page.view.slice.where.get(linked.dimension, ())
        with self.hold_sync():
            self.spec = linked.spec(chosen)
            self.parameter, self.field, self.said = linked.parameter, linked.field, ""
            self.everything = f"Show every {linked.dimension.replace('_', ' ')}" if chosen else ""

    def _heard(self, _: Any, content: Any, __: Any) -> None:
        try:
            self._linked.choose(self._page, content["picked"])
        except KpitoolsError as error:
            self.said = one_line(str(error))
            self.send({"again": True})  # drawn as the slice is

    def __repr__(self) -> str:
        """What a notebook says that was opened without a kernel; the same of every chart, so that a page that shows
        the widget again need not put it there again.
        """
        return "A chart that answers: run the notebook to see it."
