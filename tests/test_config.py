"""What `kpitools.toml` may say of pages, mails and batches; every slip is told with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpitools.config import Config, read_config
from kpitools.errors import DataError, UnknownNameError

WHOLE = """
[reports]
by = "team"
templates = ["scorecard"]
out = "out"
min_peers = 4
time_limit = 90
compact = true
site = false
kernel = "stock"
formats = ["pdf", "xlsx"]

[brand]
name = "Acme"
logo = "acme.svg"
accent = "#1f6feb"
font = "Inter, sans-serif"

[formats]
decimal = ","
thousands = "."
language = "de"

[mail]
host = "mail.example.com"
port = 587
from = "Sales Ops <ops@example.com>"
subject = "{member}, {period}"
security = "starttls"
user = "ops"
password_env = "MAIL_PASSWORD"
limit_mb = 12.5
"""


def read(place: Path, text: str) -> Config:
    (place / "kpitools.toml").write_text(text, encoding="utf-8")
    return read_config(place / "kpitools.toml")


def test_every_section_is_read(tmp_path):
    own = read(tmp_path, WHOLE)
    assert own.reports == {
        "by": "team", "templates": ["scorecard"], "out": "out", "min_peers": 4, "time_limit": 90, "compact": True,
        "site": False, "kernel": "stock", "formats": ["pdf", "xlsx"],
    }  # fmt: skip
    assert own.brand == {
        "name": "Acme", "logo": str(tmp_path / "acme.svg"), "accent": "#1f6feb", "font": "Inter, sans-serif",
    }  # fmt: skip
    assert own.formats == {"decimal": ",", "thousands": ".", "language": "de"}
    assert (own.mail["host"], own.mail["port"], own.mail["limit_mb"]) == ("mail.example.com", 587, 12.5)


def test_what_is_not_said_is_empty(tmp_path):
    own = read(tmp_path, "")
    assert (own.reports, own.brand, own.formats, own.mail, own.rhythms) == ({}, {}, {}, {}, {})
    assert Config().mail == {}


def test_a_logo_inside_the_settings_stays_as_it_is(tmp_path):
    assert read(tmp_path, '[brand]\nlogo = "data:image/png;base64,AAAA"').brand["logo"] == "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[reports]\ntime_limit = 0", "time_limit is 0; it is in seconds and more than 0"),
        ("[reports]\ntime_limit = nan", "time_limit is nan"),
        ("[reports]\ntime_limit = inf", "time_limit is inf"),
        ("[reports]\ntime_limit = true", "time_limit must be a float, not True"),
        ("[reports]\ncompact = 1", "compact must be a bool, not 1"),
        ("[reports]\nmin_peers = true", "min_peers must be a int, not True"),
        ("[reports]\nkernel = 1", "kernel must be a str, not 1"),
        ("[reports]\nformats = 'pdf'", "formats must be a list, not 'pdf'"),
        ("[reports]\ntemplates = [3]", "templates must be a list of texts; 3 is none"),
        ("reports = 3", "reports must be a dict, not 3"),
        ("[kpis]\nmodules = [3]", "modules must be a list of texts; 3 is none"),
        ("[brand]\nname = 3", "name must be a str, not 3"),
        ("[brand]\naccent = 'red'", "brand.accent is 'red'; write a colour as #1f6feb"),
        ("[brand]\naccent = '#1f6feb;}'", "brand.accent is"),
        ("[formats]\ndecimal = ''", "with '' before the fraction"),
        ("[formats]\ndecimal = ','", "with ',' before the fraction and ',' between"),
        ("[formats]\ndecimal = 'd'", "with 'd' before the fraction"),
        ("[formats]\nlanguage = 'klingon'", "language 'klingon' is not known; give a tag such as en, en-US"),
        ("[formats]\nlanguage = 'de'\nthousands = ','", "with ',' before the fraction and ',' between"),
        ("[formats]\nthousands = '--'", "'--' between thousands"),
        ("[mail]\nport = 0", "mail.port is 0; it is 1 to 65535"),
        ("[mail]\nport = true", "port must be a int"),
        ("[mail]\nlimit_mb = -1", "limit_mb is -1; it is in megabytes and more than 0"),
        ("[mail]\nuser = 'x'", "mail.user and mail.password_env go together"),
        ("[mail]\npassword_env = 'X'", "mail.user and mail.password_env go together"),
        ("[mail]\nuser = 'x'\npassword_env = 'X'\nsecurity = 'none'", "would send the password readable"),
    ],
)
def test_a_value_that_cannot_be_meant(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert "kpitools.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[reports]\ncompakt = true", "There is no setting in [reports] 'compakt'. Did you mean 'compact'?"),
        ("[reports]\nkernel = 'forked'", "There is no reports.kernel 'forked'. Did you mean 'fork'?"),
        ("[reports]\nformats = ['pfd']", "There is no format in reports.formats 'pfd'. Did you mean 'pdf'?"),
        ("[brand]\ncolor = 'x'", "There is no setting in [brand] 'color'."),
        ("[formats]\ndecimals = ','", "Did you mean 'decimal'?"),
        ("[mail]\npassword = 'x'", "There is no setting in [mail] 'password'. Did you mean 'password_env'?"),
        ("[mail]\nsecurity = 'ssl'", "There is no mail.security 'ssl'."),
        ("[mial]\nhost = 'x'", "There is no setting 'mial'. Did you mean 'mail'?"),
        ("[rhythm.weekly]", "There is no setting 'rhythm'. Did you mean 'rhythms'?"),
    ],
)
def test_a_name_there_is_not(tmp_path, text, said):
    with pytest.raises(UnknownNameError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


def test_a_settings_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_config(tmp_path)
