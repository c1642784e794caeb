"""A large dataset: the sample many times over, each copy with its own keys, times and amounts, spread over more teams.

The copies are written lazily, table by table, so that making them needs little memory; a folder that is there is used.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from kpitools.model.dataset import Dataset
from kpitools.model.tables import TABLES
from kpitools.sample import make_sample
from tests.benchmarks.compared import TABLES as COPIED

#: The staff of the sample stands this many times: 40 teams, 360 people.
STAFFS = 5
ACTIVITIES_PER_DEAL = 4
#: Tables that do not grow with the business, and those that grow with the staff.
FIXED = ("products", "stages")
OF_STAFF = ("reps", "quotas", "costs")
STAFF_KEYS = ("rep_id", "owner_rep_id", "sdr_rep_id", "manager_rep_id")
MINUTES = 240
MONEY = ("amount", "annual_value", "list_amount", "expected_amount", "mrr", "revenue", "cogs")


def generated(folder: Path, *, deals: int) -> Path:
    """The folder that holds a dataset of at least so many deals, and four times as many activities."""
    target = folder / f"deals-{deals}"
    if (target / "done").is_file():
        return target
    target.mkdir(parents=True, exist_ok=True)
    sample = make_sample()
    sample["activities"] = sample["activities"].sample(ACTIVITIES_PER_DEAL * sample["deals"].height, seed=1)
    copies = -(-deals // sample["deals"].height)
    for name in COPIED:
        _copied(name, sample[name], sample, copies).sink_parquet(target / f"{name}.parquet", row_group_size=250_000)
    (target / "done").touch()
    return target


def dataset(folder: Path) -> Dataset:
    """The dataset of such a folder; its rows are known to be right."""
    return Dataset.of({path.stem: pl.scan_parquet(path) for path in sorted(folder.glob("*.parquet"))})


def _copied(name: str, frame: pl.DataFrame, sample: dict[str, pl.DataFrame], copies: int) -> pl.LazyFrame:
    if name in FIXED:
        return frame.lazy()
    times = STAFFS if name in OF_STAFF else copies
    numbers = pl.LazyFrame({"copy": range(times)}, schema={"copy": pl.Int64})
    rows = numbers.join(frame.lazy(), how="cross").with_columns(_own_keys(name, frame, sample))
    rows = rows.with_columns(_own_values(name, frame, copies / STAFFS))
    if name == "quotas":
        rows = rows.filter((pl.col("owner_kind") != "company") | (pl.col("copy") == 0))
    return rows.select(frame.columns)


def _own_keys(name: str, frame: pl.DataFrame, sample: dict[str, pl.DataFrame]) -> list[pl.Expr]:
    """Keys numbered on from copy to copy; `D000007` of the third copy is the seventh deal of that copy."""
    table, found = TABLES[name], []
    own = {column: name for column in table.primary_key() if column not in table.foreign_keys}
    for column, of in {**own, **table.foreign_keys}.items():
        if of in FIXED or column not in frame.columns or frame.schema[column] != pl.String:
            continue
        copy = pl.col("copy") % STAFFS if column in STAFF_KEYS else pl.col("copy")
        found.append(_numbered(pl.col(column), copy, sample[of].height).alias(column))
    if name == "quotas":
        team = pl.format("{} {}", "owner_id", "copy")
        rep = _numbered(pl.col("owner_id"), pl.col("copy"), sample["reps"].height)
        kind = pl.col("owner_kind")
        found.append(
            pl.when(kind == "rep").then(rep).when(kind == "team").then(team).otherwise("owner_id").alias("owner_id")
        )
    if name in ("reps", "costs"):
        found.append(pl.format("{} {}", "team", "copy").alias("team"))
    return found


def _numbered(key: pl.Expr, copy: pl.Expr, size: int) -> pl.Expr:
    number = key.str.extract(r"(\d+)$").cast(pl.Int64) + copy * size
    return key.str.extract(r"^(\D+)") + number.cast(pl.String).str.zfill(7)


def _own_values(name: str, frame: pl.DataFrame, larger: float) -> list[pl.Expr]:
    """Times moved by minutes, all of a copy alike; money by up to a twentieth, in whole units: sums are exact."""
    if name in OF_STAFF:
        return [pl.col("amount") * larger] if "amount" in frame.columns else []
    shift = pl.duration(minutes=pl.col("copy") * 7 % MINUTES)
    factor = 0.95 + pl.struct("copy", TABLES[name].primary_key()[0]).hash(seed=7) % 1000 / 10_000
    money = [column for column in MONEY if column in frame.columns]
    times = [column for column, kind in frame.schema.items() if kind == pl.Datetime]
    moved = [(pl.col(column) + shift).alias(column) for column in times]
    return [*moved, *((pl.col(column) * factor).round(0).alias(column) for column in money), *_own_mail(frame)]


def _own_mail(frame: pl.DataFrame) -> list[pl.Expr]:
    return [pl.format("{}.{}", "copy", "email").alias("email")] if "email" in frame.columns else []
