"""The controls as a user moves them, on eight deals that can be counted by eye."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpitools.config import Config
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages import Page, View, open_page
from kpitools.pages.choice import MOST_LISTED
from kpitools.pages.controls import Controls
from kpitools.pages.copying import as_lines, read_lines
from kpitools.pages.options import OFFERED, OptionTables
from kpitools.views import pipeline, scorecard
from tests.small import dataset

# North: Ann (3 deals) and Bob (2); South: Cid (2) and Dan, who has none; one deal is nobody's.
DEALS = """
    reps: rep_id name team manager_rep_id
    r1 Ann North r1
    r2 Bob North r1
    r3 Cid South r3
    r4 Dan South r3
    deals: deal_id owner_rep_id segment product_family stage status created_at amount
    d1 r1 smb Core Demo open 2026-01-10 10
    d2 r1 smb Core Offer open 2026-02-10 10
    d3 r1 large Plus Offer open 2026-03-10 10
    d4 r2 large Core Demo open 2026-04-10 10
    d5 r2 smb Core Demo open 2026-05-10 10
    d6 r3 large Plus Offer open 2026-06-10 10
    d7 r3 large Plus Demo open 2026-07-10 10
    d8 - smb Core Demo open 2026-08-10 10
"""
SILENCE = "<span role='status'></span>"
NOT_BOTH = "Deals of segment smb: 4, of product family Plus: 3, of both together: none."
WHOLE = "period=2026Q3&as_of=2026-09-30"


@pytest.fixture(scope="module")
def small() -> Dataset:
    return dataset(DEALS)


@pytest.fixture
def page(small: Dataset) -> Page:
    return Page(View.of(small, Slice(period="2026Q3"), compare="previous", kpi_set="core"), interactive=True)


@pytest.fixture
def controls(page: Page) -> Controls:
    return Controls(page)


def many(reps: int) -> Dataset:
    lines = [f"r{number} Rep-{number} T{number % 5}" for number in range(reps)]
    deals = [f"d{number} r{number} open 2026-07-01" for number in range(reps)]
    return dataset(
        "\n".join(["reps: rep_id name team", *lines, "deals: deal_id owner_rep_id status created_at", *deals])
    )


def labels(controls: Controls, name: str) -> list[str]:
    return [label for label, _ in controls.where[name].widget.options]


def choose(controls: Controls, name: str, *values: str | None) -> None:
    controls.where[name].widget.value = values


def test_options_are_the_values_of_the_data_with_how_many_deals_each_has(controls):
    assert labels(controls, "team") == ["All (8)", "North (5)", "South (2)", "unassigned (1)"]
    assert labels(controls, "rep") == ["All (8)", "Ann (3)", "Bob (2)", "Cid (2)", "Dan (0)", "unassigned (1)"]
    assert labels(controls, "stage") == ["All (8)", "Demo (5)", "Offer (3)"]
    assert controls.where["product_family"].widget.description == "Product family"


def test_options_depend_on_what_the_others_say(controls):
    choose(controls, "team", "North")
    assert labels(controls, "rep") == ["All (5)", "Ann (3)", "Bob (2)"]
    assert labels(controls, "team") == ["All (8)", "North (5)", "South (2)", "unassigned (1)"]
    choose(controls, "segment", "large")
    assert labels(controls, "rep") == ["All (2)", "Ann (1)", "Bob (1)"]
    assert labels(controls, "team") == ["All (4)", "North (2)", "South (2)"]
    choose(controls, "rep", "Ann")
    assert labels(controls, "stage") == ["All (1)", "Offer (1)"]
    assert controls.text.value == f"team=North&segment=large&rep=Ann&{WHOLE}"


def test_counts_are_those_of_the_day(controls):
    controls.period.value = "2026Q1"
    assert controls.text.value == "period=2026Q1&as_of=2026-03-31"
    assert labels(controls, "team") == ["All (3)", "North (3)", "South (0)"]


def test_rows_that_belong_to_none_can_be_chosen(controls, page):
    choose(controls, "team", None)
    assert controls.text.value == f"team=%28unassigned%29&{WHOLE}"
    assert page.view.data["deals"].collect()["deal_id"].to_list() == ["d8"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(OFFERED), st.integers(0, 9)), max_size=5))
def test_every_value_offered_leaves_rows_and_as_many_as_it_says(small, moves):
    controls = Controls(page := Page(View.of(small, Slice(period="2026Q3")), interactive=True))
    for name, place in moves:
        if name in controls.where:
            box = controls.where[name].widget
            box.value = box.options[place % len(box.options)][1]
    assert controls.said.value in ("", SILENCE) or "There are no deals of rep Dan." in controls.said.value
    options = page.options.on(page.view.as_of)
    for name, choice in controls.where.items():
        for value, rows in options.of(name, page.view.slice.where).items():
            where = {**page.view.slice.where, name: (value,)}
            found = small.as_of("2026-09-30").where(where)
            deals = found["deals"].collect().height
            assert deals == rows
            assert deals or found["reps"].collect().height
            assert any(choice_values == (value,) for _, choice_values in choice.widget.options)


def test_undo_redo_and_reset(controls, page):
    assert (controls.undo.disabled, controls.redo.disabled, controls.reset.disabled) == (True, True, True)
    choose(controls, "team", "North")
    controls.compare.value = "year_ago"
    assert (page.view.compare, str(page.view.slice)) == ("year_ago", f"team=North&{WHOLE}")
    controls.undo.click()
    assert (controls.compare.value, page.view.compare) == ("previous", "previous")
    controls.undo.click()
    assert (controls.text.value, controls.undo.disabled, controls.redo.disabled) == (WHOLE, True, False)
    controls.redo.click()
    assert controls.where["team"].widget.value == ("North",)
    controls.reset.click()
    assert (str(page.view.slice), controls.reset.disabled) == (WHOLE, True)
    controls.undo.click()
    assert str(page.view.slice) == f"team=North&{WHOLE}"
    choose(controls, "team", "South")
    assert controls.redo.disabled


def test_a_day_is_chosen_and_taken_back(controls):
    from datetime import date

    controls.as_of.value = date(2026, 8, 15)
    assert controls.text.value == "period=2026Q3&as_of=2026-08-15"
    choose(controls, "team", "South")
    assert controls.text.value == "team=South&period=2026Q3&as_of=2026-08-15"
    controls.as_of.value = None
    assert controls.text.value == f"team=South&{WHOLE}"


def test_another_calendar_shows_where_the_period_ends(controls):
    controls.calendar.label = "Months"
    assert controls.text.value == "period=2026-08&as_of=2026-08-31"
    assert controls.period.options[0] == ("August 2026", "2026-08")
    assert controls.period.options[-1] == ("January 2026", "2026-01")
    controls.calendar.label = "Years"
    assert controls.period.options == (("2026", "2026"),)


def test_fiscal_periods_are_those_of_the_company(small):
    page = Page(View.of(small, Slice(period="FY2026Q2"), config=Config(fiscal_start=2)), interactive=True)
    controls = Controls(page)
    assert (controls.calendar.label, controls.text.value) == (
        "Fiscal quarters from Feb", "period=FY2026Q2%402&as_of=2025-07-31",
    )  # fmt: skip
    assert [label for label, _ in controls.calendar.options][-2:] == [
        "Fiscal quarters from Feb",
        "Fiscal years from Feb",
    ]
    controls.period.value = "FY2027Q2@2"
    assert page.view.day.isoformat() == "2026-07-31"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team=Nort", "There is no team &#x27;Nort&#x27;. Did you mean &#x27;North&#x27;?"),
        ("taem=North", "Did you mean &#x27;team&#x27;?"),
        ("period=2019Q1", "No deals are known yet as of 31 Mar 2019"),
        ("team=South&period=2026Q1&stage=Demo", "There are no deals of team South."),
        ("segment=smb&product_family=Plus", NOT_BOTH),
        ("team=North&segment=smb&product_family=Plus&stage=Offer", NOT_BOTH),
        ("period=2026Q5", "is not a period"),
        ("nonsense", "is not a slice"),
        ("team=<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_said_and_the_page_stays(controls, page, text, said):
    choose(controls, "team", "North")
    before = page.view
    controls.text.value = text
    assert said in controls.said.value
    assert page.view is before
    assert (controls.text.value, controls.where["team"].widget.value) == (text, ("North",))


def test_a_choice_that_leaves_nothing_is_taken_back(controls, page):
    choose(controls, "rep", "Dan")
    assert "There are no deals of rep Dan. Only other tables have such rows." in controls.said.value
    controls.text.value = "team=South"
    assert controls.said.value == SILENCE
    choose(controls, "stage", "Offer")
    controls.period.value = "2026Q1"
    assert "Nothing is left as of 31 Mar 2026. There are no deals of team South." in controls.said.value
    assert (controls.period.value, controls.text.value) == ("2026Q3", f"team=South&stage=Offer&{WHOLE}")


def test_a_period_that_has_not_begun_is_shown_with_a_word(controls):
    controls.text.value = "period=2027Q1"
    assert "Q1 2027 begins after the last day of this data, 2026-08-10." in controls.said.value
    controls.text.value = "period=2026Q3&as_of=2026-06-30"
    assert "Q3 2026 had not begun on the day this is seen from." in controls.said.value


def test_several_values_and_other_dimensions_can_be_pasted_and_are_kept(controls):
    controls.text.value = "team=North&team=South&deal=d1&deal=d6"
    assert controls.where["team"].widget.label == "North or South (2)"
    assert labels(controls, "rep") == ["All (2)", "Ann (1)", "Cid (1)"]
    choose(controls, "segment", "large")
    assert controls.text.value == f"team=North&team=South&deal=d1&deal=d6&segment=large&{WHOLE}"


def test_comparison_and_set_reach_the_sections_and_are_copied_as_parameters(controls, page):
    controls.kpi_set.label = "Account executive"
    controls.compare.label = "Year ago"
    choose(controls, "team", "North")
    assert (page.view.compare, page.view.kpi_set) == ("year_ago", "ae")
    lines = controls.lines.value
    assert lines == f'slice = "team=North&{WHOLE}"\ncompare = "year_ago"\nrole = "ae"'
    controls.reset.click()
    controls.lines.value = lines
    assert (controls.text.value, page.view.kpi_set) == (f"team=North&{WHOLE}", "ae")
    names: dict[str, str] = {}
    exec(lines, names)
    assert names["slice"] == str(page.view.slice)


def test_a_page_without_the_choices_copies_the_slice_alone(small):
    page = Page(View.of(small, Slice(period="2026Q3")), interactive=True)
    assert as_lines(page.view) == f'slice = "{WHOLE}"'


@pytest.mark.parametrize("text", ["slice", "slice = open('x')", 'role = "ae"', "slice = 3"])
def test_lines_that_are_no_parameters_are_refused_and_not_run(text):
    with pytest.raises(EvaluationError):
        read_lines(text)


def test_an_unknown_comparison_or_set_stops_at_once(small):
    with pytest.raises(UnknownNameError, match="year_ago"):
        open_page(small, compare="year_go")
    with pytest.raises(UnknownNameError, match="set of KPIs 'aee'"):
        open_page(small, kpi_set="aee")


def test_many_values_are_searched_by_a_part_of_the_name():
    controls = Controls(page := Page(View.of(many(MOST_LISTED + 1), Slice(period="2026Q3")), interactive=True))
    field = controls.where["rep"].widget
    assert (field.placeholder, field.value, len(field.options)) == ("All (16)", "", 16)
    field.value = "p-12"
    assert (field.value, page.view.slice.where) == ("Rep-12 (1)", {"rep": ("Rep-12",)})
    field.value = "REP-1"
    assert page.view.slice.where == {"rep": ("Rep-1",)}
    field.value = "rep-"
    assert "16 fit rep &#x27;rep-&#x27;, such as Rep-0, Rep-1" in controls.said.value
    field.value = "Bob"
    assert "There is no rep beside what else is chosen &#x27;Bob&#x27;" in controls.said.value
    assert (field.value, page.view.slice.where) == ("Bob", {"rep": ("Rep-1",)})
    field.value = ""
    assert page.view.slice.where == {}


@pytest.mark.parametrize(
    "name", ["All", "All (8)", "<img src=x onerror=alert(1)>", "a\nb", "x" * 10_000, "${1}", "\u202eevil"]
)
def test_names_are_text(small, name):
    from polars import lit, when

    frames = {table: frame.collect() for table, frame in small.frames.items()}
    named = when(frames["reps"]["team"] == "North").then(lit(name)).otherwise("team")
    page = Page(
        View.of(Dataset.of({**frames, "reps": frames["reps"].with_columns(team=named)}), Slice()), interactive=True
    )
    controls = Controls(page)
    choose(controls, "team", name)
    assert page.view.slice.where == {"team": (name,)}
    assert page.view.data["deals"].collect().height == 5
    assert max(map(len, labels(controls, "team"))) < 80
    controls.text.value = str(Slice({"team": (name,), "stage": ("nowhere",)}))
    assert "<img" not in controls.said.value


def test_names_that_are_alike_when_cut_are_told_apart():
    long = "x" * 100
    frames = dataset("reps: rep_id name team\nr1 A one\nr2 B two").frames["reps"].collect()
    reps = frames.with_columns(team=frames["team"].replace_strict({"one": f"{long}1", "two": f"{long}2"}))
    controls = Controls(
        Page(View.of(Dataset.of({"reps": reps}), Slice(period="2026Q3", as_of="2026-09-30")), interactive=True)
    )
    assert len(set(labels(controls, "team"))) == 3


def test_watchers_are_told_before_the_sections_and_replaced_by_name(page):
    told: list[str] = []
    page.watch("one", lambda view: told.append("first"))
    page.watch("one", lambda view: told.append(str(view.slice)))
    page.follow(page.of(Slice.parse("team=South")))
    assert told == [f"team=South&{WHOLE}"]


def test_controls_follow_what_others_set(controls, page):
    page.follow(page.of(Slice.parse("stage=Offer&period=2026Q3")))
    assert controls.where["stage"].widget.value == ("Offer",)
    controls.undo.click()
    assert controls.text.value == WHOLE


def test_days_that_were_counted_are_kept_within_bounds(small):
    tables = OptionTables(small)
    first = tables.on("2026-07-01")
    assert tables.on("2026-07-01") is first
    for month, day in product((1, 2), (1, 2, 3, 4)):
        tables.on(f"2026-0{month}-0{day}")
    assert tables.on("2026-07-01") is not first


@pytest.fixture(scope="module")
def quarter(data) -> View:
    return View.of(data.where({"team": ("Nordics",)}), Slice(period="2026Q3"))


def as_text(section, view: View, **chosen: str) -> str:
    """What a section says, of a view with these choices."""
    other = View.of(view.whole, view.slice, **chosen)
    return "\n".join(getattr(one, "data", None) or one.to_html() for one in section(other))


def test_the_choices_of_a_headless_page_are_what_it_shows_without_them(quarter):
    card = scorecard.headline("core")
    assert as_text(card, quarter, compare="previous", kpi_set="core") == as_text(card, quarter)
    assert as_text(pipeline.velocity, quarter, compare="previous") == as_text(pipeline.velocity, quarter)


def test_sections_follow_the_comparison_and_the_set(quarter):
    card = scorecard.headline("core")
    assert "Year ago" in as_text(card, quarter, compare="year_ago")
    assert "Sales forecast accuracy" in as_text(card, quarter, kpi_set="ae")
    assert "Year ago" in as_text(pipeline.velocity, quarter, compare="year_ago")
    assert "Sales forecast accuracy" not in as_text(card, quarter)
    own = scorecard.headline("core", ["average_deal_size"])
    assert "Sales forecast accuracy" not in as_text(own, quarter, kpi_set="core")
    assert "Sales forecast accuracy" in as_text(own, quarter, kpi_set="ae")
