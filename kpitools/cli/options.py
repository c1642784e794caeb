"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from kpitools.config import Config, read_config
from kpitools.errors import DataError
from kpitools.formats import Conventions, written_as
from kpitools.model.dataset import Dataset

Command = TypeVar("Command", bound=Callable[..., Any])


def data_options(command: Command) -> Command:
    """--data, --folder and --config."""
    for option in (
        click.option(
            "--config", type=click.Path(dir_okay=False), help="Settings; kpitools.toml here, if there is one."
        ),
        click.option("--folder", type=click.Path(file_okay=False), help="The folder a mapping reads from, if another."),
        click.option("--data", type=click.Path(), help="A folder of CSV or Parquet files, or a mapping (.toml)."),
    ):
        command = option(command)
    return command


def opened(data: str | None, folder: str | None, config: Config) -> Dataset:
    """The dataset that is meant: the one named, else the settings' own.

    Raises:
        DataError: neither names any.
    """
    from kpitools.intake import load

    place = data or config.data
    if place is None:
        raise DataError("No data was named; give --data with a folder or a mapping, or `data` in kpitools.toml.")
    return load(place, folder=folder)


def settings(path: str | None) -> Config:
    """The settings of a file, or of kpitools.toml in the current folder; until the command ends, numbers and days are
    written as they say.
    """
    own = read_config(path)
    click.get_current_context().with_resource(written_as(Conventions.of(own.formats)))
    return own


def pairs(texts: Sequence[str], what: str) -> dict[str, str]:
    """`name=value` texts as a mapping.

    Raises:
        click.BadParameter: one has no `=`.
    """
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not of the form name=value.", param_hint=what)
    return dict(text.split("=", 1) for text in texts)


def where_option(texts: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Repeated `--where team=North` as the filter of a slice; the same dimension twice means either."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        ((name, value),) = pairs([text], "--where").items()
        found[name] = (*found.get(name, ()), value)
    return found


def folder_of(path: str) -> Path:
    """A folder argument as an absolute path."""
    return Path(path).resolve()
