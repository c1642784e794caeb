"""The widget for one dimension: a list to open where there are few values, a field that searches where there are many.

A field, because it is the one of the two that a notebook leaves all keys to, and that a screen reader reads the
suggestions of; what is typed may be a part of a name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.formats import format_number, one_line
from kpitools.model.slice import Slice
from kpitools.pages.boxes import control

#: More values than these are searched.
MOST_LISTED = 15
LONGEST_LABEL = 60
MOST_NAMED = 5

#: Values as a slice holds them: none is everything, (None,) the rows that belong to none.
Values = tuple[str | None, ...]


class Choice:
    """A dimension's control.

    Args:
        name: the dimension.
        searched: whether there are so many values that one searches them.
        chosen: called with the values when a user has chosen.
        failed: called with what is wrong with what a user has typed.
    """

    def __init__(
        self, name: str, *, searched: bool, chosen: Callable[[Values], None], failed: Callable[[str], None]
    ) -> None:
        self.name = name
        self._words = name.replace("_", " ")
        self._chosen, self._failed = chosen, failed
        self._filling = False
        self._counts: Mapping[str | None, int] = {}
        self._values: dict[str, Values] = {}
        make = ipywidgets.Combobox if searched else ipywidgets.Dropdown
        self.widget: Any = control(make, self._words.capitalize(), layout={"width": "300px"})
        if searched:
            self.widget.continuous_update = False
        self.searched = searched
        self.widget.observe(self._changed, names="value")

    def fill(self, counts: Mapping[str | None, int] | None, current: Values) -> None:
        """Offer these values, the same as before where None, and show which is chosen, without choosing again."""
        self._counts = counts = self._counts if counts is None else counts
        offered: dict[Values, int] = {(value,): rows for value, rows in counts.items()}
        if current:
            offered.setdefault(current, sum(counts.get(value, 0) for value in current))
        self._values = _labelled(offered)
        self._filling = True
        try:
            everything = f"All ({format_number(sum(counts.values()))})"
            (self._fill_field if self.searched else self._fill_list)(everything, current)
        finally:
            self._filling = False

    def _fill_list(self, everything: str, current: Values) -> None:
        options = [(everything, ()), *self._values.items()]
        with self.widget.hold_sync():
            if list(self.widget.options) != options:
                self.widget.options = options
            self.widget.value = current

    def _fill_field(self, everything: str, current: Values) -> None:
        labels = {values: label for label, values in self._values.items()}
        with self.widget.hold_sync():
            self.widget.options = tuple(self._values)
            self.widget.placeholder = everything
            self.widget.value = labels.get(current, "")

    def _changed(self, change: Any) -> None:
        if self._filling:
            return
        try:
            values = self._found(change["new"]) if self.searched else change["new"]
        except (EvaluationError, UnknownNameError) as error:
            self._failed(str(error))
        else:
            self._chosen(values)

    def _found(self, typed: str) -> Values:
        """The values of a label, a name, or a part of one name."""
        asked = one_line(typed)
        if not asked or asked in self._values:
            return self._values.get(asked, ())
        names = {values: _words(values) for values in self._values.values()}
        for fits in (str.__eq__, str.startswith, str.__contains__):
            found = [values for values, name in names.items() if fits(name.casefold(), asked.casefold())]
            if len(found) == 1:
                return found[0]
            if found:
                some = ", ".join(names[values] for values in found[:MOST_NAMED])
                raise EvaluationError(
                    f"{len(found)} fit {self._words} {asked!r}, such as {some}; type more of the name."
                )
        raise UnknownNameError(f"{self._words} beside what else is chosen", asked, names.values())


def _labelled(offered: Mapping[Values, int]) -> dict[str, Values]:
    """Each value under a label of its own: its name, cut where it is long, and how many rows it has."""
    found: dict[str, Values] = {}
    for values, rows in offered.items():
        name = _words(values)
        short = name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"
        label, again = f"{short} ({format_number(rows)})", 1
        while label in found:
            again += 1
            label = f"{short} [{again}] ({format_number(rows)})"
        found[label] = values
    return found


def _words(values: Values) -> str:
    """The values as one line of text.

    >>> _words(("North", None))
    'North or unassigned'
    """
    return one_line(Slice({"": values}).words())
