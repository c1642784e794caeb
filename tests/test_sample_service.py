"""Calls, quotes, use, tickets, surveys and common work in the sample: whole, in step with the rest, and as planted."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpitools.model.tables import TABLES
from kpitools.sample import make_sample, truth, write_sample

MINE = ("call_marks", "call_turns", "calls", "deal_members", "intent_signals", "playbook", "quotes", "shares",
        "surveys", "tickets", "usage")  # fmt: skip
KEYS = [(name, column, to) for name in MINE for column, to in TABLES[name].foreign_keys.items()]
TIMES = [(name, column) for name in MINE for column, known in TABLES[name].columns().items()
         if known.dtype == pl.Datetime("us")]  # fmt: skip
PERIODS = [("2025-01-01", "3mo"), ("2025-10-01", "3mo"), ("2026-04-01", "3mo"), ("2026-07-01", "3mo"),
           ("2026-09-01", "1mo")]  # fmt: skip
USUAL = pl.col("team").is_in([truth.LISTENING_TEAM, truth.TALKING_TEAM]).not_()

Sample = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample()


def within(seen: float, planted: float, n: int) -> bool:
    """Whether a share seen in `n` rows is within three standard errors of the planted one."""
    return abs(seen - planted) < 3 * (planted * (1 - planted) / n) ** 0.5


def with_team(sample: Sample, frame: pl.DataFrame, rep: str = "rep_id") -> pl.DataFrame:
    return frame.join(sample["reps"].select("team", pl.col("rep_id").alias(rep)), on=rep, how="left")


# ---- the frames


def test_the_same_seed_makes_the_same_tables_and_another_seed_others(sample: Sample) -> None:
    again, other = make_sample(seed=2026), make_sample(seed=7)
    for name in MINE:
        assert_frame_equal(again[name], sample[name])
    assert [name for name in MINE if other[name].equals(sample[name])] == ["playbook"]


def test_scale_multiplies_what_customers_and_deals_bring_but_not_the_staff(sample: Sample) -> None:
    large = make_sample(scale=3)
    times = {name: large[name].height / sample[name].height for name in MINE}
    assert times["playbook"] == 1
    assert times["shares"] == pytest.approx(1, abs=0.2)
    for name in set(MINE) - {"playbook", "shares", "surveys"}:
        assert times[name] == pytest.approx(3, rel=0.15), name


@pytest.mark.parametrize("name", MINE)
def test_every_row_keeps_the_rules_of_its_table_and_every_column_is_filled(sample: Sample, name: str) -> None:
    kept, failures = TABLES[name].filter(sample[name])
    assert failures.counts() == {}
    assert kept.height == sample[name].height > 30
    assert sample[name].columns == list(TABLES[name].columns())
    assert all(column.null_count() < len(column) for column in sample[name])


@pytest.mark.parametrize(("name", "column", "to"), KEYS)
def test_keys_lead_somewhere(sample: Sample, name: str, column: str, to: str) -> None:
    assert set(sample[name][column]) - {None} <= set(sample[to][TABLES[to].primary_key()[0]])


@pytest.mark.parametrize(("name", "column"), TIMES)
def test_nothing_happens_outside_the_data(sample: Sample, name: str, column: str) -> None:
    days = sample[name][column].dt.date()
    assert days.min() >= truth.FIRST_DAY
    assert days.max() <= truth.LAST_DAY


def test_the_tables_are_small(tmp_path: Path) -> None:
    paths = write_sample(tmp_path)
    assert sum(paths[name].stat().st_size for name in MINE) < 330_000


@pytest.mark.parametrize(("first", "length"), PERIODS)
def test_most_teams_have_something_in_the_periods_that_are_looked_at(sample: Sample, first: str, length: str) -> None:
    since = pl.lit(first).str.to_datetime()
    owners = with_team(sample, sample["accounts"], "owner_rep_id").select("account_id", "team")
    frames = {"started_at": with_team(sample, sample["calls"]), "issued_at": with_team(sample, sample["quotes"]),
              "at": sample["usage"].join(owners, on="account_id"),
              "opened_at": sample["tickets"].join(owners, on="account_id"),
              "answered_at": sample["surveys"].filter(kind="nps").join(owners, on="account_id")}  # fmt: skip
    for at, frame in frames.items():
        found = frame.filter(pl.col(at) >= since, pl.col(at) < since.dt.offset_by(length))
        assert found["team"].n_unique() >= 7, at


# ---- one table agrees with another


def test_a_call_is_what_its_activity_says(sample: Sample) -> None:
    logged = sample["activities"].rename({"at": "started_at"}).with_columns(long="duration_s")
    calls = sample["calls"].join(logged, on="activity_id", suffix="_logged")
    assert calls.height == sample["calls"].height == sample["calls"]["activity_id"].n_unique()
    for column in ("rep_id", "account_id", "lead_id", "deal_id", "started_at"):
        assert calls[column].equals(calls[f"{column}_logged"], null_equal=True)
    assert (calls["duration_s"] <= calls["long"]).all()
    assert set(calls["kind"]) == {"call", "meeting", "demo", "qbr"}


def test_a_call_knows_the_stage_its_deal_stood_in(sample: Sample) -> None:
    visits = sample["stage_history"].join(sample["calls"], on="deal_id").filter(
        pl.col("entered_at") <= pl.col("started_at"),
        pl.col("left_at").is_null() | (pl.col("left_at") > pl.col("started_at")),
    )  # fmt: skip
    assert visits.height == sample["calls"]["deal_id"].count()
    assert visits["stage"].equals(visits["deal_stage"])


def test_turns_follow_each_other_and_fit_into_the_call(sample: Sample) -> None:
    turns = sample["call_turns"].with_columns(
        number=pl.int_range(1, pl.len() + 1).over("call_id"),
        begins=pl.col("end_s").shift(1).over("call_id").fill_null(0),
    )
    assert turns["turn_no"].equals(turns["number"])
    assert turns["start_s"].equals(turns["begins"])
    assert (turns["end_s"] > turns["start_s"]).all()
    ends = turns.group_by("call_id").agg(pl.col("end_s").max(), pl.len()).join(sample["calls"], on="call_id")
    assert ends.height == sample["calls"].height
    assert (ends["end_s"] <= ends["duration_s"]).all()
    assert ends["len"].min() >= 8


def test_questions_are_the_turns_that_end_with_a_question_mark(sample: Sample) -> None:
    assert sample["call_turns"]["is_question"].equals(sample["call_turns"]["text"].str.ends_with("?"))


def test_marks_stand_at_a_turn_of_the_right_speaker_and_misses_nowhere(sample: Sample) -> None:
    marks = sample["call_marks"].join(sample["playbook"], on="item_id")
    turns = sample["call_turns"].select("call_id", "turn_no", "speaker", "text")
    found = marks.join(turns, on=["call_id", "turn_no"], how="left")
    raised = pl.col("kind").is_in(["objection", "product_fact"])
    missed = found.filter(~pl.col("hit"), ~raised)
    assert set(missed["turn_no"]) == {0}
    said = found.filter(pl.col("hit") | raised)
    of_customer = said["kind"].is_in(["discovery_topic", "qualification_criterion", "objection"])
    assert (said["speaker"] == "customer").equals(of_customer)
    assert said.filter(raised).select(pl.col("text").str.contains("(?i)" + pl.col("pattern")).all()).item()


def test_each_item_that_applies_to_a_call_is_marked_once(sample: Sample) -> None:
    calls = sample["calls"].join(sample["accounts"].select("account_id", "industry"), on="account_id", how="left")
    items = sample["playbook"].filter(~pl.col("kind").is_in(["objection", "product_fact"]))
    pairs = calls.join(items, how="cross", suffix="_of_item").filter(
        pl.col("call_purpose").is_null() | (pl.col("call_purpose") == pl.col("purpose")),
        pl.col("industry_of_item").is_null() | (pl.col("industry_of_item") == pl.col("industry")),
    )
    marks = sample["call_marks"].join(items, on="item_id", how="semi").select("call_id", "item_id")
    assert_frame_equal(marks.sort(marks.columns), pairs.select(marks.columns).sort(marks.columns))


def test_the_last_quote_of_a_deal_ends_as_the_deal_does(sample: Sample) -> None:
    last = sample["quotes"].sort("issued_at").unique("deal_id", keep="last")
    ended = last.join(sample["deals"], on="deal_id", suffix="_deal")
    means = {"accepted": "won", "rejected": "lost", "expired": "lost", "open": "open"}
    assert ended["status"].replace_strict(means).equals(ended["status_deal"])
    assert ended["decided_at"].equals(ended["closed_at"], null_equal=True)
    assert ended["amount"].equals(ended["amount_deal"])
    first = sample["quotes"].join(last, on="quote_id", how="anti")
    assert set(first["status"]) == {"rejected"}
    assert first["deal_id"].is_unique().all()


def test_every_deal_has_its_owner_among_its_members(sample: Sample) -> None:
    owners = sample["deal_members"].filter(role="owner").sort("deal_id")
    assert_frame_equal(
        owners.select("deal_id", "rep_id"), sample["deals"].sort("deal_id").select("deal_id", rep_id="owner_rep_id")
    )
    assert set(sample["deal_members"]["role"]) == {"owner", "sdr", "se", "am", "other"}


def test_trials_are_used_within_their_days_by_their_seats(sample: Sample) -> None:
    trials = sample["usage"].drop_nulls("deal_id").join(sample["deals"], on="deal_id", suffix="_deal")
    assert trials["account_id"].equals(trials["account_id_deal"])
    assert (trials["at"] >= trials["poc_start_at"]).all()
    assert (trials["at"] <= trials["poc_end_at"]).all()  # a running one has no end to compare with
    wide = trials.group_by("deal_id").agg(
        pl.col("user_id", "feature").n_unique(), pl.col("poc_seats", "poc_features").first()
    )
    assert wide.height > 150
    assert (wide["user_id"] <= wide["poc_seats"]).all()
    assert (wide["feature"] <= wide["poc_features"]).all()


@pytest.mark.parametrize(("name", "at"), [("usage", "at"), ("tickets", "opened_at")])
def test_customers_use_and_ask_only_while_they_are_customers(sample: Sample, name: str, at: str) -> None:
    rows = sample[name].filter(pl.col("deal_id").is_null()) if name == "usage" else sample[name]
    rows = rows.join(sample["accounts"], on="account_id").with_columns(day=pl.col(at).dt.date())
    assert (rows["day"] >= rows["became_customer_at"]).all()
    assert (rows["day"] <= rows["ended_at"]).all()  # who stays has no end to compare with


def test_tickets_are_answered_before_they_are_solved(sample: Sample) -> None:
    tickets = sample["tickets"]
    assert (tickets["first_response_at"] > tickets["opened_at"]).all()
    assert (tickets["resolved_at"] > tickets["first_response_at"]).all()
    assert tickets.filter(pl.col("resolved_at").is_not_null())["contacts"].min() == 1
    assert tickets.filter(pl.col("resolved_at").is_null())["contacts"].count() == 0


def test_a_score_lies_on_its_scale_and_a_ticket_is_judged_by_its_account(sample: Sample) -> None:
    surveys = sample["surveys"]
    assert (surveys["score"] <= surveys["scale_max"]).all()
    assert set(surveys["kind"]) == {"nps", "csat", "employee", "product", "brand"}
    judged = surveys.join(sample["tickets"], on="ticket_id", suffix="_ticket")
    assert judged.height > 300
    assert judged["account_id"].equals(judged["account_id_ticket"])
    assert (judged["answered_at"] > judged["resolved_at"]).all()


@pytest.mark.parametrize(
    ("name", "rep", "at"),
    [
        ("shares", "rep_id", "shared_at"),
        ("shares", "used_by_rep_id", "shared_at"),
        ("surveys", "rep_id", "answered_at"),
    ],
)
def test_people_share_and_answer_while_they_are_employed(sample: Sample, name: str, rep: str, at: str) -> None:
    rows = sample[name].filter(pl.col("kind") == "employee") if name == "surveys" else sample[name]
    rows = rows.join(sample["reps"], left_on=rep, right_on="rep_id").with_columns(day=pl.col(at).dt.date())
    assert rows.height > 200
    assert (rows["day"] >= rows["hired_at"]).all()
    assert (rows["day"] < rows["left_at"]).all()


def test_what_is_shared_is_used_by_a_colleague(sample: Sample) -> None:
    used = with_team(sample, sample["shares"]).drop_nulls("used_by_rep_id")
    assert (used["rep_id"] != used["used_by_rep_id"]).all()
    assert used["team"].equals(with_team(sample, used.drop("team"), "used_by_rep_id")["team"])
    assert sample["shares"].filter(pl.col("used_by_rep_id").is_null())["deal_id"].count() == 0


# ---- what was planted


@pytest.fixture(scope="module")
def talks(sample: Sample) -> pl.DataFrame:
    """Calls with their team, the rep's share of the talking, the longest turn and the questions asked."""
    seconds, rep = pl.col("end_s") - pl.col("start_s"), pl.col("speaker") == "rep"
    said = sample["call_turns"].group_by("call_id").agg(
        share=seconds.filter(rep).sum() / seconds.sum(),
        longest=seconds.filter(rep).max(),
        questions=(rep & pl.col("is_question")).sum().cast(pl.Int64),
        mood=pl.col("sentiment").filter(~rep).mean(),
    )  # fmt: skip
    return with_team(sample, sample["calls"]).join(said, on="call_id")


def _share(frame: pl.DataFrame, condition: pl.Expr) -> float:
    return frame.select(condition.mean()).item()


def test_one_team_dominates_its_calls_and_one_listens(talks: pl.DataFrame) -> None:
    dominated = (pl.col("share") > 0.65) | (pl.col("longest") > 120)
    by_team = dict(talks.group_by("team").agg(dominated.mean()).iter_rows())
    assert by_team.pop(truth.TALKING_TEAM) > 0.7
    assert by_team.pop(truth.LISTENING_TEAM) < 0.1
    assert 0.1 < sum(by_team.values()) / len(by_team) < 0.4


def test_more_is_asked_on_deals_that_are_won(sample: Sample, talks: pl.DataFrame) -> None:
    ended = talks.join(sample["deals"].select("deal_id", "status"), on="deal_id")
    rate = {status: rows["questions"].sum() / rows["duration_s"].sum()
            for (status,), rows in ended.group_by("status")}  # fmt: skip
    assert rate["won"] > 1.35 * rate["lost"]


def test_reps_who_ask_more_win_more(sample: Sample, talks: pl.DataFrame) -> None:
    closed = sample["deals"].filter(pl.col("status") != "open", kind="new").group_by(rep_id="owner_rep_id")
    record = closed.agg(won=(pl.col("status") == "won").mean(), closed=pl.len())
    asked = talks.group_by("rep_id").agg(rate=pl.col("questions").sum() / pl.col("duration_s").sum(), calls=pl.len())
    reps = asked.filter(pl.col("calls") >= 5).join(record.filter(pl.col("closed") >= 20), on="rep_id")
    assert reps.height >= 20
    assert reps.select(pl.corr("rate", "won", method="spearman")).item() > 0.3


def test_lost_deals_sound_worse(sample: Sample, talks: pl.DataFrame) -> None:
    ended = talks.join(sample["deals"].select("deal_id", "status"), on="deal_id")
    mood = dict(ended.group_by("status").agg(pl.col("mood").mean()).iter_rows())
    assert mood["won"] - mood["lost"] > 0.25


@pytest.mark.parametrize("status", list(truth.OBJECTION_ANSWERED))
def test_objections_are_answered_on_deals_that_are_won(sample: Sample, status: str) -> None:
    objections = sample["playbook"].filter(kind="objection")
    marks = sample["call_marks"].join(objections, on="item_id").join(sample["calls"], on="call_id")
    ended = marks.join(sample["deals"].filter(status=status), on="deal_id", how="semi")
    assert within(ended["hit"].mean(), truth.OBJECTION_ANSWERED[status], ended.height)


@pytest.mark.parametrize("team", [truth.LISTENING_TEAM, truth.TALKING_TEAM, None])
def test_messages_get_across_by_team(sample: Sample, team: str | None) -> None:
    items = sample["playbook"].filter(~pl.col("kind").is_in(["objection", "product_fact", "banned_phrase"]))
    marks = with_team(sample, sample["call_marks"].join(items, on="item_id").join(sample["calls"], on="call_id"))
    heard = marks.filter(pl.col("team") == team if team else USUAL)["hit"]
    assert within(heard.mean(), truth.MESSAGE_HIT.get(team, truth.USUAL_MESSAGE_HIT), len(heard))


@pytest.mark.parametrize("segment", list(truth.NPS_SHARES["promoters"]))
def test_one_segment_would_not_recommend_us(sample: Sample, segment: str) -> None:
    stay = sample["accounts"].filter(pl.col("ended_at").is_null(), segment=segment)
    score = sample["surveys"].filter(kind="nps").join(stay, on="account_id")["score"]
    assert within((score >= 9).mean(), truth.NPS_SHARES["promoters"][segment], len(score))
    assert within((score <= 6).mean(), truth.NPS_SHARES["detractors"][segment], len(score))


@pytest.fixture(scope="module")
def warned(sample: Sample) -> pl.DataFrame:
    """Customers that left in the second half of the data, with the days of their last months and the ones before."""
    left = sample["accounts"].filter(pl.col("ended_at") >= date(2025, 9, 1))
    last = pl.duration(days=truth.WARNING_DAYS)
    left = left.filter(pl.col("became_customer_at") < pl.col("ended_at") - 2 * last)
    return left.select(
        "account_id", "ended_at", warned_on=pl.col("ended_at") - last, before=pl.col("ended_at") - 2 * last
    )


def _counts(rows: pl.DataFrame, warned: pl.DataFrame, at: str) -> tuple[int, int]:
    """Rows in the last months before the end, and in as many months before."""
    days = rows.join(warned, on="account_id").with_columns(day=pl.col(at).dt.date())
    later = days.filter(pl.col("day") >= pl.col("warned_on"), pl.col("day") <= pl.col("ended_at"))
    earlier = days.filter(pl.col("day") >= pl.col("before"), pl.col("day") < pl.col("warned_on"))
    return later.height, earlier.height


def test_customers_use_the_product_less_before_they_leave(sample: Sample, warned: pl.DataFrame) -> None:
    later, earlier = _counts(sample["usage"].filter(pl.col("deal_id").is_null()), warned, "at")
    assert earlier > 200
    assert 0.4 < later / earlier < 0.62


def test_customers_open_many_tickets_before_they_leave(sample: Sample, warned: pl.DataFrame) -> None:
    later, earlier = _counts(sample["tickets"], warned, "opened_at")
    assert earlier > 10
    assert 0.6 * truth.WARNING_TICKETS < later / earlier < 1.6 * truth.WARNING_TICKETS


def test_customers_are_detractors_before_they_leave(sample: Sample, warned: pl.DataFrame) -> None:
    asked = sample["surveys"].filter(kind="nps").join(warned, on="account_id")
    late = asked.filter(pl.col("answered_at").dt.date() >= pl.col("warned_on"))
    assert late.height > 20
    assert within((late["score"] <= 6).mean(), truth.WARNING_DETRACTORS, late.height)


@pytest.mark.parametrize("segment", list(truth.VALUE_DAYS))
def test_the_first_outcome_comes_after_its_days(sample: Sample, segment: str) -> None:
    first = sample["usage"].filter("is_value_event").group_by("account_id").agg(pl.col("at").min())
    won = sample["accounts"].filter(segment=segment).join(first, on="account_id")
    days = (pl.col("at").dt.date() - pl.col("became_customer_at")).dt.total_days()
    # the contract begins up to twenty days after the deal is won
    assert won.select(days.median()).item() == pytest.approx(truth.VALUE_DAYS[segment] + 4, rel=0.25)


@pytest.mark.parametrize("status", list(truth.TRIAL_USES))
def test_trials_of_won_deals_are_used_more(sample: Sample, status: str) -> None:
    uses = sample["usage"].group_by("deal_id").agg(uses=pl.len().cast(pl.Int64))
    trials = sample["deals"].filter(pl.col("poc_start_at") >= truth.TOOLS_DAY, pl.col("poc_end_at").is_not_null())
    trials = trials.filter(status=status).join(uses, on="deal_id", how="left")
    start, end = (pl.col(column).dt.date() for column in ("poc_start_at", "poc_end_at"))
    days = trials.select(pl.business_day_count(start, end).sum()).item()
    assert trials["uses"].sum() / days == pytest.approx(truth.TRIAL_USES[status], rel=0.3)


@pytest.mark.parametrize("team", [truth.LISTENING_TEAM, truth.TALKING_TEAM, None])
def test_tickets_are_solved_at_the_first_contact_by_team(sample: Sample, team: str | None) -> None:
    owners = with_team(sample, sample["accounts"], "owner_rep_id").select("account_id", "team")
    solved = sample["tickets"].drop_nulls("contacts").join(owners, on="account_id")
    solved = solved.filter(pl.col("team") == team if team else USUAL)
    planted = truth.FIRST_CONTACT.get(team, truth.USUAL_FIRST_CONTACT)
    assert within((solved["contacts"] == 1).mean(), planted, solved.height)


@pytest.mark.parametrize("tier", list(truth.RESPONSE_HOURS))
def test_valued_customers_are_answered_within_the_hour(sample: Sample, tier: str) -> None:
    answered = sample["tickets"].filter(tier=tier).drop_nulls("first_response_at")
    hours = (answered["first_response_at"] - answered["opened_at"]).dt.total_minutes() / 60
    assert hours.mean() == pytest.approx(truth.RESPONSE_HOURS[tier], rel=0.2)


def test_customers_are_content_where_one_contact_was_enough(sample: Sample) -> None:
    judged = sample["surveys"].join(sample["tickets"], on="ticket_id")
    content = pl.col("score") >= pl.col("positive_from")
    once, later = judged.filter(contacts=1), judged.filter(pl.col("contacts") > 1)
    assert within(_share(once, content), truth.SATISFIED_AT_ONCE, once.height)
    assert within(_share(later, content), truth.SATISFIED_LATER, later.height)


@pytest.mark.parametrize("team", [truth.LISTENING_TEAM, truth.TALKING_TEAM, None])
def test_staff_is_content_by_team(sample: Sample, team: str | None) -> None:
    answers = with_team(sample, sample["surveys"].filter(kind="employee"))
    answers = answers.filter(pl.col("team") == team if team else USUAL)
    planted = truth.CONTENT_STAFF.get(team, truth.USUAL_CONTENT_STAFF)
    assert within(_share(answers, pl.col("score") >= pl.col("positive_from")), planted, answers.height)


def test_one_product_is_liked_least(sample: Sample) -> None:
    answers = sample["surveys"].filter(kind="product").with_columns(liked=pl.col("score") >= pl.col("positive_from"))
    disliked, others = (
        answers.filter((pl.col("product_id") == truth.DISLIKED_PRODUCT) == flag) for flag in (True, False)
    )
    assert disliked.height > 20
    assert within(disliked["liked"].mean(), truth.DISLIKED_SHARE, disliked.height)
    assert within(others["liked"].mean(), truth.LIKED_SHARE, others.height)


def test_more_and_more_have_heard_of_the_company(sample: Sample) -> None:
    answers = sample["surveys"].filter(kind="brand").sort("answered_at")
    half = answers.height // 2
    rise = answers["score"][half:].mean() - answers["score"][:half].mean()
    assert rise == pytest.approx((truth.AWARE[1] - truth.AWARE[0]) / 2, abs=0.1)


@pytest.mark.parametrize("status", list(truth.JOINT))
def test_deals_that_are_won_were_helped_more_often(sample: Sample, status: str) -> None:
    helped = sample["deal_members"].filter(pl.col("role").is_in(["se", "am", "other"]))["deal_id"].implode()
    deals = with_team(sample, sample["deals"].filter(pl.col("kind") != "renewal", status=status), "owner_rep_id")
    share = _share(deals.filter(USUAL), pl.col("deal_id").is_in(helped))
    # some of those who would have helped own the deal already, or their seat is empty
    assert 0.8 * truth.JOINT[status] < share < 1.05 * truth.JOINT[status]


@pytest.mark.parametrize("team", [truth.LISTENING_TEAM, truth.TALKING_TEAM, None])
def test_what_is_shared_is_used_by_team(sample: Sample, team: str | None) -> None:
    shares = with_team(sample, sample["shares"]).filter(pl.col("team") == team if team else USUAL)
    used = _share(shares, pl.col("used_by_rep_id").is_not_null())
    planted = truth.REUSE.get(team, truth.USUAL_REUSE)
    assert 0.65 * planted < used < 1.1 * planted  # nobody uses what is their own


def test_some_deals_need_a_second_quote(sample: Sample) -> None:
    again = sample["quotes"].group_by("deal_id").agg(pl.len())["len"] > 1
    assert within(again.mean(), truth.SECOND_QUOTE, len(again))


def test_some_quotes_of_lost_deals_just_run_out(sample: Sample) -> None:
    last = sample["quotes"].sort("issued_at").unique("deal_id", keep="last")
    lost = last.filter(pl.col("status").is_in(["rejected", "expired"]))
    assert within((lost["status"] == "expired").mean(), truth.QUOTE_EXPIRES, lost.height)


def test_buyers_show_their_interest_before_deals_that_are_won(sample: Sample) -> None:
    new = sample["deals"].filter(pl.col("created_at") >= datetime(2025, 2, 1), kind="new")
    near = sample["intent_signals"].join(new, on="account_id", suffix="_deal").filter(
        pl.col("at") < pl.col("created_at"), pl.col("at") >= pl.col("created_at").dt.offset_by("-28d")
    )  # fmt: skip
    counts = new.group_by("status").agg(deals=pl.len()).join(near.group_by("status").agg(signals=pl.len()), on="status")
    rate = dict(counts.select("status", pl.col("signals") / pl.col("deals")).iter_rows())
    assert rate["won"] > 1.8 * rate["lost"]
