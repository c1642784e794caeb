"""How the deals of a funnel are counted: the rule, the outcome of re-opened deals, the window, and their controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from typing import Any

from kpitools.analyses.conversion import WINDOW
from kpitools.analyses.funnel_steps import RULES
from kpitools.analyses.outcomes import OUTCOMES
from kpitools.analyses.view import choose
from kpitools.errors import EvaluationError
from kpitools.pages import Page, View

#: The windows offered, in days; 0 is none.
WINDOWS = (0, 30, 60, 90, 180, 365)
LONGEST = 3650
RULE_LABELS = {"reached": "Reached it or a later stage", "through": "Through all stages"}
OUTCOME_LABELS = {"last": "Last outcome", "first": "First outcome"}


@dataclass(frozen=True)
class Counting:
    """How deals are counted.

    Attributes:
        rule: by what a deal has entered a stage: `reached` or `through`, as for `funnel`.
        reopened: by which outcome a re-opened deal counts: `last` or `first`.
        window_days: count only what happened within so many days of opening, of deals that have had them; 0: all.

    Raises:
        UnknownNameError: no such rule or outcome.
        EvaluationError: the window is not a number of days from 0 to ten years.
    """

    rule: str = "reached"
    reopened: str = "last"
    window_days: int = 0

    def __post_init__(self) -> None:
        choose("rule", self.rule, RULES)
        choose("outcome of re-opened deals", self.reopened, OUTCOMES)
        if not 0 <= self.window_days <= LONGEST:
            raise EvaluationError(
                f"window_days is {self.window_days}; it must be from 1 to {LONGEST}, such as 90, or 0 for no window."
            )

    @property
    def window(self) -> int:
        """The window of figures that need one."""
        return self.window_days or WINDOW


USUAL = Counting()


class Counted:
    """The sections of a page that depend on how deals are counted. Its controls set that; the sections follow."""

    def __init__(self, page: Page, *, rule: str, reopened: str, window_days: int) -> None:
        self.page = page
        self.counting = Counting(rule, reopened, window_days)

    def controls(self) -> None:
        """Show the widgets, where a kernel is live; nothing headless."""
        if not self.page.interactive:
            return
        import ipywidgets
        from IPython.display import display

        days = sorted({*WINDOWS, self.counting.window_days})
        named = {
            "rule": ("Entered", [(label, name) for name, label in RULE_LABELS.items()]),
            "reopened": ("Re-opened", [(label, name) for name, label in OUTCOME_LABELS.items()]),
            "window_days": ("Window", [(f"{each} days" if each else "None", each) for each in days]),
        }
        boxes = []
        for name, (label, options) in named.items():
            box = ipywidgets.Dropdown(description=label, options=options, value=getattr(self.counting, name))
            box.observe(partial(self._chosen, name), names="value")
            boxes.append(box)
        display(ipywidgets.Box(boxes, layout=ipywidgets.Layout(flex_flow="row wrap")))

    def show(self, *sections: Callable[[View, Counting], Iterable[Any]]) -> None:
        """Show sections, as the page does."""
        self.page.show(*(update_wrapper(partial(self._section, section), section) for section in sections))

    def _section(self, section: Callable[[View, Counting], Iterable[Any]], view: View) -> Iterable[Any]:
        return section(view, self.counting)

    def _chosen(self, name: str, change: Any) -> None:
        self.counting = replace(self.counting, **{name: change["new"]})
        self.page.follow(self.page.view)
