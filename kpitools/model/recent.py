"""Things made when they are first asked for, the last few of which are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


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
