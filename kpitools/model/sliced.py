"""A slice of data in memory: which rows are its own, and which they lead to, as masks over the tables.

The rows are those of `kpitools.model.cut` and `kpitools.model.led`, found by place instead of by key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import polars as pl

from kpitools.model.cut import Where, divisible_by, filtered
from kpitools.model.dataset import Dataset
from kpitools.model.frames import Frames, Make
from kpitools.model.led import CHILDREN_FIRST, REFERENCE, UNDIVIDED
from kpitools.model.led import led_to as led_rows
from kpitools.model.seen import MINE, Mask, Seen, Since, led_to
from kpitools.model.tables import TABLES

#: Looked up among all of them. To find out which reps a slice names, every table would be read; nothing of theirs is
#: hidden, and no figure counts reps that only others name.
WHOLE = REFERENCE | {"reps"}
#: The key that leads a row to the deal whose story it is part of.
DEAL = "deal_id"
#: A table, a key of it, and whether its look-up rows are meant.
Naming = tuple[str, str, bool]


def part_of(seen: Seen, where: Where, *, since: Since | None = None) -> Dataset:
    """The data of a slice, as `Dataset.where` gives it.

    Args:
        seen: the data as seen on a day.
        where: the values of each dimension.
        since: leave out the deals that were over before a day, or opened before it, and their story.

    Raises:
        UnknownNameError: a dimension there is not.
        EvaluationError: this data cannot be divided by it.
    """
    everything = seen.everything(since)
    further = everything.further(where)
    return Sliced(seen, everything, further, since).dataset() if further else everything


class Led(Frames):
    """The rows that a slice's rows lead to, beside all there are: to find which, the rows of every table are asked.

    Args:
        makers: give the rows that are led to.
        there: give those that there are.
    """

    def __init__(self, makers: Mapping[str, Make], there: Mapping[str, Make]) -> None:
        super().__init__(makers)
        self._there = Frames(there)

    def keyed(self, table: str) -> pl.LazyFrame:
        """All there are: a key of the slice's rows leads to none but those that are led to."""
        return self._there[table]


class Sliced:
    """A slice of the data as seen on a day.

    Args:
        seen: the data as seen on the day.
        everything: that data as a dataset.
        where: the values of each dimension that it is not cut to yet.
        since: the deals that were over before a day, or opened before it, are left out.

    Raises:
        UnknownNameError: a dimension there is not.
        EvaluationError: this data cannot be divided by it.
    """

    def __init__(self, seen: Seen, everything: Dataset, where: Where, since: Since | None) -> None:
        self._seen, self._everything, self._where, self._since = seen, everything, where, since
        self._routes = divisible_by(everything, where)
        self._own: dict[str, Mask] = {}
        self._led: dict[str, Mask] = {}
        self._leading: dict[str, tuple[list[Naming], list[str]]] = {}
        #: By table, way to a dimension, and whether its look-up rows are meant: which rows tell, and which tell those.
        self._tellings: dict[tuple[str, str, str, bool], tuple[Mask, Mask]] = {}

    def dataset(self) -> Dataset:
        """The slice, each table of it found when it is first read."""
        own = Frames({name: self._own_rows(name) for name in self._routes})
        return self._everything.part(own, self._lookups(own), slice={**self._everything.slice, **self._where})

    def _own_rows(self, name: str) -> Make:
        if name in UNDIVIDED:
            return partial(self._everything.frames.__getitem__, name)
        if name == "costs":
            return partial(filtered, self._everything, name, self._routes[name], self._where)
        return lambda: self._seen.standing(name, lookup=False).picked(self._own_mask(name))

    def _lookups(self, own: Frames) -> Frames:
        """The rows that the slice's rows lead to. Of a report's cut, whose look-ups hold other rows, found by key."""
        if not self._seen.all_shared:
            return led_rows(self._everything, own)
        for name in (table for table in CHILDREN_FIRST if table in self._everything.lookups):
            naming, story = self._naming(name), self._story(name)
            if name in REFERENCE or naming or story or name in self._routes:
                self._leading[name] = naming, story
        whole = {name: partial(self._everything.lookups.__getitem__, name) for name in self._leading}
        some = [name for name in self._leading if name not in WHOLE]
        led = {name: partial(self._shown, name, partial(self._led_mask, name)) for name in some}
        there = {name: partial(self._shown, name, partial(self._there, name)) for name in some}
        return Led(whole | led, whole | there)

    def _naming(self, name: str) -> list[Naming]:
        """The keys of this table that rows of the slice have, and rows that they lead to."""
        data = self._everything
        return [
            (child, column, lookup)
            for child in (data.frames if len(TABLES[name].primary_key()) == 1 else ())
            for column, target in TABLES[child].foreign_keys.items()
            if target == name and column in data.columns(child)
            for lookup, there in ((False, self._routes), (True, self._leading))
            if child in there
        ]

    def _story(self, name: str) -> list[str]:
        """The keys by which rows are part of the story of the slice's own."""
        keys, has = TABLES[name].foreign_keys, self._everything.columns(name)
        return [column for column in TABLES[name].part_of if keys[column] in self._routes and column in has]

    def _own_mask(self, name: str) -> Mask:
        """The rows of a table that are of the slice."""
        if name not in self._own:
            everyone = self._seen.mask(name, None, lookup=False)
            if self._told_by_deals(name, everyone):
                self._own[name] = everyone & led_to(self._own_mask("deals"), self._seen.place(name, DEAL, lookup=False))
            else:
                asked = partial(self._asked, name, self._routes[name], everyone, lookup=False)
                found = self._seen.asked(name, self._where, asked)
                self._own[name] = self._seen.mask(name, self._since, lookup=False) & found
        return self._own[name]

    def _told_by_deals(self, name: str, among: Mask) -> bool:
        """Whether the deals of slice and window tell which rows are theirs: then millions are led to deals once."""
        if self._since is None or name == "deals" or not self._seen.windowed(name):
            return False
        telling = [self._telling(name, paths, among, lookup=False) for paths in self._routes[name].values()]
        return {_start(path) for paths in telling for path in paths} == {DEAL}

    def _led_mask(self, name: str) -> Mask:
        """The look-up rows that the slice's rows lead to, themselves among them."""
        if name in WHOLE:
            return self._seen.mask(name, None, lookup=True)
        if name not in self._led:
            there = self._there(name)
            naming, story = self._leading[name]
            found = self._named(name, naming, there) if naming else pl.repeat(False, there.len(), eager=True)
            for column in story:
                of_story = self._own_mask(TABLES[name].foreign_keys[column])
                found |= led_to(of_story, self._seen.place(name, column, lookup=True))
            self._led[name] = there & (found | self._own_mask(name) if name in self._routes else found)
        return self._led[name]

    def _named(self, name: str, naming: list[Naming], there: Mask) -> Mask:
        """The rows that are named; of rows that name others of their own table (a rep's manager), those too."""
        found = pl.repeat(False, there.len() + 1, eager=True)  # one more, for keys that lead nowhere
        for child, column, lookup in naming:
            rows = self._led_mask(child) if lookup else self._own_mask(child)
            found = found.scatter(self._seen.place(child, column, lookup=lookup).filter(rows), True)
        named = found.head(there.len()) & there
        for column, target in TABLES[name].foreign_keys.items():
            if target == name and column in self._everything.columns(name):
                found = found.scatter(self._seen.place(name, column, lookup=True).filter(named), True)
        return found.head(there.len())

    def _there(self, name: str) -> Mask:
        """The look-up rows that there are: a key of the slice's rows finds in them what it leads to."""
        return self._seen.mask(name, self._since, lookup=True)

    def _shown(self, name: str, rows: Callable[[], Mask]) -> pl.LazyFrame:
        """Some look-up rows; of those that are not the slice's own only what others may see."""
        shared, stands = TABLES[name].shared, self._seen.standing(name, lookup=True)
        if not shared:
            return stands.picked(rows())
        mine = self._own_mask(name) if name in self._routes else pl.repeat(False, stands.there.len(), eager=True)
        found = stands.picked(rows(), mine)
        columns = [column for column in self._everything.columns(name) if column not in shared]
        return found.with_columns(pl.when(MINE).then(column).alias(column) for column in columns).drop(MINE)

    def _asked(self, name: str, routes: Mapping[str, list[str]], among: Mask, *, lookup: bool) -> Mask:
        """The rows of every dimension's values; what one key leads to is asked there, for all dimensions at once."""
        mask, along = pl.repeat(True, among.len(), eager=True), defaultdict[str, dict[str, list[str]]](dict)
        for dimension, paths in routes.items():
            telling = self._telling(name, paths, among, lookup=lookup)
            keys = {_start(path) for path in telling}
            if len(keys) == 1 and telling[0] not in keys and None not in self._where[dimension]:
                along[keys.pop()][dimension] = [path.partition(".")[2] for path in telling]
            else:
                mask &= self._said(name, telling, dimension, self._where[dimension], among, lookup=lookup)
        for key, further in along.items():
            parent = TABLES[name].foreign_keys[key]
            there = self._seen.mask(parent, None, lookup=True)
            found = there & self._asked(parent, further, there, lookup=True)
            mask &= led_to(found, self._seen.place(name, key, lookup=lookup))
        return mask

    def _telling(self, name: str, paths: list[str], among: Mask, *, lookup: bool) -> list[str]:
        """The ways that begin with a column which some of the rows have; the first where there is none."""
        rows = self._seen.rows(name, lookup=lookup)
        has = {column: bool((rows[column].is_not_null() & among).any()) for column in {_start(path) for path in paths}}
        return [path for path in paths if has[_start(path)]] or paths[:1]

    def _said(
        self, name: str, paths: list[str], dimension: str, values: Sequence[str | None], among: Mask,
        *, lookup: bool,
    ) -> Mask:  # fmt: skip
        """The rows of which the first way that tells a value tells one of those asked for; none: that no way tells."""
        known = found = pl.repeat(False, among.len(), eager=True)
        for path in paths:
            if (among & ~known).any():
                also_known, also_found = self._told(name, path, dimension, values, lookup=lookup)
                known, found = known | also_known, found | (also_found & ~known)
        return found | ~known if None in values else found

    def _told(
        self,
        name: str,
        path: str,
        dimension: str,
        values: Sequence[str | None],
        *,
        lookup: bool,
    ) -> tuple[Mask, Mask]:
        """For each row, whether a way tells its value of a dimension, and whether it is one of some values."""
        which = name, path, dimension, lookup
        if which not in self._tellings:
            key, _, rest = path.partition(".")
            if rest:
                parents = self._told(TABLES[name].foreign_keys[key], rest, dimension, values, lookup=True)
                place = self._seen.place(name, key, lookup=lookup)
                known, found = (led_to(mask, place) for mask in parents)
            else:
                known, found = self._own_value(name, path, values, lookup=lookup)
            stands = self._seen.standing(name, lookup=lookup)
            there = stands.there | stands.undated
            self._tellings[which] = (known & there, found & there) if lookup else (known, found)
        return self._tellings[which]

    def _own_value(self, name: str, column: str, values: Sequence[str | None], *, lookup: bool) -> tuple[Mask, Mask]:
        stands, named = self._seen.standing(name, lookup=lookup), [value for value in values if value is not None]
        value = pl.col(column)
        asked = [value.is_not_null().alias("known"), value.cast(pl.String).is_in(named).fill_null(False).alias("is")]
        found = stands.rows.lazy().with_columns(stands.hidden).select(asked).collect()
        return found["known"], found["is"]


def _start(path: str) -> str:
    return path.partition(".")[0]
