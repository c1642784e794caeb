"""`kpitools init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kpitools.reports.own_folder import Made


@click.command()
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--from", "files", type=click.Path(file_okay=False), help="Your CSV or Parquet files; they stay there.")
def init(folder: str, files: str | None) -> None:
    """Make a folder of your own: settings, notebooks, templates, and a first mapping to your files.

    Without --from it gets the data of the sample company. Every guess in the mapping bears its reason and is marked
    "to be checked". A file that is there already is never written over: then nothing is made.

    \b
    kpitools init mysales --from exports
    kpitools init playground
    """
    from kpitools.reports.own_folder import make_folder

    made = make_folder(Path(folder), files=Path(files) if files else None)
    click.echo(f"{folder} is ready, with {len(made.files)} files.\n\nWhat to do next:\n  cd {folder}")
    for line in _next(made):
        click.echo(f"  {line}")


def _next(made: Made) -> list[str]:
    """The steps from here to the first report."""
    from kpitools.reports.own_folder import MAPPING

    steps = {
        "kpitools check": "what was read, what was set aside and why",
        **({f"edit {MAPPING}": f'{made.guesses} guesses marked "to be checked"'} if made.guesses else {}),
        "kpitools lab": "the notebooks, start_here first",
        f"kpitools report --period {made.period or 'PERIOD'}": f"a page for each {made.by}",
    }
    width = max(map(len, steps))
    return [f"{step:{width}}   {why}" for step, why in steps.items()]
