"""The past as it stood: nothing that came later changes what a figure was."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small import by_group, dataset, figure, leading_to

from kpitools.errors import EvaluationError
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.model.slice import end_of
from kpitools.model.tables import TABLES

Frames = dict[str, pl.DataFrame]
#: Instants of every kind: an end of quarter, a day in a week, a moment in a day; and three drawn ones.
INSTANTS = ["2025-12-31", "2026-02-28", datetime(2026, 5, 14, 11, 30)]
DRAWN = [date(2024, 6, 1) + timedelta(days=Random(seed).randrange(800)) for seed in (1, 2, 3)]


#: Rows without a date of their own go with what they are part of.
PARTS_OF = [
    ("order_lines", "order_id", "orders"), ("call_turns", "call_id", "calls"), ("call_marks", "call_id", "calls"),
    ("deal_members", "deal_id", "deals"),
]  # fmt: skip


# ---- mutations of what came later, each leaving a history that could have been


def without_later_rows(frames: Frames, cut: datetime) -> Frames:
    """Nothing was entered afterwards."""
    found = dict(frames)
    for name, table in TABLES.items():
        if name in frames and table.dated in frames[name].columns:
            found[name] = frames[name].filter(pl.col(table.dated).is_null() | (pl.col(table.dated) < cut))
    found["activities"] = frames["activities"].filter(pl.min_horizontal("scheduled_at", "at") < cut)
    opened = pl.col("deal_id").is_in(found["deals"]["deal_id"].to_list())
    found["leads"] = found["leads"].with_columns(deal_id=pl.when(opened).then("deal_id"))
    for name, key, of in PARTS_OF:
        found[name] = frames[name].join(found[of].select(key), on=key, how="semi")
    return found | {"deals": _undone(found["deals"], frames["deal_changes"], cut)}


def with_more_later_rows(frames: Frames, cut: datetime) -> Frames:
    """Everything that was entered in the year before is entered once more, a year later."""
    found = dict(frames)
    for name in ("accounts", "costs", "deals", "leads", "orders", "reps", "subscriptions", "activities"):
        dates = [column for column, kind in frames[name].schema.items() if kind.is_temporal()]
        (key,) = TABLES[name].primary_key()
        dated = "at" if name == "activities" else TABLES[name].dated
        again = frames[name].filter(pl.col(dated) >= cut - timedelta(days=300), pl.col(dated) < cut)
        again = again.with_columns(pl.col(dates).dt.offset_by("2y"), pl.format("{}-again", key).alias(key))
        if name == "reps":
            again = again.with_columns(name=pl.format("{} again", "name"))
        assert again.height or name == "reps"
        found[name] = pl.concat([frames[name], again])
    return found


def with_other_endings(frames: Frames, cut: datetime) -> Frames:
    """What ended afterwards has not ended yet, and what was answered afterwards was not."""
    endings = {
        "accounts": ["ended_at", "became_customer_at"],
        "reps": ["left_at"],
        "subscriptions": ["ends_on"],
        "stage_history": ["left_at"],
        "leads": ["assigned_at", "first_response_at", "sql_at", "disqualified_at", "customer_at"],
        "activities": ["opened_at", "replied_at", "next_step_done_at"],
        "deals": ["closed_at", "negotiation_started_at", "first_contact_at"],
    }
    found = dict(frames)
    for name, columns in endings.items():
        later = [pl.when(pl.col(column) < cut).then(column).alias(column) for column in columns]
        found[name] = frames[name].with_columns(later)
    closed = pl.col("closed_at").is_not_null()
    found["deals"] = found["deals"].with_columns(
        status=pl.when(closed).then("status").otherwise(pl.lit("open")),
        lost_reason=pl.when(closed).then("lost_reason"),
    )
    found["stage_history"] = found["stage_history"].with_columns(
        next_stage=pl.when(pl.col("left_at").is_not_null()).then("next_stage")
    )
    return found


def with_later_changes(frames: Frames, cut: datetime) -> Frames:
    """Every deal that was open is afterwards given to somebody else, doubled, put off and put back, and logged so."""
    deals = _undone(frames["deals"], frames["deal_changes"], cut)
    still = pl.col("closed_at").is_null() | (pl.col("closed_at") > cut + timedelta(days=2))
    new = {
        "owner_rep_id": pl.lit("R001"),
        "amount": pl.col("amount") * 2,
        "stage": pl.lit("Prospecting"),
        "expected_close_at": pl.col("expected_close_at").dt.offset_by("1y"),
    }
    moved = deals.filter(still, pl.col("created_at") < cut)
    log = [
        moved.select(
            pl.format("{}-{}", "deal_id", pl.lit(field)).alias("change_id"),
            "deal_id",
            field=pl.lit(field),
            old_value=pl.col(field).cast(pl.String),
            new_value=value.cast(pl.String),
            changed_at=pl.lit(cut + timedelta(days=1)),
        )
        for field, value in new.items()
    ]
    earlier = frames["deal_changes"].filter(pl.col("changed_at") < cut)
    changed = [
        pl.when(still & (pl.col("created_at") < cut)).then(value).otherwise(field).alias(field)
        for field, value in new.items()
    ]
    return frames | {"deals": deals.with_columns(changed), "deal_changes": pl.concat([earlier, *log])}


def _undone(deals: pl.DataFrame, changes: pl.DataFrame, cut: datetime) -> pl.DataFrame:
    """The deals without the changes from `cut` on: the first old value of each field is what stood then."""
    later = changes.filter(pl.col("changed_at") >= cut).sort("changed_at").unique(["deal_id", "field"], keep="first")
    for field in ("owner_rep_id", "amount", "stage", "expected_close_at"):
        old = pl.col("old_value")
        typed = old.str.to_date() if field == "expected_close_at" else old.cast(deals.schema[field])
        stood = later.filter(field=field).select("deal_id", typed.alias("old"))
        joined = deals.join(stood, on="deal_id", how="left", maintain_order="left")
        deals = joined.with_columns(pl.coalesce("old", field).alias(field)).drop("old")
    return deals


MUTATIONS = [without_later_rows, with_more_later_rows, with_other_endings, with_later_changes]


def collected(data: Dataset) -> Frames:
    names = sorted(data.frames)
    frames = pl.collect_all([data.frames[name] for name in names])
    return {
        name: frame.sort(TABLES[name].primary_key()).select(sorted(frame.columns))
        for name, frame in zip(names, frames, strict=True)
    }


# ---- the promise


@pytest.mark.parametrize("mutate", MUTATIONS)
@pytest.mark.parametrize("instant", [*INSTANTS, *DRAWN], ids=str)
def test_what_came_later_changes_no_row(instant, mutate, sample, data):
    changed = mutate(sample, end_of(instant))
    assert any(not changed[name].equals(sample[name]) for name in sample)
    ours, theirs = collected(data.as_of(instant)), collected(Dataset.of(changed).as_of(instant))
    for name in ours:
        assert_frame_equal(theirs[name], ours[name])


@pytest.fixture(scope="module", params=["2026-02-28", DRAWN[0]], ids=str)
def instant_and_figures(request, data) -> tuple[str | date, pl.DataFrame]:
    return request.param, month_by_team(data, request.param)


def month_by_team(data: Dataset, instant: str | date) -> pl.DataFrame:
    month = f"{end_of(instant) - timedelta(days=1):%Y-%m}"
    return evaluate(leading_to("team"), data, periods=month, as_of=instant, by="team").frame


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_what_came_later_changes_no_figure(mutate, instant_and_figures, sample):
    instant, figures = instant_and_figures
    assert figures["value"].count() > 50
    changed = Dataset.of(mutate(sample, end_of(instant)))
    assert_frame_equal(month_by_team(changed, instant), figures, rel_tol=1e-9, abs_tol=1e-6)


def test_looking_twice_is_looking_once(data):
    once = data.as_of("2026-03-31")
    assert once.as_of("2026-03-31") is once
    assert once.as_of("2026-06-30") is once
    earlier, at_once = collected(once.as_of("2025-12-31")), collected(data.as_of("2025-12-31"))
    for name in at_once:
        assert_frame_equal(earlier[name], at_once[name])


def test_seen_after_everything_is_everything(data):
    whole, seen = collected(data), collected(data.as_of("2100-01-01"))
    for name in whole:
        assert_frame_equal(seen[name], whole[name])


#: What a period's rows come to is only known later; pipeline velocity takes the deals' amounts of today.
RIPENS = {
    "customers_without_first_value", "data_hygiene_score", "email_open_rate", "follow_up_rate",
    "initiative_launch_score", "inquiries_answered", "insurance_conversion_rate", "lead_conversion_rate",
    "lead_response_time", "lead_to_opportunity_rate", "lead_waiting_time", "listing_to_sale_ratio",
    "median_lead_response_time", "median_sales_response_time", "meeting_quality_score", "new_initiatives_launched",
    "pipeline_health", "pipeline_velocity", "qbr_effectiveness", "qualification_accuracy",
    "qualification_accuracy_of_all_verdicts", "quote_to_close_ratio", "quote_to_close_ratio_by_deal",
    "ramp_up_time", "required_field_completeness", "return_on_investment", "return_on_sales_investment",
    "revenue_per_sales_investment", "sales_process_innovation", "sales_response_time", "sellers_not_yet_engaged",
    "sql_to_opportunity_ratio", "stage_conversion_rate", "support_response_time", "time_to_first_value",
    "time_to_full_quota", "win_rate_of_cohort",
}  # fmt: skip


@pytest.mark.parametrize(("period", "last_day"), [("2025Q4", "2025-12-31"), ("2026-02", "2026-02-28")])
def test_a_period_seen_at_its_end_is_the_same_later(period, last_day, data):
    then = evaluate(CATALOGUE, data, periods=period, as_of=last_day).frame.select("kpi", "value")
    now = evaluate(CATALOGUE, data, periods=period).frame.select("kpi", "value")
    lasting = ~pl.col("kpi").is_in(RIPENS)
    assert_frame_equal(then.filter(lasting), now.filter(lasting), rel_tol=1e-9)


# ---- by hand

STORY = """
    reps: rep_id team hired_at
    n North 2020-01-01
    s South 2020-01-01
    stages: stage position default_probability
    first 1 0.1
    last  2 0.5
    deals: deal_id owner_rep_id stage status amount expected_close_at created_at closed_at lost_reason
    a s last won 500 2026-09-30 2026-06-01 2026-08-15T12:00 -
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 a stage             first      last       2026-07-01T09:00
    2 a owner_rep_id      n          s          2026-07-10T09:00
    3 a amount            400        450        2026-07-20T09:00
    4 a amount            450        500        2026-07-20T10:00
    5 a expected_close_at 2026-08-31 2026-09-30 2026-07-31T23:59
"""


@pytest.mark.parametrize(
    ("day", "team", "value", "weighted"),
    [
        ("2026-06-30", "North", 400, 40),
        ("2026-07-01", "North", 400, 200),
        ("2026-07-10", "South", 400, 200),
        ("2026-07-20", "South", 500, 250),
        ("2026-08-14", "South", 500, 250),
    ],
)
def test_a_deal_as_it_stood(day, team, value, weighted):
    data = dataset(STORY)
    assert by_group("pipeline_value", data, "team", day) == {team: value}
    assert by_group("weighted_pipeline", data, "team", day) == {team: weighted}
    seen = data.as_of(day)["deals"].collect().row(0, named=True)
    assert (seen["status"], seen["closed_at"], seen["amount"]) == ("open", None, value)
    assert seen["owner_rep_id"] == team[0].lower()


def test_a_closed_deal_is_no_longer_open():
    data = dataset(STORY)
    assert figure("pipeline_value", data, "2026-08-15") is None
    assert figure("win_rate", data, "2026-08-15") == 100
    assert figure("win_rate", data, "2026-08", as_of=datetime(2026, 8, 15, 11)) is None
    assert figure("pipeline_value", data, "2026-08", as_of=datetime(2026, 8, 15, 11)) == 500


@pytest.mark.parametrize(("last_day", "due"), [("2026-07-31", "2026-09-30"), ("2026-07-30", "2026-08-31")])
def test_the_day_a_deal_was_due(last_day, due):
    assert dataset(STORY).as_of(last_day)["deals"].collect()["expected_close_at"].item().isoformat() == due


def test_a_value_that_was_taken_away_is_unknown_from_then_on():
    taken = """
        reps: rep_id team hired_at
        n North 2020-01-01
        deals: deal_id owner_rep_id status amount created_at closed_at
        a - open 5 2026-06-01 -
        deal_changes: change_id deal_id field old_value new_value changed_at
        1 a owner_rep_id n - 2026-07-01
    """
    assert by_group("pipeline_value", taken, "team", "2026-06") == {"North": 5}
    assert by_group("pipeline_value", taken, "team", "2026-08") == {None: 5}


def test_rows_without_a_date_are_in_no_view_of_the_past():
    data = dataset("deals: deal_id created_at amount\n a - 5\n b 2026-01-01 6")
    assert data.as_of("2026-12-31")["deals"].collect()["deal_id"].to_list() == ["b"]


def test_a_meeting_is_known_from_its_booking_and_its_outcome_from_its_day():
    data = dataset("""
        activities: activity_id kind scheduled_at at outcome
        a meeting 2026-07-01 2026-07-20 held
    """)
    assert figure("meetings_booked", data, "2026-07", as_of="2026-06-30") is None
    assert figure("meetings_booked", data, "2026-07", as_of="2026-07-10") == 1
    assert data.as_of("2026-07-10")["activities"].collect()["outcome"].to_list() == [None]
    assert figure("meetings_held", data, "2026-07", as_of="2026-07-20") == 1


def test_an_amount_that_closing_wrote_over():
    data = dataset("""
        deals: deal_id status amount expected_amount created_at closed_at
        a lost 0 700 2026-06-01 2026-08-01
        b won  9 -   2026-06-01 2026-08-01
    """)
    assert figure("pipeline_value", data, "2026-07") == 709
    assert figure("win_rate_by_value", data, "2026-08") == 100
    assert data.as_of("2026-07-31")["deals"].collect()["amount"].to_list() == [700, 9]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026Q3"])
def test_an_instant_that_is_none(text):
    with pytest.raises(EvaluationError, match="is not a day or a point in time; write 2026-09-30"):
        dataset("deals: deal_id created_at\n a 2026-01-01").as_of(text)
