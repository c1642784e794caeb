"""`kpitools send`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kpitools.cli.options import settings


@click.command()
@click.argument("batch", type=click.Path(file_okay=False))
@click.option("--to", "recipients", required=True, type=click.Path(dir_okay=False), help="A table of recipients (CSV).")
@click.option("--only", multiple=True, metavar="EMAIL", help="Only this recipient; may be repeated. All by default.")
@click.option("--dry-run", is_flag=True, help="Write the mails as .eml files; send nothing.")
@click.option("--mails", type=click.Path(file_okay=False), help="Where --dry-run writes.  [default: BATCH/mails]")
@click.option("--again", is_flag=True, help="Send also what was sent before.")
@click.option("--config", type=click.Path(dir_okay=False), help="Settings; kpitools.toml here, if there is one.")
def send(
    batch: str, recipients: str, only: tuple[str, ...], dry_run: bool, mails: str | None, again: bool,
    config: str | None,
) -> None:  # fmt: skip
    """Mail the reports in the folder BATCH: one mail per recipient, with the pages of its own slices only.

    The table has the columns email, name, one named as the batch's dimension (team, ...) with a member or * for every
    one, and, if some get certain templates only, template (names with ; between). A further member is a further row.
    Everything is checked before the first mail leaves. The server stands in [mail] of kpitools.toml.
    Ends with 0 when every mail is out, with 1 when one failed.

    \b
    kpitools send out --to recipients.csv --dry-run
    kpitools send out --to recipients.csv
    """
    from kpitools.reports.look import Look
    from kpitools.reports.sending import send_reports

    if mails and not dry_run:
        raise click.BadParameter("only --dry-run writes mails into a folder.", param_hint="--mails")
    own = settings(config)
    done = send_reports(
        batch,
        recipients,
        mail=own.mail,
        brand=own.brand,
        words=Look.of(own.formats).words,
        only=only,
        again=again,
        dry_run=Path(mails or Path(batch) / "mails") if dry_run else None,
    )
    click.echo(done.summary())
    sys.exit(done.exit_code)
