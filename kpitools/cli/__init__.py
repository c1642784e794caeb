"""The command line: every command is a thin layer over a function of the package."""

from __future__ import annotations

import logging
import sys

import click

from kpitools.cli.catalogue import kpis
from kpitools.cli.data import check, sample
from kpitools.cli.figures import evaluate
from kpitools.cli.flags import flags
from kpitools.cli.init import init
from kpitools.cli.lab import lab
from kpitools.cli.report import report
from kpitools.cli.send import send
from kpitools.cli.words import words
from kpitools.errors import KpitoolsError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kpitools")
def cli() -> None:
    """Sales KPIs from your CRM's files: check them, evaluate them, turn them into reports.

    \b
    kpitools init mysales --from exports                      a folder of your own, with a first mapping to your files
    kpitools lab mysales                                      its notebooks in JupyterLab
    kpitools sample mydata                                    make a sample company to try things on
    kpitools check mydata                                     read it, set aside what is wrong, say what can be computed
    kpitools evaluate win_rate --data mydata --by team --period 2026Q3
    kpitools flags --data mydata --period 2026Q3              what wants attention
    kpitools report --data mydata --period 2026Q3 --by team --out out
    kpitools send out --to recipients.csv --dry-run
    kpitools words --out out words_de.po                      what pages say, for a translator
    """


for command in (report, send, words, evaluate, flags, check, kpis, sample, init, lab):
    cli.add_command(command)


def main() -> None:
    """Run the command line. What a user can mend is said in a sentence; nobody is shown a traceback."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Abort:
        code = _said("Stopped.", 130)
    except KeyboardInterrupt:
        code = _said("Stopped; every file that was written is whole.", 130)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except KpitoolsError as error:
        code = _said(str(error), 2)
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:
        code = _said(f"This should not have happened: {type(error).__name__}: {error}", 70)
    sys.exit(code if isinstance(code, int) else 0)


def _said(message: str, code: int) -> int:
    click.echo(message, err=True)
    return code
