"""A page in a notebook: its sections are shown once headless, and again after every change of a control when live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.config import NAME, read_config
from kpitools.errors import KpitoolsError
from kpitools.formats import Separators, write_numbers
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages.empty import check_not_empty
from kpitools.pages.options import OptionTables
from kpitools.pages.view import View

Section = Callable[[View], Iterable[Any]]


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
        write_numbers(Separators(config.formats.get("decimal", "."), config.formats.get("thousands", ",")))
    view = View.of(found, chosen, peers, config, compare=compare, kpi_set=kpi_set)
    return Page(view, interactive=interactive)


def _dataset(data: str | Path | Dataset) -> Dataset:
    from kpitools.intake import load

    if isinstance(data, Dataset):
        return data
    place = Path(data)
    return Dataset.read(place) if (place / "dataset.json").is_file() else load(place)


class Page:
    """The sections of a notebook over one slice. `controls` sets the slice; every section shown follows."""

    def __init__(self, view: View, *, interactive: bool) -> None:
        self.view = view
        self.interactive = interactive
        self._told: dict[str, Callable[[View], None]] = {}
        self._live: list[tuple[Section, Any]] = []

    @cached_property
    def options(self) -> OptionTables:
        """What can be chosen on this page."""
        return OptionTables(self.view.whole)

    def controls(self) -> None:
        """Show the widgets that set the slice, where a kernel is live; nothing headless."""
        if self.interactive:
            from kpitools.pages.controls import Controls

            Controls(self).show()

    def watch(self, name: str, told: Callable[[View], None]) -> None:
        """Tell of each view that is to be shown, before the sections; a second watcher of the name replaces the first,
        as when a cell is run again.
        """
        self._told[name] = told

    def show(self, *sections: Section) -> None:
        """Show sections; live they are worked out again whenever the slice changes."""
        from IPython.display import display

        for section in sections:
            if not self.interactive:
                display(*_built(section, self.view))
                continue
            from ipywidgets import Output

            output = Output()
            display(output)
            self._live.append((section, output))
            _render(section, output, self.view)

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
        view = View.of(
            here.whole, chosen, here.peers, here.config,
            compare=compare or here.compare, kpi_set=kpi_set or here.kpi_set,
        )  # fmt: skip
        check_not_empty(view, self.options)
        return view

    def follow(self, view: View) -> None:
        """Show another view: in the controls first, then in the sections, which may take a moment."""
        self.view = view
        for told in self._told.values():
            told(view)
        for section, output in self._live:
            _render(section, output, view)


def _built(section: Section, view: View) -> list[Any]:
    """A section's outputs; what the data cannot give is said in its place."""
    from IPython.display import Markdown

    from kpitools.formats import markdown_text

    try:
        return _own(section, view) if section.__module__.startswith("kpitools.") else list(section(view))
    except KpitoolsError as error:
        return [Markdown(f"*Not shown: {markdown_text(str(error))}*")]


def _own(section: Section, view: View) -> list[Any]:
    """The outputs of a section of the package, whose charts its tests have checked; those of a user's are checked."""
    from altair import TopLevelMixin

    from kpitools.charts import notebook

    with notebook.unchecked():
        return [notebook.Drawn(one) if isinstance(one, TopLevelMixin) else one for one in section(view)]


def _render(section: Section, output: Any, view: View) -> None:
    """Put a section's outputs in place at once. Not by `with output:`, for which papermill's client waits for ever."""
    output.outputs = tuple(_as_output(one) for one in _built(section, view))


def _as_output(shown: Any) -> dict[str, Any]:
    from IPython.core.interactiveshell import InteractiveShell

    formatter = InteractiveShell.instance().display_formatter
    assert formatter is not None
    data, metadata = formatter.format(shown)
    return {"output_type": "display_data", "data": data, "metadata": metadata}
