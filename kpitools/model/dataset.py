"""The tables together: lazy, validated once at the door, cut by instant and by slice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from kpitools.errors import DataError, UnknownNameError
from kpitools.model.asof import seen_before
from kpitools.model.cut import Where, cut, divided
from kpitools.model.derived import complete
from kpitools.model.dimensions import dimension, reachable
from kpitools.model.frames import Frames, held
from kpitools.model.lookup import attach, dimension_expr, dimension_paths, missing
from kpitools.model.slice import Slice, end_of
from kpitools.model.tables import TABLES


@dataclass(frozen=True)
class Quality:
    """What became of a table's rows at the door: rows read = rows kept + rows set aside."""

    read: int
    kept: int
    aside: int
    undated: int


@dataclass(frozen=True, eq=False)
class Dataset:
    """The tables a user has, as lazy frames.

    Attributes:
        frames: the rows that count, by table.
        lookups: the rows that other rows' keys may lead to; beside a slice's own rows those they name.
        seen_at: the first instant that is no longer seen, where the data is an as-of view.
        quality: what became of the rows when they were loaded.
        source: where the data came from, in words.
        seen_on: of a cut, the last day on which anything happened in the whole.
        slice: of a cut, the values of each dimension that it was cut to; to cut it to these again changes nothing.
    """

    frames: Mapping[str, pl.LazyFrame]
    lookups: Mapping[str, pl.LazyFrame]
    seen_at: datetime | None = None
    quality: Mapping[str, Quality] = field(default_factory=dict)
    source: str = "memory"
    seen_on: date | None = None
    slice: Where = field(default_factory=dict)
    _whole: Dataset | None = field(default=None, init=False, repr=False)
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        frames: Mapping[str, pl.DataFrame | pl.LazyFrame],
        *,
        quality: Mapping[str, Quality] | None = None,
        source: str = "memory",
    ) -> Dataset:
        """A dataset of frames that are known to be right; `kpitools.intake` checks files first.

        Raises:
            UnknownNameError: a name that no table has.

        >>> deals = pl.DataFrame({"deal_id": ["a"], "status": ["open"]})
        >>> Dataset.of({"deals": deals}).columns("deals")
        ('deal_id', 'status')
        """
        for name in frames:
            if name not in TABLES:
                raise UnknownNameError("table", name, TABLES)
        done = MappingProxyType(complete({name: frame.lazy() for name, frame in frames.items()}))
        return cls(done, done, quality=quality or {}, source=source)

    def __getitem__(self, table: str) -> pl.LazyFrame:
        if table not in self.frames:
            raise UnknownNameError("table in this data", table, self.frames)
        return self.frames[table]

    def __contains__(self, table: object) -> bool:
        return table in self.frames

    def __repr__(self) -> str:
        seen = f", as seen before {self.seen_at}" if self.seen_at else ""
        return f"Dataset({', '.join(sorted(self.frames))}; from {self.source}{seen})"

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns this data has of a table; none where it lacks the table."""
        held = self.frames if table in self.frames else self.lookups
        if table not in held:
            return ()
        if table not in self._columns:
            known = self._whole.columns(table) if self._whole else held[table].collect_schema().names()
            self._columns[table] = tuple(known)
        return self._columns[table]

    def dimensions(self, table: str) -> list[str]:
        """What the rows of a table can be grouped by, with the columns at hand."""
        return [name for name in reachable(table) if dimension_paths(self, table, name)]

    def as_of(self, instant: date | datetime | str) -> Dataset:
        """The data as it stood: later rows gone, later values unknown, stage, owner, amount and dates as they were.

        A date means the end of that day. A row that no date places in time is in no as-of view.

        Raises:
            EvaluationError: the text is neither a day nor a point in time.
        """
        moment = end_of(instant)
        if self.seen_at is not None and moment >= self.seen_at:
            return self
        frames, lookups = seen_before(self, moment)
        return self.part(frames, lookups, seen_at=moment)

    def where(self, where: Where | Slice) -> Dataset:
        """The data of a slice, along foreign keys; a `Slice` brings its as-of along.

        Raises:
            UnknownNameError: a dimension there is not.
            EvaluationError: this data cannot be divided by it.
        """
        if isinstance(where, Slice):
            return (self.as_of(where.as_of) if where.as_of else self).where(where.where)
        further = self.further(where)
        if not further:
            return self
        frames, lookups = cut(self, further)
        return self.part(frames, lookups, slice={**self.slice, **further})

    def further(self, where: Where) -> dict[str, Sequence[str | None]]:
        """What of a slice this data is not cut to yet."""
        done = {name: {*values} for name, values in self.slice.items()}
        return {name: values for name, values in where.items() if done.get(name) != {*values}}

    def part(self, frames: Mapping[str, pl.LazyFrame], lookups: Mapping[str, pl.LazyFrame], **more: Any) -> Dataset:
        """The same columns with fewer rows."""
        part = replace(self, frames=frames, lookups=lookups, **more)
        object.__setattr__(part, "_whole", self)
        return part

    def divided(self, name: str, members: Iterable[str | None]) -> Iterator[tuple[str | None, Dataset]]:
        """The cuts to one member of a dimension after the other, as `where` gives them, for much less work together.

        Raises:
            UnknownNameError: a dimension there is not.
            EvaluationError: this data cannot be divided by it.
        """
        for member, frames, lookups in divided(self, name, members):
            own = {**self.slice, name: (member,)}
            yield member, self.part(frames, lookups, slice=own)

    def settled(self) -> Dataset:
        """The same data with pending cuts worked out when a table is first read, and held: nobody does it again."""

        def look_up(name: str) -> pl.LazyFrame:
            shared = name in frames and self.lookups[name] is self.frames[name]
            return frames[name] if shared else held(self.lookups[name])

        frames = Frames({name: partial(_settled, self.frames, name) for name in self.frames})
        return self.part(frames, Frames({name: partial(look_up, name) for name in self.lookups}))

    def members(self, name: str) -> list[str]:
        """The values a dimension takes, sorted.

        Raises:
            UnknownNameError: there is no such dimension, or this data has no column for it.
        """
        home = dimension(name)
        tables = dict.fromkeys([home.table, *home.own])
        found = {table: dimension_paths(self, table, name) for table in tables if table in self.frames}
        if not any(found.values()):
            have = sorted({d for table in self.frames for d in self.dimensions(table)})
            raise UnknownNameError("dimension in this data", name, have)
        values = [
            attach(self.frames[table], table, routes, self.lookups).select(dimension_expr(routes).alias("value"))
            for table, routes in found.items()
            if routes
        ]
        return pl.concat(values).drop_nulls().unique().sort("value").collect()["value"].to_list()

    @property
    def is_part(self) -> bool:
        """Whether there are, or may be, rows beside these: of other teams, of other segments."""
        return bool(self.slice) or self.seen_on is not None

    @cached_property
    def last_day(self) -> date | None:
        """The last day on which anything is known to have happened, in the whole of which this is a part."""
        if self.seen_on is not None:
            return self.seen_on
        return self._whole.last_day if self.slice and self._whole else self.own_last_day

    @cached_property
    def own_last_day(self) -> date | None:
        """The last day on which anything is known to have happened in these rows."""
        days = [_last(self, name).collect().item() for name in sorted(self.frames)]
        return max((day for day in days if day is not None), default=None)

    def fingerprint(self) -> str:
        """A short hash of the content: the same rows in any order, from any file form, give the same one."""
        sums = pl.collect_all([_row_hashes(frame) for _, frame in sorted(self.frames.items())])
        parts = [
            (name, sorted(self.columns(name)), frame["rows"][0], frame["hash"][0])
            for (name, _), frame in zip(sorted(self.frames.items()), sums, strict=True)
        ]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    def describe(self) -> pl.DataFrame:
        """One row per table: rows, first and last date, rows kept, set aside and undated when it was loaded."""
        spans = pl.collect_all([_span(self, name) for name in sorted(self.frames)])
        rows = [
            {"table": name, **span.row(0, named=True), **_quality(self.quality.get(name))}
            for name, span in zip(sorted(self.frames), spans, strict=True)
        ]
        return pl.DataFrame(rows, schema_overrides={"first": pl.Date, "last": pl.Date}, infer_schema_length=None)

    def write(self, folder: Path) -> None:
        """Write everything this dataset holds, and nothing else, to a folder of Parquet files."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("frames", "lookups"):
            held: Mapping[str, pl.LazyFrame] = getattr(self, kind)
            for name, frame in held.items():
                if kind == "frames" or self.frames.get(name) is not frame:
                    frame.sink_parquet(folder / f"{name}.{kind}.parquet", mkdir=True)
        facts = {
            "seen_at": self.seen_at.isoformat() if self.seen_at else None,
            "quality": {name: asdict(quality) for name, quality in self.quality.items()},
            "source": self.source,
            "seen_on": self.last_day.isoformat() if self.is_part and self.last_day else None,
            "slice": {name: list(values) for name, values in self.slice.items()},
            "shared": sorted(name for name, frame in self.lookups.items() if self.frames.get(name) is frame),
        }
        (folder / "dataset.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Dataset:
        """The dataset that `write` left in a folder.

        Raises:
            DataError: the folder holds none.
        """
        if not (folder / "dataset.json").is_file():
            raise DataError(f"{folder} holds no dataset; kpitools.intake reads a folder of CSV or Parquet files.")
        facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        frames = {_table_of(path): pl.scan_parquet(path) for path in sorted(folder.glob("*.frames.parquet"))}
        lookups = {_table_of(path): pl.scan_parquet(path) for path in sorted(folder.glob("*.lookups.parquet"))}
        lookups |= {name: frames[name] for name in facts["shared"]}
        seen_at = datetime.fromisoformat(facts["seen_at"]) if facts["seen_at"] else None
        quality = {name: Quality(**counts) for name, counts in facts["quality"].items()}
        seen_on = date.fromisoformat(facts["seen_on"]) if facts["seen_on"] else None
        return cls(frames, lookups, seen_at, quality, facts["source"], seen_on, facts["slice"])


def _settled(frames: Mapping[str, pl.LazyFrame], name: str) -> pl.LazyFrame:
    return held(frames[name])


def _table_of(path: Path) -> str:
    return path.name.split(".")[0]


def _row_hashes(frame: pl.LazyFrame) -> pl.LazyFrame:
    columns = sorted(frame.collect_schema().names())
    return frame.select(rows=pl.len(), hash=pl.struct(columns).hash(1).sum())


def _span(data: Dataset, name: str) -> pl.LazyFrame:
    dated = TABLES[name].dated
    if not dated or missing(data, name, dated):
        nothing = pl.lit(None, pl.Date)
        return data.frames[name].select(rows=pl.len(), first=nothing, last=nothing)
    day = pl.col(dated).cast(pl.Date)
    return attach(data.frames[name], name, [dated], data.lookups).select(rows=pl.len(), first=day.min(), last=day.max())


def _last(data: Dataset, name: str) -> pl.LazyFrame:
    """The last day that any fact of a table bears: when its rows came and when what they tell became known."""
    table = TABLES[name]
    dates = {column for column in (table.dated, *table.known_at.values()) if column and column in data.columns(name)}
    latest = [pl.col(column).cast(pl.Date).max() for column in sorted(dates)]
    return data.frames[name].select(last=pl.max_horizontal(latest or [pl.lit(None, pl.Date)]))


def _quality(quality: Quality | None) -> dict[str, int | None]:
    counts = ("kept", "aside", "undated")
    return {name: getattr(quality, name, None) for name in counts}
