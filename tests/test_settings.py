"""Settings: what a company may decide for itself, in whatever a KPI rests on; and composite scores."""

from __future__ import annotations

import polars as pl
import pytest
from small import by_group, dataset, figure

from kpitools.config import read_config
from kpitools.errors import DataError, DeclarationError, UnknownNameError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi, composite, kpi
from kpitools.kpis.settings import settings, with_settings
from kpitools.measures.aggregates import Aggregate, count, mean
from kpitools.measures.attribute import attribute
from kpitools.measures.measure import measure, per_entity
from kpitools.model.tables import Activities, Deals, Orders, Surveys

FACTS = {"better": "higher", "roles": ("rep",), "timing": "leading", "kind": "quality"}


@attribute(Activities, on="deal_id")
def busy_days(longer_than: int = 60) -> pl.Expr:
    """Long activities on the deal."""
    return (pl.col("duration_s") > longer_than).sum()


@measure(Deals, at="created_at", unit="count", uses=(busy_days,))
def busy_deals(fewest: int = 1) -> Aggregate:
    """Deals with long activities."""
    return count(pl.col("busy_days") >= fewest)


@measure(Deals, at="created_at", unit="count")
def all_deals() -> Aggregate:
    """Deals."""
    return count()


@measure(Orders, at="ordered_at", unit="count")
def orders() -> Aggregate:
    """Orders."""
    return count()


@per_entity(on="account_id", unit="count")
def regulars(bought=orders, fewest: int = 2) -> Aggregate:
    """Accounts with several orders."""
    return count(bought >= fewest)


@kpi(unit="score", **FACTS)
def busy_score(busy=busy_deals, every=all_deals, cap: float = 100.0) -> pl.Expr:
    """Busy deals as a share of all, up to a cap."""
    return (100 * busy / every).clip(upper_bound=cap)


@kpi(unit="count", **FACTS)
def regular_customers(accounts=regulars) -> pl.Expr:
    """Accounts that come back."""
    return accounts


@measure(Surveys, at="answered_at", unit="score")
def score_given() -> Aggregate:
    """Mean of the answers."""
    return mean("score")


@kpi(unit="score", **FACTS)
def given(score=score_given) -> pl.Expr:
    """What is answered."""
    return score


OWN = {each.id: each for each in (busy_score, regular_customers)}
TABLES = """
    deals: deal_id created_at
    a 2026-07-01
    b 2026-07-01
    activities: activity_id deal_id at duration_s
    1 a 2026-07-02 50
    2 a 2026-07-02 90
    3 b 2026-07-02 40
    orders: order_id account_id ordered_at
    1 x 2026-07-01
    2 x 2026-07-01
    3 y 2026-07-01
"""


def test_what_can_be_set():
    assert settings(OWN) == {
        "busy_days": {"longer_than": 60}, "busy_deals": {"fewest": 1}, "busy_score": {"cap": 100.0},
        "regulars": {"fewest": 2},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "busy", "regular"),
    [
        ({}, 50, 1),
        ({"busy_days": {"longer_than": 30}}, 100, 1),  # of an attribute
        ({"busy_days": {"longer_than": 45}, "busy_deals": {"fewest": 2}}, 50, 1),  # of attribute and measure
        ({"busy_deals": {"fewest": 2}}, 0, 1),
        ({"busy_score": {"cap": 20}}, 20, 1),  # of the formula
        ({"regulars": {"fewest": 1}}, 50, 2),  # of a measure per entity
    ],
)
def test_settings_reach_whatever_a_kpi_rests_on(chosen, busy, regular):
    changed = with_settings(OWN, chosen)
    data = dataset(TABLES)
    assert (figure(changed["busy_score"], data), figure(changed["regular_customers"], data)) == (busy, regular)
    assert figure(busy_score, data) == 50  # the declared one stays as it is


def test_what_is_not_changed_stays_the_very_same():
    changed = with_settings(OWN, {"regulars": {"fewest": 1}})
    assert changed["busy_score"] is busy_score
    assert settings(changed)["regulars"] == {"fewest": 1}


@pytest.mark.parametrize(
    ("chosen", "error", "said"),
    [
        ({"busy_dais": {"longer_than": 1}}, UnknownNameError,
         "There is no setting of a KPI or measure 'busy_dais'. Did you mean 'busy_days'?"),
        ({"busy_days": {"longer": 1}}, UnknownNameError, "There is no setting of busy_days 'longer'."),
        ({"busy_days": {"longer_than": "long"}}, DataError,
         "busy_days.longer_than is 60; it cannot be set to 'long': give a value of the same kind."),
        ({"busy_days": {"longer_than": True}}, DataError, "it cannot be set to True"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told(chosen, error, said):
    with pytest.raises(error) as caught:
        with_settings(OWN, chosen)
    assert said in str(caught.value)


def test_settings_come_from_the_file(tmp_path):
    file = tmp_path / "kpitools.toml"
    file.write_text("[settings.stale_deals]\ndays = 45\n")
    config = read_config(file)
    assert settings(config.kpis)["stale_deals"] == {"days": 45}
    assert settings(CATALOGUE)["stale_deals"] == {"days": 30}
    file.write_text("[settings.stale_deal]\ndays = 45\n")
    with pytest.raises(UnknownNameError, match="Did you mean 'stale_deals'"):
        read_config(file)


# ---- composite scores


@composite(weights={"busy": 3.0, "rated": 1.0}, **FACTS)
def success(busy=busy_score, rated=given) -> None:
    """How well it goes."""


SCORED = TABLES + "surveys: survey_id answered_at score\n s 2026-07-01 90"


def test_a_composite_is_the_weighted_mean_of_its_parts():
    assert figure(success, dataset(SCORED)) == (3 * 50 + 1 * 90) / 4
    assert {name: (part.id, weight) for name, (part, weight) in success.parts.items()} == {
        "busy": ("busy_score", 3.0), "rated": ("given", 1.0),
    }  # fmt: skip
    assert success.words == "(3 * busy_score + 1 * given) / the weights of the parts that are known"
    assert (success.unit, success.area, busy_score.parts) == ("score", "test_settings", {})


def test_a_part_that_is_not_known_leaves_its_weight_to_the_others():
    unknown = SCORED.replace("2026-07-01 90", "2026-07-01 -")
    assert figure(success, dataset(unknown)) == 50
    assert figure(success, dataset(unknown), period="2025Q1") is None


def test_a_composite_by_group_is_of_the_groups_parts():
    tables = """
        accounts: account_id segment
        x smb
        y mid_market
        surveys: survey_id account_id answered_at score
        s x 2026-07-01 90
        deals: deal_id account_id created_at
        a x 2026-07-01
        b y 2026-07-01
        activities: activity_id deal_id at duration_s
        1 a 2026-07-02 90
        2 b 2026-07-02 10
    """
    assert by_group(success, tables, "segment") == {"smb": (3 * 100 + 90) / 4, "mid_market": 0}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"success": {"busy": 1}}, (50 + 90) / 2),
        ({"success": {"busy": 0.0}}, 90),
        ({"busy_score": {"cap": 10}}, (3 * 10 + 90) / 4),  # of a part
    ],
)
def test_weights_are_settings_and_so_are_those_of_the_parts(chosen, expected):
    changed = with_settings({"success": success}, chosen)["success"]
    assert figure(changed, dataset(SCORED)) == expected


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"busy": 1.0}, "some_score: the weights are of ['busy'], the parts are ['busy', 'rated']; each is a KPI."),
        ({"busy": 1.0, "ratd": 1.0}, "the weights are of ['busy', 'ratd']"),
    ],
)
def test_weights_are_of_the_parts(weights, said):
    def some_score(busy=busy_score, rated=given) -> None:
        """A score."""

    with pytest.raises(DeclarationError) as caught:
        composite(weights=weights, **FACTS)(some_score)
    assert said in str(caught.value)


def test_a_part_is_a_kpi():
    def some_score(busy=busy_deals) -> None:
        """A score."""

    with pytest.raises(DeclarationError, match="each is a KPI"):
        composite(weights={"busy": 1.0}, **FACTS)(some_score)


@pytest.mark.parametrize("name", [name for name, each in CATALOGUE.items() if each.parts])
def test_every_score_of_the_catalogue_opens_into_parts_of_the_catalogue(name):
    scored: Kpi = CATALOGUE[name]
    assert all(weight > 0 for weight in scored.weights.values())
    assert all(part.id in CATALOGUE and part.unit in ("score", "percent") for part, _ in scored.parts.values())
