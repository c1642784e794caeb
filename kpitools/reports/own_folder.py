"""A user's own folder: settings, a first mapping or the sample, notebooks and templates that may be changed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kpitools.config import NAME, read_config
from kpitools.errors import DataError, KpitoolsError, shortened
from kpitools.intake import load
from kpitools.intake.first import mapping_text, quoted
from kpitools.intake.guess import guess_mapping
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import View
from kpitools.reports.templates import shipped
from kpitools.sample import write_sample

SAMPLE, MAPPING = "data/sample", "data/mapping.toml"
#: Notebooks, KPIs of one's own, and what Voilà is told where it shows them.
COPIED = (".ipynb", ".py", ".json")
#: What the notebooks and templates say, and what is put in its place: where the data is, and the period looked at.
SAMPLE_PERIOD = "2026Q3"
_SETTINGS = """\
# What kpitools is to know of this folder. Commands that are run here read it; a key they do not know is an error.

data = {data} # a mapping file, or a folder of CSV or Parquet files named by table

[calendar]
fiscal_start = 1 # the first month of the fiscal year, 1 to 12

[kpis]
modules = ["notebooks/own_kpis"] # files that declare KPIs of your own

[reports]
by = {by} # whose reports they are: team, rep, region, segment, ...
out = "out"
templates_folder = "templates" # copies, to be changed as you like

# [benchmarks]
# scope = "saas" # compare with this industry where it has numbers
# win_rate = {{ low = 25, high = 40 }} # your own numbers come first

# [targets]
# win_rate = 30

# [brand]
# name = "Your company"
# accent = "#1f6feb"

# [formats]
# language = "de" # numbers and days as there: 1.234,5 and 30.9.2026
# words = "words_de.po" # pages and mails in that language; `kpitools words` makes the file, without it they are English
"""


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        files: every file, from the folder on.
        period: the last quarter of the data; empty where no row has a date.
        by: whose reports are made.
        guesses: how many lines of the mapping a person has to check; 0 with the sample.
    """

    files: tuple[Path, ...]
    period: str
    by: str
    guesses: int = 0


def make_folder(folder: Path, *, files: Path | None = None) -> Made:
    """Make a user's own folder, whole or not at all; no file that is there is written over.

    Args:
        folder: made where missing.
        files: a folder of CSV or Parquet files. They stay where they are: a first mapping that is guessed from them
            leads there. Where left out, the sample company's data is written into the folder.

    Raises:
        DataError: a file is there already, cannot be written, or none of the files could be taken for a table.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".kpitools-", dir=folder.parent) as work:
            stage = Path(work) / "new"
            (stage / "data").mkdir(parents=True)
            place, data, guesses = _mapped(stage, folder, files) if files else _sampled(stage)
            period, by = last_quarter(data), _by(data)
            write_notebooks(stage, f"../{place}", period, ["notebooks", "templates"])
            (stage / NAME).write_text(_SETTINGS.format(data=quoted(place), by=quoted(by)), encoding="utf-8")
            return Made(_moved(stage, folder), period, by, guesses)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}. Nothing was made.") from error


def make_ready(folder: Path) -> str:
    """See to it that a folder has notebooks, and say what was made.

    Where it has none, they are copied and read the data that its settings name; where it has no settings either, it
    becomes a folder of one's own with the sample.

    Raises:
        DataError: the settings name no data, or it cannot be read.
    """
    if (folder / "notebooks").is_dir():
        return ""
    if not (folder / NAME).is_file():
        make_folder(folder)
        return f"{folder.resolve()} was made ready, with the data of the sample company."
    data = read_config(folder / NAME).data
    if data is None:
        raise DataError(f'{folder / NAME} names no data. Write a line such as data = "exports" at its top.')
    seen = _seen_from(folder / "notebooks", data).as_posix()
    write_notebooks(folder, seen, last_quarter(load(data)))
    return f"Copies of the notebooks were made in {folder / 'notebooks'}."


def write_notebooks(folder: Path, data: str, period: str, names: Iterable[str] = ("notebooks",)) -> None:
    """Write the package's notebooks into a folder, with the data and period that they look at in place of the sample.

    Args:
        folder: where `notebooks/` is made.
        data: where the data is, seen from the notebooks.
        period: the period they look at; the sample's where empty.
        names: what is copied, of `notebooks` and `templates`.
    """
    for name in names:
        (folder / name).mkdir(parents=True)
        for path in sorted(shipped(name).iterdir()):
            if path.suffix in COPIED and not path.name.startswith("__"):
                text = path.read_text(encoding="utf-8")
                (folder / name / path.name).write_text(_wired(text, data, period or SAMPLE_PERIOD), encoding="utf-8")


def _wired(text: str, data: str, period: str) -> str:
    """A notebook's file with its literals changed; in it a text stands as JSON has it, quotation marks escaped."""
    for old, new in ((f"../{SAMPLE}", data), (SAMPLE_PERIOD, period)):
        text = text.replace(_in_a_cell(old), _in_a_cell(new))
    return text


def _in_a_cell(literal: str) -> str:
    return json.dumps(quoted(literal), ensure_ascii=False)[1:-1]


def last_quarter(data: Dataset) -> str:
    """The quarter of the data's last day; empty where no row has a date."""
    return View.of(data, Slice()).period.text if data.last_day else ""


def _sampled(stage: Path) -> tuple[str, Dataset, int]:
    write_sample(stage / SAMPLE)
    return SAMPLE, load(stage / SAMPLE, cache=False), 0


def _mapped(stage: Path, folder: Path, files: Path) -> tuple[str, Dataset, int]:
    first = guess_mapping(files)
    (stage / MAPPING).write_text(mapping_text(first, _seen_from(folder / "data", files)), encoding="utf-8")
    return MAPPING, load(stage / MAPPING, folder=files, cache=False), sum(len(one.taken) + 1 for one in first.tables)


def _seen_from(place: Path, files: Path) -> Path:
    """The way from a folder to the files; the whole path where there is no way, as from one drive to another."""
    try:
        return Path(os.path.relpath(files.resolve(), place.resolve()))
    except ValueError:
        return files.resolve()


def _by(data: Dataset) -> str:
    """Whose reports: teams where the data names any, else what it names."""
    named = [name for name in ("team", "rep", "segment", "region") if _members(data, name)]
    return (named or ["team"])[0]


def _members(data: Dataset, name: str) -> list[str]:
    try:
        return data.members(name)
    except KpitoolsError:
        return []


def _moved(stage: Path, folder: Path) -> tuple[Path, ...]:
    """Move what is ready to where it belongs: all of it, or, where a file is in the way, nothing."""
    new = sorted(path.relative_to(stage) for path in stage.rglob("*") if path.is_file())
    if not folder.exists():
        stage.rename(folder)
        return tuple(new)
    if in_the_way := [str(path) for path in new if os.path.lexists(folder / path)]:
        raise DataError(
            f"{folder} already holds {shortened(in_the_way, 5)}; nothing was written. Name another folder, or move "
            "them away."
        )
    done: list[Path] = []
    try:
        for path in new:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).rename(folder / path)
            done.append(folder / path)
    except OSError:
        for path in done:
            path.unlink()
        raise
    return tuple(new)
