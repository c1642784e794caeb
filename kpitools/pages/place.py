"""Where a section of a live page is shown, and what is shown while it is worked out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

#: The class of what is not of this slice yet, and how it looks; the page's line of progress brings the style along.
WAITING = "kt-waiting"
STYLE = f"<style>.{WAITING} {{ opacity: 0.4 }}</style>"
STOPPED = "*Stopped before this was worked out. Choose anything to go on.*"


class Failed:
    """What went wrong in a section that is none of the package's own."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def output(self) -> dict[str, Any]:
        """The error as a cell would show it."""
        lines = traceback.format_exception(self._error)
        kind = type(self._error).__name__
        return {"output_type": "error", "ename": kind, "evalue": str(self._error), "traceback": lines}


class Place:
    """The outputs of one section, replaced as a whole.

    Args:
        shown_as: gives what is shown of an output, and is told what stood in its place before.

    Attributes:
        waiting: whether what is shown is of the view before.
        unfinished: whether what is shown is of this view, but not all of it yet.
    """

    def __init__(self, shown_as: Callable[[Any, Any], Any]) -> None:
        self._shown_as = shown_as
        self._output: Any = ipywidgets.Output()
        self._widgets: list[Any] = []
        self._own = 0
        self.waiting = self.unfinished = False

    def show(self) -> None:
        """Put the place where the notebook is now."""
        from IPython.display import display

        display(self._output)

    def wait(self) -> None:
        """Say that what is shown is of the view before."""
        self.waiting = True
        self._output.add_class(WAITING)

    def fill(self, found: Sequence[Any], *, more: bool = False) -> None:
        """Show a section's outputs, at once. Not by `with output:`, for which papermill's client waits for ever.

        Args:
            found: the outputs.
            more: whether others that hold more are to take their place; what was shown behind these stays until then,
                so that nothing moves, and is marked.
        """
        before = dict(enumerate(self._widgets))
        shown = [self._shown_as(one, before.get(number)) for number, one in enumerate(found)]
        outputs = tuple(_as_output(one) for one in shown)
        self._own = len(outputs)
        if more:
            outputs += tuple(_waiting(one) for one in self._output.outputs[len(outputs) :])
        if outputs != self._output.outputs:
            self._output.outputs = outputs
        self._widgets = shown
        self.waiting, self.unfinished = False, more
        self._output.remove_class(WAITING)

    def stopped(self) -> None:
        """Say that what was worked out for this place was ended; figures of another slice are not left standing."""
        from IPython.display import Markdown

        if self.waiting:
            self.fill([Markdown(STOPPED)])
        elif self.unfinished:
            self._output.outputs = (*self._output.outputs[: self._own], _as_output(Markdown(STOPPED)))
            self.unfinished = False


def _waiting(output: dict[str, Any]) -> dict[str, Any]:
    """The output marked as one of another view, as far as it is a piece of a page."""
    data = output.get("data", {})
    if "text/html" not in data:
        return output
    return {**output, "data": {**data, "text/html": f'<div class="{WAITING}">{data["text/html"]}</div>'}}


def _as_output(shown: Any) -> dict[str, Any]:
    from IPython.core.interactiveshell import InteractiveShell

    if isinstance(shown, Failed):
        return shown.output()
    formatter = InteractiveShell.instance().display_formatter
    assert formatter is not None
    data, metadata = formatter.format(shown)
    return {"output_type": "display_data", "data": data, "metadata": metadata}
