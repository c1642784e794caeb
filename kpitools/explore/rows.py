"""The panel that opens a number into the rows behind it, to be sorted, searched, leafed through and exported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets
from IPython.display import display

from kpitools.errors import KpitoolsError
from kpitools.explore.rows_export import CSV, XLSX, Kind, export, file_name, link
from kpitools.explore.rows_listing import Listing, in_words
from kpitools.explore.rows_sources import Found, Number, look, row_count
from kpitools.kpis.kpi import Kpi
from kpitools.pages import Page, View
from kpitools.pages.boxes import control, status
from kpitools.pages.place import WAITING
from kpitools.pages.work import Step
from kpitools.tables.html import with_style

AT_LEFT = {"width": "auto", "align_self": "flex-start"}
ANY = "Any input"
LOOKING = "Looking for the rows …"


class Rows:
    """The rows behind the numbers of a page, shut until someone opens them; they follow the page's slice.

    Nothing is looked for while it is shut.

    Args:
        page: the page.
        numbers: KPIs, names of KPIs in the catalogue, or a `Number` for any other rows.

    Attributes:
        widget: the whole panel, to be put beside others.
        listing: the rows of the table chosen; None while none were looked for, or none can be found.
    """

    def __init__(self, page: Page, numbers: Sequence[Number | Kpi | str]) -> None:
        self._page, self._view, self._stale, self._filling = page, page.view, True, False
        self._listings: Mapping[str, Listing] = {}
        known = [one if isinstance(one, Number) else Number.of_kpi(one) for one in numbers]
        self.toggle = ipywidgets.ToggleButton(description="Rows behind this number", layout=AT_LEFT)
        self.number = control(ipywidgets.Dropdown, "Number", options=[(one.label, one) for one in known])
        self.table, self.counted, self.by = (
            control(ipywidgets.Dropdown, label) for label in ("Table", "Counted in", "Sort by")
        )
        self.order = control(ipywidgets.Dropdown, "Order", options=[("Ascending", False), ("Descending", True)])
        self.search = control(
            ipywidgets.Text, "Search", placeholder="part of what a row shows", continuous_update=False
        )
        self.previous, self.next, self.csv, self.xlsx = (
            ipywidgets.Button(description=name) for name in ("Previous", "Next", "Export CSV", "Export Excel")
        )
        self.headline, self.range, self.shown, self.said = (ipywidgets.HTML() for _ in range(4))
        self.saved = ipywidgets.Output()
        self._panel = self._laid_out()
        self.widget = ipywidgets.VBox([self.toggle], layout={"width": "100%"})
        self._listen()
        page.watch(f"rows behind {', '.join(one.label for one in known)}", self.follow, self.later)

    @property
    def listing(self) -> Listing | None:
        """The rows of the table chosen."""
        return self._listings.get(self.table.value)

    def show(self) -> None:
        """Put the panel on the page, where a kernel is live; nothing headless."""
        if self._page.interactive:
            display(self.widget)

    def follow(self, view: View) -> None:
        """The rows are those of another slice; the page has them looked for `later`, or whoever opens the panel."""
        self._view, self._stale = view, True
        if self.toggle.value:
            self._listings, self.headline.value = {}, ""
            self._show()
            self._say(LOOKING)

    def later(self, view: View) -> Step:
        """Look for the rows of a view, where the panel is open; they are shown if nothing else was asked meanwhile."""
        number, opened = self.number.value, self.toggle.value

        def put(found: Found | None) -> None:
            if found and self._stale and (number, view) == (self.number.value, self._view):
                self._put(found)

        return Step(lambda: look(number, view) if opened else None, put)

    def _laid_out(self) -> Any:
        wrapped = ipywidgets.Layout(flex_flow="row wrap", width="100%")
        asked = [self.number, self.table, self.counted, self.by, self.order, self.search]
        return ipywidgets.VBox([
            ipywidgets.Box(asked, layout=wrapped), self.headline,
            ipywidgets.Box([self.previous, self.next, self.range], layout=wrapped), self.shown,
            ipywidgets.Box([self.csv, self.xlsx], layout=wrapped), self.said, self.saved,
        ], layout={"width": "100%"})  # fmt: skip

    def _listen(self) -> None:
        self.toggle.observe(lambda change: self._open(change["new"]), names="value")
        self._on(self.number, lambda _: self._find())
        self._on(self.table, lambda _: self._choose())
        self._on(self.counted, lambda value: self._ask(counted=value))
        self._on(self.by, lambda value: self._ask(by=value))
        self._on(self.order, lambda value: self._ask(descending=value))
        self._on(self.search, lambda value: self._ask(search=value))
        self.previous.on_click(lambda _: self._turn(-1))
        self.next.on_click(lambda _: self._turn(1))
        self.csv.on_click(lambda _: self._export(CSV))
        self.xlsx.on_click(lambda _: self._export(XLSX))

    def _on(self, box: Any, chosen: Callable[[Any], None]) -> None:
        box.observe(lambda change: None if self._filling else self._changed(chosen, change["new"]), names="value")

    def _changed(self, chosen: Callable[[Any], None], value: Any) -> None:
        """What was chosen is looked for at once where the panel is open, else when it is opened."""
        if not self.toggle.value:
            self._stale = True
        elif self._stale:
            self._find()
        else:
            chosen(value)

    def _open(self, opened: bool) -> None:
        self.widget.children = [self.toggle, self._panel] if opened else [self.toggle]
        if opened and self._stale:
            self._find()

    def _find(self) -> None:
        """Look for the rows of the number, as the view has them."""
        self._say(LOOKING)
        self._put(look(self.number.value, self._view))

    def _put(self, found: Found) -> None:
        """Show what was found."""
        self._stale, self._listings, self.headline.value = False, found.listings, found.headline
        self._fill(self.table, [(in_words(name), name) for name in found.listings])
        self._choose()
        self._say(found.said)

    def _choose(self) -> None:
        """Offer what the table chosen can be asked for; what was asked of the one before stays, where it can."""
        listing = self.listing
        if listing is None:
            self._fill(self.counted, [])
            self._fill(self.by, [])
            self.shown.value = ""
            self._show()
            return
        several = listing.marks if len(listing.marks) > 1 else ()
        self._fill(self.counted, [(ANY, ""), *((in_words(name), name) for name in several)])
        kept = self.by.value in listing.shown
        self._fill(self.by, [(in_words(name), name) for name in listing.shown], listing.asked.by)
        if not kept:
            self._set(self.order, listing.asked.descending)
        self._ask(counted=self.counted.value, search=self.search.value, by=self.by.value, descending=self.order.value)

    def _fill(self, box: Any, options: list[tuple[str, Any]], usual: Any = None) -> None:
        """Offer these; what was chosen stays chosen where it is among them."""
        values = [value for _, value in options]
        chosen = box.value if box.value in values else usual if usual in values else values[0] if values else None
        self._set(box, chosen, options)
        box.layout.display = None if len(options) > 1 else "none"

    def _set(self, box: Any, value: Any, options: Sequence[tuple[str, Any]] | None = None) -> None:
        """Let a control say this, without asking for it."""
        self._filling = True
        try:
            with box.hold_sync():
                box.options = box.options if options is None else options
                box.value = value
        finally:
            self._filling = False

    def _ask(self, **changed: Any) -> None:
        if listing := self.listing:
            listing.ask(**changed)
        self._show()

    def _turn(self, pages: int) -> None:
        if listing := self.listing:
            listing.turn(pages)
        self._show()

    def _show(self) -> None:
        """Put the page of rows in sight."""
        listing, self.saved.outputs = self.listing, ()
        found = listing.found if listing else 0
        self.previous.disabled = not listing or listing.page == 0
        self.next.disabled = not listing or listing.page == listing.last
        self.csv.disabled = self.xlsx.disabled = not found
        self.range.value = status(listing.range() if listing else "")
        (self.shown.remove_class if listing else self.shown.add_class)(WAITING)  # rows of before stay: nothing jumps
        if listing:
            self.shown.value = with_style(listing.table(self._title()).to_html())
        self._say("")

    def _title(self) -> str:
        return f"{self.number.label}: {self.table.value.replace('_', ' ')}"

    def _export(self, kind: Kind) -> None:
        if not (listing := self.listing):
            return
        rows = row_count(listing.found)
        self._say(f"Writing {rows} …")
        name = file_name(self.number.label, self.table.value, listing.asked, str(self._view.slice))
        try:
            path = export(listing, kind, name=name, title=self._title())
        except KpitoolsError as error:
            self._say(str(error))
        else:
            self._say(f"{rows} with all columns in {path.as_posix()}")
            self.saved.outputs = (link(path, kind),)

    def _say(self, message: str) -> None:
        self.said.value = status(message)
