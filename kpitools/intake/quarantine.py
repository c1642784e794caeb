"""The account of a load: what was read, kept and set aside, and a file of the latter to mend the source by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from kpitools.formats import harmless
from kpitools.formats.whole import whole
from kpitools.intake.plan import LOADED
from kpitools.model.dataset import Dataset, Quality


@dataclass(frozen=True)
class Check:
    """What `load` found in a folder or mapping.

    Attributes:
        data: the rows kept, as a dataset.
        tables: rows read, kept, set aside and undated, by table; always read = kept + aside.
        aside: the rows set aside by table: file, row (a line number where the file is text), reasons, cells as found.
        messages: what a person should know, each naming file, row and remedy.
    """

    data: Dataset
    tables: Mapping[str, Quality]
    aside: Mapping[str, pl.DataFrame]
    messages: tuple[str, ...]

    def counts(self) -> pl.DataFrame:
        """One row per table: read, kept, aside, undated."""
        schema = {"table": pl.String, **dict.fromkeys(("read", "kept", "aside", "undated"), pl.Int64)}
        return pl.DataFrame(
            [{"table": name, **asdict(quality)} for name, quality in self.tables.items()], schema=schema
        )

    def write_quarantine(self, folder: str | Path) -> list[Path]:
        """Write the rows set aside, one `<table>_set_aside.csv` for each table that has any, and return the files.

        The files open in a spreadsheet: UTF-8 with a byte-order mark, and an apostrophe before what would be taken
        for a formula. A file that an earlier call left for a table that is whole now is taken away.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = {name: folder / f"{name}_set_aside.csv" for name in LOADED}
        for name, path in paths.items():
            if name not in self.aside:
                path.unlink(missing_ok=True)
        return [_write(self.aside[name], paths[name]) for name in LOADED if name in self.aside]


def _write(frame: pl.DataFrame, path: Path) -> Path:
    with whole(path) as part:
        harmless(frame).write_csv(part, include_bom=True)
    return path
