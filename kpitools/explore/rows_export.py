"""The rows behind a number as a file beside the notebook."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from kpitools.errors import ReportError
from kpitools.explore.rows_listing import Asked, Listing
from kpitools.formats.filenames import slug
from kpitools.tables.files import write_csv, write_xlsx

#: Where files go, beside the notebook, and up to how many bytes one can be had from the page itself.
EXPORTS, LARGEST = Path("exports"), 1_000_000


class Kind(NamedTuple):
    """A kind of file."""

    ending: str
    mime: str
    write: Callable[[pl.DataFrame, Path, str], Path]


CSV = Kind("csv", "text/csv", lambda frame, path, title: write_csv(frame, path))
XLSX = Kind(
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    lambda frame, path, title: write_xlsx(frame, path, title=title),
)


def export(listing: Listing, kind: Kind, *, name: str, title: str) -> Path:
    """Write all rows asked for, in their order, with all their columns.

    Args:
        listing: the rows.
        kind: `CSV` or `XLSX`.
        name: the file's, without its ending.
        title: what the rows are, in words.

    Raises:
        ReportError: the file cannot be written, or not by what is installed.
    """
    path = EXPORTS / f"{name}.{kind.ending}"
    try:
        return kind.write(listing.rows(), path, title)
    except OSError as error:
        why = error.strerror or error
        raise ReportError(f"{path} cannot be written: {why}. Is it open in another program?") from error


def file_name(number: str, table: str, asked: Asked, chosen: str) -> str:
    """What a file is called: the number, the table, what was asked of it, the slice.

    >>> file_name("Win rate", "deals", Asked("numerator", "acme"), "team=North&period=2026Q3")
    'win-rate_deals_numerator-with-acme_team-north-period-2026q3'
    """
    narrowed = " ".join(filter(None, (asked.counted, asked.search and f"with {asked.search}")))
    return "_".join(slug(part) for part in (number, table, narrowed, chosen) if part)


def link(path: Path, kind: Kind) -> dict[str, Any]:
    """An output with links to a file: by its path beside the notebook, and, while it is small, to its bytes, which
    work where files beside the notebook are not served.
    """
    links = [f'<a href="{escape(path.as_posix())}" target="_blank">Open {escape(path.name)}</a>']
    if path.stat().st_size < LARGEST:
        held = f"data:{kind.mime};base64,{b64encode(path.read_bytes()).decode()}"
        links.append(f'<a href="{held}" download="{escape(path.name)}">Download it</a>')
    data = {"text/html": " · ".join(links), "text/plain": path.as_posix()}
    return {"output_type": "display_data", "data": data, "metadata": {}}
