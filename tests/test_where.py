"""A slice holds its own rows and what they lead to, and gives the same figures as the whole broken down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small import by_group, dataset, figure, leading_to

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.audit import divisible
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.within import looks_beyond
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.calendar import parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.led import REFERENCE, UNDIVIDED
from kpitools.model.lookup import attach, dimension_expr, dimension_paths
from kpitools.model.slice import Slice
from kpitools.model.tables import TABLES
from kpitools.pages.view import View
from kpitools.views.foot import PROVENANCE, foot
from kpitools.views.scorecard import headline

TEAMS = ["Asia-Pacific", "DACH", None]
PERIODS = [parse_period(label) for label in ("2025Q4", "2026Q2", "2026-09")]
#: Measured against the whole company, or by what others did with the same accounts and deals; and how it is not.
BEYOND = {
    "brand_equity_index", "coaching_effectiveness", "customer_referral_rate", "deal_risk_score", "deal_win_probability",
    "deals_slower_than_won", "deals_without_next_step", "follow_up_rate", "innovation_impact", "meeting_quality_score",
    "product_feedback_standing", "product_margin_standing", "product_market_share_standing", "product_mix_ratio",
    "product_performance", "product_revenue_standing", "product_units_standing", "returning_buyer_share",
    "sales_target_achievement_rate", "scored_win_probability",
}  # fmt: skip
WITHIN = {
    "average_deal_size", "discovery_effectiveness", "lead_response_time",
    "net_revenue_retention", "pipeline_value", "product_revenue", "sales_cycle_length", "win_rate",
}  # fmt: skip


def held(data: Dataset) -> Dataset:
    """The same dataset in memory: one collection rather than one per question."""
    names = [(kind, name) for kind in ("frames", "lookups") for name in getattr(data, kind)]
    collected = pl.collect_all([getattr(data, kind)[name] for kind, name in names])
    found: dict[str, dict[str, pl.LazyFrame]] = {"frames": {}, "lookups": {}}
    for (kind, name), frame in zip(names, collected, strict=True):
        found[kind][name] = frame.lazy()
    return Dataset(found["frames"], found["lookups"], data.seen_at, data.quality, data.source)


@pytest.fixture(scope="module")
def slices(data) -> dict[str | None, Dataset]:
    return {team: held(data.where({"team": [team]})) for team in TEAMS}


@pytest.fixture(scope="module")
def broken_down(data) -> pl.DataFrame:
    return evaluate(leading_to("team"), data, by="team", periods=PERIODS).frame


# ---- the same figures


@pytest.mark.parametrize("team", TEAMS)
def test_a_slice_gives_the_figures_of_the_breakdown(team, slices, broken_down):
    cut = evaluate(leading_to("team"), slices[team], periods=PERIODS).frame.select("kpi", "period", "value")
    rows = broken_down.filter(pl.col("team").eq_missing(pl.lit(team))).select("kpi", "period", whole="value")
    both = cut.join(rows, on=["kpi", "period"], how="left")
    either = pl.col("value").is_not_null() | pl.col("whole").is_not_null()
    near = (pl.col("value") - pl.col("whole")).abs() <= 1e-9 * pl.max_horizontal(pl.col("value").abs(), 1)
    different = {*both.filter(either & ~near.fill_null(False))["kpi"]}
    assert {name for name in different if not looks_beyond(CATALOGUE[name], ["team"])} == set()
    assert both["value"].count() > 10


def test_which_kpis_look_beyond_a_slice():
    looks = {kpi.id for kpi in CATALOGUE.values() if looks_beyond(kpi, ["team"])}
    assert looks >= BEYOND
    assert CATALOGUE.keys() - looks >= WITHIN
    assert len(looks) < len(CATALOGUE) / 4
    assert not any(looks_beyond(kpi, []) for kpi in CATALOGUE.values())


def test_what_looks_beyond_depends_on_what_the_slice_is_cut_by():
    """An account's orders lie in its segment all together, and with several teams."""
    returning, slow = CATALOGUE["returning_buyer_share"], CATALOGUE["deals_slower_than_won"]
    assert [looks_beyond(returning, [name]) for name in ("team", "segment")] == [True, False]
    assert [looks_beyond(slow, [name]) for name in ("team", "segment")] == [True, True]
    assert looks_beyond(returning, ["segment", "team"])


@pytest.mark.parametrize(("where", "said"), [({"team": ("DACH",)}, True), ({}, False)])
def test_a_page_says_what_is_measured_within_its_slice(data, where, said):
    view = View.of(data, Slice(where, period="2026Q2"))
    kpis = ("win_rate", "product_mix_ratio")
    shown = [str(part) for part in headline(kpis=kpis)(view) for part in [getattr(part, "data", "")]]
    assert any("within this slice alone" in text and "Product mix ratio" in text for text in shown) is said
    (foot_of_page,) = foot(view)
    told = {one["id"]: one["within"] for one in foot_of_page._repr_mimebundle_()[PROVENANCE]["definitions"]}
    assert {name: bool(text) for name, text in told.items()} == {"win_rate": False, "product_mix_ratio": said}


def test_two_members_are_one_slice(data):
    both = data.where({"team": ["DACH", "Latin America"]})
    by_team = evaluate("total_sales_revenue", both, periods="2026Q2", by="team", totals=True).frame
    values = dict(by_team.select("team", "value").iter_rows())
    assert values["(all)"] == pytest.approx(values["DACH"] + values["Latin America"])
    assert set(values) == {"DACH", "Latin America", "(all)"}


def test_two_dimensions_are_both_kept_to(data):
    cut = data.where({"team": ["DACH"], "segment": ["smb"]})
    whole = evaluate("win_rate", data, periods="2026Q2", by=["team", "segment"]).frame
    expected = whole.filter(team="DACH", segment="smb")["value"].item()
    assert evaluate("win_rate", cut, periods="2026Q2").frame["value"].item() == pytest.approx(expected)


#: North's rep reviews and sells to an account of South; the last row of all is South's.
CROSSED = """
    reps: rep_id team hired_at
    n North 2020-01-01
    s South 2020-01-01
    accounts: account_id owner_rep_id created_at
    x s 2020-01-01
    deals: deal_id account_id owner_rep_id stage status created_at amount
    a x n first open 2026-06-01 5
    stages: stage position
    first 1
    stage_history: history_id deal_id lead_id stage entered_at left_at next_stage
    1 a - first 2026-06-01 - -
    subscriptions: subscription_id account_id mrr starts_on ends_on
    1 x 100 2026-01-01 2026-05-01
    activities: activity_id rep_id account_id deal_id lead_id kind at outcome direction decision_maker_present \
        value_confirmed next_step_done_at
    1 n x - - qbr  2026-04-01 no_show in - - -
    2 s x - - call 2026-09-30 held    in - - -
"""


def test_a_slice_does_not_see_what_the_accounts_of_others_pay():
    """So a review of another team's account is scored there without its revenue."""
    cut = dataset(CROSSED).where({"team": ["North"]})
    assert "subscriptions" not in cut.lookups or cut.lookups["subscriptions"].collect().is_empty()


def test_a_slice_has_seen_as_much_as_the_whole():
    data = dataset(CROSSED)
    whole = by_group("lead_waiting_time", data, "team", "2026Q2")
    assert figure("lead_waiting_time", data.where({"team": ["North"]}), "2026Q2") == whole["North"]


def test_an_as_of_slice_has_seen_as_much_as_the_whole():
    data = dataset(CROSSED).as_of("2026-06-30")
    whole = by_group("lead_waiting_time", data, "team", "2026Q2")
    assert figure("lead_waiting_time", data.where({"team": ["North"]}), "2026Q2") == whole["North"] == 30 * 24


# ---- nobody else's rows


@pytest.mark.parametrize("team", TEAMS)
def test_every_row_of_a_slice_is_its_own(team, data, slices):
    cut = slices[team]
    for name in cut.frames.keys() - REFERENCE:
        paths = dimension_paths(data, name, "team")
        rows = attach(data[name], name, paths, data.lookups).with_columns(dimension_expr(paths).alias("whose"))
        keys = TABLES[name].primary_key()
        own = rows.filter(pl.col("whose").eq_missing(pl.lit(team))).select(keys).sort(keys).collect()
        assert_frame_equal(cut[name].select(keys).sort(keys).collect(), own)


@pytest.mark.parametrize("team", TEAMS[:2])
def test_of_others_deals_nothing_but_what_is_shared_can_be_looked_up(team, slices):
    deals = slices[team].lookups["deals"]
    others = deals.join(slices[team]["deals"], on="deal_id", how="anti").collect()
    hidden = [column for column in others.columns if column not in TABLES["deals"].shared]
    assert {"amount", "status", "closed_at"} <= set(hidden)
    assert all(others[column].null_count() == others.height for column in hidden)


def test_tables_that_cannot_be_divided_are_left_out(data):
    cut = data.where({"segment": ["smb"]})
    assert "costs" not in cut
    with pytest.raises(EvaluationError, match="customer_acquisition_cost needs costs"):
        evaluate("customer_acquisition_cost", cut, periods="2026Q2")


def test_lists_of_the_company_stay_whole(data, slices):
    for name in REFERENCE:
        assert_frame_equal(slices["DACH"].lookups[name].collect(), data[name].collect())
    for name in UNDIVIDED:
        assert_frame_equal(slices["DACH"][name].collect(), data[name].collect())


@pytest.mark.parametrize("by", ["region", "product_family"])
def test_a_market_is_counted_by_region_and_product_family_and_no_teams(by, data):
    sizes = [CATALOGUE[name] for name in ("market_penetration", "market_share", "market_share_by_units")]
    sizes = divisible(data, [by], sizes)
    assert sizes
    rows = evaluate(sizes, data, by=by, periods="2026Q2").frame.filter(pl.col(by).is_not_null())
    for member, kpi, value in rows.select(by, "kpi", "value").rows():
        (own,) = evaluate(kpi, data.where({by: [member]}), periods="2026Q2").frame["value"]
        assert own == pytest.approx(value), (member, kpi)
    with pytest.raises(EvaluationError, match="needs market"):
        evaluate(sizes[0], data.where({"team": ["DACH"]}), periods="2026Q2")


def test_members(data):
    assert data.where({"team": ["DACH"]}).members("team") == ["DACH"]
    assert len(data.members("team")) == 8


def test_nothing_asked_is_everything(data):
    assert data.where({}) is data
    assert data.where(Slice()) is data


def test_a_slice_brings_its_as_of(data):
    cut = data.where(Slice({"team": ("DACH",)}, as_of="2026-03-31"))
    assert cut.seen_at == data.as_of("2026-03-31").seen_at


def test_an_unknown_member_gives_no_rows(data):
    assert data.where({"team": ["Atlantis"]})["deals"].collect().height == 0


@pytest.mark.parametrize(
    ("dimension", "error", "message"),
    [
        ("tem", UnknownNameError, "There is no dimension 'tem'. Did you mean 'team'?"),
        ("lost_reason", EvaluationError, "This data has no lost reason; it can be divided by rep, rep_id, rep_region"),
    ],
)
def test_what_data_cannot_be_divided_by(dimension, error, message):
    reps = dataset("reps: rep_id region\n a EMEA")
    with pytest.raises(error) as caught:
        reps.where({dimension: ["x"]})
    assert message in str(caught.value)


# ---- handed over, and recognised


def test_a_slice_that_was_written_reads_the_same(slices, tmp_path: Path):
    cut = slices["DACH"]
    cut.write(tmp_path)
    read = Dataset.read(tmp_path)
    assert read.fingerprint() == cut.fingerprint()
    assert (read.seen_at, read.quality, read.source) == (cut.seen_at, cut.quality, cut.source)
    for kind in ("frames", "lookups"):
        ours, theirs = getattr(cut, kind), getattr(read, kind)
        assert ours.keys() == theirs.keys()
        for name in ours:
            assert_frame_equal(ours[name].collect(), theirs[name].collect())
    names = ["win_rate", "pipeline_value", "net_revenue_retention", "follow_ups_to_close"]
    figures = [evaluate(names, each, periods="2026Q2").frame for each in (cut, read)]
    assert_frame_equal(*figures)


def test_an_as_of_view_that_was_written_reads_the_same(tmp_path: Path):
    seen = dataset(CROSSED).as_of("2026-06-30")
    seen.write(tmp_path)
    read = Dataset.read(tmp_path)
    assert read.seen_at == seen.seen_at
    assert figure("pipeline_value", read, "2026Q2") == figure("pipeline_value", seen, "2026Q2") == 5


def test_a_fingerprint_is_of_the_content(sample):
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=3) for name, frame in reversed(sample.items())}
    assert Dataset.of(shuffled).fingerprint() == Dataset.of(sample).fingerprint()


SMALL = """
    reps: rep_id team hired_at
    a North 2020-01-01
    b -     2020-01-01
    deals: deal_id owner_rep_id amount closed_at
    x a 5 2026-07-01
    y b - 2026-07-01
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [("North", "Nord"), ("x a 5", "x b 5"), ("x a 5", "x a 5.5"), ("x a 5", "x a -"), ("y b -", "y b 0"),
     ("x a", "z a"), ("a North 2020-01-01", "a North 2020-01-02"), ("b -     2020-01-01", "b South 2020-01-01"),
     ("y b - 2026-07-01", "y b - 2026-07-01T00:01"), ("team", "role"),
     ("x a 5 2026-07-01\n    y b -", "x a - 2026-07-01\n    y b 5"), ("    y b - 2026-07-01", "")],
)  # fmt: skip
def test_any_cell_changes_the_fingerprint(old, new):
    assert old in SMALL
    assert dataset(SMALL.replace(old, new, 1)).fingerprint() != dataset(SMALL).fingerprint()


def test_a_fingerprint_is_the_same_in_another_process(tmp_path: Path):
    dataset(SMALL).write(tmp_path)
    ask = "import sys; from pathlib import Path; from kpitools.model.dataset import Dataset;"
    ask += "print(Dataset.read(Path(sys.argv[1])).fingerprint())"
    told = subprocess.run([sys.executable, "-c", ask, str(tmp_path)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == dataset(SMALL).fingerprint()


def test_a_cut_is_not_cut_to_the_same_again(data, tmp_path):
    cut = data.where({"team": ["DACH"]})
    assert cut.where({"team": ["DACH"]}) is cut
    assert cut.where({"team": []})["deals"].collect().height == 0
    assert cut.where({"team": ["DACH"], "segment": ["smb"]}).slice == {"team": ["DACH"], "segment": ["smb"]}
    cut.write(tmp_path)
    again = Dataset.read(tmp_path)
    assert again.where({"team": ["DACH"]}) is again


def test_divided_at_once_the_cuts_are_the_same(data):
    members = [*TEAMS[:2], None, "nobody"]
    for member, part in data.divided("team", members):
        cut = data.where({"team": [member]})
        assert [*part.frames] == [*cut.frames]
        assert [*part.lookups] == [*cut.lookups]
        for ours, theirs in ((part.frames, cut.frames), (part.lookups, cut.lookups)):
            for name in ours:
                keys = TABLES[name].primary_key()
                assert_frame_equal(ours[name].sort(keys).collect(), theirs[name].sort(keys).collect())
        assert (part.slice, part.last_day) == ({"team": (member,)}, data.last_day)
