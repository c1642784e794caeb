"""Every function that makes a sentence, for what it finds one way, the other way, and where it cannot tell."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping

import polars as pl
import pytest
from small import dataset

from kpitools.analyses import words
from kpitools.analyses.ageing import AGEING, SLIPPAGE
from kpitools.analyses.bridge import BRIDGE
from kpitools.analyses.chance import Share
from kpitools.analyses.claims import Effect, Finding
from kpitools.analyses.conversion import CENSORED, MATURED, NAIVE
from kpitools.analyses.discoveries import DISCOVERIES
from kpitools.analyses.effort import EFFORT
from kpitools.analyses.flags.catalogue import RULES
from kpitools.analyses.forecasts import SUMS
from kpitools.analyses.lifetime import CONTRACT_VALUES, FIT, ShiftedBetaGeometric
from kpitools.analyses.logrank import LogRank
from kpitools.analyses.mix import MIX_AND_RATE
from kpitools.analyses.pipeline import COVERAGE, PIPELINE
from kpitools.analyses.ramp import RAMP
from kpitools.analyses.reps import REPS
from kpitools.analyses.rush import RUSH
from kpitools.analyses.scorecard import Scorecard, scorecard
from kpitools.analyses.stage_times import REASONS, TIMES
from kpitools.analyses.velocity import DRIVERS, VELOCITY
from kpitools.analyses.view import Schema
from kpitools.analyses.words import figures, flags, funnel, pipeline, rep_changes, reps, retention, ways
from kpitools.analyses.words.funnel import BACK, REOPENED, SKIPPED
from kpitools.kpis.catalogue import CATALOGUE

#: Parts of the sentences of others (an interval, a p-value, the figures of a flag), and what states a rule.
PARTS = {"interval_words", "chance_words", "figures_words", "rule_words"}
WAYS = ("one way", "the other", "cannot tell")
Case = tuple[Callable[[], str | list[str]], str]


def frame(schema: Schema | tuple[str, ...], *rows: Mapping[str, object]) -> pl.DataFrame:
    """Rows of a schema; what a row does not name is null."""
    names = dict.fromkeys(schema)
    return pl.DataFrame([{**names, **row} for row in rows], schema=schema if isinstance(schema, dict) else list(schema))


def share(some: int, of: int, **more: object) -> dict[str, object]:
    low, high = Share(some, of).interval()
    figure = {"value": 100 * some / of, "lower": low, "upper": high, "numerator": some, "denominator": of, "n": of}
    return {"period": "2026Q3", **figure, **more}


# --- What the sentences are made of -----------------------------------------------------------------------------------


def claim(value: float, verdict: str, n: int = 300) -> Finding:
    effect = Effect("ratio", value, 0.9 * value, 1.1 * value, n)
    return Finding("x", "X.", "[000]", "these against those", pl.DataFrame(), "percent", effect, verdict)


def flag(name: str, **row: object) -> str:
    return flags.flag_words({"period": "2026Q3", "n": 200, **row}, RULES[name], CATALOGUE)


def steps(first: int, second: int, won: int) -> pl.DataFrame:
    """How many entered each of three steps, those who did not go on being lost."""
    return pl.DataFrame({
        "stage": ["A", "B", "Won"], "position": [1, 2, 3], "entered": [first, second, won],
        "advanced": [second, won, 0], "lost": [first - second, second - won, 0], "still_open": [0] * 3,
        "skipped": [0] * 3,
    })  # fmt: skip


def card(now: tuple[int, int], before: tuple[int, int]) -> Scorecard:
    rows = "\n".join(
        f"{month}{place} {'won' if place < won else 'lost'} {month}-01 {month}-20 {100 + place}"
        for month, (won, of) in {"2026-07": now, "2026-04": before}.items()
        for place in range(of)
    )
    deals = dataset(f"deals: deal_id status created_at closed_at amount\n{rows}")
    return scorecard(deals, period="2026Q3", kpis=["win_rate"])


def bridged(opening: float, closing: float) -> pl.DataFrame:
    ends = {"opening": opening, "closing": closing}
    return frame(BRIDGE, *({"step": step, "deals": int(amount > 0), "amount": amount} for step, amount in ends.items()))


def sped(change: float | None) -> pl.DataFrame:
    rows = [{"driver": kpi.id, "label": kpi.label, "unit": kpi.unit, "contribution": change} for kpi in DRIVERS]
    whole = {"driver": "pipeline_velocity", "unit": "currency_per_day", "before": 50.0, "now": 50 + (change or 0)}
    return frame(VELOCITY, *rows, {**whole, "contribution": change})


def aged(older: int, won: int = 50) -> pl.DataFrame:
    return frame(AGEING, {"open": 40, "won": won, "won_p75": 60.0, "older_than_p75": older, "amount_older": 9.0})


def slipped(some: int) -> pl.DataFrame:
    return frame(SLIPPAGE, {"worked": 40, "slipped": some, "pushes": some, "median_days": 9.0})


def covered(*yields: float, complete: bool = True) -> pl.DataFrame:
    rows = ({"complete": complete, "open": 100.0, "won_of_open": part, "yielded": part} for part in yields)
    return frame(COVERAGE, *rows)


def rushed(late: int, won: int = 100) -> pl.DataFrame:
    return frame(RUSH, {"won": won, "late": late, "even": 15.0})


def forecast(bias: float, n: int = 30) -> pl.DataFrame:
    row = {"level": "team", "lead": "within the period", "forecasts": n, "bias": bias}
    return frame({"level": pl.String, "lead": pl.String, **SUMS}, {**row, "lower": bias - 2, "upper": bias + 2})


def stages(deals: int, known: bool) -> pl.DataFrame:
    row = {"stage": "Offer", "age_band": "0–30 days", "age_position": 0, "deals": deals}
    return frame(PIPELINE, {**row, "amount": 9.0 if known else None})


def rep(won: int, n: int = 40, **more: object) -> dict[str, object]:
    return {"rep": "Ann", "role": "ae", "won": won, "n": n, **more}


def differing(side: str | None) -> pl.DataFrame:
    return frame(DISCOVERIES, {"rep": "Ann", "role": "ae", "alike": "role", "n": 40, "side": side})


def changed(won: int, before: int, n: int = 40) -> list[str]:
    return rep_changes.rep_change_words(frame(REPS, rep(won, n)), frame(REPS, rep(before, n)), "Ann", "Q2 2026")


def going_with(low: float, high: float) -> pl.DataFrame:
    return frame(EFFORT, {"kind": "calls", "reps": 30, "lower": low, "upper": high})


def reached(percent: float, seen: int = 40) -> pl.DataFrame:
    return frame(RAMP, {"milestone": "first deal", "months": 4.0, "reached": percent, "at_risk": seen, "events": 9})


def cohort(*kept: float, size: int = 50) -> pl.DataFrame:
    return pl.DataFrame([
        {"cohort": f"2025Q{place}", "cohort_start": place, "age": age, "size": size, "base": float(size),
         "retained": left if age else float(size), "complete": True}
        for place, left in enumerate(kept, 1) for age in (0, 1)
    ])  # fmt: skip


def leaving(left: int, p_value: float | None) -> LogRank:
    names = ("group", "customers", "left", "expected", "p_value")
    rows = [dict(zip(names, (group, 90, n, 20.0, p_value), strict=True)) for group, n in (("A", left), ("B", 20))]
    return LogRank(9.0, 1, p_value, pl.DataFrame(rows))


def moved(opening: float, closing: float, complete: bool = True) -> pl.DataFrame:
    row = {"period": "2026Q3", "complete": complete, "opening": opening, "closing": closing, "nrr": 99.0, "grr": 90.0}
    return pl.DataFrame([row])


def fitted(modelled: float, low: float | None = 80.0) -> list[str]:
    rows = frame(FIT, {"age": 1, "lower": low, "upper": None if low is None else 90.0, "modelled": modelled})
    return retention.contract_words(rows, ShiftedBetaGeometric(0.7, 3.8))


def repeated(*customers: int) -> pl.DataFrame:
    return pl.DataFrame({"repeats": range(len(customers)), "customers": customers, "modelled": [50.0] * len(customers)})


def three_ways(naive: float, aware: float | None = 40.0) -> pl.DataFrame:
    bounds = {"lower": aware and aware - 5, "upper": aware and aware + 5}
    row = {"within": 90, "deals": 100, "still_open": 30, "share_open": 30.0, **bounds}
    shares = {CENSORED: aware, MATURED: 40.0, NAIVE: naive}
    return pl.DataFrame([{**row, "way": way, "conversion": found} for way, found in shares.items()])


def taking(days: int | None) -> pl.DataFrame:
    row = {"group": "A", "within": 90, "quartile_1": 9, "median": days, "quartile_3": 60}
    return pl.DataFrame([row], schema_overrides={"median": pl.Int64})


def grouped(aware: float | None, days: int | None) -> list[str]:
    return ways.group_words(three_ways(30.0, aware).with_columns(group=pl.lit("A")), taking(days))


def standing(days: int | None, entered: int = 40) -> pl.DataFrame:
    return frame(TIMES, {"stage": "Offer", "entered": entered, "still_open": 0, "median": days})


def lost(*reasons: int) -> pl.DataFrame:
    return frame(REASONS, *({"reason": name, "lost": n} for name, n in zip("ABC", reasons, strict=False)))


def beside(difference: float | None) -> pl.DataFrame:
    gap = difference or 0
    row = {
        "position": 1,
        "share_of_first": 40.0,
        "before": "2026Q2",
        "before_share": 40 - gap,
        "difference": difference,
    }
    return pl.DataFrame([{**row, "lower": gap - 5, "upper": gap + 5}], schema_overrides={"difference": pl.Float64})


def ranked(chance: float | None) -> pl.DataFrame:
    return pl.DataFrame({"rep": ["Ann"], "top_quarter": [chance]}, schema_overrides={"top_quarter": pl.Float64})


def valued(*values: float) -> pl.DataFrame:
    return frame(CONTRACT_VALUES, *({"mrr": 1.0, "value": value} for value in values))


def set_apart(difference: float) -> pl.DataFrame:
    return pl.DataFrame([{"group": "A", "difference": difference, "lower": difference - 5, "upper": difference + 5}])


def split(mix: float, rate: float) -> pl.DataFrame:
    return frame(MIX_AND_RATE, {"rep": "Ann", "difference": mix + rate, "mix": mix, "rate": rate})


def unusual(deals: int) -> pl.DataFrame:
    row = {"opened": 40, "deals": deals, "share": deals / 0.4}
    return pl.DataFrame([{**row, "move": move} for move in (SKIPPED, BACK, REOPENED)])


def coached(*effects: float | None) -> pl.DataFrame:
    return pl.DataFrame({"effect": effects}, schema={"effect": pl.Float64})


WIN_RATE, MIX = CATALOGUE["win_rate"], CATALOGUE["product_mix_ratio"]
NOTHING = {"value": None, "period": "2026Q3"}

# --- What each says ---------------------------------------------------------------------------------------------------

CASES: dict[str, tuple[Case, Case, Case]] = {
    "apart_words": (
        (lambda: ways.apart_words(set_apart(20.0)), "A: clearly more is won than of the others, by 20 points"),
        (lambda: ways.apart_words(set_apart(-20.0)), "A: clearly less is won"),
        (lambda: ways.apart_words(set_apart(2.0)), "no difference is clear"),
    ),
    "ageing_words": (
        (lambda: pipeline.ageing_words(aged(1)), "Of 40 open deals, 1 (2.5 %; 95 % interval"),
        (lambda: pipeline.ageing_words(aged(30)), "30 (75.0 %; 95 % interval 59.8 to 85.8 %) are older than"),
        (lambda: pipeline.ageing_words(aged(3, won=4)), "4 recent wins say how long a deal takes: too few"),
    ),
    "beside_words": (
        (lambda: ways.beside_words(beside(20)), "clearly more"),
        (lambda: ways.beside_words(beside(-20)), "clearly fewer"),
        (lambda: ways.beside_words(beside(2)), "no clear difference"),
    ),
    "bridge_words": (
        (lambda: pipeline.bridge_words(bridged(5, 9)), "grew by 4: it opened at 5 and closed at 9"),
        (lambda: pipeline.bridge_words(bridged(9, 5)), "shrank by 4"),
        (lambda: pipeline.bridge_words(bridged(0, 0)), "No deal was open in the period."),
    ),
    "claim_words": (
        (lambda: words.claim_words(claim(2.0, "supported")), "This data supports it: 2.0 times as many"),
        (lambda: words.claim_words(claim(0.5, "contradicted")), "This data speaks against it: 0.5 times"),
        (lambda: words.claim_words(claim(1.0, "cannot tell", n=9)), "This data cannot tell"),
    ),
    "coaching_words": (
        (lambda: rep_changes.coaching_words(coached(*range(5, 25))), "percentage points more"),
        (lambda: rep_changes.coaching_words(coached(*range(-25, -5))), "percentage points less"),
        (lambda: rep_changes.coaching_words(coached(1.0, 2.0)), "too few to tell"),
    ),
    "condition_words": (
        (lambda: words.condition_words(RULES["thin_coverage"], CATALOGUE), "below 3.0"),
        (lambda: words.condition_words(RULES["long_waits"], CATALOGUE), "above 72.0"),
        (lambda: words.condition_words(RULES["turnover_above_usual"], CATALOGUE), "beyond a limit that the company"),
    ),
    "contract_words": (
        (lambda: fitted(85.0), "within the 95 % interval of what was seen in 1 term"),
        (lambda: fitted(99.0), "outside the 95 % interval of what was seen after 1 of 1 term"),
        (lambda: fitted(85.0, low=None), "Whether the model fits cannot be told"),
    ),
    "conversion_words": (
        (lambda: words.conversion_words(steps(400, 100, 90)), "A: 25.0 % of 400 deals decided there"),
        (lambda: words.conversion_words(steps(400, 300, 60)), "Fewest go on from B: 20.0 %"),
        (lambda: words.conversion_words(steps(0, 0, 0)), "No visit to a stage that began in the period is"),
    ),
    "coverage_words": (
        (lambda: pipeline.coverage_words(covered(30.0)), "when 1 period began, 30.0 % was won within it."),
        (lambda: pipeline.coverage_words(covered(30.0, 60.0)), "45.0 % was won within it (30.0 to 60.0 % in single"),
        (lambda: pipeline.coverage_words(covered(30.0, complete=False)), "cannot be told"),
    ),
    "difference_words": (
        (lambda: figures.difference_words(WIN_RATE, 3.0, "Q2"), "3.0 points above Q2"),
        (lambda: figures.difference_words(WIN_RATE, -3.0, "Q2"), "3.0 points below Q2"),
        (lambda: figures.difference_words(WIN_RATE, 0.001, "Q2"), "level with Q2"),
    ),
    "discovery_words": (
        (lambda: reps.discovery_words(differing("above")), "1 differs: above them Ann"),
        (lambda: reps.discovery_words(differing("below")), "1 differs: below them Ann"),
        (lambda: reps.discovery_words(differing(None)), "the difference is within what chance explains"),
    ),
    "effort_words": (
        (lambda: rep_changes.effort_words(going_with(0.1, 0.6)), "those with more calls also won more"),
        (lambda: rep_changes.effort_words(going_with(-0.6, -0.1)), "those with more calls also won less"),
        (lambda: rep_changes.effort_words(going_with(-0.3, 0.3)), "no kind goes with the amount won by more than"),
    ),
    "figure_words": (
        (lambda: words.figure_words(WIN_RATE, share(300, 400), share(100, 400)), "50.0 points above Q3 2026 - more"),
        (lambda: words.figure_words(WIN_RATE, share(100, 400), share(300, 400)), "50.0 points below Q3 2026 - more"),
        (lambda: words.figure_words(WIN_RATE, share(2, 4), share(300, 400)), "too few to judge, 2 of 4"),
    ),
    "findings": (
        (lambda: words.findings(card((50, 60), (10, 60))), "66.7 points above Q2 2026 - more than chance"),
        (lambda: words.findings(card((10, 60), (50, 60))), "66.7 points below Q2 2026 - more than chance"),
        (lambda: words.findings(card((2, 4), (50, 60))), "Too few cases to judge: Win rate (4)."),
    ),
    "flag_words": (
        (lambda: flag("thin_coverage", value=1.6, measured=1.6, limit=3.0), "below the limit of 3.0."),
        (lambda: flag("long_waits", value=99.0, measured=99.0, limit=72.0), "above the limit of 72.0 h."),
        (lambda: flag("low_win_rate", value=9.0, measured=9.0, limit=30.0, clear=False), "what chance alone explains"),
    ),
    "forecast_words": (
        (lambda: pipeline.forecast_words(forecast(9.0)), "9.0 % above what was won (95 % interval 7.0 to 11.0 %)"),
        (lambda: pipeline.forecast_words(forecast(-9.0)), "9.0 % below what was won"),
        (lambda: pipeline.forecast_words(forecast(9.0, n=4)), "too few to call them too high or too low"),
    ),
    "funnel_words": (
        (lambda: words.funnel_words(steps(400, 100, 90)), "clearly fewer than from the others"),
        (lambda: words.funnel_words(steps(80, 40, 21)), "not clearly fewer than from B"),
        (lambda: words.funnel_words(steps(5, 2, 1)), "5 deals are decided, too few for a conversion rate"),
    ),
    "group_words": (
        (lambda: grouped(40.0, 20), "half of these within 20 days."),
        (lambda: grouped(40.0, None), "won within 90 days (95 % interval 35.0 to 45.0 %)."),
        (lambda: grouped(None, None), "A: no deal has been seen for 90 days."),
    ),
    "lead_words": (
        (lambda: funnel.lead_words(steps(400, 100, 90)), "Fewest go on from A: 25.0 % of 400 leads"),
        (lambda: funnel.lead_words(steps(80, 40, 21)), "not clearly fewer than from B"),
        (lambda: funnel.lead_words(steps(0, 0, 0)), "No lead came in in the period."),
    ),
    "missing_words": (
        (lambda: words.missing_words({"win_rate": ("deals",)}), "for what the data lacks: Win rate (deals)."),
        (lambda: words.missing_words({"x_y": ("no such KPI in the catalogue yet",)}), "Not in the catalogue yet: x y."),
        (lambda: words.missing_words({}), ""),
    ),
    "mix_words": (
        (lambda: reps.mix_words(split(9.0, 1.0), differing("above")), "10.0 points above peers: +9.0 by mix, +1.0 by"),
        (lambda: reps.mix_words(split(-1.0, -9.0), differing("below")), "10.0 points below peers: −1.0 by mix, −9.0"),
        (lambda: reps.mix_words(split(-1.0, -9.0), differing(None)), "Nobody differs from peers by more than chance"),
    ),
    "move_words": (
        (lambda: funnel.move_words(unusual(0)), "none moved back and none were opened again"),
        (lambda: funnel.move_words(unusual(4)), "4 (10.0 %) moved back and 4 (10.0 %) were opened again"),
        (lambda: funnel.move_words(unusual(4).clear()), "No deal opened in the period has visited a stage."),
    ),
    "movement_words": (
        (lambda: retention.movement_words(moved(5, 9)), "grew from 5 to 9"),
        (lambda: retention.movement_words(moved(9, 5)), "shrank from 9 to 5"),
        (lambda: retention.movement_words(moved(9, 5, complete=False)), "there is no movement to tell"),
    ),
    "pipeline_words": (
        (lambda: words.pipeline_words(stages(1, known=True)), "1 deal is open, worth 9."),
        (lambda: words.pipeline_words(stages(4, known=False)), "4 deals are open."),
        (lambda: words.pipeline_words(frame(PIPELINE)), "No deal is open."),
    ),
    "ramp_words": (
        (lambda: rep_changes.ramp_words(reached(60.0)), "half of them within 4.0 months"),
        (lambda: rep_changes.ramp_words(reached(30.0)), "half of them are not there within the months seen"),
        (lambda: rep_changes.ramp_words(reached(60.0, seen=4)), "too few to say how long it takes"),
    ),
    "reason_words": (
        (lambda: ways.reason_words(lost(80, 10, 5)), "clearly more than any other"),
        (lambda: ways.reason_words(lost(40, 35, 5)), "not clearly more than B"),
        (lambda: ways.reason_words(lost(3, 1)), "4 deals are lost, too few"),
    ),
    "rep_change_words": (
        (lambda: changed(30, 10), "75.0 % after 25.0 %: up by more than chance"),
        (lambda: changed(10, 30), "25.0 % after 75.0 %: down by more than chance"),
        (lambda: changed(1, 2, n=4), "Whether the win rate changed cannot be told"),
    ),
    "rep_words": (
        (lambda: words.rep_words(frame(REPS, rep(38)), differing("above")), "above them Ann"),
        (lambda: words.rep_words(frame(REPS, rep(2)), differing("below")), "below them Ann"),
        (lambda: words.rep_words(frame(REPS, rep(2, n=4)), frame(DISCOVERIES)), "too few to judge a win rate by"),
    ),
    "repeat_words": (
        (lambda: retention.repeat_words(repeated(50, 51, 49, 50, 50, 50, 50)), "do not differ from the model"),
        (lambda: retention.repeat_words(repeated(90, 10, 90, 10, 90, 10, 50)), "The counts differ from the model"),
        (lambda: retention.repeat_words(repeated(50, 50)), "Whether the model fits cannot be told"),
    ),
    "retention_words": (
        (lambda: words.retention_words(cohort(20, 45, 20)), "2025Q2 (90.0 % against 40.0 %"),
        (lambda: words.retention_words(cohort(45, 20, 46)), "2025Q2 (40.0 % against 91.0 %"),
        (lambda: words.retention_words(cohort(4, 5, 3, size=6)), "too few cohorts of one age to compare them"),
    ),
    "rush_words": (
        (lambda: pipeline.rush_words(rushed(40)), "more than an even spread would put there: 15.0 %."),
        (lambda: pipeline.rush_words(rushed(2)), "less than an even spread"),
        (lambda: pipeline.rush_words(rushed(4, won=9)), "too few to tell a rush"),
    ),
    "slippage_words": (
        (lambda: pipeline.slippage_words(slipped(10)), "10 had their expected closing put off (25.0 %; 95 %"),
        (lambda: pipeline.slippage_words(slipped(0)), "none had its expected closing put off"),
        (lambda: pipeline.slippage_words(frame(SLIPPAGE)), "No deal was open in the period."),
    ),
    "stage_time_words": (
        (lambda: ways.stage_time_words(standing(9)), "half have left it after 9 days"),
        (lambda: ways.stage_time_words(standing(None)), "Not half of the visits to Offer are over"),
        (lambda: ways.stage_time_words(standing(9, entered=4)), "Too few visits to a stage"),
    ),
    "standing_words": (
        (lambda: reps.standing_words(ranked(93.0)), "Ann (93.0 %)"),
        (lambda: reps.standing_words(ranked(9.0)), "none is in the top quarter"),
        (lambda: reps.standing_words(ranked(None)), "there is no top quarter"),
    ),
    "survival_words": (
        (lambda: retention.survival_words(leaving(60, 0.001)), "A leaves sooner than the others"),
        (lambda: retention.survival_words(leaving(5, 0.001)), "A leaves later than the others"),
        (lambda: retention.survival_words(leaving(22, 0.6)), "No group leaves sooner or later"),
    ),
    "time_words": (
        (lambda: ways.time_words(taking(20)), "half within 20"),
        (lambda: ways.time_words(taking(40)), "half within 40"),
        (lambda: ways.time_words(taking(None)), "cannot be told yet"),
    ),
    "value_words": (
        (lambda: retention.value_words(valued(30.0)), "at 12 a year, is expected"),
        (lambda: retention.value_words(valued(30.0, 3.0)), "2 customers of today"),
        (lambda: retention.value_words(valued()), "cannot be told"),
    ),
    "velocity_words": (
        (lambda: pipeline.velocity_words(sped(5.0)), "rose to 55 per day from 50 per day"),
        (lambda: pipeline.velocity_words(sped(-5.0)), "fell to 45 per day from 50 per day"),
        (lambda: pipeline.velocity_words(sped(None)), "cannot be told"),
    ),
    "ways_words": (
        (lambda: ways.ways_words(three_ways(30.0)), "that lies below the interval"),
        (lambda: ways.ways_words(three_ways(60.0)), "that lies above the interval"),
        (lambda: ways.ways_words(three_ways(30.0, aware=None)), "cannot be told"),
    ),
    "win_rate_words": (
        (lambda: words.win_rate_words(share(300, 400), share(100, 400)), "above Q3 2026 - more than chance"),
        (lambda: words.win_rate_words(share(100, 400), share(300, 400)), "below Q3 2026 - more than chance"),
        (lambda: words.win_rate_words(NOTHING), "Win rate has no figure: there were no closed deals."),
    ),
    "within_words": (
        (lambda: words.within_words([WIN_RATE, MIX], ["team"]), "Measured within this slice alone"),
        (lambda: words.within_words([WIN_RATE, MIX], []), ""),
        (lambda: words.within_words([WIN_RATE], ["team"]), ""),
    ),
}  # fmt: skip


def said(case: Case) -> str:
    told = case[0]()
    return told if isinstance(told, str) else " ".join(told)


def sentence_functions() -> Iterator[str]:
    for found in pkgutil.iter_modules(words.__path__, f"{words.__name__}."):
        module = importlib.import_module(found.name)
        for name, one in inspect.getmembers(module, inspect.isfunction):
            if one.__module__ == found.name and (name == "findings" or (name.endswith("_words") and name[0] != "_")):
                yield name


def test_no_sentence_is_left_out():
    assert {*sentence_functions()} - PARTS == {*CASES}


@pytest.mark.parametrize("way", range(len(WAYS)), ids=WAYS)
@pytest.mark.parametrize("name", CASES)
def test_every_sentence_is_said_from_figures(name: str, way: int):
    told = said(CASES[name][way])
    assert CASES[name][way][1] in told
    assert bool(told) == bool(CASES[name][way][1])
    assert not {"None", "nan"} & {*told.split()}


@pytest.mark.parametrize("name", [name for name in CASES if name != "within_words"])
def test_one_way_is_not_the_other(name: str):
    assert len({*map(said, CASES[name])}) == len(WAYS)


def test_a_flag_of_a_year_and_of_a_rise_beyond_percent():
    row = {"value": 0.24, "other": 0.01, "measured": 3850.0, "limit": 100.0}
    assert flag("risk_of_leaving_doubles", **row).endswith("was 0.24 in Q3 2026, up from 0.01 the period before.")
    row |= {"other": 0.2, "measured": 20.0}
    assert "was 0.24 in Q3 2026, 20.0 % above 0.20 the period" in flag("risk_of_leaving_doubles", **row)
    assert "in the year to 30 Sep 2026, below" in flag(
        "low_retention", period="year to 2026-09-30", value=80.0, measured=80.0, limit=85.0
    )
