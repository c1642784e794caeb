"""Frames by table, each made when it is first asked for: of many tables a question reads few."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import RLock

import polars as pl

Make = Callable[[], pl.LazyFrame]


class Frames(Mapping[str, pl.LazyFrame]):
    """The frames of tables, made once each and then held.

    >>> frames = Frames({"reps": lambda: pl.LazyFrame({"rep_id": ["a"]})})
    >>> list(frames), frames["reps"] is frames["reps"]
    (['reps'], True)
    """

    def __init__(self, makers: Mapping[str, Make]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, pl.LazyFrame] = {}
        self._one_at_a_time = RLock()

    def __getitem__(self, table: str) -> pl.LazyFrame:
        if table not in self._made:
            with self._one_at_a_time:
                if table not in self._made:
                    self._made[table] = self._makers[table]()
                    del self._makers[table]
        return self._made[table]

    def keyed(self, table: str) -> pl.LazyFrame:
        """The rows that a key is looked up in: the table's, or more of them where those are sooner had."""
        return self[table]

    def add(self, table: str, make: Make) -> None:
        """Let the frame of another table be made so."""
        self._makers[table] = make

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._makers.keys() | self._made.keys()))

    def __len__(self) -> int:
        return len(self._makers.keys() | self._made.keys())

    def __contains__(self, table: object) -> bool:
        return table in self._makers or table in self._made


def held(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows worked out once: every later step and every query would else do it again."""
    return frame.collect().lazy()


def replaced(frames: Mapping[str, pl.LazyFrame], by: Mapping[str, Make]) -> Frames:
    """The frames with some of them replaced; none of the others is made for that."""
    return Frames({name: partial(frames.__getitem__, name) for name in frames} | dict(by))
