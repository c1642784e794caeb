"""The sample: the same for the same seed, right by the tables' own rules, and with what was planted in it."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpitools.model.tables import DERIVED, TABLES
from kpitools.sample import make_sample, truth, write_sample

#: Columns for data of another kind than the sample: its log tells what a deal was worth while it was open.
LEFT_OUT = {"expected_amount"}

COMMITTED = Path(__file__).parents[1] / "data" / "sample"
NAMES = sorted(set(TABLES) - DERIVED)
#: Leads have no stages here.
EMPTY = {("stage_history", "lead_id")}
PLANS = {("deals", "expected_close_at"), ("deals", "next_step_at"), ("activities", "next_step_at"),
         ("quotas", "starts_on"), ("quotas", "ends_on"), ("forecasts", "starts_on"), ("forecasts", "ends_on"),
         ("policies", "ends_on")}  # fmt: skip
MONEY = [("deals", "amount"), ("deals", "annual_value"), ("deals", "list_amount"), ("orders", "amount"),
         ("orders", "deductions"), ("order_lines", "revenue"), ("order_lines", "cogs"), ("subscriptions", "mrr"),
         ("costs", "amount")]  # fmt: skip
KEYS = [(name, column, to) for name in NAMES for column, to in TABLES[name].foreign_keys.items()]
TIMES = [
    (name, column)
    for name in NAMES
    for column, known in TABLES[name].columns().items()
    if known.dtype in (pl.Date, pl.Datetime("us")) and (name, column) not in PLANS
]

Sample = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample()


@pytest.fixture(scope="module")
def new_deals(sample: Sample) -> pl.DataFrame:
    """Deals of kind `new` with the team of their owner."""
    reps = sample["reps"].select("team", owner_rep_id="rep_id")
    return sample["deals"].filter(kind="new").join(reps, on="owner_rep_id")


@pytest.fixture(scope="module")
def ordinary(new_deals: pl.DataFrame) -> pl.DataFrame:
    """New deals old enough to be decided, whose rep and team have no truth of their own."""
    special = [truth.RAMPING_TEAM, truth.STALE_TEAM]
    old_enough = pl.col("created_at") < pl.datetime(2026, 1, 1)
    return new_deals.filter(old_enough & ~pl.col("team").is_in(special), pl.col("owner_rep_id") != truth.STAR_REP)


def within(seen: float, planted: float, n: int) -> bool:
    """Whether a share seen in `n` rows is within three standard errors of the planted one."""
    return abs(seen - planted) < 3 * (planted * (1 - planted) / n) ** 0.5


# ---- the frames


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_makes_the_same_table(sample: Sample, name: str) -> None:
    assert_frame_equal(make_sample(seed=2026)[name], sample[name])


def test_another_seed_makes_other_deals(sample: Sample) -> None:
    assert not make_sample(seed=1)["deals"].equals(sample["deals"])


def test_scale_multiplies_accounts_leads_and_deals_but_not_reps(sample: Sample) -> None:
    large = make_sample(scale=3)
    assert large["accounts"].height == 3 * sample["accounts"].height
    assert large["leads"].height == 3 * sample["leads"].height
    assert 2.8 < large["deals"].height / sample["deals"].height < 3.2
    assert_frame_equal(large["reps"], sample["reps"])


def test_a_scale_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="scale is 0"):
        make_sample(scale=0)


def test_every_table_is_there(sample: Sample) -> None:
    assert sorted(sample) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_row_keeps_the_rules_of_its_table(sample: Sample, name: str) -> None:
    assert sample[name].columns == [column for column in TABLES[name].columns() if column not in LEFT_OUT]
    left_out = (pl.lit(None, pl.Float64).alias(column) for column in LEFT_OUT & set(TABLES[name].columns()))
    kept, failures = TABLES[name].filter(sample[name].with_columns(left_out))
    assert failures.counts() == {}
    assert kept.height == sample[name].height > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_filled(sample: Sample, name: str) -> None:
    frame = sample[name]
    empty = {(name, column) for column in frame.columns if frame[column].null_count() == frame.height}
    assert empty == {(table, column) for table, column in EMPTY if table == name}


@pytest.mark.parametrize(("name", "column", "to"), [key for key in KEYS if key[1] in TABLES[key[0]].columns()])
def test_foreign_keys_lead_somewhere(sample: Sample, name: str, column: str, to: str) -> None:
    known = set(sample[to][TABLES[to].primary_key()[0]]) | {None}
    ends = {"won", "lost"} if column == "next_stage" else set()
    assert set(sample[name][column]) <= known | ends


@pytest.mark.parametrize(("name", "column"), TIMES)
def test_nothing_happens_after_the_last_day(sample: Sample, name: str, column: str) -> None:
    assert sample[name][column].cast(pl.Date).max() <= truth.LAST_DAY


@pytest.mark.parametrize(("name", "column"), [("activities", "at"), ("deals", "created_at"), ("orders", "ordered_at")])
def test_people_work_on_weekdays_from_nine_to_five(sample: Sample, name: str, column: str) -> None:
    at = sample[name][column].dt
    assert at.weekday().max() <= 5
    assert (at.hour().min(), at.hour().max()) == (9, 16)


@pytest.mark.parametrize(("name", "column"), MONEY)
def test_money_is_rounded_to_cents(sample: Sample, name: str, column: str) -> None:
    amounts = sample[name][column]
    assert amounts.equals(amounts.round(2))


# ---- one table agrees with another


@pytest.fixture(scope="module")
def visits(sample: Sample) -> pl.DataFrame:
    """Visits in order, beside the visit before and the deal."""
    before = pl.col("left_at", "next_stage").shift(1).over("deal_id").name.suffix("_before")
    deals = sample["deals"].select("deal_id", "created_at", "closed_at", "status", current="stage")
    ordered = sample["stage_history"].sort("deal_id", "entered_at").with_columns(before)
    return ordered.join(deals, on="deal_id", maintain_order="left")


def test_a_visit_begins_where_the_one_before_ends(visits: pl.DataFrame) -> None:
    later = visits.filter(pl.col("deal_id").is_first_distinct().not_())
    assert later["entered_at"].equals(later["left_at_before"])
    assert later["stage"].equals(later["next_stage_before"])


def test_the_first_visit_begins_and_the_last_ends_with_the_deal(sample: Sample, visits: pl.DataFrame) -> None:
    first, last = visits.unique("deal_id", keep="first"), visits.unique("deal_id", keep="last")
    assert first.height == sample["deals"].height
    assert first["entered_at"].equals(first["created_at"])
    assert last["left_at"].equals(last["closed_at"])
    assert last["stage"].equals(last["current"])
    assert last["next_stage"].fill_null("open").equals(last["status"])


@pytest.fixture(scope="module")
def changes(sample: Sample) -> pl.DataFrame:
    """Changes in order, with the new value of the change before of the same field."""
    ordered = sample["deal_changes"].sort("deal_id", "field", "changed_at")
    return ordered.with_columns(before=pl.col("new_value").shift(1).over("deal_id", "field"))


def test_each_change_starts_from_the_value_before(changes: pl.DataFrame) -> None:
    later = changes.filter(pl.col("before").is_not_null())
    assert later["old_value"].equals(later["before"])
    assert (changes["old_value"] != changes["new_value"]).all()


@pytest.mark.parametrize("field", ["amount", "expected_close_at", "stage", "owner_rep_id"])
def test_the_last_change_leads_to_the_value_of_today(sample: Sample, changes: pl.DataFrame, field: str) -> None:
    current = sample["deals"].select("deal_id", current=pl.col(field))
    if field == "expected_close_at":
        current = current.with_columns(pl.col("current").dt.to_string("iso"))
    last = changes.filter(field=field).unique("deal_id", keep="last").join(current, on="deal_id")
    assert last.height > 100
    assert last["new_value"].cast(current["current"].dtype).equals(last["current"])


def test_changes_lie_within_the_open_life_of_the_deal(sample: Sample, changes: pl.DataFrame) -> None:
    life = changes.join(sample["deals"].select("deal_id", "created_at", "closed_at"), on="deal_id")
    assert (life["changed_at"] > life["created_at"]).all()
    assert (life["changed_at"] < life["closed_at"]).all()  # an open deal has no closing to compare with


def test_pushes_are_the_moves_to_a_later_date(sample: Sample, changes: pl.DataFrame) -> None:
    later = changes.filter(pl.col("new_value") > pl.col("old_value"), field="expected_close_at")
    logged = later.group_by("deal_id").agg(logged=pl.len().cast(pl.Int64))
    deals = sample["deals"].join(logged, on="deal_id", how="left")
    assert deals["close_date_pushes"].equals(deals["logged"].fill_null(0))


def test_some_deals_move_to_another_team(sample: Sample, changes: pl.DataFrame) -> None:
    team = dict(zip(sample["reps"]["rep_id"], sample["reps"]["team"], strict=True))
    moved = changes.filter(field="owner_rep_id").with_columns(pl.col("old_value", "new_value").replace_strict(team))
    assert 20 < (moved["old_value"] != moved["new_value"]).sum() < moved.height


@pytest.mark.parametrize(
    ("name", "rep", "at"),
    [("activities", "rep_id", "at"), ("deals", "owner_rep_id", "created_at"), ("leads", "owner_rep_id", "created_at")],
)
def test_reps_do_nothing_before_they_are_hired_or_after_they_left(sample: Sample, name: str, rep: str, at: str) -> None:
    staff = sample["reps"].select("hired_at", "left_at", rep_id="rep_id")
    rows = sample[name].join(staff, left_on=rep, right_on="rep_id").with_columns(day=pl.col(at).dt.date())
    reassigned = set(sample["deal_changes"].filter(field="owner_rep_id")["deal_id"]) if name == "deals" else set()
    rows = rows.filter(~pl.col("deal_id").is_in(list(reassigned)) | pl.col("deal_id").is_null())
    assert (rows["day"] >= rows["hired_at"]).all()
    assert (rows["day"] < rows["left_at"]).all()


def test_the_first_new_deal_won_makes_a_customer(sample: Sample) -> None:
    won = sample["deals"].filter(kind="new", status="won").select("account_id", won=pl.col("closed_at").dt.date())
    assert won["account_id"].is_unique().all()
    customers = sample["accounts"].filter(pl.col("became_customer_at") >= truth.FIRST_DAY).join(won, on="account_id")
    assert customers.height == won.height
    assert customers["became_customer_at"].equals(customers["won"])


def test_new_deals_end_before_the_account_is_a_customer_and_others_start_after(sample: Sample) -> None:
    since = sample["accounts"].select("account_id", "became_customer_at")
    deals = sample["deals"].join(since, on="account_id").with_columns(pl.col("created_at", "closed_at").dt.date())
    new, others = deals.filter(kind="new"), deals.filter(pl.col("kind") != "new")
    assert (new["closed_at"] <= new["became_customer_at"]).all()
    assert (others["created_at"] >= others["became_customer_at"]).all()
    assert others["became_customer_at"].null_count() == 0


def test_each_won_deal_has_one_order_and_customers_order_again(sample: Sample) -> None:
    won = sample["deals"].filter(status="won")
    ordered = sample["orders"].filter(pl.col("deal_id").is_not_null())
    assert sorted(ordered["deal_id"]) == sorted(won["deal_id"])
    assert sample["orders"].height > ordered.height + 500


def test_the_lines_add_up_to_the_order(sample: Sample) -> None:
    lines = sample["order_lines"].group_by("order_id").agg(pl.col("revenue").sum().round(2))
    orders = sample["orders"].join(lines, on="order_id", how="left")
    assert orders["revenue"].equals(orders["amount"])


def test_subscription_spans_of_a_product_follow_each_other(sample: Sample) -> None:
    spans = sample["subscriptions"].sort("account_id", "product_id", "starts_on")
    first = sample["subscriptions"].group_by("account_id").agg(pl.col("product_id").sort_by("starts_on").first())
    main = spans.join(first, on=["account_id", "product_id"], maintain_order="left")
    once = main.filter(pl.col("deal_id").is_null() | pl.col("deal_id").is_in(_own_deals(sample)))
    ended = once.with_columns(before=pl.col("ends_on").shift(1).over("account_id")).drop_nulls("before")
    assert ended.height > 300
    assert ended["starts_on"].equals(ended["before"])


def _own_deals(sample: Sample) -> list[str]:
    return sample["deals"].filter(pl.col("kind") != "cross_sell")["deal_id"].to_list()


def test_a_customer_leaves_when_its_last_subscription_ends(sample: Sample) -> None:
    live = pl.col("ends_on").is_null().any()
    ends = sample["subscriptions"].group_by("account_id").agg(
        last=pl.when(~live).then(pl.col("ends_on").max())
    )  # fmt: skip
    accounts = sample["accounts"].join(ends, on="account_id")
    assert accounts["ended_at"].equals(accounts["last"])
    assert accounts["ended_at"].drop_nulls().len() == sample["accounts"]["ended_at"].drop_nulls().len() > 100


def test_a_lead_becomes_a_customer_with_its_deal(sample: Sample) -> None:
    deals = sample["deals"].select("deal_id", "closed_at", "status", "lead_id")
    leads = sample["leads"].join(deals, on="deal_id")
    won = pl.when(pl.col("status") == "won").then("closed_at")
    assert leads["customer_at"].equals(leads.select(won).to_series())
    assert leads["lead_id"].equals(leads["lead_id_right"])


def test_contract_value_and_discount_fit_the_amount(sample: Sample) -> None:
    deals = sample["deals"]
    assert deals["amount"].min() > 0
    software = deals.filter(pl.col("term_months").is_not_null())
    yearly = (software["annual_value"] * software["term_months"] / 12 - software["amount"]).abs()
    assert yearly.max() < 0.01
    assert (deals["list_amount"] >= deals["amount"]).all()


def test_awkward_names_are_there(sample: Sample) -> None:
    people, companies = sample["reps"]["name"], sample["accounts"]["name"]
    assert people.str.contains("'").any()
    assert people.str.contains("ü").any()
    assert people.is_duplicated().sum() == 2
    assert companies.str.contains("&", literal=True).any()
    assert companies.is_unique().all()


# ---- what was planted


@pytest.mark.parametrize("segment", list(truth.WIN_RATE))
def test_win_rate_by_segment(ordinary: pl.DataFrame, segment: str) -> None:
    closed = ordinary.filter(pl.col("status") != "open", segment=segment)
    assert within((closed["status"] == "won").mean(), truth.WIN_RATE[segment], closed.height)


def test_one_stage_leaks(sample: Sample, ordinary: pl.DataFrame) -> None:
    place = {stage: position for position, stage in enumerate(truth.STAGE_PASS)} | {"won": 9, "lost": -1}
    left = sample["stage_history"].filter(pl.col("next_stage").is_not_null()).join(ordinary, on="deal_id", how="semi")
    onwards = pl.col("next_stage").replace_strict(place) > pl.col("stage").replace_strict(place)
    passed = dict(left.group_by("stage").agg(onwards.mean().alias("share")).iter_rows())
    leaking = passed.pop(truth.LEAKING_STAGE)
    assert min(passed.values()) - leaking > truth.LEAK_MARGIN


def _first_year(sample: Sample) -> pl.DataFrame:
    """Customers won in the data at least a year and a month before its end: their cohort, and who left in a year."""
    won = pl.col("became_customer_at")
    early = won.is_between(truth.FIRST_DAY, truth.LAST_DAY.replace(year=2025, month=8))
    days = (pl.col("ended_at") - won).dt.total_days()
    cohort = pl.format("{}Q{}", won.dt.year(), won.dt.quarter())
    return sample["accounts"].filter(early).select("segment", cohort=cohort, left=(days < 390).fill_null(False))


def test_one_cohort_churns_much_faster(sample: Sample) -> None:
    fast = _first_year(sample).filter(cohort=truth.FAST_CHURN_COHORT)
    assert within(fast["left"].mean(), truth.FAST_YEAR_CHURN, fast.height)


def test_other_cohorts_churn_as_their_segment_does(sample: Sample) -> None:
    others = _first_year(sample).filter(pl.col("cohort") != truth.FAST_CHURN_COHORT)
    planted = others["segment"].replace_strict(truth.YEAR_CHURN).mean()
    assert within(others["left"].mean(), planted, others.height)


def test_the_ramping_team_climbs(sample: Sample, new_deals: pl.DataFrame) -> None:
    team = truth.RAMPING_TEAM
    assert sample["reps"].filter(team=team)["hired_at"].min() == truth.RAMP_START
    quarter = pl.col("closed_at").dt.date().dt.truncate("1q")
    won = sample["deals"].filter(status="won").join(
        sample["reps"].filter(team=team), left_on="owner_rep_id", right_on="rep_id", how="semi"
    )  # fmt: skip
    booked = won.group_by(starts_on=quarter).agg(booked=pl.col("amount").sum())
    goals = sample["quotas"].filter(pl.col("starts_on") <= truth.LAST_DAY, owner_kind="team", owner_id=team)
    attained = goals.join(booked, on="starts_on", how="left").sort("starts_on")
    shares = (attained["booked"].fill_null(0) / attained["amount"]).to_list()
    assert len(shares) == 4
    assert sum(shares[2:]) > 2 * sum(shares[:2])


def test_the_strong_quarter_decides_more_deals(ordinary: pl.DataFrame) -> None:
    closed = ordinary.filter(pl.col("closed_at").is_between(pl.datetime(2024, 7, 1), pl.datetime(2025, 12, 31)))
    counts = closed.group_by(pl.col("closed_at").dt.truncate("1q")).agg(n=pl.len().cast(pl.Int64)).sort("closed_at")
    q3, q4, q1, q2, next_q3, next_q4 = counts["n"]
    lift = (q4 + next_q4) / ((q3 + q1 + q2 + next_q3) / 2)
    assert lift == pytest.approx(truth.SEASON_LIFT, abs=0.3)
    assert q4 > max(q3, q1)
    assert next_q4 > max(q2, next_q3)


def test_referred_accounts_close_faster(sample: Sample, ordinary: pl.DataFrame) -> None:
    referred = sample["accounts"].select("account_id", referred=pl.col("referred_by_account_id").is_not_null())
    won = ordinary.filter(status="won").join(referred, on="account_id")
    days = (pl.col("closed_at").dt.date() - pl.col("created_at").dt.date()).dt.total_days()
    mean = won.group_by("segment", "referred").agg(days=days.mean(), n=pl.len())
    usual, fast = (mean.filter(referred=flag).sort("segment") for flag in (False, True))
    pace = ((fast["days"] / usual["days"]) * fast["n"]).sum() / fast["n"].sum()
    assert pace == pytest.approx(truth.REFERRED_PACE, abs=0.1)


def test_one_rep_is_far_above_the_others(new_deals: pl.DataFrame, ordinary: pl.DataFrame) -> None:
    star = new_deals.filter(pl.col("status") != "open", owner_rep_id=truth.STAR_REP)
    usual = sum(truth.WIN_RATE[segment] for segment in star["segment"]) / star.height
    won = (star["status"] == "won").mean()
    assert within(won, truth.STAR_LIFT * usual, star.height)
    closed = ordinary.filter(pl.col("status") != "open").group_by("owner_rep_id")
    others = closed.agg(won=(pl.col("status") == "won").mean(), n=pl.len()).filter(pl.col("n") >= 25)
    assert won > others["won"].max()
    booked = new_deals.filter(status="won").group_by("owner_rep_id").agg(pl.col("amount").sum()).sort("amount")
    assert booked["owner_rep_id"][-1] == truth.STAR_REP
    assert booked["amount"][-1] > 1.2 * booked["amount"][-2]


def test_one_team_has_a_stale_pipeline(sample: Sample, new_deals: pl.DataFrame) -> None:
    age = pl.lit(truth.LAST_DAY) - pl.col("created_at").dt.date()
    touched = sample["activities"].group_by("deal_id").agg(touched=pl.col("at").max().dt.date())
    silent = pl.lit(truth.LAST_DAY) - pl.col("touched")
    ages = new_deals.filter(status="open").join(touched, on="deal_id").select(
        stale=pl.col("team") == truth.STALE_TEAM,
        old=age > pl.duration(days=180),
        silent=silent > pl.duration(days=30),
    )  # fmt: skip
    stale, others = ages.filter("stale"), ages.filter(~pl.col("stale"))
    assert min(stale["old"].mean(), stale["silent"].mean()) > 0.5
    assert others["old"].mean() < 0.15


# ---- the files


def read(path: Path) -> pl.DataFrame:
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    dtypes = {column: known.dtype for column, known in TABLES[path.stem].columns().items() if column not in LEFT_OUT}
    return pl.read_csv(path, schema=dtypes, try_parse_dates=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_in_the_repository_are_a_fresh_sample(sample: Sample, name: str) -> None:
    (path,) = COMMITTED.glob(f"{name}.*")
    assert_frame_equal(read(path), sample[name])


def test_the_files_in_the_repository_are_small() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 3_000_000


def test_writing_gives_one_whole_file_per_table(tmp_path: Path, sample: Sample) -> None:
    folder = tmp_path / "made" / "here"
    paths = write_sample(folder)
    assert sorted(paths) == NAMES
    assert sorted(folder.iterdir()) == sorted(paths.values())
    assert_frame_equal(read(paths["deals"]), sample["deals"])


def test_writing_again_replaces_the_files(tmp_path: Path, sample: Sample) -> None:
    write_sample(tmp_path, seed=1)
    assert_frame_equal(read(write_sample(tmp_path)["leads"]), sample["leads"])


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_counts_the_rows(sample: Sample, name: str) -> None:
    readme = (COMMITTED.parent / "README.md").read_text(encoding="utf-8")
    assert f"| {name} | {sample[name].height:,} |" in readme
