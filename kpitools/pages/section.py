"""What stands under each other on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kpitools.pages.view import View

#: Gives what is shown of a view, one output after the other.
Section = Callable[[View], Iterable[Any]]


@dataclass(frozen=True)
class InTwoGoes:
    """A section of which a live page shows at once what is quickly told, and all of it as soon as it is there.

    Attributes:
        whole: all of it; what every other page shows.
        soon: what is quickly told.
    """

    whole: Section
    soon: Section

    def __call__(self, view: View) -> Iterable[Any]:
        """All of it."""
        return self.whole(view)
