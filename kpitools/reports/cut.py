"""Hands each run a dataset that holds its own slice and nothing else: what it never received it cannot leak."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.errors import ReportError
from kpitools.model.dataset import Dataset
from kpitools.reports.plan import Plan
from kpitools.reports.settings import Settings, write_settings

#: Company figures for comparison. The frame has a column named as the plan's dimension (whose page a row is for),
#: a column `peers` (how many members stand behind the row) and whatever the templates read.
Aggregates = Callable[[Dataset, Plan], pl.DataFrame]

PEERS = "peers.parquet"
TEXTS = (".json", ".toml", ".py")


@dataclass(frozen=True)
class Cut:
    """What the reports of one member are made from.

    Attributes:
        folder: its dataset, with the others' figures and the company's settings.
        apart: the same without the others' figures, for templates that show none.
        key: part -> digest, of all that is in the folder.
        fingerprint: of the slice's own rows, as its pages state it.
        last: the last day on which anything happened in the slice; None where no row has a date.
    """

    folder: Path
    apart: Path
    key: Mapping[str, str]
    fingerprint: str
    last: date | None


def write_cut(
    data: Dataset,
    plan: Plan,
    member: str | None,
    peers: pl.DataFrame | None,
    root: Path,
    settings: Settings | None = None,
) -> Path:
    """Cut the slice of one member and write it, as `write_part` does."""
    return write_part(data.where(plan.where_of(member)), plan, member, peers, root, settings)


def write_part(
    part: Dataset,
    plan: Plan,
    member: str | None,
    peers: pl.DataFrame | None,
    root: Path,
    settings: Settings | None = None,
) -> Path:
    """Write the slice of one member into a folder of its own under `root`, whose name nobody can guess.

    It holds the member's rows and those that they name, the company's settings as far as they are the member's, and
    of the others' figures the one row per KPI that is made for this member.
    """
    folder = Path(tempfile.mkdtemp(dir=root)) / "data"
    part.write(folder)
    _count_own(folder)
    write_settings(settings or {}, folder, plan.targeted(member), plan.period)
    if peers is not None:
        mine = peers.filter(pl.col(plan.by).eq_missing(pl.lit(member, pl.String)))
        mine.write_parquet(folder / PEERS)
    return folder


def _count_own(folder: Path) -> None:
    """Rows kept are the slice's own; those set aside or undated are known of the whole only, and said of the whole."""
    place = folder / "dataset.json"
    facts = json.loads(place.read_text(encoding="utf-8"))
    frames = Dataset.read(folder).frames
    for name, counts in facts["quality"].items():
        kept = int(frames[name].select(pl.len()).collect().item()) if name in frames else 0
        counts.update(kept=kept, read=kept + counts["aside"])
    place.write_text(json.dumps(facts, indent=1), encoding="utf-8")


def cut_of(folder: Path) -> Cut:
    """The cut that `write_cut` wrote, with the digests of what is in it."""
    apart = Path(tempfile.mkdtemp(dir=folder.parents[1])) / folder.name
    shutil.copytree(folder, apart, copy_function=os.link, ignore=shutil.ignore_patterns(PEERS))
    part = Dataset.read(folder)
    fingerprint = part.fingerprint()
    beside = {name: frame for name, frame in part.lookups.items() if part.frames.get(name) is not frame}
    others = replace(part, frames=beside).fingerprint()
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix in TEXTS}
    about = texts.pop("dataset.json")
    peers = pl.read_parquet(folder / PEERS).rows() if (folder / PEERS).is_file() else ()
    key = {
        "data": digest([fingerprint, others, about]),
        "settings": digest(texts),
        "figures of the others": digest(peers),
    }
    return Cut(folder, apart, key, fingerprint, part.own_last_day)


def forget(cut: Cut) -> None:
    """Take a cut away, once nothing is made from it any more."""
    for folder in (cut.folder, cut.apart):
        shutil.rmtree(folder.parent, ignore_errors=True)


def digest(content: Any) -> str:
    """A short hash of plain values."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def company_figures(data: Dataset, plan: Plan, aggregates: Aggregates | None, min_peers: int) -> pl.DataFrame | None:
    """The company's figures, those with fewer than `min_peers` members behind them left out.

    What keeps them from telling of a single member: each slice is handed, for each KPI, one figure of all the others
    together, never of some of them. With its own figures it can work out the whole, and what the others make of it;
    for the figure of one it would need the figures of all the rest, and those are at least `min_peers` less one. So
    figures may be handed to readers of one dimension only: who holds pages by team and pages by manager holds two
    sets of others, whose difference may be few. The same holds for whoever holds the pages of several members.

    Raises:
        ReportError: `min_peers` is so small that a figure would be one member's own, or a column is missing.
    """
    if aggregates is None:
        return None
    check_peers(min_peers)
    figures = aggregates(data, plan)
    if missing := {plan.by, "peers"} - set(figures.columns):
        raise ReportError(f"The company figures lack the column {', '.join(sorted(missing))}.")
    return figures.filter(pl.col("peers") >= min_peers)


def check_peers(min_peers: int) -> None:
    """Refuse a comparison with one member.

    Raises:
        ReportError: it would be one.
    """
    if min_peers < 2:
        raise ReportError(f"min_peers is {min_peers}: a comparison with fewer than 2 others shows one of them.")
