"""How far the work on a page is, and the button that stops it."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from kpitools.pages.boxes import status
from kpitools.pages.place import STYLE


class Progress:
    """One line: which section is being worked out, with a button to stop it; nothing while nothing is.

    Args:
        stop: called when the user has had enough.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self.said = ipywidgets.HTML()
        self.button = ipywidgets.Button(description="Stop", disabled=True)
        self.button.on_click(lambda _: self._stopped())
        self.widget = ipywidgets.HBox([self.button, self.said, ipywidgets.HTML(STYLE)])

    def tell(self, done: int, of: int) -> None:
        """Say how many sections are done, of how many."""
        self.button.disabled = done == of
        self._say("" if done == of else f"Working out section {done + 1} of {of}")

    def _stopped(self) -> None:
        self.button.disabled = True
        self._say("Stopped.")
        self._stop()

    def _say(self, message: str) -> None:
        self.said.value = status(message)
