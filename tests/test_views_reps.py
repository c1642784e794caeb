"""The sections about reps: for the whole company, for one team, and for data that lacks most tables."""

from __future__ import annotations

import pytest
from small import dataset

from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages.view import View
from kpitools.views import reps

SECTIONS = (
    "findings",
    "attainment",
    "pacing",
    "leaderboard",
    "differences",
    "changes",
    "activities",
    "ramp",
    "coaching",
)
BARE = """
    reps: rep_id
    r1
    deals: deal_id owner_rep_id status created_at closed_at
    a r1 won 2026-07-01 2026-07-11
"""


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("team", [None, "Nordics"])
def test_every_section_has_something_to_show(data: Dataset, section: str, team: str | None):
    view = View.of(data, Slice(where={"team": (team,)} if team else {}, period="2026Q3", as_of="2026-08-15"))
    assert list(getattr(reps, section)(view))


@pytest.mark.parametrize(("section", "said"), [
    ("pacing", "No quota is known for the period, so there is nothing to pace."),
    ("leaderboard", "Nobody has 3 peers who closed deals, so there is no top quarter to be in."),
    ("differences", "The data has no segment and no kind of deal, so mix and rate cannot be told apart."),
    ("changes", "r1 won 1 deal, after 0 in Q2 2026; the amounts are not known."),
    ("coaching", "The data has no coaching with an end and an aim, so before and after cannot be compared."),
    ("ramp", "The data does not say when reps were hired, so there is no ramp to show."),
])  # fmt: skip
def test_what_is_missing_is_said(section: str, said: str):
    first = next(iter(getattr(reps, section)(View.of(dataset(BARE), Slice(period="2026Q3")))))
    assert said in first.data


def test_a_period_that_is_over_is_not_paced(data: Dataset):
    first, *others = reps.pacing(View.of(data, Slice(period="2026Q2")))
    assert (first.data.startswith("- The period is over"), others) == (True, [])


def test_the_ramp_is_drawn_where_there_are_enough_to_draw(data: Dataset):
    words, chart = reps.ramp(View.of(data, Slice(period="2026Q3")))
    assert "First deal won: " in words.data
    assert chart.to_dict()["title"]["text"] == ["Ramp by months since hire"]
    assert len(list(reps.ramp(View.of(data, Slice(where={"team": ("Nordics",)}, period="2026Q3"))))) == 1


def test_coaching_names_what_it_aimed_at(data: Dataset):
    words, table = reps.coaching(View.of(data, Slice(period="2026Q3")))
    assert "coachings compared with uncoached reps of the role" in words.data
    assert "Sales per rep" in table.to_text()


def test_a_coaching_that_has_no_time_after_yet(data: Dataset):
    (words,) = reps.coaching(View.of(data, Slice(period="2024Q1")))
    assert "No coaching has its time after behind it" in words.data


def test_of_deals_all_by_one_rep_nothing_is_compared():
    one = dataset(BARE.replace("closed_at", "closed_at kind").replace("07-11", "07-11 new"))
    first = next(iter(reps.differences(View.of(one, Slice(period="2026Q3")))))
    assert "nothing to compare" in first.data


def test_of_many_sellers_those_with_the_most_cases_are_drawn_and_all_are_listed():
    sellers = reps.MOST_DRAWN + 1
    rows = [f"{seller}-{number} r{seller} won 2026-07-01 2026-07-11"
            for seller in range(sellers) for number in range(1 if seller == 7 else 2)]  # fmt: skip
    deals = "\n".join(["deals: deal_id owner_rep_id status created_at closed_at", *rows])
    listed = "\n".join(["reps: rep_id", *(f"r{seller}" for seller in range(sellers))])
    words, chart, table = reps.leaderboard(View.of(dataset(f"{listed}\n{deals}"), Slice(period="2026Q3")))
    assert f"Drawn are the {reps.MOST_DRAWN} of {sellers} sellers with the most closed deals." in words.data
    assert {*chart.values} == {f"r{seller}" for seller in range(sellers)} - {"r7"}
    assert len(table.rows) == sellers
