"""`kpitools init`: a folder of one's own, a first mapping guessed from files, and what an installed wheel carries."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from kpitools.cli import main
from kpitools.config import read_config
from kpitools.errors import DataError
from kpitools.intake import check
from kpitools.intake.first import TO_CHECK, mapping_text
from kpitools.intake.guess import Guess, guess_mapping
from kpitools.reports.own_folder import COPIED, make_folder
from kpitools.reports.templates import available, shipped

ROOT = Path(__file__).parents[1]
CRM = ROOT.parent / "shared" / "data" / "crm_sales"
SAMPLE = ROOT / "data" / "sample"


def files(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def guesses(folder: Path, table: str) -> dict[str, Guess]:
    (found,) = [one for one in guess_mapping(folder).tables if one.table == table]
    return {guess.ours: guess for guess in found.columns}


def mapped(folder: Path) -> Path:
    """The mapping that is guessed for a folder, written beside its files."""
    place = folder / "mapping.toml"
    place.write_text(mapping_text(guess_mapping(folder), Path()), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def mine(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "mine"
    make_folder(folder, files=CRM)
    return folder


def test_the_deals_of_a_real_crm_are_found_right(mine: Path):
    said = tomllib.loads((mine / "data" / "mapping.toml").read_text("utf-8"))["tables"]["deals"]
    by_hand = tomllib.loads((ROOT / "data" / "crm_sales.toml").read_text("utf-8"))["tables"]["deals"]
    assert said["file"] == by_hand["file"]
    for ours in ("deal_id", "account_id", "owner_rep_id", "created_at", "closed_at", "status", "stage"):
        assert said["columns"][ours] == by_hand["columns"][ours]
    assert said["columns"]["amount"] == by_hand["columns"]["amount"]["column"]


def test_a_guessed_mapping_can_be_checked_at_once(mine: Path):
    """What a person still has to correct in it:

    - the product is spelt two ways: `aliases = { GTXPro = "GTX Pro" }` brings 1,480 deals back;
    - an open deal has no value of its own: amount and list_amount fall back on the product's list price;
    - managers stand in their agents' rows only: a second source makes them reps, for manager_rep_id;
    - role and is_seller are in no file, nor is the order of the stages;
    - "technolgy" and "Philipines" are misspelt.
    """
    found = check(mine / "data" / "mapping.toml")
    assert found.counts().sort("table").rows() == [
        ("accounts", 85, 85, 0, 0),
        ("deals", 8800, 7320, 1480, 420),
        ("products", 7, 7, 0, 0),
        ("reps", 35, 35, 0, 0),
    ]
    assert set(found.aside["deals"]["reasons"]) == {'product_id: no row of products has "GTXPro"'}
    text = (mine / "data" / "mapping.toml").read_text("utf-8")
    assert "1480 rows with GTXPro will be set aside" in text
    assert "# manager_rep_id not guessed:" in text
    assert '"data_dictionary.csv": its name speaks of no table.' in text
    assert '"year_established"' in text


def test_every_line_that_is_guessed_says_so_with_its_reason(mine: Path):
    lines = (mine / "data" / "mapping.toml").read_text("utf-8").splitlines()
    guessed = [line for line in lines if " = " in line and not line.startswith(("#", "folder"))]
    assert len(guessed) == 25
    assert all(f"# {TO_CHECK}: " in line for line in guessed)


def test_the_corrections_of_a_person_bring_the_figures_of_the_mapping_made_by_hand(mine: Path, tmp_path):
    text = (mine / "data" / "mapping.toml").read_text("utf-8")
    place = tmp_path / "mapping.toml"
    aliased = 'product_id = { column = "product", aliases = { GTXPro = "GTX Pro" } }'
    place.write_text("\n".join(aliased if line.startswith('product_id = "product" # to be checked: product is a usual '
                               'name for it; 6 of') else line for line in text.splitlines()), "utf-8")  # fmt: skip
    ours, by_hand = check(place, folder=CRM), check(ROOT / "data" / "crm_sales.toml")
    columns = ["deal_id", "owner_rep_id", "status", "stage", "created_at", "closed_at", "product_id"]
    frames = [one.data["deals"].select(columns).sort("deal_id").collect() for one in (ours, by_hand)]
    assert frames[0].equals(frames[1])


def test_two_columns_that_fit_as_well_are_left_to_a_person(tmp_path):
    deals = "deal_id,value,price,owner\nD1,10,12,Ann\nD2,20,22,Bob\n"
    found = guesses(files(tmp_path, deals=deals), "deals")
    assert (found["amount"].refused, found["amount"].reason) == (
        True,
        "value and price fit as well, so none is guessed",
    )
    assert found["owner_rep_id"].theirs == "owner"


def test_our_own_name_comes_before_a_usual_one(tmp_path):
    found = guesses(files(tmp_path, deals="deal_id,amount,value\nD1,10,12\n"), "deals")
    assert (found["amount"].theirs, found["amount"].refused) == ("amount", False)


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        (("30/09/2026", "01/10/2026"), ("%d/%m/%Y",)),
        (("09/30/2026", "10/01/2026"), ("%m/%d/%Y",)),
        (("30.09.2026", "1.10.2026"), ("%d.%m.%Y",)),
        (("2026-09-30", "2026-10-01T08:00:00Z"), ()),
        (("03/04/2026", "05/06/2026"), None),
        (("soon", "later"), None),
    ],
)
def test_how_dates_are_written(tmp_path, dates, form):
    found = guesses(files(tmp_path, deals=f"deal_id,created\nD1,{dates[0]}\nD2,{dates[1]}\n"), "deals")["created_at"]
    assert found.refused == (form is None)
    assert found.refused or found.form.dates == form


@pytest.mark.parametrize(
    ("number", "decimal", "refused"),
    [("1234.5", None, False), ("1.234,50", ",", False), ("1,234.50", ".", False), ("1,234", None, True),
     ("EUR 5", None, True)],
)  # fmt: skip
def test_how_numbers_are_written(tmp_path, number, decimal, refused):
    found = guesses(files(tmp_path, deals=f"deal_id;amount\nD1;{number}\n"), "deals")["amount"]
    assert (found.refused, found.form.decimal) == (refused, decimal)


def test_a_file_of_another_layout_is_read_by_its_guesses(tmp_path):
    deals = (
        "Opportunity ID;Opportunity Owner;Amount;Stage;Created Date;Close Date;Notes\n"
        "D1;Ann;1.000,50;Closed Won;01.02.2026;28.02.2026;x\n"
        "D2;Bob;2.000,00;Negotiation;15.02.2026;;y\n"
    )
    reps = "Name;Team\nAnn;North\nBob;South\n"
    found = check(mapped(files(tmp_path, Opportunities=deals, users=reps)))
    assert found.messages == ()
    kept = found.data["deals"].select("deal_id", "owner_rep_id", "amount", "status", "stage").collect()
    assert kept.rows() == [("D1", "Ann", 1000.5, "won", None), ("D2", "Bob", 2000.0, "open", "Negotiation")]
    assert found.data["reps"].select("rep_id", "name", "team").collect().rows() == [
        ("Ann", "Ann", "North"),
        ("Bob", "Bob", "South"),
    ]


def test_a_name_is_the_key_only_where_there_is_no_id(tmp_path):
    reps = "rep_id,name,team\nR1,Ann,North\nR2,Bob,North\n"
    folder = files(tmp_path, reps=reps, deals="id,owner\nD1,R1\nD2,R2\n")
    assert {ours: guess.theirs for ours, guess in guesses(folder, "reps").items()} == {
        "rep_id": "rep_id",
        "name": "name",
        "team": "team",
    }
    assert guesses(folder, "deals")["owner_rep_id"].reason == (
        "owner is a usual name for it; 2 of its 2 values are keys of reps"
    )


def test_a_foreign_key_that_leads_nowhere_is_not_guessed(tmp_path):
    folder = files(tmp_path, reps="rep_id,name\nR1,Ann\n", deals="id,owner\nD1,Ann\n")
    found = guesses(folder, "deals")["owner_rep_id"]
    assert (found.refused, "only 0 of its 1 values are keys of reps" in found.reason) == (True, True)


def test_a_key_that_is_there_twice_leaves_the_table_out_with_the_reason(tmp_path):
    folder = files(tmp_path, deals="id\nD1\n", reps="name\nAnn\nAnn\n")
    first = guess_mapping(folder)
    assert [one.table for one in first.tables] == ["deals"]
    assert "its key rep_id is not plain" in first.left_out["reps.csv"]


def test_two_files_of_one_table_are_left_to_a_person(tmp_path):
    folder = files(tmp_path, deals="id\nD1\n", leads_2025="id\nL1\n", leads_2026="id\nL2\n")
    first = guess_mapping(folder)
    assert [one.table for one in first.tables] == ["deals"]
    assert first.left_out["leads_2025.csv"] == "leads_2026.csv may hold leads as well."


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a # b = 1", "a\x7fb", "ä\u2028ö", "[tables.reps]"])
def test_no_header_or_value_can_break_the_mapping(tmp_path, name):
    cell = '"' + name.replace('"', '""') + '"'
    folder = files(tmp_path, deals=f"deal_id,status,owner,{cell}\nD1,Won,{cell},x\nD2,Lost,Bob,x\nD3,{cell},Bob,x\n")
    found = check(mapped(folder))
    assert found.counts()["read"].to_list() == [3]
    said = tomllib.loads((folder / "mapping.toml").read_text("utf-8"))["tables"]
    assert said["deals"]["columns"]["status"]["values"] == {"Won": "won", "Lost": "lost", name: "open"}
    assert set(said) == {"deals"}


@pytest.mark.parametrize(
    ("tables", "said"),
    [({}, "holds no CSV or Parquet file"), ({"notes": "a,b\n1,2\n"}, "could be taken for a table")],
)
def test_a_folder_with_nothing_to_guess_from(tmp_path, tables, said):
    with pytest.raises(DataError, match=said):
        make_folder(tmp_path / "mine", files=files(tmp_path / "exports", **tables))
    assert not (tmp_path / "mine").exists()


@pytest.fixture
def kpitools(monkeypatch, capsys):
    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kpitools", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def test_the_command_says_what_to_do_next_and_its_steps_work(kpitools, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, out, _ = kpitools("init", "mine", "--from", str(CRM))
    assert code == 0
    assert "25 guesses" in out
    assert "kpitools report --period 2017Q4" in out
    monkeypatch.chdir(tmp_path / "mine")
    code, out, _ = kpitools("check")
    assert (code, "KPIs can be computed" in out) == (1, True)
    code, out, _ = kpitools("report", "--period", "2017Q4", "--list")
    assert (code, "scorecard" in out) == (0, True)


def test_nothing_is_written_over_and_then_nothing_is_made(kpitools, tmp_path):
    own = tmp_path / "kpitools.toml"
    own.write_text("# mine\n", encoding="utf-8")
    code, _, err = kpitools("init", str(tmp_path), "--from", str(CRM))
    assert (code, "already holds kpitools.toml; nothing was written" in err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["kpitools.toml"]
    assert own.read_text("utf-8") == "# mine\n"


def test_a_folder_that_holds_the_files_already_may_be_the_own_one(tmp_path):
    data = files(tmp_path / "data", deals="deal_id,status,closed_at\nD1,Won,2026-03-01\n")
    made = make_folder(tmp_path, files=data)
    assert (tmp_path / "data" / "deals.csv").is_file()
    assert made.period == "2026Q1"
    assert check(read_config(tmp_path / "kpitools.toml").data).counts().rows() == [("deals", 1, 1, 0, 0)]


def test_a_failure_halfway_leaves_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "templates").write_text("a file where a folder is to be", encoding="utf-8")
    with pytest.raises(DataError, match="Nothing was made"):
        make_folder(tmp_path, files=CRM)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"notes.txt", "templates"}


def test_the_sample_is_the_one_that_comes_with_the_project(tmp_path):
    made = make_folder(tmp_path / "mine")
    place = tmp_path / "mine" / "data" / "sample"
    assert {path.name for path in place.iterdir()} == {path.name for path in SAMPLE.iterdir() if path.is_file()}
    assert check(place).data.fingerprint() == check(SAMPLE).data.fingerprint()
    assert (made.period, made.by, made.guesses) == ("2026Q3", "team", 0)


def test_the_settings_are_read_and_lead_to_the_folders_own_files(mine: Path):
    own = read_config(mine / "kpitools.toml")
    assert own.data == mine / "data" / "mapping.toml"
    assert Path(own.reports["templates_folder"]) == mine / "templates"
    assert available(own.reports["templates_folder"]) == available()
    assert "discount_rate" in own.kpis


def test_the_copies_look_at_the_folders_data_and_last_quarter(mine: Path):
    copies = [*mine.glob("notebooks/*.ipynb"), *mine.glob("templates/*.ipynb")]
    assert {path.name for path in copies} == {
        path.name for name in ("notebooks", "templates") for path in (ROOT / name).glob("*.ipynb")
    }
    for path in copies:
        source = "\n".join("".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]
                           if cell["cell_type"] == "code")  # fmt: skip
        assert '"../data/sample"' not in source
        assert '"2026Q3"' not in source
        assert path.parent.name != "templates" or 'period = "2017Q4"' in source


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The wheel of the project, built by its own backend and unpacked as an installer unpacks it."""
    scratch = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "out", "build", "*.egg-info", "__pycache__", "tests", "data")
    shutil.copytree(ROOT, scratch / "project", ignore=ignored)
    build = "from setuptools.build_meta import build_wheel; build_wheel('..')"
    subprocess.run([sys.executable, "-c", build], cwd=scratch / "project", check=True, capture_output=True, timeout=120)
    (wheel,) = scratch.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(scratch / "site")
    return scratch / "site"


def test_an_installed_wheel_carries_templates_and_notebooks(installed: Path):
    for name in ("templates", "notebooks"):
        inside = {path.name for path in (installed / "kpitools" / name).iterdir()}
        assert inside == {path.name for path in shipped(name).iterdir() if path.suffix in COPIED}
    assert not (installed / "templates").exists()


def test_an_installed_wheel_makes_a_folder_and_finds_its_templates(installed: Path, tmp_path):
    ask = (
        "import kpitools; from kpitools.cli import main; from kpitools.reports.templates import available;"
        "print(kpitools.__file__, *available()); main()"
    )
    words = [sys.executable, "-c", ask, "init", "mine", "--from", str(CRM)]
    done = subprocess.run(words, cwd=tmp_path, env={"PYTHONPATH": str(installed), "PATH": ""}, capture_output=True,
                          text=True, check=True, timeout=120)  # fmt: skip
    first = done.stdout.splitlines()[0].split()
    assert first == [str(installed / "kpitools" / "__init__.py"), *available()]
    for name in ("own_kpis.py", "voila.json"):
        assert (tmp_path / "mine" / "notebooks" / name).is_file()
