"""What was shown before, to go back to and forward again."""

from __future__ import annotations

from typing import Generic, TypeVar

State = TypeVar("State")
MOST_STEPS = 100


class History(Generic[State]):
    """The states of a page in their order, and which of them is shown.

    >>> history = History("a")
    >>> history.add("b"), history.step(-1), history.can(-1), history.can(1)
    (None, 'a', False, True)
    """

    def __init__(self, first: State) -> None:
        self.first = first
        self._states = [first]
        self._at = 0

    def add(self, state: State) -> None:
        """Show a new state; those that were undone are gone. The one already shown adds nothing."""
        if state != self._states[self._at]:
            self._states = [*self._states[: self._at + 1], state][-MOST_STEPS:]
            self._at = len(self._states) - 1

    def can(self, steps: int) -> bool:
        """Whether there is a state so many steps on (back where negative)."""
        return 0 <= self._at + steps < len(self._states)

    def step(self, steps: int) -> State:
        """Go so many steps, no further than there are states; returns the state there."""
        self._at = min(max(self._at + steps, 0), len(self._states) - 1)
        return self._states[self._at]
