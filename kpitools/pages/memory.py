"""What a page has worked out of its data, for whoever asks again; within bounds."""

from __future__ import annotations

from collections.abc import Callable

from kpitools.model.cut import Where
from kpitools.model.dataset import Dataset
from kpitools.model.recent import Recent
from kpitools.model.seen import Held, Seen, Since
from kpitools.model.sliced import part_of

#: Of so many days it is kept how the data stood on them.
MOST_DAYS = 6
#: Of so many dimensions the values are.
MOST_DIMENSIONS = 20


class Memory:
    """The data of a live page in memory, and what of it depends on the day alone for the last few days.

    Args:
        whole: the data of the page; a table of it is read when it is first asked for.
    """

    def __init__(self, whole: Dataset) -> None:
        self._held = Held(whole)
        self._days: Recent[str, Seen] = Recent(MOST_DAYS)
        self._members: Recent[str, list[str]] = Recent(MOST_DIMENSIONS)

    def seen(self, as_of: str) -> Seen:
        """The data as seen on a day."""
        return self._days.get(as_of, lambda: Seen(self._held, as_of))

    def part(self, as_of: str, where: Where, *, since: Since | None = None) -> Dataset:
        """The data of a slice as seen on a day, as `kpitools.model.sliced.part_of` gives it."""
        return part_of(self.seen(as_of), where, since=since)

    def members(self, dimension: str) -> list[str]:
        """The values that a dimension ever takes."""
        return self._members.get(dimension, lambda: self._held.whole.members(dimension))

    def rows(self, table: str) -> int:
        """How many rows a table of the data has, whatever the day; none where there is no such table."""
        return self._held.height(table)

    def unready(self) -> list[Callable[[], object]]:
        """What would keep a first choice waiting, in pieces, to be done while nobody waits."""
        return self._held.unfound()
