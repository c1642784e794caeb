"""How the team develops, what is expected, the side-lines: what was planted in the sample is found in it again."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kpitools.sample import make_sample, truth, write_sample
from kpitools.sample.beyond import beyond
from kpitools.sample.hotline import with_tickets
from kpitools.sample.initiatives import with_initiatives
from kpitools.sample.people import reps, seats

Sample = dict[str, pl.DataFrame]

#: How a table finds its team, and the columns whose quarters are counted.
THROUGH = {
    "assessments": ("rep_id", ["taken_at"]),
    "cc_calls": ("agent_rep_id", ["queued_at"]),
    "claims": ("policy_id", ["closed_at"]),
    "deal_scores": ("deal_id", ["scored_at"]),
    "enrolments": ("account_id", ["enrolled_at", "completed_at", "last_active_at"]),
    "holdings": ("account_id", ["as_of"]),
    "initiative_users": ("rep_id", ["first_used_at"]),
    "lead_scores": ("lead_id", ["scored_at"]),
    "listings": ("rep_id", ["listed_at", "sold_at"]),
    "account_scores": ("account_id", ["scored_at"]),
    "policies": ("account_id", ["written_at", "ends_on"]),
    "portfolio_returns": ("account_id", ["period_end"]),
    "projects": ("account_id", ["started_at", "ended_at"]),
    "rep_hours": ("rep_id", ["day"]),
}
OF_COMPANY = {
    "carts": ["created_at"], "coaching": ["started_at"], "forecasts": ["starts_on"], "initiatives": ["started_on"],
    "market": ["starts_on"], "sessions": ["started_at"],
}  # fmt: skip
NAMES = sorted([*THROUGH, *OF_COMPANY, "courses"])
GROWING = ["account_scores", "cc_calls", "claims", "deal_scores", "enrolments", "holdings", "lead_scores", "listings",
           "policies", "portfolio_returns", "projects", "sessions"]  # fmt: skip
LOOKED_AT = [date(2025, 1, 1), date(2025, 10, 1), date(2026, 4, 1), date(2026, 7, 1)]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample()


@pytest.fixture(scope="module")
def teams(sample: Sample) -> dict[str, pl.DataFrame]:
    """The team of each key through which a table may find its own."""
    of_rep = sample["reps"].select("rep_id", "team")
    owned = of_rep.rename({"rep_id": "owner_rep_id"})
    found = {
        key: sample[name].join(owned, on="owner_rep_id").select(key, "team")
        for name, key in {"accounts": "account_id", "deals": "deal_id", "leads": "lead_id"}.items()
    }
    of_policy = sample["policies"].join(found["account_id"], on="account_id").select("policy_id", "team")
    agents = of_rep.rename({"rep_id": "agent_rep_id"})
    return found | {"rep_id": of_rep, "agent_rep_id": agents, "policy_id": of_policy}


def within(seen: float, planted: float, n: int) -> bool:
    """Whether a share seen in `n` rows is within three standard errors of the planted one."""
    return abs(seen - planted) < 3 * (planted * (1 - planted) / n) ** 0.5


def quarter(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Date).dt.truncate("1q")


# ---- the frames


def test_the_same_seed_makes_the_same_tables_and_another_others(sample: Sample) -> None:
    same, other = make_sample(seed=2026), make_sample(seed=7)
    for name in NAMES:
        assert_frame_equal(same[name], sample[name])
    assert {name for name in NAMES if other[name].equals(sample[name])} == {"courses"}


def test_scale_multiplies_what_customers_do_but_not_the_staff(sample: Sample) -> None:
    large = make_sample(scale=3)
    for name in GROWING:
        assert 2 < large[name].height / sample[name].height < 4, name
    assert large["rep_hours"].height == sample["rep_hours"].height


def test_the_files_are_small(tmp_path: Path) -> None:
    paths = write_sample(tmp_path)
    assert sum(paths[name].stat().st_size for name in NAMES) < 300_000


def test_tables_made_before_stay_as_they_are(sample: Sample) -> None:
    made = {name: frame for name, frame in sample.items() if name not in NAMES}
    again = beyond(made, seats(reps()), 1, 2026)
    assert sorted(again) == sorted([*NAMES, "costs"])
    assert_frame_equal(again["costs"].select(sample["costs"].columns), sample["costs"])


@pytest.mark.parametrize(("name", "column"), [(name, column) for name, (_, cs) in THROUGH.items() for column in cs])
def test_most_teams_have_rows_in_each_quarter_looked_at(
    sample: Sample, teams: dict[str, pl.DataFrame], name: str, column: str
) -> None:
    key = THROUGH[name][0]
    rows = sample[name].join(teams[key], on=key).filter(quarter(column).is_in(LOOKED_AT))
    counted = rows.group_by(quarter(column)).agg(teams=pl.col("team").n_unique())
    assert counted.height == len(LOOKED_AT)
    assert counted["teams"].min() >= 5


@pytest.mark.parametrize(("name", "column"), [(name, column) for name, cs in OF_COMPANY.items() for column in cs])
def test_the_company_has_rows_in_each_quarter_looked_at(sample: Sample, name: str, column: str) -> None:
    found = sample[name].filter(quarter(column).is_in(LOOKED_AT)).select(quarter(column)).n_unique()
    assert found == len(LOOKED_AT)


@pytest.mark.parametrize(
    ("name", "rep", "column"),
    [("assessments", "rep_id", "taken_at"), ("cc_calls", "agent_rep_id", "queued_at"),
     ("coaching", "rep_id", "started_at"), ("listings", "rep_id", "listed_at"), ("rep_hours", "rep_id", "day")],
)  # fmt: skip
def test_nobody_does_anything_before_being_hired_or_after_leaving(
    sample: Sample, name: str, rep: str, column: str
) -> None:
    staff = sample["reps"].select("hired_at", "left_at", pl.col("rep_id").alias(rep))
    rows = sample[name].join(staff, on=rep).with_columns(on=pl.col(column).cast(pl.Date))
    assert (rows["on"] >= rows["hired_at"]).all()
    assert (rows["on"] < rows["left_at"]).all()


# ---- how the team develops


@pytest.fixture(scope="module")
def hours(sample: Sample) -> pl.DataFrame:
    return sample["rep_hours"].join(sample["reps"].select("rep_id", "team", "role"), on="rep_id")


@pytest.mark.parametrize(
    ("team", "share"),
    [(truth.ADMIN_TEAM, truth.ADMIN_TEAM_SELLING_SHARE), ("US West", truth.SELLING_SHARE)],
)
def test_hours_with_buyers(hours: pl.DataFrame, team: str, share: float) -> None:
    of_team = hours.filter(team=team)
    assert of_team["hours_selling"].sum() / of_team["hours_worked"].sum() == pytest.approx(share, abs=0.01)


def test_parts_of_a_week_fit_into_it(hours: pl.DataFrame) -> None:
    assert (hours["hours_selling"] + hours["hours_admin"] <= hours["hours_worked"]).all()
    assert (hours["hours_handling"] <= hours["hours_worked"]).all()
    assert (hours["hours_billable"] <= hours["hours_available"]).all()
    assert set(hours["day"].dt.weekday()) == {5}


def test_account_managers_bill_and_development_reps_handle_calls(hours: pl.DataFrame) -> None:
    billed = hours.filter(pl.col("hours_available").is_not_null())
    handled = hours.filter(pl.col("hours_handling").is_not_null())
    assert (set(billed["role"]), set(handled["role"])) == ({"am"}, {"sdr"})
    billed_share = billed["hours_billable"].sum() / billed["hours_available"].sum()
    handled_share = handled["hours_handling"].sum() / handled["hours_worked"].sum()
    assert billed_share == pytest.approx(truth.BILLED_SHARE, abs=0.01)
    assert handled_share == pytest.approx(truth.HANDLING_SHARE, abs=0.01)


def test_one_team_knows_less(sample: Sample) -> None:
    rows = sample["assessments"].join(sample["reps"].select("rep_id", "team"), on="rep_id")
    known = dict(rows.group_by("team").agg(pl.col("score").sum() / pl.col("max_score").sum()).iter_rows())
    assert known.pop(truth.UNSCHOOLED_TEAM) == pytest.approx(truth.UNSCHOOLED_KNOWLEDGE, abs=0.03)
    assert list(known.values()) == [pytest.approx(truth.KNOWLEDGE, abs=0.03)] * 7


def _won(sample: Sample, spans: pl.DataFrame, anchor: str, days: int) -> float:
    """What the reps of `spans` won in the 90 days from so many days after the anchor on."""
    won = sample["deals"].filter(status="won").select("owner_rep_id", "amount", on=pl.col("closed_at").dt.date())
    since = pl.col(anchor) + pl.duration(days=days)
    inside = spans.join(won, left_on="rep_id", right_on="owner_rep_id").filter(
        (pl.col("on") >= since) & (pl.col("on") < since + pl.duration(days=90))
    )
    return inside["amount"].sum()


def _growth(sample: Sample, spans: pl.DataFrame) -> float:
    return _won(sample, spans, "ended_at", 90) / _won(sample, spans, "started_at", -90)


def test_coached_reps_improve_more_than_the_others(sample: Sample) -> None:
    done = sample["coaching"].filter(pl.col("ended_at") < date(2026, 4, 1)).drop("coach_rep_id")
    never = sample["reps"].filter(role="ae").join(sample["coaching"], on="rep_id", how="anti").select("rep_id")
    others = never.join(done.select("started_at", "ended_at"), how="cross")
    assert done.height > 30
    assert never.height >= 8
    low, high = truth.COACHED_LIFT
    assert low < _growth(sample, done) / _growth(sample, others) < high


def test_coaches_are_the_managers(sample: Sample) -> None:
    rows = sample["coaching"].join(sample["reps"], on="rep_id")
    assert rows["coach_rep_id"].equals(rows["manager_rep_id"])


def test_a_row_of_the_ledger_is_for_the_initiative_of_its_category_channel_and_time() -> None:
    ledger = pl.DataFrame(
        {"cost_id": ["a", "b", "c", "d"], "category": ["marketing", "marketing", "tools", "tools"],
         "channel": ["Event", "Partner", None, None], "initiative_id": [None] * 4,
         "spent_on": [date(2026, 1, 31), date(2026, 1, 31), date(2026, 1, 31), date(2026, 5, 31)]},
        schema_overrides={"initiative_id": pl.String},
    )  # fmt: skip
    spans = pl.DataFrame(
        {"initiative_id": ["I1", "I2", "I3"], "category": ["marketing", "tools", None],
         "channel": ["Event", None, None], "started_on": date(2026, 1, 1), "spent_until": date(2026, 3, 31)}
    )  # fmt: skip
    told = with_initiatives(ledger, spans)
    assert told["initiative_id"].to_list() == ["I1", None, "I2", None]
    assert_frame_equal(told.drop("initiative_id"), ledger.drop("initiative_id"))


def test_campaigns_bring_what_they_should(sample: Sample) -> None:
    spent = sample["costs"].group_by("initiative_id").agg(spent=pl.col("amount").sum())
    campaigns = sample["initiatives"].filter(kind="campaign").join(spent, on="initiative_id")
    assert campaigns.height == 12
    returned = campaigns["attributed_revenue"].sum() / campaigns["spent"].sum()
    assert returned == pytest.approx(truth.CAMPAIGN_RETURN, rel=0.01)


@pytest.mark.parametrize("tool", list(truth.ADOPTION))
def test_tools_are_taken_up(sample: Sample, tool: str) -> None:
    started = sample["initiatives"].filter(name=tool)
    users = started.join(sample["initiative_users"], on="initiative_id")
    still = pl.col("left_at").is_null() | (pl.col("left_at") > started["started_on"].item())
    might = sample["reps"].filter("is_seller").filter(still).height
    assert within(users.height / might, truth.ADOPTION[tool], might)
    assert (users["first_used_at"] >= users["started_on"]).all()
    assert (users["last_used_at"] >= users["first_used_at"]).all()


# ---- what is expected


@pytest.fixture(scope="module")
def foreseen(sample: Sample) -> pl.DataFrame:
    """The last forecast before each quarter beside what was won in it, by team."""
    owned = sample["reps"].select("team", owner_rep_id="rep_id")
    won = sample["deals"].filter(status="won").join(owned, on="owner_rep_id")
    won = won.group_by("team", starts_on=quarter("closed_at")).agg(won=pl.col("amount").sum())
    before = sample["forecasts"].filter(pl.col("made_at").dt.date() < pl.col("starts_on"), owner_kind="team")
    last = before.sort("made_at").unique(["owner_id", "starts_on"], keep="last")
    return last.join(won, left_on=["owner_id", "starts_on"], right_on=["team", "starts_on"])


def test_one_team_forecasts_too_much(foreseen: pl.DataFrame) -> None:
    ratio = dict(foreseen.group_by("owner_id").agg((pl.col("amount") / pl.col("won")).mean()).iter_rows())
    assert ratio.pop(truth.OVERCONFIDENT_TEAM) == pytest.approx(truth.FORECAST_BIAS, abs=0.07)
    assert list(ratio.values()) == [pytest.approx(1, abs=0.07)] * 7


def test_teams_say_it_three_times_and_get_closer(sample: Sample) -> None:
    of_team = sample["forecasts"].filter(starts_on=date(2026, 4, 1), owner_kind="team", owner_id="Nordics")
    assert of_team["made_at"].dt.date().is_sorted()
    assert (of_team["made_at"].dt.date() < date(2026, 4, 1)).to_list() == [True, True, False]


def test_the_company_expects_what_its_teams_do(sample: Sample) -> None:
    late = sample["forecasts"].filter(starts_on=date(2026, 7, 1)).sort("made_at")
    of_teams = late.filter(pl.col("made_at").dt.date() < date(2026, 7, 1), owner_kind="team")
    added = of_teams.unique("owner_id", keep="last")["amount"].sum()
    company = late.filter(pl.col("made_at").dt.date() < date(2026, 7, 1), owner_kind="company")
    assert company["amount"][-1] == added


def test_there_is_a_forecast_of_the_quarter_ahead(sample: Sample) -> None:
    ahead = sample["forecasts"].filter(starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 31))
    assert set(ahead["owner_kind"]) == {"rep", "team", "company"}


def test_the_share_of_the_market_grows(sample: Sample) -> None:
    lines = sample["order_lines"].join(sample["orders"], on="order_id")
    own = lines.group_by(starts_on=quarter("ordered_at")).agg(pl.col("revenue").sum())
    whole = sample["market"].group_by("starts_on").agg(pl.col("total_revenue").sum())
    share = own.join(whole, on="starts_on").sort("starts_on").select(pl.col("revenue") / pl.col("total_revenue"))
    shares = share.to_series()
    assert (shares.diff().drop_nulls() > 0).all()
    assert (shares[0], shares[-1]) == pytest.approx(truth.MARKET_SHARE, abs=0.0005)


def test_accounts_of_the_market_are_counted_once(sample: Sample) -> None:
    last = sample["market"].filter(starts_on=date(2026, 7, 1))
    now = pl.col("became_customer_at").is_not_null() & pl.col("ended_at").is_null()
    customers = sample["accounts"].filter(now).height
    assert customers / last["addressable_accounts"].sum() == pytest.approx(truth.MARKET_PENETRATION, rel=0.01)
    assert last.filter(pl.col("addressable_accounts").is_not_null())["product_family"].null_count() == 3


def _outcomes(sample: Sample) -> dict[str, pl.DataFrame]:
    """For each kind of score the rows of which it is known what came of them: `p`, and whether it `came`."""
    decided = sample["deals"].filter(pl.col("status") != "open").select("deal_id", came=pl.col("status") == "won")
    grown_up = sample["leads"].filter(pl.col("created_at") < date(2026, 1, 1))
    leads = grown_up.select("lead_id", came=pl.col("customer_at").is_not_null())
    accounts = sample["account_scores"].join(sample["accounts"], on="account_id")
    soon = pl.col("ended_at") <= pl.col("scored_at").dt.date() + pl.duration(days=90)
    return {
        "deals": sample["deal_scores"].join(decided, on="deal_id").select("came", p="win_probability"),
        "leads": sample["lead_scores"].join(leads, on="lead_id").select("came", p="conversion_probability"),
        "accounts": accounts.select(p="churn_probability", came=soon.fill_null(False)),
    }


@pytest.mark.parametrize("of", ["deals", "leads", "accounts"])
def test_scores_are_calibrated(sample: Sample, of: str) -> None:
    scored = _outcomes(sample)[of].with_columns(fifth=pl.col("p").rank("ordinal") * 5 // (pl.len() + 1))
    for _, rows in scored.group_by("fifth"):
        spread = (rows["p"] * (1 - rows["p"])).sum() ** 0.5
        assert abs(rows["came"].sum() - rows["p"].sum()) < 4 * spread


@pytest.mark.parametrize("of", ["deals", "leads", "accounts"])
def test_scores_tell_apart(sample: Sample, of: str) -> None:
    ranked = _outcomes(sample)[of].with_columns(rank=pl.col("p").rank())
    came = ranked.filter("came")
    others = ranked.height - came.height
    area = (came["rank"].sum() - came.height * (came.height + 1) / 2) / (came.height * others)
    assert 0.8 < area < 0.95


def test_nothing_is_scored_once_it_is_decided(sample: Sample) -> None:
    deals = sample["deal_scores"].join(sample["deals"], on="deal_id")
    assert (deals["scored_at"] > deals["created_at"]).all()
    assert (deals["scored_at"] < deals["closed_at"]).all()


# ---- the side-lines


def test_calls_that_hang_up_are_not_answered(sample: Sample) -> None:
    calls = sample["cc_calls"]
    assert calls.filter(pl.col("answered_at").is_not_null() & pl.col("abandoned_at").is_not_null()).is_empty()
    for column in ("talk_s", "hold_s", "wrap_s"):
        assert calls[column].is_not_null().equals(calls["answered_at"].is_not_null())
    assert calls.filter(direction="out")["abandoned_at"].null_count() == calls.filter(direction="out").height


def test_the_hotline(sample: Sample) -> None:
    rung = sample["cc_calls"].filter(direction="in")
    assert within(rung["abandoned_at"].count() / rung.height, truth.CALL_ABANDONMENT, rung.height)
    waited = (rung["answered_at"] - rung["queued_at"]).dt.total_seconds().mean()
    assert waited == pytest.approx(truth.ANSWERED_AFTER, rel=0.1)
    assert (rung["talk_s"] + rung["hold_s"]).mean() == pytest.approx(truth.CALL_HANDLING, rel=0.05)


def test_a_ticket_has_the_first_call_answered_after_it_was_opened() -> None:
    at = [datetime(2026, 7, 1, hour) for hour in (9, 10, 11, 15)]
    answered = [at[0], None, at[2], at[3]]
    calls = pl.DataFrame({"cc_call_id": list("abcd"), "direction": "in", "queued_at": at, "answered_at": answered})
    tickets = pl.DataFrame(
        {"ticket_id": ["T1", "T2"], "opened_at": [at[1], at[2]], "resolved_at": [None, at[2]]},
        schema_overrides={"resolved_at": pl.Datetime("us")},
    )
    assert with_tickets(calls, tickets)["ticket_id"].to_list() == [None, None, "T2", None]
    assert with_tickets(calls, None)["ticket_id"].null_count() == 4


def test_no_ticket_has_two_calls_and_each_call_lies_within_its_ticket(sample: Sample) -> None:
    told = sample["cc_calls"].drop_nulls("ticket_id").join(sample["tickets"], on="ticket_id")
    assert told.height > 100
    assert told["ticket_id"].is_unique().all()
    assert (told["queued_at"] >= told["opened_at"]).all()
    assert (told["queued_at"] <= told["resolved_at"]).all()


@pytest.mark.parametrize("segment", list(truth.IMPLEMENTATION_DAYS))
def test_implementations_take_their_time(sample: Sample, segment: str) -> None:
    done = sample["projects"].filter(pl.col("started_at") < date(2026, 3, 1), kind="implementation")
    of = done.join(sample["deals"].filter(segment=segment), on="deal_id")
    days = (of["ended_at"] - of["closed_at"].dt.date()).dt.total_days().mean()
    assert days == pytest.approx(truth.IMPLEMENTATION_DAYS[segment], rel=0.1)


def test_services_cost_what_is_usual(sample: Sample) -> None:
    delivered = sample["projects"].filter(kind="service")
    assert 50_000 < (delivered["fees"] + delivered["extras"]).mean() < 100_000


@pytest.fixture(scope="module")
def insured(sample: Sample) -> pl.DataFrame:
    """Policies with the premium earned by the last day."""
    until = pl.min_horizontal("ends_on", "cancelled_at", pl.lit(date(2026, 10, 1)))
    share = (until - pl.col("starts_on")) / (pl.col("ends_on") - pl.col("starts_on"))
    return sample["policies"].with_columns(earned=pl.col("premium") * share)


@pytest.mark.parametrize("line", list(truth.LOSS_RATIO))
def test_loss_ratio_by_line(sample: Sample, insured: pl.DataFrame, line: str) -> None:
    of = insured.filter(product_line=line)
    paid = sample["claims"].join(of, on="policy_id")
    lost = (paid["paid"].sum() + paid["reserve_change"].sum()) / of["earned"].sum()
    assert lost == pytest.approx(truth.LOSS_RATIO[line], abs=0.15)


def test_one_line_loses_money(sample: Sample, insured: pl.DataFrame) -> None:
    paid = sample["claims"].join(insured, on="policy_id").group_by("product_line").agg(pl.col("paid").sum())
    earned = insured.group_by("product_line").agg(pl.col("earned").sum())
    ratio = dict(paid.join(earned, on="product_line").select("product_line", pl.col("paid") / pl.col("earned")).rows())
    losing = ratio.pop(truth.LOSING_LINE)
    assert losing > max(ratio.values()) + 0.2


def test_policies_are_renewed(sample: Sample) -> None:
    policies = sample["policies"]
    ended = policies.filter(pl.col("ends_on") <= truth.LAST_DAY)
    renewed = ended.join(policies, left_on="policy_id", right_on="renews_policy_id", how="semi")
    assert within(renewed.height / ended.height, truth.POLICY_RENEWAL, ended.height)


def test_a_renewal_begins_where_the_term_before_ends(sample: Sample) -> None:
    policies = sample["policies"]
    terms = policies.join(policies, left_on="renews_policy_id", right_on="policy_id", suffix="_before")
    assert terms.height > 300
    assert terms["starts_on"].equals(terms["ends_on_before"])
    assert terms["account_id"].equals(terms["account_id_before"])
    assert terms["product_line"].equals(terms["product_line_before"])


def test_claims_fall_into_the_cover_and_are_closed_in_time(sample: Sample) -> None:
    rows = sample["claims"].join(sample["policies"], on="policy_id")
    assert (rows["reported_at"] >= rows["starts_on"]).all()
    assert (rows["reported_at"] < rows["ends_on"]).all()
    assert rows["paid"].is_not_null().equals(rows["closed_at"].is_not_null())
    days = (rows["closed_at"] - rows["reported_at"]).dt.total_days().mean()
    assert days == pytest.approx(truth.CLAIM_DAYS, rel=0.08)


def test_a_policy_follows_its_lead(sample: Sample) -> None:
    rows = sample["policies"].join(sample["leads"], on="lead_id")
    assert (rows["written_at"] > rows["created_at"].dt.date()).all()
    assert rows["account_id"].equals(rows["account_id_right"])


def test_property_is_sold(sample: Sample) -> None:
    listings = sample["listings"]
    old = listings.filter(pl.col("listed_at") < date(2026, 3, 1))
    assert within(old["sold_at"].count() / old.height, truth.LISTING_SOLD, old.height)
    days = (old["sold_at"] - old["listed_at"]).dt.total_days().mean()
    assert days == pytest.approx(truth.DAYS_ON_MARKET, rel=0.1)
    commission = listings["seller_commission"].sum() / listings["sale_price"].sum()
    assert commission == pytest.approx(truth.SELLER_COMMISSION, rel=0.02)
    assert listings.filter(pl.col("sold_at").is_not_null() & pl.col("withdrawn_at").is_not_null()).is_empty()


def test_portfolios_earn_more_than_the_risk_free_rate(sample: Sample) -> None:
    excess = sample["portfolio_returns"].select(pl.col("return_pct") - pl.col("risk_free_pct")).to_series()
    assert excess.mean() / excess.std() * 12**0.5 == pytest.approx(truth.SHARPE, abs=0.15)


def test_clients_hold_more_than_one_product_and_more_from_year_to_year(sample: Sample) -> None:
    by_day = sample["holdings"].group_by("as_of").agg(
        value=pl.col("market_value").sum(), each=pl.len() / pl.col("account_id").n_unique()
    )  # fmt: skip
    by_day = by_day.sort("as_of")
    assert by_day["value"][-1] > 1.1 * by_day["value"][-5]
    assert 1.3 < by_day["each"][-1] < 1.7


def test_the_shop(sample: Sample) -> None:
    visits, carts = sample["sessions"], sample["carts"]
    assert visits["order_id"].count() / visits.height == pytest.approx(truth.SHOP_CONVERSION, abs=0.0005)
    left = carts["order_id"].null_count() / carts.height
    assert within(left, truth.CART_ABANDONMENT, carts.height)
    assert sorted(carts["order_id"].drop_nulls()) == sorted(visits["order_id"].drop_nulls())


def test_an_order_of_the_shop_ends_the_visit(sample: Sample) -> None:
    rows = sample["sessions"].join(sample["orders"], on="order_id")
    minutes = (rows["ordered_at"] - rows["started_at"]).dt.total_minutes()
    assert (minutes.min(), minutes.max()) == (4, 39)
    assert rows["pages"].min() > 1


def test_students_come_back_and_complete(sample: Sample) -> None:
    enrolled = sample["enrolments"]
    terms = sorted(enrolled["term"].unique())
    following = pl.DataFrame({"term": terms[:-1], "next": terms[1:]})
    base = enrolled.join(following, on="term")
    back = base.join(enrolled, left_on=["account_id", "next"], right_on=["account_id", "term"], how="semi")
    assert within(back.height / base.height, truth.STUDENT_RETENTION, base.height)
    assert within(enrolled["completed_at"].count() / enrolled.height, truth.COURSE_COMPLETION, enrolled.height)
    assert (enrolled["last_active_at"].dt.date() >= enrolled["enrolled_at"]).all()
    assert (enrolled["completed_at"].dt.truncate("1q") == enrolled["enrolled_at"].dt.truncate("1q")).all()
