"""What a batch will make is settled, and every wrong name or value found, before anything runs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from reports_kit import PARAMETERS, company, template

from kpitools.errors import EvaluationError, ReportError, UnknownNameError
from kpitools.formats.filenames import LONGEST, slug
from kpitools.reports.names import slugs
from kpitools.reports.parameters import typed
from kpitools.reports.plan import plan
from kpitools.reports.templates import available, find


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = template(tmp_path_factory.mktemp("templates"))
    return template(folder, "reps", parameters=PARAMETERS + "peers = True")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("North", "north"),
        ("R&D / Süd-West", "r-d-sud-west"),
        ("../../etc", "etc"),
        ("C:\\Windows", "c-windows"),
        ('"; import os', "import-os"),
        ("</script><script>alert(1)</script>", "script-script-alert-1-script"),
        (".hidden.", "hidden"),
    ],
)
def test_a_slug_is_plain_words(name, expected):
    assert slug(name) == expected


@pytest.mark.parametrize("name", ["🚀", "", "  ", "Отдел", "NUL", "lpt1", "x" * 300, "\ud800"])
def test_a_slug_that_cannot_be_words_alone_carries_a_mark_of_the_name(name):
    assert slug(name) == slug(name)
    assert slug(name).rsplit("-", 1)[1].isalnum()
    assert len(slug(name)) <= LONGEST + 7
    assert slug(name) != slug(name + "y")


def test_slugs_do_not_depend_on_the_order_and_are_never_alike():
    names = ["a b", "A-B", "a_b", "c", None, "Unassigned"]
    there, back = slugs(names), slugs(reversed(names))
    assert there == back
    assert len(set(there.values())) == len(names)
    assert there["c"], there[None] == ("c", "unassigned")


def test_every_template_is_planned_for_every_member_and_for_what_belongs_to_none(folder):
    made = plan(company("South", "North"), period="2026Q3", folder=folder)
    assert [job.stem for job in made.jobs] == [
        f"{name}-{member}-2026q3" for member in ("north", "south", "unassigned") for name in ("deals", "reps")
    ]


def test_a_job_carries_the_slice_and_its_words(folder):
    job = plan(company("North"), period="2026Q3", templates=["deals"], folder=folder).jobs[0]
    assert job.parameters == {
        "slice": "team=North&period=2026Q3&as_of=2026-09-30",
        "period": "2026Q3",
        "as_of": "2026-09-30",
        "interactive": False,
    }
    assert (job.facts["title"], job.facts["subject"]) == ("Deals so far", "Team North")
    assert (job.facts["period"], job.facts["dates"], job.facts["as_of"]) == (
        "Q3 2026",
        "1 Jul – 30 Sep 2026",
        "30 Sep 2026",
    )


def test_only_picks_members_and_keeps_their_file_names(folder):
    made = plan(
        company("a b", "a-b"), period="2026Q3", only=["a b", "(unassigned)"], templates=["deals"], folder=folder
    )
    assert [job.member for job in made.jobs] == ["a b", None]
    assert made.jobs[0].stem == plan(company("a b", "a-b"), period="2026Q3", folder=folder).jobs[0].stem


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"only": ["Nort"]}, UnknownNameError, "There is no team 'Nort'. Did you mean 'North'"),
        ({"by": "taem"}, UnknownNameError, "Did you mean 'team'"),
        ({"by": "segment"}, UnknownNameError, "dimension"),
        ({"templates": ["deal"]}, UnknownNameError, "There is no template 'deal'. Did you mean 'deals'"),
        ({"parameters": {"age": 3}}, UnknownNameError, "There is no parameter 'age'. Did you mean 'ages'"),
        ({"parameters": {"ages": "six"}}, ReportError, "'ages' is a whole number, such as 6; 'six' is not"),
        ({"parameters": {"since": "2026-02-30"}}, ReportError, "'since' is a day"),
        ({"parameters": {"slice": "team=South"}}, ReportError, "set by the batch"),
        ({"period": "2026Q5"}, EvaluationError, "is not a period"),
        ({"as_of": "yesterday"}, EvaluationError, "is not a day"),
    ],
)
def test_what_cannot_be_made_stops_the_plan(folder, asked, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(")):
        plan(company("North", "South"), **{"period": "2026Q3", "folder": folder, **asked})


def test_a_parameter_of_some_templates_goes_to_those(folder):
    made = plan(company("North"), period="2026Q3", only=["North"], parameters={"peers": "no"}, folder=folder)
    assert {job.template.name: job.parameters.get("peers") for job in made.jobs} == {"deals": None, "reps": False}


@pytest.mark.parametrize(
    ("value", "default", "expected"),
    [
        ("007", "x", "007"),
        ("7", 1, 7),
        (7, 1, 7),
        ("1.5", 1.0, 1.5),
        (2, 1.0, 2.0),
        ("No", True, False),
        ("a, b", ["x"], ["a", "b"]),
        ("1,2", [3], [1, 2]),
        ("", ["x"], []),
        (date(2026, 1, 2), "2025-01-01", "2026-01-02"),
    ],
)
def test_a_value_takes_the_declared_type(value, default, expected):
    found = typed("p", value, default)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "default"),
    [
        (True, 1), ("1_000", 1), (1.5, 1), ("²", 1), ("nan", 1.0), (float("inf"), 1.0), (True, 1.0), ("maybe", True),
        (1, True), (7, "x"), (None, "x"), ("30.09.2026", "2026-01-01"), ("a", [1]),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(value, default):
    with pytest.raises(ReportError, match="such as"):
        typed("p", value, default)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("period = 2026", "needs data, slice, period, as_of"),
        (PARAMETERS + "end = ages + 1", "line 10 is not one name and one literal"),
        (PARAMETERS + "import os", "line 10 is not one name and one literal"),
        (PARAMETERS + "a = b = 1", "not one name and one literal"),
        ("data = ", "may hold only"),
    ],
)
def test_a_parameters_cell_holds_literals_only(tmp_path, parameters, message):
    with pytest.raises(ReportError, match=message):
        find("deals", template(tmp_path, parameters=parameters))


def test_what_is_no_notebook_is_named(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{}")
    with pytest.raises(ReportError, match=r"broken\.ipynb is not a notebook"):
        find("broken", tmp_path)
    with pytest.raises(ReportError, match="no folder of templates"):
        available(tmp_path / "nowhere")


def test_an_annotated_parameter_counts(tmp_path):
    found = find("deals", template(tmp_path, parameters=PARAMETERS + "quick: bool = False"))
    assert found.parameters["quick"] is False


ALLOWED = {
    "parameters": {"role": "roles", "rule": "stage_rules", "window_days": {"least": 1, "most": 3650}},
    "peers": False,
}
CHOSEN = PARAMETERS + 'role = "core"\nrule = "reached"\nwindow_days = 90\nkpis = ["win_rate"]\n'


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"window_days": -5}, ReportError, "'window_days' is at least 1 and at most 3650; -5 is not"),
        ({"window_days": "0"}, ReportError, "at least 1"),
        ({"window_days": 3651}, ReportError, "at most 3650"),
        ({"window_day": 5}, UnknownNameError, "Did you mean 'window_days'"),
        ({"role": "manger"}, UnknownNameError, "value of parameter 'role' like 'manger'. Did you mean 'manager'"),
        ({"rule": "Through"}, UnknownNameError, "Did you mean 'through'"),
        ({"kpis": "win_rate,win_rat"}, UnknownNameError, "Did you mean 'win_rate'"),
    ],
)
def test_an_impossible_value_stops_with_the_nearest_good_one(tmp_path, asked, error, message):
    kpis = {**ALLOWED, "parameters": {**ALLOWED["parameters"], "kpis": "kpis"}}
    folder = template(tmp_path, parameters=CHOSEN, metadata=kpis)
    with pytest.raises(error, match=message):
        plan(company("North"), period="2026Q3", folder=folder, parameters=asked)


def test_a_possible_value_is_taken(tmp_path):
    folder = template(tmp_path, parameters=CHOSEN, metadata=ALLOWED)
    asked = {"window_days": "0030", "rule": "through", "role": "manager", "label": "007"}
    job = plan(company("North"), period="2026Q3", folder=folder, parameters=asked).jobs[0]
    taken = {name: job.parameters[name] for name in asked}
    assert taken == {"window_days": 30, "rule": "through", "role": "manager", "label": "007"}
    assert job.template.peers is False


@pytest.mark.parametrize(
    ("metadata", "error", "message"),
    [
        ({"parameter": {}}, UnknownNameError, "Did you mean 'parameters'"),
        ({"parameters": {"rol": "roles"}}, UnknownNameError, "Did you mean 'role'"),
        ({"parameters": {"role": "role"}}, UnknownNameError, "Did you mean 'roles'"),
        ({"parameters": {"role": ["manager"]}}, UnknownNameError, "like 'core'"),
        ({"parameters": {"window_days": {"min": 1}}}, ReportError, "give a list of values"),
        ({"parameters": {"window_days": {"least": "x"}}}, ReportError, "cannot be compared"),
        ({"parameters": {"window_days": 5}}, ReportError, "give a list of values"),
        ({"peers": "no"}, ReportError, "`peers` as true or false"),
    ],
)
def test_what_a_template_says_of_itself_is_checked(tmp_path, metadata, error, message):
    with pytest.raises(error, match=message):
        find("deals", template(tmp_path, parameters=CHOSEN, metadata=metadata))
