"""Pages in the reader's language: ten sentences by hand, what stays as it is, what is refused, and what is gathered."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import polars as pl
import pytest
from babel.messages.pofile import read_po
from click.testing import CliRunner
from markupsafe import escape

from kpitools.cli import cli
from kpitools.errors import ReportError
from kpitools.formats import Conventions, format_date, format_interval, format_value, one_line, written_as
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.reports import make_reports
from kpitools.reports.export import to_html
from kpitools.reports.look import Look
from kpitools.reports.reuse import common
from kpitools.reports.words.charts import chart_in
from kpitools.reports.words.file import gather_words
from kpitools.reports.words.names import names_of
from kpitools.reports.words.reading import Reading, Words
from kpitools.reports.words.segments import figures
from kpitools.reports.workbook import to_workbook
from kpitools.reports.workers import Workers
from kpitools.tables import MIME, Column, Table
from tests.hostile import TEAMS, TEXTS
from tests.reports_kit import company, template

GERMAN = Path(__file__).with_name("words_de.po")
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
NAMES = frozenset({"Emre Silva", "Ann Lee", "Won", "Sons and Co", "Price", "St. Mary", "Win rate Ltd"})


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def words(tmp_path: Path, **said: str) -> Words:
    """The words of a PO file in German with these entries."""
    lines = [f"msgid {quoted(one)}\nmsgstr {quoted(other)}\n" for one, other in said.items()]
    place = tmp_path / "own.po"
    place.write_text(HEAD + "\n".join(lines), encoding="utf-8")
    return Words.read(place, "de")


@pytest.fixture(scope="module")
def german() -> Reading:
    return Words.read(GERMAN, "de").reading(NAMES)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        (
            "7 sellers closed 62 deals and won 37 of them, worth 1.167.356.",
            "7 Verkäufer schlossen 62 Geschäfte ab und gewannen 37 davon, im Wert von 1.167.356.",
        ),
        (
            "1 seller closed 62 deals and won 37 of them, worth 1,167,356.",
            "1 Verkäufer schloss 62 Geschäfte ab und gewann 37 davon, im Wert von 1,167,356.",
        ),
        (
            "Emre Silva won 6 deals, after 1 in Q2 2026, worth 265 k, 256 k more than then.",
            "Nach 1 Abschlüssen in Q2 2026 gewann Emre Silva nun 6, im Wert von 265 k, 256 k mehr als damals.",
        ),
        (
            "3 sellers closed fewer than 10 deals: too few to judge a win rate by.",
            "3 Verkäufer schlossen weniger als 10 Geschäfte ab: zu wenige, um eine Gewinnquote zu beurteilen.",
        ),
        (
            "Outside the usual range: Win rate (worse) and Average deal size.",
            "Außerhalb des Üblichen: Gewinnquote (schlechter) und Mittlere Auftragsgröße.",
        ),
        ("as seen at the end of 30.9.2026", "gesehen am Ende des 30.9.2026"),
        ("Team St. Mary", "Team St. Mary"),
        ("Win rate and Average deal size", "Gewinnquote und Mittlere Auftragsgröße"),
        ("There are 5 deals.", "Es gibt 5 Geschäfte."),
        ("47–71 d of the average", "47–71 Tage des Mittels"),
        ("Deals by status.", "Geschäfte nach Stand."),
    ],
)
def test_sentences_are_said_in_the_other_language_with_figures_and_names_in_their_places(german, english, said):
    assert german.text(english) == said


@pytest.mark.parametrize("name", ["Won", "Sons and Co", "Price", "Win rate Ltd", "2026Q3", "R003", "12", "–"])
def test_what_the_data_says_stays_as_it_is(german, name):
    assert german.value(name) == name
    assert german.text(f"Team {name}") == f"Team {name}"
    assert german.html(f"<td>{name}</td>") == f"<td>{name}</td>"


@pytest.mark.parametrize(
    ("english", "said"),
    [("won", "gewonnen"), ("53.0 d", "53.0 Tage"), ("Ann Lee, won, 3 d", "Ann Lee, gewonnen, 3 Tage")],
)
def test_a_datum_is_said_part_by_part(german, english, said):
    assert german.value(english) == said


@pytest.mark.parametrize(
    ("english", "said"),
    [
        # a link goes with its words, and what is in its place of the sentence
        (
            "<li>3 sellers closed fewer than 10 deals: too few to judge a"
            ' <a href="#def-win_rate">win rate</a> by.</li>',
            "<li>3 Verkäufer schlossen weniger als 10 Geschäfte ab: zu wenige, um eine"
            ' <a href="#def-win_rate">Gewinnquote</a> zu beurteilen.</li>',
        ),
        # a link in a sentence that has no place for it is left out, its words are not
        ('<p>Deals by <a href="#def-x">status</a></p>', "<p>Geschäfte nach Stand</p>"),
        ("<p>There are <strong>5 deals</strong>. More.</p>",
         '<p>Es gibt <strong>5 Geschäfte</strong>. <span lang="en">More.</span></p>'),
        ("<h2>In words</h2>", '<h2 lang="en">In words</h2>'),
        ("<p>In words<br>Win rate</p>", '<p><span lang="en">In words</span><br>Gewinnquote</p>'),
        ("<title>Nobody knows</title>", '<title lang="en">Nobody knows</title>'),
        ('<ul aria-label="Deals by status"><li>better', '<ul aria-label="Geschäfte nach Stand"><li>besser'),
        ("<tr><th>Win rate<th>Ann Lee</thead>", "<tr><th>Gewinnquote<th>Ann Lee</thead>"),
        ("<p>Ann Lee &amp; Won</p>", "<p>Ann Lee &amp; Won</p>"),
        ("<th scope=\"row\">Won</th>", "<th scope=\"row\">Won</th>"),
        ("<option value=\"won\">won</option>", "<option value=\"won\">gewonnen</option>"),
        ('<dd translate="no">won</dd><code>won</code>', '<dd translate="no">won</dd><code>won</code>'),
        ("<script>won</script><pre>won</pre>", "<script>won</script><pre>won</pre>"),
        ('<svg class="still"><text>won</text></svg>', '<svg class="still"><text>won</text></svg>'),
        ("<p>\U000f0000 won \U00100003</p>", '<p lang="en">\ufffd won \ufffd</p>'),
    ],
)  # fmt: skip
def test_html_keeps_its_markup_and_english_says_that_it_is(german, english, said):
    assert german.html(english) == said


@pytest.mark.parametrize(
    "tag", ["de", "en-US", "en-ZA", "fr", "de-CH", "cs", "hr", "ko", "hu", "sv", "ja", "pt-BR", "en-BZ", "fa"]
)
def test_figures_and_days_of_any_language_are_one_placeholder(tag):
    with written_as(Conventions.of({"language": tag})):
        said = (format_date(date(2026, 9, 30)).removesuffix("."), format_value(-1234567.8, "currency"),
                format_value(1234.5, "days"), format_value(1234567, "currency", short=True),
                format_value(1234.5, "currency_per_day"), format_interval(1200, 1300, "percent"))  # fmt: skip
    assert [figures(f"from {one}: x", lambda _: "#") for one in said] == ["from #: x"] * len(said)


def test_english_words_of_ones_own_leave_the_rest_unmarked(tmp_path):
    place = tmp_path / "own.po"
    place.write_text(HEAD + 'msgid "Pipeline"\nmsgstr "Funnel"\n', encoding="utf-8")
    assert Words.read(place, "en-GB").reading().html("<h2>Pipeline</h2><h2>Reps</h2>") == "<h2>Funnel</h2><h2>Reps</h2>"


def test_html_in_a_translation_is_text(tmp_path):
    evil = '<script>alert(1)</script><b onclick="x()">{a}</b>'
    said = words(tmp_path, **{"Team {a}": evil}).reading().html('<h1 title="Team A&amp;B">Team A&amp;B</h1>')
    assert "<script" not in said
    assert "<b" not in said
    assert said.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onclick=&#34;x()&#34;&gt;A&amp;B&lt;/b&gt;") == 2


class Texts(HTMLParser):
    """The elements and texts of HTML, as a browser reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += [tag, *(name for name, _ in attrs)]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", [*TEXTS, *TEAMS])
@pytest.mark.parametrize("known", [True, False])
def test_a_hostile_name_is_text_in_a_translation_too(tmp_path, name, known):
    said = words(tmp_path, **{"Team {a}": "Mannschaft {a}", "{a} and {b}": "{a} und {b}"})
    shown = one_line(name)
    found = Texts()
    found.feed(said.reading({shown} if known else ()).html(f"<h1>Team {escape(shown)}</h1><td>{escape(shown)}</td>"))
    assert set(found.tags) <= {"h1", "td", "span", "lang"}
    if known:
        assert "".join(found.texts) == f"Mannschaft {shown}{shown}"


@pytest.mark.parametrize(
    "long", ["x" * 10_000, "won 5 of {a} deals, after and in (a) " * 300, "(a (b) " * 1500, "<a " * 3000]
)
def test_a_very_long_name_takes_no_longer(german, long):
    began = time.process_time()
    german.text(f"Team {long}")
    german.html(f"<h1>Team {escape(long)}</h1>")
    assert time.process_time() - began < 1


def test_a_name_that_looks_like_a_placeholder_is_a_name(tmp_path):
    said = words(tmp_path, **{"Team {a}, {1} deals": "{1} Geschäfte von {a}"}).reading()
    assert said.text("Team {1}{a}, 5 deals") == "5 Geschäfte von {1}{a}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("msgid “x”\n", "is not a PO file"),
        (HEAD + 'msgid "Won {1} of {2}"\nmsgstr "{2}"\n', r"of 'Won \{1\} of \{2\}' lacks \{1\}"),
        (HEAD + 'msgid "Won {1}"\nmsgstr "{1} {a}"\n', r"a placeholder that the English has not; it has \{1\}"),
        (HEAD + 'msgid "Won"\nmsgstr "{x"\n', "it has none"),
        (HEAD + 'msgid "Won {1}"\nmsgstr "{1} {1} {}"\n', r"it has \{1\}"),
        (HEAD + 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\nmsgstr[1] "d"\n', "plural forms for 'a'"),
        ('msgid ""\nmsgstr ""\n"Language: fr\\n"\n\nmsgid "x"\nmsgstr "y"\n', "says that its language is fr, and"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_at_the_door(tmp_path, content, message):
    if content is not None:
        (tmp_path / "words.po").write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=message):
        Look.of({"language": "de", "words": "words.po"}, folder=tmp_path)


def test_a_fuzzy_translation_is_none(tmp_path):
    place = tmp_path / "own.po"
    place.write_text(HEAD + '#, fuzzy\nmsgid "Win rate"\nmsgstr "Quote"\n', encoding="utf-8")
    assert Words.read(place, "de").said == ()


def test_words_need_their_language():
    with pytest.raises(ReportError, match='write language = "de" too'):
        Look.of({"words": str(GERMAN)})
    with pytest.raises(ReportError, match="or a file of words in that language"):
        Look(lang="de")
    with pytest.raises(ReportError, match="in 'de', not in 'en'"):
        Look(words=Words.read(GERMAN, "de"))


def look() -> Look:
    return Look.of({"language": "de", "words": GERMAN.name}, folder=GERMAN.parent)


def test_a_page_follows_from_what_its_words_say(tmp_path):
    first = Look.of({"language": "de", "words": str(GERMAN)})
    (tmp_path / "same.po").write_bytes(GERMAN.read_bytes())
    (tmp_path / "other.po").write_text(GERMAN.read_text("utf-8").replace("besser", "gut"), encoding="utf-8")
    keys = [common({}, {}, one, [])["look"] for one in (first, *(Look.of(
        {"language": "de", "words": f"{name}.po"}, folder=tmp_path) for name in ("same", "other")))]  # fmt: skip
    assert keys[0] == keys[1] != keys[2]


def spec(**encoding: object) -> dict:
    rows = pl.DataFrame({"status": ["won", "open"], "deals": [2, 1]})
    chart = alt.Chart(rows, title="Deals by status").mark_bar().encode(
        x=alt.X("deals:Q", title="Win rate"),
        y=alt.Y("status:N", sort=["won", "open"], title=["Average", "deal size"]),
        color=alt.Color("status:N", title="Status", scale=alt.Scale(domain=["won", "open"], range=["#111", "#222"])),
    )  # fmt: skip
    return {**chart.to_dict(), **encoding}


def test_a_chart_is_said_alike_wherever_it_names_its_data(german):
    made = chart_in(german, spec())
    (rows,) = made["datasets"].values()
    y, color = made["encoding"]["y"], made["encoding"]["color"]
    assert [row["status"] for row in rows] == ["gewonnen", "offen"] == y["sort"] == color["scale"]["domain"]
    assert color["scale"]["range"] == ["#111", "#222"]
    assert (made["title"], made["encoding"]["x"]["title"]) == ("Geschäfte nach Stand", "Gewinnquote")
    assert (y["field"], color["field"], color["title"]) == ("status", "status", "Stand")
    assert " ".join(y["title"]) == "Mittlere Auftragsgröße"


def test_what_an_expression_asks_for_keeps_its_name(german):
    made = chart_in(german, spec(transform=[{"filter": "datum.status === 'won'"}]))
    assert [row["status"] for row in next(iter(made["datasets"].values()))] == ["won", "offen"]


def test_what_would_be_called_alike_is_left_apart(tmp_path):
    same = words(tmp_path, won="zu", open="zu").reading()
    assert [row["status"] for row in next(iter(chart_in(same, spec())["datasets"].values()))] == ["won", "open"]
    other = words(tmp_path, won="open").reading()
    assert [row["status"] for row in next(iter(chart_in(other, spec())["datasets"].values()))] == ["won", "open"]


def notebook(*outputs: dict, source: str = "# Deals so far\n\n## Reports") -> dict:
    shown = [{"output_type": "display_data", "metadata": {}, "data": one} for one in outputs]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": source},
        {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": shown},
    ]
    return {"metadata": {"kpitools": {"title": "Deals so far"}}, "cells": cells}


def test_a_page_says_its_language_and_its_script_too():
    html = to_html(notebook({"application/vnd.vegalite.v5+json": spec()}), look())
    assert '<html lang="de">' in html
    assert '<h2 id="s1">Berichte</h2>' in html
    assert "<summary>Zahlen zu diesem Bild</summary>" in html
    assert '<td>gewonnen<td class="n">2' in html
    said = re.search(r'<script type="application/json" id="words">(.*?)</script>', html)
    assert said
    assert json.loads(said[1])["Selected."] == "Ausgewählt."


def test_a_page_without_words_is_as_it_was():
    html = to_html(notebook({"application/vnd.vegalite.v5+json": spec()}))
    assert '<html lang="en">' in html
    assert 'id="words"' not in html
    assert html.count("lang=") == 1


def test_a_workbook_has_captions_headings_and_words_of_ours_in_the_language(tmp_path, german):
    table = Table("Deals by status", [Column("rep", "Rep"), Column("rate", "Win rate", "number", "percent"),
                                      Column("status", "Status", "status")],
                  [{"rep": "Price", "rate": 63.15, "status": "better"}])  # fmt: skip
    path = tmp_path / "book.xlsx"
    path.write_bytes(to_workbook(notebook({MIME: table.to_json()}), german))
    sheets = pl.read_excel(path, sheet_id=0, has_header=False, engine="calamine")
    cells = sheets["Geschäfte nach Stand"].rows()
    assert cells[0][0] == "Geschäfte nach Stand"
    assert [row for row in cells if row[0] in ("Rep", "Price")] == [
        ("Rep", "Gewinnquote", "Stand"), ("Price", "63.15", "besser")]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Path:
    """A batch of two teams, one with a name of ordinary words and one that is a formula, with what was gathered."""
    folder = template(tmp_path_factory.mktemp("templates"))
    out = tmp_path_factory.mktemp("out")
    data = company("Open Deals", "=Cmd(1)", "Status")
    batch = make_reports(data, out=out, period="2026Q3", folder=folder, executor=workers)
    assert batch.ok, batch.summary()
    return out


def gathered(made: Path, place: Path) -> dict[str, str]:
    names = names_of(company("Open Deals", "=Cmd(1)", "Status"))
    gather_words(place, made, "de", kpis=CATALOGUE, names=names)
    with place.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


def test_segments_are_gathered_once_without_figures_and_names(made, tmp_path):
    found = gathered(made, tmp_path / "words.po")
    for english in ("Deals by status", "There are {a}.", "{1} deals", "Team {a}", "Win rate", "Skip to the report",
                    "Selected.", "as seen at the end of {1}", "{1} made", "Dear {a},", "Hello,", "failed",
                    "Won deals as a share of the deals closed in the period, by count."):  # fmt: skip
        assert english in found, english
    assert not [one for one in found if "Open Deals" in one or "Cmd" in one or "2026" in one]
    assert not [one for one in found if one.endswith(".") and one[:-1] in found]


def test_what_is_translated_is_kept_and_what_nobody_says_is_set_apart(made, tmp_path):
    place = tmp_path / "words.po"
    place.write_text(f'{HEAD}msgid "Win rate"\nmsgstr "Gewinnquote"\n\nmsgid "Gone"\nmsgstr "Weg"\n', encoding="utf-8")
    done = gather_words(place, made, "de", kpis=CATALOGUE, names=())
    assert str(done) == f"{done.segments:,} segments, 1 translated, {done.segments - 1:,} to do"
    text = place.read_text(encoding="utf-8")
    assert 'msgid "Win rate"\nmsgstr "Gewinnquote"' in text
    assert '#~ msgid "Gone"\n#~ msgstr "Weg"' in text
    gather_words(place, made, "de", kpis=CATALOGUE, names=())
    assert place.read_text(encoding="utf-8") == text
    assert str(tmp_path) not in text


def test_a_broken_file_is_left_as_it_is(made, tmp_path):
    place = tmp_path / "words.po"
    place.write_text("nothing", encoding="utf-8")
    with pytest.raises(ReportError, match="is not a PO file"):
        gather_words(place, made, "de", kpis=CATALOGUE, names=())
    assert (place.read_text("utf-8"), [*tmp_path.iterdir()]) == ("nothing", [place])


def test_a_batch_and_its_mails_are_in_the_language_and_again_when_the_words_change(
    made, tmp_path, monkeypatch, workers
):
    monkeypatch.chdir(tmp_path)
    data, out = company("Open Deals", "Status"), tmp_path / "out"
    folder = template(tmp_path / "templates")
    asked = {"out": out, "period": "2026Q3", "folder": folder, "executor": workers}
    make_reports(data, look=look(), **asked)
    index, page = (out / "index.html").read_text("utf-8"), (out / "deals-open-deals-2026q3.html").read_text("utf-8")
    assert '<html lang="de">' in index
    assert '<html lang="de">' in page
    assert '<li class="status made">2 erstellt</li>' in index
    assert '<option value="made" lang="en">made</option>' in index
    assert '<span class="name">Status</span>' in index, "a team that is called so"
    assert "<h1>Team Open Deals</h1>" in page
    assert 'Es gibt <strong>2 <a href="#def-deals">Geschäfte</a></strong>. <span lang="en">x</span>' in page
    assert make_reports(data, look=look(), **asked).count("reused") == 2
    assert make_reports(data, **asked, dry_run=True).count("changed") == 2
    (tmp_path / "kpitools.toml").write_text(
        f'[formats]\nlanguage = "de"\nwords = {json.dumps(str(GERMAN))}\n', encoding="utf-8"
    )
    (tmp_path / "to.csv").write_text("email,name,team\nann@example.com,Ann,Open Deals\n", encoding="utf-8")
    sent = CliRunner().invoke(cli, ["send", str(out), "--to", "to.csv", "--dry-run"], catch_exceptions=False)
    assert sent.exit_code == 0, sent.output
    (mail,) = (message_from_bytes(one.read_bytes(), policy=policy.default) for one in (out / "mails").iterdir())
    assert "Guten Tag Ann," in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert '<html lang="de">' in html
    assert "<p>Guten Tag Ann,</p>" in html
    assert "Team Open Deals" in html
    assert ": 2 Geschäfte" in html


def test_the_command_takes_file_and_language_from_the_settings(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name, frame in company("Open Deals", "Status").frames.items():
        frame.collect().write_parquet(tmp_path / "data" / f"{name}.parquet")
    runner = CliRunner()
    asked = ["words", "--data", "data", "--out", str(made)]
    refused = runner.invoke(cli, asked)
    assert "It is not said which file and language are meant" in str(refused.exception)
    first = runner.invoke(cli, [*asked, "--language", "pt-BR", "new.po"], catch_exceptions=False)
    assert re.fullmatch(r"[\d,]+ segments, 0 translated, [\d,]+ to do\n", first.output)
    assert '"Language: pt_BR\\n"' in Path("new.po").read_text("utf-8")


def test_names_are_the_texts_of_the_data(sample):
    names = names_of(Dataset.of({"reps": sample["reps"], "accounts": sample["accounts"].head(50)}))
    assert {"Nordics", "smb", *sample["reps"]["name"].drop_nulls()} <= names
    assert not {"ae", "manager", *sample["reps"]["rep_id"]} & names
