"""What a page has worked out of its data, for whoever asks again; within bounds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from kpitools.model.dataset import Dataset
from kpitools.model.seen import Held, Seen

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")

#: Of so many days it is kept how the data stood on them.
MOST_DAYS = 6


class Recent(Generic[Key, Kept]):
    """The last few things that were made, by what was asked for.

    >>> recent = Recent(2)
    >>> [recent.get(number, lambda: number * 10) for number in (1, 2, 1, 3)], 2 in recent, 1 in recent
    ([10, 20, 10, 30], False, True)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Kept]) -> Kept:
        """What is kept under a key, made where nothing is; the one not asked for the longest goes for it."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def __len__(self) -> int:
        return len(self._kept)


class Memory:
    """The data of a live page in memory, and what of it depends on the day alone for the last few days.

    Args:
        whole: the data of the page; a table of it is read when it is first asked for.
    """

    def __init__(self, whole: Dataset) -> None:
        self._held = Held(whole)
        self._days: Recent[str, Seen] = Recent(MOST_DAYS)

    def seen(self, as_of: str) -> Seen:
        """The data as seen on a day, of which parts can be had."""
        return self._days.get(as_of, lambda: Seen(self._held, as_of))
