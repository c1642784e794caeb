"""The file of words of a company: brought up to what the pages of a batch say."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpitools.formats.whole import whole
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import parse_period
from kpitools.model.slice import Slice
from kpitools.reports.catalogue import catalogue_html
from kpitools.reports.export import page_of
from kpitools.reports.finished import Entry, Finished, Page, read_finished
from kpitools.reports.index import KINDS, STATUSES, index_html
from kpitools.reports.look import PLAIN
from kpitools.reports.mail import SUBJECT, Letter
from kpitools.reports.markup import Markdown, markdown
from kpitools.reports.plan import Job, Plan
from kpitools.reports.prove import Check
from kpitools.reports.recipients import EVERY, Recipient, named_address
from kpitools.reports.record import MANIFEST
from kpitools.reports.result import Batch, Report
from kpitools.reports.run import INJECTED, Outcome
from kpitools.reports.templates import Template, shipped
from kpitools.reports.words.gatherer import WORD, Gatherer
from kpitools.reports.words.reading import read_catalog

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

_PACKAGE = Path(__file__).resolve().parents[2]
_HEAD = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_CHOSEN, _FILLED = re.compile(r"\{%.*?%\}"), re.compile(r"\{\{.*?\}\}")
#: What a report can have beside it, by ending.
_FILES = tuple(f".{ending}" for ending in ("html", *KINDS))
#: How a recipient of the mails is called whose words are gathered: an id, which is a placeholder in any text.
_SOMEBODY = "N0"


@dataclass(frozen=True)
class Gathered:
    """How many segments a file of words has, and how many of them are translated."""

    segments: int
    translated: int

    def __str__(self) -> str:
        left = self.segments - self.translated
        return f"{self.segments:,} segments, {self.translated:,} translated, {left:,} to do"


def gather_words(
    place: Path, batch: Path | str, lang: str, *, kpis: Mapping[str, Kpi], names: Collection[str]
) -> Gathered:
    """Bring a file of words up to what the pages of a batch, its index, its mails and the KPI catalogue say.

    Translations are kept; what is new waits for one, and what nothing says any more is kept apart as obsolete.

    Args:
        place: the PO file; made where there is none.
        batch: the folder that `make_reports` wrote.
        lang: the language, as a tag.
        kpis: the catalogue with the company's own KPIs.
        names: those that the data holds, which are in no segment.

    Raises:
        ReportError: the folder holds no batch, or the file is no PO file.
    """
    from babel.messages.catalog import Catalog

    found = Catalog()
    for english in segments(read_finished(batch), kpis, names):
        found.add(english)
    catalog = read_catalog(place) if place.exists() else Catalog(lang.replace("-", "_"))
    catalog.update(found, no_fuzzy_matching=True, update_header_comment=False)
    with whole(place) as part:
        part.write_bytes(_written(catalog))
    return Gathered(len(catalog), sum(bool(one.id and one.string and not one.fuzzy) for one in catalog))


def _written(catalog: Catalog) -> bytes:
    """The file, without anything that would be another tomorrow."""
    from babel.messages.pofile import write_po

    out = io.BytesIO()
    write_po(out, catalog, omit_header=True)
    return _HEAD.format(language=catalog.locale_identifier).encode() + out.getvalue()


def segments(batch: Finished, kpis: Mapping[str, Kpi], names: Collection[str]) -> list[str]:
    """The segments of a batch in the order in which a reader meets them; see `gather_words`."""
    prose, code = _sources(batch)
    gatherer = Gatherer((kpi.label for kpi in kpis.values()), names, _package_words() | _words_of(code))
    for text in (*_shells(), *(markdown(Markdown(), one) for one in prose)):
        gatherer.ours(text)
    gatherer.ours(catalogue_html(kpis))
    pages = []
    for entry, notebook in _notebooks(batch):
        gatherer.html(page_of(notebook, PLAIN, gatherer, drawn=False))
        pages.append(Page(entry, batch.folder, notebook["metadata"]["kpitools"], "", 0))
    manifest = json.loads((batch.folder / MANIFEST).read_bytes())
    for told in _batches(batch, {str(page.facts["title"]) for page in pages}):
        gatherer.html(index_html(told, manifest))
    for letter in _letters(batch, pages):
        gatherer.html(letter.html())
    return gatherer.found


def _notebooks(batch: Finished) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """Each report that has a page, with its notebook; one at a time, as there may be thousands."""
    for entry in batch.entries:
        name = next((name for name in entry.files if name.endswith(".ipynb")), "")
        if entry.page and name:
            yield entry, json.loads((batch.folder / name).read_bytes())


def _sources(batch: Finished) -> tuple[list[str], set[str]]:
    """What is written in the notebooks themselves, text and code, the parameters of a run excepted."""
    prose: dict[str, None] = {}
    code: set[str] = set()
    for _, notebook in _notebooks(batch):
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                prose[source] = None
            elif INJECTED not in cell["metadata"].get("tags", ()):
                code.add(source)
    return [*prose], code | {*prose}


def _shells() -> Iterator[str]:
    """What stands in every page, index and mail; a text with a place for something else is no segment yet."""
    for path in sorted(Path(__file__).parents[1].glob("*.html.j2")):
        yield _FILLED.sub("{", _CHOSEN.sub("", path.read_text(encoding="utf-8")))


@cache
def _package_words() -> frozenset[str]:
    """The words of the package and its templates; those of the sample company are data."""
    own = (path for path in _PACKAGE.rglob("*") if path.suffix in (".py", ".j2", ".js") and "sample" not in path.parts)
    texts = (path.read_text(encoding="utf-8") for path in (*own, *shipped("templates").glob("*.ipynb")))
    return _words_of(text.replace("\\n", " ") for text in texts)


def _words_of(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in WORD.findall(text.casefold()))


def _batches(batch: Finished, titles: Iterable[str]) -> Iterator[Batch]:
    """The batch with a report of every status there can be, as one whose sums agree and as one whose sums do not."""
    period = parse_period(Slice.parse(batch.entries[0].slice).period or batch.period)
    templates = [Template(title, Path(), title, {}, "") for title in sorted(titles)]
    jobs = [Job(one, _SOMEBODY, _SOMEBODY, {}, {}) for one in templates]
    spoken = [Report(job, Outcome("made", _FILES, headline=one.headline)) for job in jobs for one in batch.entries]
    statuses = [
        Report(job, Outcome(status if status != "reused" else "made", _FILES, cell=1), status == "reused")
        for job in jobs
        for status in STATUSES
    ]
    made = Plan(batch.by, period, batch.as_of, {}, jobs, templates, Slice.parse(batch.chosen).where)
    for sums in (1, 2):
        checks = Check("deals", "rows", 1, sums), Check("deals", "rows", 1, 1)
        yield Batch(made, batch.folder, (*spoken, *statuses), checks)


def _letters(batch: Finished, pages: list[Page]) -> Iterator[Letter]:
    """Mails with all that one can say: to somebody with and without a name, of each report, made or not."""
    missing = [replace(page.entry, files=(), status=status) for page in pages for status in ("empty", "failed")]
    for name in ("", _SOMEBODY) if pages else ():
        yield Letter(
            recipient=Recipient("somebody@example.com", name, {EVERY: ()}),
            sender=named_address("reports@example.com", "mail.from"),
            subject=SUBJECT,
            brand="",
            words=None,
            batch=batch,
            pages=pages,
            missing=missing,
        )
