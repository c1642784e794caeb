"""A page in a notebook: its sections are shown once headless, and again after every change of a control when live."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from kpitools.config import NAME, read_config
from kpitools.errors import KpitoolsError
from kpitools.formats import Conventions, markdown_text, write_as
from kpitools.model.dataset import Dataset
from kpitools.model.recent import Recent
from kpitools.model.slice import Slice
from kpitools.pages.empty import check_not_empty
from kpitools.pages.memory import Memory
from kpitools.pages.options import OptionTables
from kpitools.pages.section import InTwoGoes, Section
from kpitools.pages.view import View
from kpitools.pages.work import Step, Work

if TYPE_CHECKING:
    from kpitools.pages.place import Place
    from kpitools.pages.progress import Progress

#: So many views are kept with what was worked out for them, to go back to, beside the first.
MOST_VIEWS = 4


def open_page(
    data: str | Path | Dataset,
    *,
    slice: str | Slice = "",
    period: str = "",
    as_of: str = "",
    compare: str = "",
    kpi_set: str = "",
    interactive: bool = True,
) -> Page:
    """A page over a folder of files, a mapping file, a cut made for a report, or a dataset.

    The company's own settings (`kpitools.toml`) are those in the folder of the cut or the files, if there are any.

    Args:
        data: where the data is.
        slice: the rows asked for, in the text form of a slice.
        period: the period, where the slice names none.
        as_of: the day seen from, where the slice names none; the end of the period where left out.
        compare: what the page's figures are compared with, `previous` or `year_ago`; empty where it has no choice.
        kpi_set: the set of KPIs that the page shows; empty where it has no choice.
        interactive: whether controls are shown; a report has no kernel to answer them.

    Raises:
        DataError: the data cannot be read.
        EvaluationError: the slice or period cannot.
        UnknownNameError: a comparison or set of KPIs that there is not.
    """
    from kpitools.charts import notebook

    notebook.enable()
    found = _dataset(data)
    chosen = Slice.parse(slice) if isinstance(slice, str) else slice
    chosen = Slice(chosen.where, chosen.period or period or None, chosen.as_of or as_of or None)
    place = None if isinstance(data, Dataset) else Path(data)
    peers = pl.read_parquet(place / "peers.parquet") if place and (place / "peers.parquet").is_file() else None
    config = read_config(place / NAME) if place and (place / NAME).is_file() else None
    if config and config.formats:
        write_as(Conventions.of(config.formats))
    memory = Memory(found) if interactive else None
    view = View.of(found, chosen, peers, config, compare=compare, kpi_set=kpi_set, memory=memory)
    return Page(view, interactive=interactive)


def _dataset(data: str | Path | Dataset) -> Dataset:
    from kpitools.intake import load

    if isinstance(data, Dataset):
        return data
    place = Path(data)
    return Dataset.read(place) if (place / "dataset.json").is_file() else load(place)


@dataclass(frozen=True, repr=False)
class Lacking:
    """Why a section is not shown."""

    why: str

    def _repr_markdown_(self) -> str:
        return f"*Not shown: {markdown_text(self.why)}*"

    def __repr__(self) -> str:
        return f"Not shown: {self.why}"


class Page:
    """The sections of a notebook over one slice. `controls` sets the slice; every section shown follows."""

    def __init__(self, view: View, *, interactive: bool) -> None:
        self.view = view
        self.interactive = interactive
        self._told: dict[str, tuple[Callable[[View], None], Callable[[View], Step] | None]] = {}
        self._live: list[tuple[Section, Place]] = []
        self._views: Recent[tuple[str, str, str], View] = Recent(MOST_VIEWS)
        self._first = view
        self._work = Work(self._tell, self._unready)

    @cached_property
    def progress(self) -> Progress:
        """How far the work is, with the button that stops it."""
        from kpitools.pages.progress import Progress

        return Progress(self.stop)

    def _tell(self, done: int, of: int) -> None:
        self.progress.tell(done, of)

    @cached_property
    def options(self) -> OptionTables:
        """What can be chosen on this page."""
        return OptionTables(self.view.whole, self.view.memory)

    def controls(self) -> None:
        """Show the widgets that set the slice, where a kernel is live; nothing headless."""
        if self.interactive:
            from kpitools.pages.controls import Controls

            Controls(self).show()

    def watch(self, name: str, told: Callable[[View], None], later: Callable[[View], Step] | None = None) -> None:
        """Tell of each view that is to be shown, before the sections; a second watcher of the name replaces the first,
        as when a cell is run again.

        Args:
            name: who watches.
            told: called at once.
            later: gives a step that takes its time; it is done after the first section.
        """
        self._told[name] = told, later

    def show(self, *sections: Section) -> None:
        """Show sections; live they are worked out again whenever the slice changes."""
        if not self.interactive:
            self._show_once(sections)
            return
        from kpitools.pages.place import Place

        for section in sections:
            place = Place(self._for_page)
            place.show()
            self._live.append((section, place))
            place.fill(_built(section, self.view))
        self._work.rest()

    def _show_once(self, sections: Iterable[Section]) -> None:
        """Show sections as they are; what several of them lack is said once."""
        from IPython.display import display

        lacking: set[Lacking] = set()
        for section in sections:
            for one in _built(section, self.view):
                if not (isinstance(one, Lacking) and one in lacking):
                    display(self._for_page(one))
                if isinstance(one, Lacking):
                    lacking.add(one)

    def of(self, chosen: Slice, *, compare: str = "", kpi_set: str = "") -> View:
        """The view of another slice, worked out as far as is needed to know that there is such a slice.

        Args:
            chosen: the rows, period and as-of asked for.
            compare: another comparison; the page's own where left out.
            kpi_set: another set of KPIs; the page's own where left out.

        Raises:
            KpitoolsError: the slice names what there is not, or holds no row; the message says why.
        """
        here = self.view
        compare, kpi_set = compare or here.compare, kpi_set or here.kpi_set

        view = View.of(
            here.whole, chosen, here.peers, here.config, compare=compare, kpi_set=kpi_set, memory=here.memory
        )

        def checked() -> View:
            check_not_empty(view, self.options)
            return view

        return self._first if _name(view) == _name(self._first) else self._views.get(_name(view), checked)

    def follow(self, view: View) -> None:
        """Show another view: in the controls first, then section by section, beside the kernel while it listens."""
        self.view = view
        for told, _ in self._told.values():
            told(view)
        for _, place in self._live:
            place.wait()
        sections = [step for section, place in self._live for step in _steps(section, place, view)]
        slow = [later(view) for _, later in self._told.values() if later is not None]
        self._work.do([*sections[:1], *slow, *sections[1:]])

    def _unready(self) -> list[Callable[[], object]]:
        """What a later choice would wait for; unused objects are better looked for now than while one is answered."""
        return [*(self.view.memory.unready() if self.view.memory else []), gc.collect]

    def choose(self, name: str, values: tuple[str | None, ...]) -> None:
        """Show the same with other values of a dimension; none is all of them.

        Raises:
            KpitoolsError: nothing is left by them, or there is no such dimension.
        """
        now = self.view.slice
        self.follow(self.of(Slice({**now.where, name: values}, now.period, now.as_of)))

    def stop(self) -> None:
        """End what is being worked out; sections that were not reached say so."""
        if self._work.stop():
            for _, place in self._live:
                place.stopped()

    def _for_page(self, one: Any, before: Any = None) -> Any:
        """What is shown of a section's output: most as it is, a linked chart as this page can show it.

        Args:
            one: the output.
            before: what its place showed last.
        """
        return one.for_page(self, before) if hasattr(one, "for_page") else one


def _name(view: View) -> tuple[str, str, str]:
    """What a view shows, as a name; two of the same show the same."""
    return str(view.slice), view.compare, view.kpi_set


def _built(section: Section, view: View) -> list[Any]:
    """A section's outputs; what the data cannot give is said in its place."""
    if isinstance(section, InTwoGoes):
        section = section.whole
    try:
        return _own(section, view) if section.__module__.startswith("kpitools.") else list(section(view))
    except KpitoolsError as error:
        return [Lacking(str(error))]


def _steps(section: Section, place: Place, view: View) -> list[Step]:
    """What fills a place with a section: in two goes where it has a quick one."""
    whole = Step(partial(_answer, section, view), partial(_put, place))
    if not isinstance(section, InTwoGoes):
        return [whole]
    return [Step(partial(_answer, section.soon, view), partial(_put, place, more=True)), whole]


def _answer(section: Section, view: View) -> list[Any]:
    """A section's outputs; of a user's own that fails beside the kernel, how it failed: no cell could show it."""
    try:
        return _built(section, view)
    except Exception as error:
        from kpitools.pages.place import Failed

        return [Failed(error)]


def _put(place: Place, found: list[Any], *, more: bool = False) -> None:
    """Show what a section gave; where that fails, how: a place is not left with figures of another slice."""
    try:
        place.fill(found, more=more)
    except Exception as error:
        from kpitools.pages.place import Failed

        place.fill([Failed(error)])


def _own(section: Section, view: View) -> list[Any]:
    """The outputs of a section of the package, whose charts its tests have checked; those of a user's are checked."""
    from altair import TopLevelMixin

    from kpitools.charts import notebook

    with notebook.unchecked():
        return [notebook.Drawn(one) if isinstance(one, TopLevelMixin) else one for one in section(view)]
