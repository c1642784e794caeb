"""Mailing a batch: each gets its own slice and nothing else, over a real server, once."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import polars as pl
import pytest
import trustme
from post_office import PostOffice, parts, post_office
from reports_kit import FOOT, READ, template

from kpitools.cli import main
from kpitools.errors import DataError, KpitoolsError, ReportError, UnknownNameError
from kpitools.formats import one_line
from kpitools.model.dataset import Dataset
from kpitools.reports import make_reports
from kpitools.reports.finished import read_finished
from kpitools.reports.recipients import checked_address, named_address, read_recipients
from kpitools.reports.sending import send_reports

HOSTILE = 'Größe <img src=x onerror="alert(1)"> & {{ 7*7 }}'
HEADER = "North\r\nBcc: all@example.com"
TEAMS = ["North", "South", HOSTILE, HEADER, None]
ROWS = """
from IPython.display import HTML
HTML(deals.select("name")._repr_html_())
"""
CANARY = "CANARY-{}-CANARY"


def canary(team: str | None) -> str:
    return CANARY.format(TEAMS.index(team))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, workers) -> Path:
    """A batch of two templates over three teams, the rows that belong to none, and a team without any deal."""
    folder = template(tmp_path_factory.mktemp("templates"), cells=(READ, ROWS, FOOT))
    template(folder, "second", cells=(READ, FOOT))
    names = [*TEAMS, "Idle"]
    reps = pl.DataFrame({"rep_id": [f"r{n}" for n, _ in enumerate(names)], "team": names})
    deals = pl.DataFrame(
        {
            "deal_id": [f"d{n}" for n, _ in enumerate(TEAMS)],
            "owner_rep_id": [f"r{n}" for n, _ in enumerate(TEAMS)],
            "name": [canary(team) for team in TEAMS],
            "created_at": [datetime(2026, 7, 1)] * len(TEAMS),
        }
    )
    out = tmp_path_factory.mktemp("out")
    data = Dataset.of({"reps": reps, "deals": deals})
    made = make_reports(data, out=out, period="2026Q3", folder=folder, executor=workers)
    assert made.ok, made.summary()
    return out


@pytest.fixture
def batch(finished: Path, tmp_path: Path) -> Path:
    """A copy of the batch that a test may spoil."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


@pytest.fixture(scope="module")
def running():
    with post_office() as (office, port):
        yield office, port


@pytest.fixture
def office(running) -> PostOffice:
    """A server that has got nothing yet."""
    found: PostOffice = running[0]
    found.mails.clear()
    found.refused.clear()
    found.full.clear()
    assert found.kill.empty()
    return found


@pytest.fixture
def mail(running) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": running[1], "security": "none", "from": "Sales Ops <ops@example.com>"}


def table(place: Path, *rows: str, columns: str = "email,name,team") -> Path:
    path = place / "recipients.csv"
    path.write_bytes("\n".join([columns, *rows, ""]).encode())
    return path


def quoted(name: str) -> str:
    """A name as a cell of a CSV table."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def toml(mail: dict[str, object]) -> str:
    return "[mail]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in mail.items())


ANN, BOB, EVE = "ann@example.com,Ann Lee,North", "bob@example.com,Bob,South", "eve@example.com,Eve,*"


def send(batch: Path, *rows: str, mail, columns: str = "email,name,team", **options):
    return send_reports(batch, table(batch, *rows, columns=columns), mail=mail, brand={"name": "Acme <&>"}, **options)


# ---- what is in a mail


def test_each_gets_the_pages_of_its_own_slice(batch, office, mail):
    done = send(
        batch,
        ANN,
        BOB,
        f'zoe@exämple.org,"Zoë, Größe",{quoted(HOSTILE)}',
        mail=mail,
    )
    assert [(one.email, one.status) for one in done.outcomes] == [
        ("ann@example.com", "sent"), ("bob@example.com", "sent"), ("zoe@xn--exmple-cua.org", "sent"),
    ]  # fmt: skip
    assert [(sender, to) for sender, to, _ in office.mails] == [
        ("ops@example.com", ["ann@example.com"]), ("ops@example.com", ["bob@example.com"]),
        ("ops@example.com", ["zoe@xn--exmple-cua.org"]),
    ]  # fmt: skip
    ann, _, zoe = office.messages()
    assert ann["Subject"] == "Sales reports Q3 2026: North"
    assert ann["To"].addresses[0].display_name == "Ann Lee"
    assert zoe["To"].addresses[0].display_name == "Zoë, Größe"
    assert ann["From"].addresses[0].addr_spec == "ops@example.com"
    assert "127.0.0.1" not in str(ann["Message-ID"])
    text, html, files = parts(ann)
    assert set(files) == {"deals-north-2026q3.html", "second-north-2026q3.html"}
    assert all(content == (batch / name).read_bytes() for name, content in files.items())
    assert text.splitlines()[:6] == [
        "Acme <&>", "", "Dear Ann Lee,", "",
        "Here are the reports for Q3 2026 (1 Jul – 30 Sep 2026), as seen at the end of 30 Sep 2026.", "",
    ]  # fmt: skip
    assert "Team North\n- Deals so far: 1 deals\n- Deals so far: 1 deals\n" in text.replace("\r\n", "\n")
    assert "Acme &lt;&amp;&gt;" in html
    assert [one.get_content_type() for one in ann.iter_attachments()] == ["text/html"] * 2


def test_no_mail_holds_a_byte_of_another_teams_rows(batch, office, mail):
    names = ["North", "South", HOSTILE, HEADER, "(unassigned)"]
    rows = [f"r{number}@example.com,,{quoted(name)}" for number, name in enumerate(names)]
    send(batch, *rows, mail=mail)
    assert len(office.mails) == len(TEAMS)
    for team, message, (_, _, raw) in zip(TEAMS, office.messages(), office.mails, strict=True):
        everything = raw + b"".join(part.get_payload(decode=True) or b"" for part in message.walk())
        assert {other for other in TEAMS if canary(other).encode() in everything} == {team}
        text, html, _ = parts(message)
        others = {"North", "South"} - {one_line(team or "").split(" ")[0]}
        assert not any(other in text + html for other in others)


def test_names_from_the_data_are_only_text(batch, office, mail):
    send(batch, f"zoe@example.com,<b>Zoe</b>,{quoted(HOSTILE)}", mail=mail)
    _, html, _ = parts(office.messages()[0])
    assert "<img" not in html
    assert "<b>Zoe" not in html
    assert "&lt;img src=x onerror=" in html
    assert "{{ 7*7 }}" in html


def test_who_may_see_everything_gets_everything_and_is_told_what_is_missing(batch, office, mail):
    send(batch, EVE, mail=mail)
    text, _, files = parts(office.messages()[0])
    assert len(files) == 2 * len(TEAMS)
    assert "Team Idle\n- Deals: nothing happened in this period." in text.replace("\r\n", "\n")
    assert office.messages()[0]["Subject"] == "Sales reports Q3 2026: every team"


def test_further_rows_and_templates(batch, office, mail):
    rows = ["ann@example.com,Ann,North,second", "ANN@example.com,Ann,South,", "bob@example.com,Bob,*,deals; second"]
    send(batch, *rows, mail=mail, columns="email,name,team,template", only=["Ann@Example.com"])
    (ann,) = office.messages()
    assert set(parts(ann)[2]) == {"second-north-2026q3.html", "deals-south-2026q3.html", "second-south-2026q3.html"}
    assert ann["Subject"] == "Sales reports Q3 2026: North, South"


def compared(figures: dict[str, float]) -> dict:
    rows = [
        {
            "name": name,
            "figures": {"win_rate": {"value": value, "lower": value - 1, "upper": value + 1, "small": False}},
        }
        for name, value in figures.items()
    ]
    return {"kpis": [{"id": "win_rate", "label": "Win rate\n<b>", "unit": "percent", "better": "higher"}], "rows": rows}


def test_what_changed_is_told_of_ones_own_figures_only(batch, office, mail):
    before = {"period": "2026Q2", "as_of": "2026-06-30", "comparison": compared({"All": 50, "North": 43, "South": 11})}
    now = compared({"All": 60, "North": 40, "South": 22})
    spoil(batch, lambda found: found.update(before=before, comparison=now, changes=["South: of all others"]))
    send(batch, ANN, mail=mail)
    text, html, _ = parts(office.messages()[0])
    said = "Win rate {} went from 43.0 % to 40.0 % (−3.0 pp), 2026Q2 beside 2026Q3."
    assert f"Since the last reports:\n- {said.format('<b>')}\n" in text.replace("\r\n", "\n")
    assert f"<li>{said.format('&lt;b&gt;')}</li>" in html
    assert not {"South", "22.0", "11.0", "60.0"} & {word.strip(",.:") for word in (text + html).split()}


def test_a_subject_of_ones_own(batch, office, mail):
    send(batch, ANN, mail=mail | {"subject": "{member} in {period}: Zahlen"})
    assert office.messages()[0]["Subject"] == "North in Q3 2026: Zahlen"


def test_a_line_from_the_data_cannot_begin_a_header():
    assert one_line("North\r\nBcc: all@example.com\x00‮") == "North Bcc: all@example.com"


def test_a_team_whose_name_is_a_header_stays_in_the_subject(batch, office, mail):
    send(batch, f"ann@example.com,Ann,{quoted(HEADER)}", mail=mail)
    assert [to for _, to, _ in office.mails] == [["ann@example.com"]]
    (ann,) = office.messages()
    assert ann["Bcc"] is None
    assert ann["Subject"] == "Sales reports Q3 2026: North Bcc: all@example.com"
    assert "Team North Bcc: all@example.com\r\n" in parts(ann)[0].replace("\r", "").replace("\n", "\r\n")


# ---- what stops a batch before anything is sent


def spoil(batch: Path, change) -> None:
    found = json.loads((batch / "manifest.json").read_text("utf-8"))
    change(found)
    (batch / "manifest.json").write_text(json.dumps(found), encoding="utf-8")


def entry(found: dict, member: str) -> dict:
    return next(one for one in found["reports"] if one["member"] == member)


def swap(batch: Path, ending: str) -> None:
    """North's file with South's content; the record of what was written does not know."""
    shutil.copy(batch / f"deals-south-2026q3.{ending}", batch / f"deals-north-2026q3.{ending}")
    spoil(batch, lambda found: found.pop("records", None))


def site(batch: Path) -> None:
    """North's page as one that needs files beside it."""
    page = batch / "deals-north-2026q3.html"
    page.write_bytes(page.read_bytes() + b'<link rel="stylesheet" href="assets/page.css">')
    spoil(batch, lambda found: found.pop("records", None))


def forget(batch: Path, name: str) -> None:
    (batch / name).write_bytes((batch / name).read_bytes() + b"\n")
    spoil(batch, lambda found: found.update(records={"x": {"digests": {name: "not this"}}}))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda b: swap(b, "html"), "deals-north-2026q3.html does not say that it is of the slice 'team=North&"),
        (lambda b: swap(b, "ipynb"), "deals-north-2026q3.ipynb is of the slice 'team=South&"),
        (lambda b: spoil(b, lambda f: entry(f, "North").update(files=entry(f, "South")["files"])),
         "is of the slice 'team=South&"),
        (lambda b: spoil(b, lambda f: entry(f, "North").update(slice=entry(f, "South")["slice"])),
         "gives the slice 'team=South&period=2026Q3&as_of=2026-09-30' to team North"),
        (lambda b: spoil(b, lambda f: f.update(as_of="2026-10-31")), "to team South, 2026Q3, as of 2026-10-31"),
        (lambda b: (b / "deals-north-2026q3.html").unlink(), "cannot be read: No such file"),
        (lambda b: forget(b, "deals-north-2026q3.html"), "is not the file that the batch wrote"),
        (lambda b: spoil(b, lambda f: entry(f, "North").update(files=["../x.html", "../x.ipynb"])),
         "is no file of the batch's own folder"),
        (lambda b: spoil(b, lambda f: entry(f, "North")["files"].append("a.pdf")) or (b / "a.pdf").write_text("x"),
         "does not record which file a.pdf is"),
        (lambda b: (b / "deals-north-2026q3.ipynb").write_text("{}"), "is not the "),
        (lambda b: site(b), "needs the files in assets, which a mail does not have"),
        (lambda b: spoil(b, lambda f: f.update(comparison={"rows": [1, 2]})), "is not the manifest of a batch"),
        (lambda b: (b / "manifest.json").write_text("{"), "is not the manifest of a batch"),
        (lambda b: (b / "manifest.json").write_text('{"reports": [3]}'), "is not the manifest of a batch"),
        (lambda b: (b / "manifest.json").write_bytes(b"\xff"), "is not the manifest of a batch"),
        (lambda b: (b / "manifest.json").unlink(), "There is no batch in"),
        (lambda b: spoil(b, lambda f: f["sums"][0].update(ok=False)), "do not make up the whole"),
        (lambda b: (b / "sent.json").write_text("[]"), "so mails could go out twice"),
    ],
)  # fmt: skip
def test_a_batch_that_is_not_as_it_was_made_is_not_sent(batch, office, mail, harm, said):
    harm(batch)
    with pytest.raises(ReportError) as caught:
        send(batch, BOB, ANN, mail=mail)
    assert said in str(caught.value)
    assert office.mails == []


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (["ann@example.com,Ann,Nort"], UnknownNameError, "There is no team 'Nort'. Did you mean 'North'?"),
        (["ann@example.com,Ann,"], DataError, "line 2: no team is named for 'ann@example.com'"),
        ([ANN, ANN], DataError, "line 3: ann@example.com is to get 'North' twice"),
        ([ANN, "ANN@example.com,Ann Lee,North"], DataError, "is to get 'North' twice"),
        ([ANN, "ann@example.com,Ann,South"], DataError, "is 'Ann' here and 'Ann Lee' above"),
        ([EVE, "eve@example.com,Eve,North"], DataError, "eve@example.com gets *, which is every one already"),
        (["ann,Ann,North"], DataError, "'ann' is not an address"),
        (['"ann@example.com, all@example.com",Ann,North'], DataError, "is not an address"),
        (['"ann@example.com\nBcc: all@example.com",Ann,North'], DataError, "is not an address"),
        (['ann@example.com,"Ann\nBcc: all@example.com",North'], DataError, "holds a line break"),
        (["ann@example.com,Ann"], DataError, "line 2: more or fewer values than columns"),
        (["ann@example.com,Ann,North,x"], DataError, "more or fewer values than columns"),
    ],
)
def test_a_wrong_table_stops_everything(batch, office, mail, rows, error, said):
    with pytest.raises(error) as caught:
        send(batch, *rows, BOB, mail=mail)
    assert said in str(caught.value)
    assert office.mails == []


def test_a_table_without_anybody(batch, mail):
    with pytest.raises(DataError, match="names no recipient"):
        send(batch, mail=mail)


@pytest.mark.parametrize(
    ("columns", "row", "error", "said"),
    [
        ("email,name", "a@b.c,A", DataError, "lacks the column team; it has email, name. The batch is by team"),
        ("email;name;team", "a@b.c;A;North", DataError, "lacks the column email, name, team; it has email;name;team"),
        ("email,name,team,templat", "a@b.c,A,North,x", UnknownNameError, "Did you mean 'template'?"),
        ("email,name,team,team", "a@b.c,A,North,South", DataError, "has a column twice"),
        ("email,name,team,template", "a@b.c,A,North,secnd", UnknownNameError, "Did you mean 'second'?"),
    ],
)
def test_wrong_columns(batch, mail, columns, row, error, said):
    with pytest.raises(error) as caught:
        send(batch, row, mail=mail, columns=columns)
    assert said in str(caught.value)


def test_a_table_that_is_no_text(tmp_path):
    path = tmp_path / "recipients.csv"
    path.write_bytes("email,name,team\nann@example.com,Größe,North\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        read_recipients(path, "team")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_recipients(tmp_path / "none.csv", "team")


def test_a_mail_that_is_too_large(batch, office, mail):
    with pytest.raises(ReportError) as caught:
        send(batch, ANN, EVE, mail=mail | {"limit_mb": 0.1})
    assert "Too large for a mail of 0.1 MB: eve@example.com" in str(caught.value)
    assert "ann@example.com" not in str(caught.value)
    assert office.mails == []


def test_the_size_told_is_that_of_the_mail(batch, office, mail):
    big = batch / "deals-north-2026q3.html"
    big.write_bytes(big.read_bytes() + b" " * 500_000)
    spoil(batch, lambda found: found.pop("records", None))
    send(batch, ANN, mail=mail)
    size = len(office.mails[0][2])
    with pytest.raises(ReportError, match="Too large"):
        send(batch, ANN, mail=mail | {"limit_mb": size / 1e6})
    assert [one.status for one in send(batch, ANN, mail=mail | {"limit_mb": size * 1.05 / 1e6}).outcomes] == [
        "already sent"
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from": "Ops"}, "mail.from: 'Ops' is not an address"),
        ({"from": "Ops <ops@example.com>\nBcc: all@example.com"}, "holds a line break"),
        ({"from": ""}, "Nobody is named whom the mails are from"),
        ({"subject": "{team}"}, "There is no placeholder of mail.subject 'team'"),
        ({"subject": "a\nb"}, "holds a line break"),
        ({"host": ""}, "No mail server is named"),
        ({"user": "me", "password_env": "KPITOOLS_NO_SUCH"}, "The environment has no KPITOOLS_NO_SUCH"),
    ],
)
def test_wrong_settings(batch, office, mail, wrong, said):
    with pytest.raises(KpitoolsError) as caught:
        send(batch, ANN, mail=mail | wrong)
    assert said in str(caught.value)
    assert office.mails == []


@pytest.mark.parametrize(
    "text",
    ["", "@", "a@", "@b.c", "a b@c.d", "a@b c", "a@b,c@d", "a@b@c", "<a@b.c>", "a@-b.c", "a..b@c.d", ".a@b.c",
     "ä@b.c", "a@b.c\r\n", "a" * 65 + "@b.c", "a@" + "b." * 140 + "c", 'a"@b.c', "a@[127.0.0.1]"],
)  # fmt: skip
def test_no_address(text):
    with pytest.raises(DataError, match="is not an address"):
        checked_address(text, "here")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@b.c", "", "a@b.c"),
        ("Ä. Ö <a@b.c>", "Ä. Ö", "a@b.c"),
        ('"Ops, Sales" <a+x@b-c.d>', "Ops, Sales", "a+x@b-c.d"),
    ],
)
def test_a_sender(text, name, address):
    found = named_address(text, "here")
    assert (found.display_name, found.addr_spec) == (name, address)


# ---- sending


def test_a_failed_address_does_not_stop_the_others_and_is_tried_again(batch, office, mail):
    office.refused, office.full = {"ann@example.com"}, {"bob@example.com"}
    done = send(batch, ANN, BOB, EVE, mail=mail)
    assert [str(one) for one in done.outcomes] == [
        "failed ann@example.com: 550 no such mailbox", "failed bob@example.com: 552 mailbox full",
        "sent eve@example.com",
    ]  # fmt: skip
    assert done.exit_code == 1
    office.refused, office.full = set(), set()
    done = send(batch, ANN, BOB, EVE, mail=mail)
    assert sorted(one.status for one in done.outcomes) == ["already sent", "sent", "sent"]
    assert done.exit_code == 0
    assert len(office.mails) == 3


def test_nothing_is_sent_twice_unless_asked(batch, office, mail):
    send(batch, ANN, mail=mail)
    assert [one.status for one in send(batch, ANN, BOB, mail=mail).outcomes] == ["already sent", "sent"]
    assert [one.status for one in send(batch, ANN, BOB, mail=mail).outcomes] == ["already sent", "already sent"]
    assert len(office.mails) == 2
    assert [one.status for one in send(batch, ANN, mail=mail, again=True).outcomes] == ["sent"]
    assert len(office.mails) == 3
    (ann, bob) = json.loads((batch / "sent.json").read_text("utf-8"))["mails"]
    assert (ann["email"], ann["status"], ann["period"]) == ("ann@example.com", "sent", "2026Q3")
    assert bob["pages"] == ["deals-south-2026q3.html", "second-south-2026q3.html"]


def test_pages_that_were_made_anew_are_sent(batch, office, mail):
    send(batch, ANN, mail=mail)
    page = batch / "deals-north-2026q3.html"
    page.write_bytes(page.read_bytes() + b"\n")
    spoil(batch, lambda found: found.pop("records", None))
    assert [one.status for one in send(batch, ANN, mail=mail).outcomes] == ["sent"]


def test_a_run_that_was_killed_in_the_middle_of_a_mail_does_not_send_it_again(batch, office, mail, tmp_path):
    (tmp_path / "kpitools.toml").write_text(toml(mail))
    words = [sys.executable, "-m", "kpitools", "send", str(batch), "--to", str(table(batch, ANN))]
    with subprocess.Popen(words, cwd=tmp_path) as run:
        office.kill.put(run.pid)
    assert run.returncode == -signal.SIGKILL
    done = send(batch, ANN, BOB, mail=mail)
    assert [one.status for one in done.outcomes] == ["unknown", "sent"]
    assert "--again sends it" in done.summary()
    assert done.exit_code == 1
    assert [one.status for one in send(batch, ANN, mail=mail, again=True).outcomes] == ["sent"]


def test_who_gets_no_page_gets_no_mail(batch, office, mail):
    done = send(batch, "ida@example.com,Ida,Idle", mail=mail)
    assert [(one.status, one.reason) for one in done.outcomes] == [("empty", "none of its reports has a page")]
    assert office.mails == []


def test_a_dry_run_writes_the_mails_and_sends_none(batch, office, mail, tmp_path):
    done = send(batch, ANN, BOB, mail={}, dry_run=tmp_path / "mails")
    assert [one.status for one in done.outcomes] == ["written", "written"]
    assert sorted(path.name for path in (tmp_path / "mails").iterdir()) == [
        "ann-example-com.eml", "bob-example-com.eml",
    ]  # fmt: skip
    ann = message_from_bytes((tmp_path / "mails" / "ann-example-com.eml").read_bytes(), policy=policy.default)
    assert isinstance(ann, EmailMessage)
    assert set(parts(ann)[2]) == {"deals-north-2026q3.html", "second-north-2026q3.html"}
    assert office.mails == []
    assert not (batch / "sent.json").exists()


# ---- safe connections


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch) -> ssl.SSLContext:
    """A server's certificate that this machine trusts for the time of the test."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return certified(authority.issue_cert("127.0.0.1"))


def certified(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """The server's side of a safe connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_starttls_and_a_password(batch, trusted, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "correct horse")
    own = {"host": "127.0.0.1", "from": "ops@example.com", "user": "ops", "password_env": "MAIL_PASSWORD"}
    with post_office(trusted, login=True) as (office, port):
        assert send(batch, ANN, mail=own | {"port": port}).exit_code == 0
        assert [to for _, to, _ in office.mails] == [["ann@example.com"]]
        assert office.logins == [("ops", "correct horse")]
        monkeypatch.setenv("MAIL_PASSWORD", "wrong")
        with pytest.raises(ReportError, match="does not let ops in: 535") as caught:
            send(batch, BOB, mail=own | {"port": port})
        assert "wrong" not in str(caught.value)
        assert len(office.mails) == 1


def test_tls_from_the_first_byte_and_a_password(batch, trusted, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "correct horse")
    own = {"host": "127.0.0.1", "from": "ops@example.com", "user": "ops", "password_env": "MAIL_PASSWORD"}
    with post_office(trusted, login=True, implicit=True) as (office, port):
        assert send(batch, ANN, mail=own | {"port": port, "security": "tls"}).exit_code == 0
        assert [to for _, to, _ in office.mails] == [["ann@example.com"]]
        assert office.logins == [("ops", "correct horse")]


SAFE = pytest.mark.parametrize("security", ["starttls", "tls"])


def refused(batch: Path, context: ssl.SSLContext, security: str) -> str:
    """What is said where the server's certificate is not taken; no mail has come there."""
    with post_office(context, implicit=security == "tls") as (office, port):
        with pytest.raises(ReportError, match="shows a certificate that is not to be trusted") as caught:
            send(batch, ANN, mail={"host": "127.0.0.1", "port": port, "from": "ops@example.com", "security": security})
        assert office.mails == []
    return str(caught.value)


@SAFE
def test_a_certificate_that_nobody_vouches_for(batch, trusted, monkeypatch, security):
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "unable to get local issuer certificate" in refused(batch, trusted, security)


@SAFE
def test_a_certificate_of_another_server(batch, authority, trusted, security):
    other = certified(authority.issue_cert("mail.example.com"))
    assert "not valid for '127.0.0.1'" in refused(batch, other, security)


@SAFE
def test_a_certificate_that_has_run_out(batch, authority, trusted, security):
    old = certified(authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)))
    assert "certificate has expired" in refused(batch, old, security)


def test_a_server_without_tls(batch, office, mail):
    with pytest.raises(ReportError, match=r"has no safe connection: .* Check host, port and security"):
        send(batch, ANN, mail=mail | {"security": "tls"})
    assert office.mails == []


def test_a_server_without_starttls(batch, office, mail):
    with pytest.raises(ReportError, match=r"cannot do what \[mail\] asks: STARTTLS"):
        send(batch, ANN, mail=mail | {"security": "starttls"})
    assert office.mails == []


# ---- the command line


@pytest.fixture
def kpitools(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kpitools", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        assert "should not have happened" not in said.err
        return ended.value.code, said.out, said.err

    return run


def test_the_command(batch, office, mail, kpitools, tmp_path):
    (tmp_path / "kpitools.toml").write_text(toml(mail))
    to = table(tmp_path, ANN, BOB)
    code, out, _ = kpitools("send", "out", "--to", str(to), "--dry-run", "--only", "ann@example.com")
    assert (code, out.splitlines()[0]) == (0, "1 written of 1 mails")
    assert (batch / "mails" / "ann-example-com.eml").is_file()
    assert office.mails == []
    code, out, _ = kpitools("send", "out", "--to", str(to))
    assert (code, out.splitlines()) == (0, ["2 sent of 2 mails", "  sent ann@example.com", "  sent bob@example.com"])
    office.refused = {"bob@example.com"}
    code, out, _ = kpitools("send", "out", "--to", str(to), "--again")
    assert (code, out.splitlines()[0]) == (1, "1 sent, 1 failed of 2 mails")


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["nowhere"], "", "There is no batch in nowhere"),
        (["out", "--only", "an@example.com"], "", "There is no recipient 'an@example.com'. Did you mean"),
        (["out", "--mails", "x"], "", "only --dry-run writes mails"),
        (["out"], "", "Nobody is named whom the mails are from"),
        (["out"], "[mail]\nfrom = 'a@b.c'", "No mail server is named"),
        (["out"], "[mail]\nfrom = 'a@b.c'\nhost = '127.0.0.1'\nport = 1", "cannot be reached: Connection"),
        (
            ["out"],
            "[mail]\nfrom = 'a@b.c'\nhost = 'no.such.host.invalid'",
            "no.such.host.invalid:587 cannot be reached",
        ),
        (["out"], "[mail]\nhots = 'x'", "Did you mean 'host'?"),
    ],
)
def test_the_command_says_what_is_wrong(batch, kpitools, tmp_path, words, settings, said):
    (tmp_path / "kpitools.toml").write_text(settings)
    code, _, err = kpitools("send", *words, "--to", str(table(tmp_path, ANN)))
    assert code == 2
    assert said in err


def test_a_finished_batch_is_read_as_it_is(finished):
    made = read_finished(finished)
    assert (made.by, made.period, made.as_of) == ("team", "2026Q3", "2026-09-30")
    assert {one.member for one in made.entries} == {*TEAMS, "Idle"}
