"""Conversion that says how sure it is: against lifelines, by hand where ages tie, and against a planted truth."""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from small import dataset, frames

from kpitools import views
from kpitools.analyses.conversion import INCIDENCE, WAYS, conversion, incidence, lead_funnel, time_to_win
from kpitools.analyses.conversion_apart import _row as apart_row
from kpitools.analyses.conversion_apart import conversion_apart
from kpitools.analyses.incidence import aalen_johansen, ages_reached, at_age
from kpitools.analyses.words.funnel import lead_words
from kpitools.analyses.words.ways import (
    apart_words,
    beside_words,
    group_words,
    reason_words,
    stage_time_words,
    time_words,
    ways_words,
)
from kpitools.charts import incidence_curves, render
from kpitools.errors import EvaluationError, KpitoolsError, UnknownNameError
from kpitools.model.dataset import Dataset
from kpitools.pages import open_page
from kpitools.pages.page import Section
from kpitools.views.counting import Counted, Counting

ENDS = [None, "won", "lost"]


def observed(seed: int, n: int = 60) -> pl.DataFrame:
    """Deals that end at random ages, no two the same."""
    random = np.random.default_rng(seed)
    ended = random.choice(3, n, p=[0.3, 0.4, 0.3])
    return pl.DataFrame({"group": "a", "age": random.exponential(30, n), "ended": [ENDS[end] for end in ended]})


@pytest.mark.parametrize("seed", range(5))
def test_against_lifelines(seed: int):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries below it
        from lifelines import AalenJohansenFitter

        frame = observed(seed)
        codes = [ENDS.index(end) for end in frame["ended"]]
        theirs = AalenJohansenFitter().fit(frame["age"].to_list(), codes, event_of_interest=1)
    ours = aalen_johansen(frame).filter(pl.col("won") > 0)
    incidence = 100 * theirs.cumulative_density_.iloc[:, 0]
    assert ours["won"].to_numpy() == pytest.approx(incidence.loc[ours["age"].to_list()].to_numpy(), abs=1e-9)
    bounds = 100 * theirs.confidence_interval_.loc[ours["age"].to_list()]
    seen = ours.with_columns(theirs_low=bounds.iloc[:, 0].to_numpy(), theirs_high=bounds.iloc[:, 1].to_numpy())
    # where the last one left ends, lifelines divides by nobody
    seen = seen.filter(pl.col("theirs_low").is_finite())
    assert seen.height > 15
    assert seen["lower"].to_numpy() == pytest.approx(seen["theirs_low"].to_numpy(), abs=1e-9)
    assert seen["upper"].to_numpy() == pytest.approx(seen["theirs_high"].to_numpy(), abs=1e-9)


def test_ties_by_hand():
    """Ten deals: at age 5 two are won, one lost, one last seen; at age 9 one is won, one lost, four last seen."""
    ends = ["won", "won", "lost", None, "won", "lost", None, None, None, None]
    frame = pl.DataFrame({"group": "a", "age": [5] * 4 + [9] * 6, "ended": ends})
    curve = aalen_johansen(frame)
    assert curve.select("age", "won", "lost", "still_open", "at_risk", "events", "other").rows() == [
        (0, 0, 0, 100, 10, 0, 0),
        (5, pytest.approx(20), pytest.approx(10), pytest.approx(70), 10, 2, 1),
        (9, pytest.approx(20 + 70 / 6), pytest.approx(10 + 70 / 6), pytest.approx(70 * 4 / 6), 6, 1, 1),
    ]
    first, last = 0.2, 0.2 + 0.7 / 6
    # the terms of the formula, one by one
    variance = (
        (last - first) ** 2 * 3 / (10 * 7)
        + (1 * 2 * 8 / 10**3 + 0.7**2 * 1 * 5 / 6**3)
        - 2 * (last - first) * 1 * 2 / 10**2
    )
    reach = np.exp(1.959963984540054 * variance**0.5 / abs(last * np.log(last)))
    assert curve.row(2, named=True)["lower"] == pytest.approx(100 * last**reach)
    assert curve.row(2, named=True)["upper"] == pytest.approx(100 * last ** (1 / reach))


def test_where_nothing_is_open_it_is_the_share():
    frame = observed(1).filter(pl.col("ended").is_not_null())
    last = aalen_johansen(frame).row(-1, named=True)
    assert last["won"] == pytest.approx(100 * (frame["ended"] == "won").mean())
    assert (last["won"] + last["lost"], last["still_open"]) == (pytest.approx(100), pytest.approx(0))


def test_each_group_is_a_curve_of_its_own():
    one, other = observed(1), observed(2).with_columns(group=pl.lit("b"))
    both = aalen_johansen(pl.concat([other, one]))
    assert both.equals(pl.concat([aalen_johansen(one), aalen_johansen(other)]))
    assert both.equals(aalen_johansen(pl.concat([one.reverse(), other])))


def test_alike_deals_may_stand_in_one_row():
    frame = pl.DataFrame({"group": "a", "age": [1, 2, 2], "ended": ["won", "lost", None], "n": [3, 2, 5]})
    every = frame.select(pl.exclude("n").repeat_by("n").explode())
    assert every.height == 10
    assert aalen_johansen(frame).equals(aalen_johansen(every))


def test_no_deals_no_curve():
    assert aalen_johansen(observed(1).clear()).is_empty()


def test_an_age_that_was_not_seen_is_not_told():
    frame = pl.DataFrame({"group": ["a", "a", "b", "b"], "age": [1, 8, 1, 2], "ended": ["won", None, "won", "lost"]})
    curve = aalen_johansen(frame)
    assert at_age(curve, 8).select("group", "won").rows() == [("a", 50.0), ("b", 50.0)]
    assert at_age(curve, 9).select("group", "won").rows() == [("a", None), ("b", 50.0)]  # all of b have ended


def test_ages_reached():
    frame = pl.DataFrame({"group": "a", "age": [1, 2, 3, 4], "ended": ["won", "won", "lost", "won"]})
    reached = ages_reached(aalen_johansen(frame), {"half": 0.5, "all": 1}, of=pl.lit(75.0))
    assert reached.rows() == [("a", 2, 4)]


def test_intervals_cover_the_truth():
    """2,000 samples of 200 deals, of which 40 % are won by age 60 and a third is censored before it is decided."""
    random = np.random.default_rng(7)
    samples, n = 2000, 200
    wins = random.random((samples, n)) < 0.4
    ends_at, seen_until = random.uniform(0, 60, (samples, n)), random.uniform(20, 80, (samples, n))
    frame = pl.DataFrame(
        {
            "group": np.repeat(np.arange(samples), n),
            "age": np.minimum(ends_at, seen_until).ravel(),
            "ended": np.where(ends_at > seen_until, "", np.where(wins, "won", "lost")).ravel(),
        }
    )
    found = at_age(aalen_johansen(frame.with_columns(pl.col("ended").replace("", None))), 45)
    assert found["won"].null_count() == 0
    covered = 100 * found.select(((pl.col("lower") <= 30) & (pl.col("upper") >= 30)).mean()).item()  # 45/60 of 40 %
    assert 93 <= covered <= 97


def planted(seed: int = 3, n: int = 3000) -> Dataset:
    """Deals opened evenly over 150 days and seen on the last: 40 % will be won, all within 90 days, late ones more."""
    random = np.random.default_rng(seed)
    start = datetime(2026, 1, 1)
    opened = random.integers(0, 150, n)
    win = random.random(n) < 0.4
    takes = np.where(win, random.integers(20, 91, n), random.integers(5, 71, n))
    rows = []
    for number, (day, won, days) in enumerate(zip(opened.tolist(), win.tolist(), takes.tolist(), strict=True)):
        closed = day + days <= 149
        created = start + timedelta(days=day)
        ended = created + timedelta(days=days) if closed else None
        rows.append((f"D{number}", ("won" if won else "lost") if closed else "open", created, ended))
    deals = pl.DataFrame(rows, schema=["deal_id", "status", "created_at", "closed_at"], orient="row")
    return Dataset.of({"deals": deals})


def test_a_planted_conversion_is_found_where_deals_are_still_open():
    found = conversion(planted(), period="2026", as_of="2026-05-30", within=90)
    naive, matured, aware = found.to_dicts()
    assert 28 < naive["share_open"] < 32
    assert naive["upper"] < 40  # it misses
    assert aware["lower"] < 40 < aware["upper"]
    assert matured["lower"] < 40 < matured["upper"]
    assert aware["upper"] - aware["lower"] < matured["upper"] - matured["lower"]  # it knows more
    assert (naive["deals"], aware["deals"]) == (3000, 3000)
    assert matured["deals"] < 1300


def test_time_to_win_is_not_shortened_by_open_deals():
    data = planted()
    (row,) = time_to_win(data, period="2026", as_of="2026-05-30", within=90).to_dicts()
    assert [row[name] for name in ("quartile_1", "median", "quartile_3")] == pytest.approx([37, 55, 72], abs=3)
    deals = data["deals"].filter(pl.col("status") == "won").collect()
    assert (deals["closed_at"] - deals["created_at"]).dt.total_days().median() < 52


FIVE = """
    deals: deal_id status created_at closed_at segment
    a won  2026-07-01 2026-07-11 smb
    b lost 2026-07-01 2026-07-21 smb
    c open 2026-07-01 - smb
    d won  2026-07-01 2026-08-30 big
    e open 2026-08-20 - big
"""


def test_three_ways_by_group():
    found = conversion(dataset(FIVE), period="2026Q3", as_of="2026-08-30", by="segment", within=30)
    counts = ("group", "way", "deals", "won", "lost", "still_open", "conversion", "share_open")
    third = pytest.approx(100 / 3)
    assert found.select(counts).rows() == [
        ("big", "naive", 2, 1, 0, 1, 50, 50),
        ("big", "matured", 1, 0, 0, 1, 0, 100),
        ("big", "censoring-aware", 2, 0, 0, 2, 0, 100),
        ("smb", "naive", 3, 1, 1, 1, third, third),
        ("smb", "matured", 3, 1, 1, 1, third, third),
        ("smb", "censoring-aware", 3, 1, 1, 1, third, third),
    ]


def test_nobody_was_seen_long_enough():
    found = conversion(dataset(FIVE), period="2026Q3", as_of="2026-08-30", within=61)
    shares = found.select("way", "deals", "conversion", "lower", "share_open").rows()
    assert shares[1:] == [("matured", 0, None, None, None), ("censoring-aware", 5, None, None, None)]
    times = time_to_win(dataset(FIVE), period="2026Q3", as_of="2026-08-30", within=61)
    assert times.rows() == [(61, None, None, None, None)]


def test_no_deals():
    data = dataset(FIVE)
    assert conversion(data, period="2031Q1", by="segment").schema == WAYS
    assert conversion(data, period="2031Q1").is_empty()
    assert time_to_win(data, period="2031Q1").is_empty()
    assert incidence(data, period="2031Q1").schema == INCIDENCE


@pytest.mark.parametrize("analysis", [conversion, time_to_win])
def test_a_window_of_no_days(analysis):
    with pytest.raises(EvaluationError, match="The window is 0 days"):
        analysis(dataset(FIVE), period="2026Q3", within=0)
    with pytest.raises(EvaluationError, match=r"Conversion needs deals\.closed_at"):
        analysis(dataset("deals: deal_id status created_at\n a open 2026-07-01"), period="2026Q3")


def test_the_curve_of_the_sample_adds_up(data: Dataset):
    curve = incidence(data, period="2026Q1", as_of="2026-06-30", by="segment")
    assert curve["group"].n_unique() == 3
    assert curve.select((pl.sum_horizontal("won", "lost", "still_open") - 100).abs().max()).item() < 1e-9
    deals = data["deals"].filter(pl.col("created_at").is_between(datetime(2026, 1, 1), datetime(2026, 4, 1), "left"))
    assert curve.filter(pl.col("age") == 0)["at_risk"].sum() == deals.collect().height


def test_later_facts_change_nothing(sample: dict[str, pl.DataFrame], data: Dataset):
    fewer = Dataset.of({**sample, "deals": sample["deals"].filter(pl.col("created_at") < datetime(2026, 5, 18))})
    for analysis in (conversion, incidence, time_to_win):
        one, other = (analysis(each, period="2026", as_of="2026-05-17") for each in (data, fewer))
        assert one.equals(other)


LEADS = """
    leads: lead_id created_at sql_at disqualified_at deal_id source
    a 2026-07-01 2026-07-02 - D1 web
    b 2026-07-01 2026-07-02 - D2 web
    c 2026-07-01 - - D3 fair
    d 2026-07-01 2026-07-02 2026-07-05 - fair
    e 2026-07-01 - 2026-07-05 - fair
    f 2026-07-01 - - - web
    g 2026-06-30 - - - web
    deals: deal_id status created_at closed_at amount
    D1 won  2026-07-03 2026-07-20 100
    D2 lost 2026-07-03 2026-07-20 10
    D3 open 2026-07-03 - 5
"""


def test_from_lead_to_won():
    steps = lead_funnel(dataset(LEADS), period="2026Q3")
    assert steps.select("stage", "entered", "still_open", "lost", "amount").rows() == [
        ("Lead", 6, 1, 1, 115), ("Qualified", 4, 0, 1, 115), ("Deal", 3, 1, 1, 115), ("Won", 1, 0, 0, 100),
    ]  # fmt: skip
    assert steps["share_of_previous"].to_list() == [None, 80.0, 75.0, 50.0]
    early = lead_funnel(dataset(LEADS), period="2026Q3", as_of="2026-07-04")
    assert early.select("entered", "still_open", "lost").rows() == [(6, 2, 0), (4, 1, 0), (3, 3, 0), (0, 0, 0)]


def test_from_lead_to_won_by_group_and_without_a_step():
    tables = frames(LEADS)
    data = Dataset.of(tables | {"leads": tables["leads"].drop("sql_at")})
    steps = lead_funnel(data, period="2026Q3", by="source")
    assert steps.select("group", "stage", "entered").rows() == [
        ("fair", "Lead", 3), ("fair", "Deal", 1), ("fair", "Won", 0),
        ("web", "Lead", 3), ("web", "Deal", 2), ("web", "Won", 1),
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="From lead to won deal needs leads"):
        lead_funnel(dataset(FIVE), period="2026Q3")


# --- In words ---------------------------------------------------------------------------------------------------------


def three(aware: float | None, naive: float = 35.0, still_open: int = 30, matured: int = 60) -> pl.DataFrame:
    known = aware is not None and aware > 0
    bounds = (aware - 5, aware + 5) if known else (None, None)
    rows = [
        ("naive", None, 100, 35, 35, still_open, naive, naive - 4, naive + 4, float(still_open)),
        ("matured", 90, matured, 24, 24, 12, *((40.0, 30.0, 50.0, 20.0) if matured else (None,) * 4)),
        ("censoring-aware", 90, 100, 35, 35, 30, aware, *bounds, None if aware is None else 15.0),
    ]
    return pl.DataFrame(rows, schema={name: kind for name, kind in WAYS.items() if name != "group"}, orient="row")


def test_ways_in_words():
    assert ways_words(three(42.0)) == [
        "42.0 % of 100 deals are won within 90 days of opening (95 % interval 37.0 to 47.0 %), each counted as long as "
        "it was seen; 15.0 % are still open then.",
        "Of the 60 deals that have had the whole 90 days, 40.0 % were won in them (95 % interval 30.0 to 50.0 %), "
        "and 20.0 % were still open at their end.",
        "Won by now, of all deals, are 35.0 %, as if the 30.0 % still open had failed: that lies below the interval "
        "of those won in time.",
    ]


@pytest.mark.parametrize(
    ("frame", "ending"),
    [
        (three(20.0), "above the interval of those won in time, for it counts those won later too."),
        (three(38.0), "that lies within the interval of those won in time."),
        (three(None), "by how much that is off cannot be told."),
        (three(42.0, still_open=0), "Won by now, of all deals, are 35.0 %; none is still open."),
    ],
)
def test_the_naive_share_in_words(frame: pl.DataFrame, ending: str):
    assert ways_words(frame)[-1].endswith(ending)


def test_ways_that_cannot_be_told():
    assert ways_words(three(None, matured=0))[:2] == [
        "No deal has been seen for 90 days: what share is won in that time cannot be told yet.",
        "No deal has had the whole 90 days yet.",
    ]
    assert ways_words(three(0.0))[0].startswith("0.0 % of 100 deals are won within 90 days of opening, each")
    assert ways_words(conversion(dataset(FIVE), period="2031Q1")) == ["No deal was opened in the time looked at."]


def test_time_in_words():
    frame = pl.DataFrame({"within": [90], "quartile_1": [1], "median": [20], "quartile_3": [41]})
    assert time_words(frame) == [
        "Of the deals won within 90 days of opening, a quarter are won within 1 day, half within 20 and three quarters "
        "within 41."
    ]
    untold = ["How long it takes to win a deal cannot be told yet."]
    assert time_words(frame.with_columns(median=None)) == time_words(frame.clear()) == untold


def test_groups_in_words():
    data = dataset(FIVE + "".join(f"s{n} won 2026-07-01 2026-07-0{n % 9 + 1} *x*\n" for n in range(10)))
    asked = {"period": "2026Q3", "as_of": "2026-08-30", "by": "segment", "within": 30}
    assert group_words(conversion(data, **asked), time_to_win(data, **asked)) == [
        r"\*x\*: 100.0 % of 10 deals won within 30 days, half of these within 3 days.",
        "2 groups with fewer than 10 deals not told here.",
    ]
    later = asked | {"within": 61}
    opened = dataset(FIVE + "".join(f"s{n} open 2026-07-01 - x\n" for n in range(10)))
    assert group_words(conversion(opened, **later), time_to_win(opened, **later))[0] == (
        "x: no deal has been seen for 61 days."
    )


def test_stage_times_in_words():
    frame = pl.DataFrame(
        {"stage": ["A*", "B", "C"], "entered": [40, 30, 9], "still_open": [2, 20, 1], "median": [12, None, 99]}
    )
    assert stage_time_words(frame) == [
        r"Deals stand longest in A\*: half have left it after 12 days. 2 visits are not over and counted as long as "
        "seen.",
        "Not half of the visits to B are over: how long they take is not known yet.",
    ]
    over = frame.with_columns(still_open=0, median=pl.Series([12, 30, 99]))
    assert stage_time_words(over) == ["Deals stand longest in B: half have left it after 30 days."]
    assert stage_time_words(frame.tail(1)) == [
        "Too few visits to a stage began in the period to tell how long they take."
    ]


@pytest.mark.parametrize(
    ("lost", "ending"),
    [
        ([60, 20, 15, 5], ", clearly more than any other."),
        ([40, 30, 25, 5], ", not clearly more than Timing and Fit."),
        ([40, 35, 20, 5], ", not clearly more than Timing."),
    ],
)
def test_reasons_in_words(lost: list[int], ending: str):
    said = reason_words(pl.DataFrame({"reason": ["Price", "Timing", "Fit", None], "lost": lost}))
    assert said[0].startswith(f"The commonest reason is Price: {lost[0]}.0 % of 100 lost deals (95 % interval ")
    assert said[0].endswith(ending)
    assert said[1:] == ["For 5 lost deals no reason is given."]


def test_reasons_that_cannot_be_told():
    frame = pl.DataFrame({"reason": ["Price", None], "lost": [8, 0]})
    assert reason_words(frame.head(1)) == ["8 deals are lost, too few to tell the commonest reason."]
    assert reason_words(frame.clear()) == ["No deal opened in the period is lost."]
    assert reason_words(frame.head(1).with_columns(lost=20))[0].endswith("; no other is given.")


@pytest.mark.parametrize(
    ("difference", "lower", "upper", "verdict"),
    [
        (12.0, 2.0, 21.0, "clearly more (difference 12 points, 95 % interval 2 to 21)."),
        (-12.0, -21.0, -2.0, "clearly fewer (difference −12 points, 95 % interval −21 to −2)."),
        (5.0, -4.0, 14.0, "no clear difference (difference 5 points, 95 % interval −4 to 14)."),
    ],
)
def test_beside_an_earlier_period_in_words(difference: float, lower: float, upper: float, verdict: str):
    shares = {"share_of_first": 40.0, "before_share": 40 - difference, "before": "2026Q2"}
    frame = pl.DataFrame({"position": [1], **shares, "difference": difference, "lower": lower, "upper": upper})
    assert beside_words(frame) == [
        f"40.0 % of the deals are won so far, {40 - difference} % of those of 2026Q2 were at the same point: {verdict}"
    ]
    untold = frame.with_columns(difference=None)
    assert beside_words(untold) == ["No deal was opened in 2026Q2 to compare with."]
    assert beside_words(frame.clear()) == ["No deal was opened in the period."]


def test_leads_in_words():
    said = lead_words(lead_funnel(dataset(LEADS), period="2026Q3"))
    assert said == [
        "Of 6 leads, 1 has become a won deal, 3 are lost and 2 are still open.",
        "33.3 % of the leads are still open: they count as neither won nor lost, and the shares can still change.",
    ]
    assert lead_words(lead_funnel(dataset(LEADS), period="2031Q1")) == ["No lead came in in the period."]


# --- Groups beside each other -----------------------------------------------------------------------------------------


def in_groups(**groups: tuple[int, int, int]) -> Dataset:
    """Deals by segment: so many won on day 10, lost on day 20 and still open, of those opened on July 1."""
    ends = {"won": "2026-07-11", "lost": "2026-07-21", "open": "-"}
    lines = [
        f"{group}{status}{n} {status} 2026-07-01 {ends[status]} {group}"
        for group, counts in groups.items()
        for status, count in zip(ends, counts, strict=True)
        for n in range(count)
    ]
    return dataset("\n".join(["deals: deal_id status created_at closed_at segment", *lines]))


ASKED = {"period": "2026Q3", "as_of": "2026-09-30", "by": "segment", "within": 30}


def test_two_groups_whose_deals_are_all_decided_differ_as_two_shares_do():
    """Where nobody is open the curve is the share, and its interval the log-log one of the binomial."""
    (row,) = conversion_apart(in_groups(a=(60, 40, 0), b=(40, 60, 0)), **ASKED).to_dicts()
    assert (row["group"], row["deals"], row["conversion"], row["others"]) == ("a", 100, 60, 40)
    bounds = [
        (100 * share ** np.exp(reach), 100 * share ** np.exp(-reach))
        for share in (0.6, 0.4)
        for reach in [1.959963984540054 * (share * (1 - share) / 100) ** 0.5 / abs(share * np.log(share))]
    ]
    below = np.hypot(60 - bounds[0][0], bounds[1][1] - 40)
    above = np.hypot(bounds[0][1] - 60, 40 - bounds[1][0])
    assert (row["difference"], row["lower"], row["upper"]) == pytest.approx((20, 20 - below, 20 + above))


def test_of_more_groups_each_stands_beside_all_others_and_the_intervals_are_wider():
    data = in_groups(a=(60, 40, 0), b=(40, 60, 0), c=(50, 50, 0), few=(1, 1, 1))
    found = conversion_apart(data, **ASKED)
    assert found.select("group", "conversion", "others").rows() == [
        ("a", 60, 45), ("b", 40, pytest.approx(55)), ("c", 50, 50),
    ]  # fmt: skip
    alone = conversion_apart(in_groups(a=(60, 40, 0), z=(90, 110, 0)), **ASKED).row(0, named=True)
    assert found["difference"][0] == alone["difference"]
    assert found["lower"][0] < alone["lower"] < alone["upper"] < found["upper"][0]


def test_a_group_of_which_nothing_is_won_has_bounds_too():
    found = conversion_apart(in_groups(a=(0, 50, 0), b=(25, 25, 0)), **ASKED).row(0, named=True)
    assert (found["conversion"], found["others"]) == (0, 50)
    assert found["upper"] < 0


def test_the_interval_of_a_difference_covers_the_truth():
    """500 times two groups of 150 deals, of which 20 % and 30 % are won by day 40, some seen for less than that."""
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(500):
        parts = []
        for group, rate in (("a", 0.3), ("b", 0.45)):
            wins = random.random(150) < rate
            ends, seen = random.integers(1, 61, 150), random.integers(30, 90, 150)
            ended = np.where(ends > seen, "", np.where(wins, "won", "lost"))
            parts.append(pl.DataFrame({"group": group, "age": np.minimum(ends, seen), "ended": ended, "seen": seen}))
        deals = pl.concat(parts).with_columns(pl.col("ended").replace("", None))
        row = apart_row(deals, "a", 40, 1)
        covered += row["lower"] <= -10 <= row["upper"]
    assert 93 <= covered / 5 <= 97


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            {"a": (80, 20, 0), "b": (40, 60, 0)},
            "a: clearly more is won than of the others, by 40 points (95 %",
        ),
        (
            {"a": (40, 60, 0), "b": (80, 20, 0)},
            "a: clearly less is won than of the others, by 40 points (95 %",
        ),
        ({"a": (41, 59, 0), "b": (40, 60, 0)}, "Between the groups no difference is clear: chance alone can explain"),
        ({"a": (41, 59, 0), "b": (1, 1, 0)}, "Whether the groups differ cannot be told: too few of their deals"),
    ],
)
def test_whether_groups_differ_in_words(groups: dict[str, tuple[int, int, int]], said: str):
    (sentence,) = apart_words(conversion_apart(in_groups(**groups), **ASKED))
    assert sentence.startswith(said)


def test_groups_not_seen_long_enough_cannot_be_told_apart():
    data = in_groups(a=(40, 0, 60), b=(20, 0, 80))
    found = conversion_apart(data, **ASKED | {"as_of": "2026-07-15"})
    assert found["difference"].to_list() == [None]
    assert apart_words(found)[0].startswith("Whether the groups differ cannot be told")
    assert conversion_apart(data, **ASKED | {"period": "2031Q1"}).is_empty()


def test_a_reopened_deal_is_won_by_its_last_outcome_only():
    text = """
    deals: deal_id status created_at closed_at
    a won  2026-07-01 2026-08-30
    stage_history: history_id deal_id stage entered_at left_at next_stage
    1 a Meet   2026-07-01 2026-07-11 lost
    2 a Meet   2026-08-01 2026-08-30 won
    """
    ends = [conversion(dataset(text), period="2026Q3", reopened=which).row(0) for which in ("last", "first")]
    assert [row[:5] for row in ends] == [("naive", None, 1, 1, 0), ("naive", None, 1, 0, 1)]


# --- As a chart -------------------------------------------------------------------------------------------------------


def curve_of(groups: list[str]) -> pl.DataFrame:
    return aalen_johansen(pl.concat([observed(n).with_columns(group=pl.lit(g)) for n, g in enumerate(groups)]))


@pytest.mark.parametrize("groups", [["all"], ["a", "</script>"], [*"abcdefgh"]], ids=len)
def test_the_curve_as_a_chart(groups: list[str]):
    frame = curve_of(groups)
    before = frame.clone()
    chart = incidence_curves(frame, within=90)
    assert frame.equals(before)
    spec = chart.to_dict()
    assert "Deals won by age" in str(spec["title"])
    assert spec["description"].startswith("Step lines. Deals won by age, with lost deals as another way to end.")
    assert "Dashed: 90 days." in str(spec["title"]["subtitle"])
    rows = [row for rows in spec["datasets"].values() for row in rows]
    assert {row["group"] for row in rows} == set(groups)
    assert render.to_svg(chart).startswith("<svg")


def test_a_chart_of_nothing_and_of_the_wrong_frame():
    assert "no data" in incidence_curves(curve_of(["a"]).clear()).to_dict()["description"]
    with pytest.raises(UnknownNameError, match="no column 'won'"):
        incidence_curves(curve_of(["a"]).drop("won"))
    with pytest.raises(EvaluationError, match="same group and age"):
        incidence_curves(pl.concat([curve_of(["a"])] * 2))


# --- On a page --------------------------------------------------------------------------------------------------------

PAGE = views.funnel
SECTIONS = (
    views.conversion.won,
    views.conversion.won_by_segment,
    PAGE.moves,
    PAGE.times,
    PAGE.lost,
    PAGE.beside,
    PAGE.leads,
)


@pytest.mark.parametrize("chosen", ["", "team=DACH", "segment=enterprise"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_any_slice(data: Dataset, chosen: str, section: Section):
    view = open_page(data, slice=chosen, period="2026Q2", interactive=False).view
    first, *more = section(view)
    assert first.data.startswith("- ")
    assert more


def test_sections_of_deals_alone_say_what_is_missing(sample: dict[str, pl.DataFrame]):
    deals = sample["deals"].select("deal_id", "status", "created_at", "closed_at")
    view = open_page(Dataset.of({"deals": deals}), period="2026Q2", interactive=False).view
    assert len(list(views.conversion.won(view))) == 3
    assert len(list(views.funnel.beside(view))) == 4
    lacking = {views.funnel.times: "stage_history", views.funnel.lost: "lost_reason", views.funnel.leads: "leads"}
    for section, missing in lacking.items():
        with pytest.raises(EvaluationError, match=f"needs .*{missing}"):
            section(view)


@pytest.mark.parametrize("section", SECTIONS)
def test_sections_of_a_period_without_deals(data: Dataset, section: Section):
    view = open_page(data, period="2020Q2", as_of="2026-06-30", interactive=False).view
    first, *_ = section(view)
    said = first.data if hasattr(first, "data") and isinstance(first.data, str) else first.to_dict()["description"]
    assert said.startswith(("- No ", "- Too few", "Deals won by age: no data."))


# --- How deals are counted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"rule": "thru"}, r"no rule 'thru'"),
        ({"reopened": "lst"}, r"no outcome of re-opened deals 'lst'\. Did you mean 'last'"),
        ({"window_days": -1}, r"window_days is -1; it must be from 1 to 3650"),
    ],
)
def test_how_deals_are_counted_is_checked(asked: dict, wrong: str):
    with pytest.raises(KpitoolsError, match=wrong):
        Counting(**asked)


def test_the_rules_and_the_window_change_the_page_and_are_said_on_it(data: Dataset):
    page = open_page(data, slice="team=DACH", period="2026Q2", interactive=False)
    usual, other = (
        next(iter(views.funnel.findings(page.view, counting))).data
        for counting in (Counting(), Counting("through", "first", 60))
    )
    assert "A deal that reached a stage or a later one counts as having entered it" in usual
    assert "A deal counts in a stage if it visited that and all before it" in other
    assert "Only deals that have had 60 days since they were opened count" in other
    assert "Counted are the deals opened in 2025Q3..2026Q2" in other
    shown = [list(views.conversion.won(page.view, Counting(window_days=days)))[-1] for days in (0, 30)]
    assert "Matured: won within 90 days" in str(shown[0])
    assert "Matured: won within 30 days" in str(shown[1])


def test_controls_set_the_counting_and_the_sections_follow(data: Dataset):
    page = open_page(data, slice="team=DACH", period="2026Q2", interactive=True)
    counted = Counted(page, rule="reached", reopened="last", window_days=45)
    counted.controls()
    counted.show(views.funnel.findings)
    ((_, place),) = page._live
    assert "Only deals that have had 45 days" in str(place._output.outputs)
    counted._chosen("window_days", {"new": 0})
    assert counted.counting == Counting()
    assert "Only deals that have had" not in str(place._output.outputs)
    counted._chosen("rule", {"new": "through"})
    assert "visited that and all before it" in str(place._output.outputs)
