"""`kpitools words`."""

from __future__ import annotations

from pathlib import Path

import click

from kpitools.cli.options import data_options, opened, settings
from kpitools.errors import DataError


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--out", type=click.Path(file_okay=False), help="The folder of the reports.  [default: out]")
@click.option("--language", help="The language of the words, such as de or pt-BR; that of [formats] by default.")
@data_options
def words(
    data: str | None, folder: str | None, config: str | None, file: Path | None, out: str | None, language: str | None
) -> None:
    """Gather what pages say into FILE, for a translator: a gettext PO file.

    All that the reports in --out, their index, their mails and the KPI catalogue say stands in it once, with {1}, {2},
    ... for figures and days and {a}, {b}, ... for names and KPIs. Nothing of the data is in it. Run it again after
    other reports were made: translations are kept, and what is new is added. FILE is that of [formats] by default.

    \b
    kpitools report --data data/sample --period 2026Q3 --out out
    kpitools words --data data/sample --out out --language de words_de.po
    """
    from kpitools.reports.words.file import gather_words
    from kpitools.reports.words.names import names_of

    own = settings(config)
    place = file or (Path(own.formats["words"]) if "words" in own.formats else None)
    tag = language or own.formats.get("language")
    if place is None or not tag:
        raise DataError(
            "It is not said which file and language are meant. Write `kpitools words --language de words_de.po`, or"
            " language and words in [formats] of kpitools.toml."
        )
    names = names_of(opened(data, folder, own))
    click.echo(gather_words(place, out or own.reports.get("out") or "out", tag, kpis=own.kpis, names=names))
