"""Sets of KPIs: what is in them, and what they warn of."""

from __future__ import annotations

import pytest

from kpitools.analyses.presets import FROM_DEALS, PRESETS
from kpitools.errors import UnknownNameError
from kpitools.kpis import sets
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.sets import MOST_CORE, SETS, KpiSet, kpi_set

GROUPS = (sets.GENERAL, sets.ROLES, sets.INDUSTRIES, sets.STAGES, sets.RHYTHMS, sets.NORTH_STARS, sets.APPROACHES)
#: What the sources list for these is all of one kind.
ONE_SIDED = {"sdr": "leading", "ae": "lagging", "financial_services": "lagging", "insurance": "lagging",
             "edtech": "lagging"}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_every_kpi_of_a_set_is_in_the_catalogue_and_there_once(name):
    chosen = SETS[name]
    assert [kpi.id for kpi in chosen.members()] == list(chosen.kpis)
    assert len(set(chosen.kpis)) == len(chosen.kpis)
    assert chosen.label
    assert 1 <= len(chosen.core) <= MOST_CORE


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_ours_warns_of_nothing_but_what_the_sources_leave_out(name):
    warnings = SETS[name].warnings()
    assert len(warnings) == (name in ONE_SIDED)
    assert all(f"holds {ONE_SIDED[name]} KPIs only" in said for said in warnings)


def test_no_two_sets_share_a_name():
    assert sum(map(len, GROUPS)) == len(SETS)


def test_the_sets_there_are():
    assert [*sets.ROLES] == ["manager", "rep", "team", "sdr", "ae", "am", "executive"]
    assert len(sets.INDUSTRIES) == 9
    assert [*sets.RHYTHMS] == ["daily", "weekly", "monthly", "quarterly"]
    assert len(kpi_set("general").kpis) == 9
    assert all(len(star.core) == 1 and star.supporting for star in sets.NORTH_STARS.values())


@pytest.mark.parametrize("role", sets.ROLES)
def test_the_executives_set_is_for_executives(role):
    """The lists of the other roles are the sources' own; they name KPIs of others too."""
    strangers = [kpi.id for kpi in kpi_set(role).members() if role not in kpi.roles]
    assert strangers == [] or role != "executive"


def test_presets_are_sets():
    assert {name: chosen.kpis for name, chosen in {**sets.GENERAL, **sets.ROLES}.items()} == PRESETS
    assert set(FROM_DEALS) <= set(CATALOGUE)


def test_too_many_are_told():
    six = ("win_rate", "average_deal_size", "pipeline_value", "sales_growth", "new_leads_added", "meetings_held")
    assert KpiSet("Mine", six).warnings() == [
        "Mine has 6 core KPIs; keep the 5 that lead to action, make the others supporting ones."
    ]
    assert KpiSet("Mine", six[:5], six[5:]).warnings() == []


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (("win_rate", "sales_growth"), "lagging KPIs only"),
        (("new_leads_added", "meetings_held"), "leading KPIs only"),
        (("win_rate", "meetings_held"), None),
    ],
)
def test_one_sided_sets_are_told(ids, said):
    warnings = KpiSet("Mine", ids[:1], ids[1:]).warnings()
    assert [said in warning for warning in warnings] == ([True] if said else [])


def test_unknown_names():
    with pytest.raises(UnknownNameError, match=r"no set of KPIs 'managr'\. Did you mean 'manager'\?"):
        kpi_set("managr")
    with pytest.raises(UnknownNameError, match=r"no KPI 'win_rat'\. Did you mean 'win_rate'\?.*in the set Mine"):
        KpiSet("Mine", ("win_rat",)).warnings()
