"""Pooled win rates, ranks and discoveries: beside scipy, in the limits, and over data whose truth is known."""

from __future__ import annotations

import random
from math import exp, lgamma, log
from operator import mul
from statistics import median

import polars as pl
import pytest
from scipy import stats

from kpitools.analyses.discoveries import discoveries, fisher
from kpitools.analyses.pooling import STEPS, posteriors, quantiles
from kpitools.analyses.ranks import RANKS, standing
from kpitools.analyses.reps import REPS

SHOWN = {name: REPS[name] for name in ("rep", "role", "segment", "ramp_stage", "alike", "won", "n")}
ROLE = {"Ann": (3, 4), "Ben": (40, 80), "Cem": (20, 80), "Dan": (24, 75), "Eva": (27, 90), "Fay": (22, 70)}


def table(reps: dict[str, tuple[int, int]], role: str | None = "ae") -> pl.DataFrame:
    rows = [{"rep": rep, "role": role, "alike": "role", "won": won, "n": n} for rep, (won, n) in reps.items()]
    return pl.DataFrame(rows, schema=SHOWN)


def means(*counts: tuple[int, int]) -> list[float]:
    return posteriors(pl.DataFrame(counts, schema=["won", "n"], orient="row").with_columns(group=0))["mean"].to_list()


def rates(posterior: pl.DataFrame, levels: list[float]) -> list[float]:
    """The quantiles of each distribution, one after the other."""
    return quantiles(posterior["alpha"].to_numpy(), posterior["beta"].to_numpy(), levels).ravel().tolist()


# --- Pooling ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(4, 4), (0.3, 9), (0.01, 0.01), (300, 700), (1, 1), (5000, 20000), (12.5, 0.6)])
def test_quantiles_against_scipy(shape: tuple[float, float]):
    levels = [0.025, 0.25, 0.5, 0.75, 0.975]
    beside = pl.DataFrame([(2, 3), shape, (3, 2)], schema={"alpha": pl.Float64, "beta": pl.Float64}, orient="row")
    assert rates(beside, levels)[5:10] == pytest.approx(stats.beta(*shape).ppf(levels), abs=1e-3)


def _by_the_model(counts: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Mean and variance of each posterior, prior by prior as the model says, with the gamma function of Python."""
    typical = median(n for _, n in counts if n)
    tried = []
    for share in ((step + 0.5) / STEPS for step in range(STEPS)):
        s = typical * share / (1 - share)
        worth = [(s + 1) / (n + s) for _, n in counts]
        size = sum(each * n for each, (_, n) in zip(worth, counts, strict=True)) + 1
        m = (sum(each * w for each, (w, _) in zip(worth, counts, strict=True)) + 0.5) / size
        v = m * (1 - m) / (size + 1)
        a, b = s * m, s * (1 - m)
        rising = sum(lgamma(a + w) - lgamma(a) + lgamma(b + n - w) - lgamma(b) - lgamma(s + n) + lgamma(s)
                     for w, n in counts)  # fmt: skip
        tried.append((rising + log(v) / 2 + log(typical / (typical + s)), s, m, v))
    most = max(log_weight for log_weight, *_ in tried)
    weights = [exp(log_weight - most) for log_weight, *_ in tried]
    found = []
    for w, n in counts:
        means = [(w + s * m) / (n + s) for _, s, m, _ in tried]
        of_means = [(s / (n + s)) ** 2 * v for _, s, _, v in tried]
        mean = sum(map(mul, weights, means)) / sum(weights)
        spreads = [
            of_mean + (each * (1 - each) - of_mean) / (n + s + 1) + (each - mean) ** 2
            for each, of_mean, (_, s, *_) in zip(means, of_means, tried, strict=True)
        ]
        found.append((mean, sum(map(mul, weights, spreads)) / sum(weights)))
    return found


def test_the_model_worked_out_prior_by_prior_and_group_by_group():
    groups = [[*ROLE.values()], [(3, 3), (0, 0)], [(0, 2), (1, 7), (1, 7)], [(900, 3000), (1700, 5000)]]
    rows = [(group, *counts) for group, several in enumerate(groups) for counts in several]
    mixed = pl.DataFrame(rows, schema=["group", "won", "n"], orient="row").reverse()
    found = mixed.hstack(posteriors(mixed)).reverse()
    size = found["alpha"] + found["beta"]
    expected = [pair for several in groups for pair in _by_the_model(several)]
    assert found["mean"].to_list() == pytest.approx([mean for mean, _ in expected], rel=1e-6)
    assert (found["alpha"] / size).to_list() == pytest.approx([mean for mean, _ in expected], rel=1e-6)
    variance = found["alpha"] * found["beta"] / size**2 / (size + 1)
    assert variance.to_list() == pytest.approx([spread for _, spread in expected], rel=1e-6)


def test_of_a_group_without_a_closed_deal_nothing_is_known():
    counts = pl.DataFrame({"group": [0, 1, 1], "won": [1, 0, 0], "n": [2, 0, 0]})
    assert posteriors(counts)["mean"].is_null().to_list() == [False, True, True]


def test_each_rep_lies_between_its_own_rate_and_that_of_the_group():
    ann, ben, cem, *_ = means(*ROLE.values())
    assert 0.33 < ann < 0.75
    assert 0.33 < ben < 0.50
    assert 0.25 < cem < 0.33


def test_three_of_four_do_not_stand_above_forty_of_eighty():
    found = standing(table(ROLE)).sort("pooled", descending=True)
    assert found["rep"].to_list()[:2] == ["Ben", "Ann"]
    assert found["top_quarter"][0] > found["top_quarter"][1]


def test_reps_who_differ_by_nothing_are_all_alike():
    same = means(*[(15, 50)] * 100, (17, 50), (1, 4))
    assert max(same) - min(same) < 0.01
    assert same[0] == pytest.approx(0.3, abs=0.003)


def test_many_deals_speak_for_themselves():
    assert means((3000, 10_000), (7000, 10_000), (1, 2)) == pytest.approx([0.3, 0.7, 0.5], abs=0.03)
    assert means((3000, 10_000), (7000, 10_000))[0] == pytest.approx(0.3, abs=0.002)


def test_the_fewer_deals_the_nearer_to_the_group():
    few, some, many = means((2, 2), (10, 10), (50, 50), (20, 60), (30, 60), (10, 60))[:3]
    assert 0.5 < few < some < many < 1


@pytest.mark.parametrize("counts", [[(0, 3), (0, 5)], [(3, 3)], [(0, 1)], [(5, 5), (0, 5)]])
def test_all_won_or_all_lost_is_not_certain(counts: list[tuple[int, int]]):
    assert all(0 < mean < 1 for mean in means(*counts))
    found = standing(table({str(place): count for place, count in enumerate(counts)}))
    assert found.select(
        ((pl.col("pooled_lower") < pl.col("pooled")) & (pl.col("pooled") < pl.col("pooled_upper"))).all()
    ).item()


def _draw(truth: random.Random, spread: tuple[float, float], reps: int) -> tuple[list[float], pl.DataFrame]:
    rates = [truth.betavariate(*spread) for _ in range(reps)]
    counts = [(rate, truth.randint(4, 50)) for rate in rates]
    drawn = {f"{place:03}": (sum(truth.random() < rate for _ in range(n)), n) for place, (rate, n) in enumerate(counts)}
    return rates, table(drawn)


@pytest.mark.parametrize(("spread", "reps", "groups"), [((6, 14), 8, 150), ((6, 14), 60, 40), ((20, 40), 60, 40)])
def test_intervals_cover_the_truth_as_often_as_they_say(spread: tuple[float, float], reps: int, groups: int):
    truth, within = random.Random(11), 0
    for _ in range(groups):
        true, drawn = _draw(truth, spread, reps)
        bounds = rates(posteriors(drawn.with_columns(group=0)), [0.025, 0.975])
        within += sum(low <= rate <= high for rate, low, high in zip(true, bounds[::2], bounds[1::2], strict=True))
    assert 0.93 < within / (reps * groups) < 0.97


# --- Ranks ------------------------------------------------------------------------------------------------------------


def test_the_chance_of_the_top_quarter_is_as_often_right_as_it_says():
    truth, said, right = random.Random(5), 0.0, 0
    for _ in range(40):
        rates, drawn = _draw(truth, (6, 14), 40)
        best = sorted(rates)[-10]
        likely = standing(drawn)["top_quarter"].to_list()
        said += sum(chance for chance in likely if chance > 60)
        right += sum(rate >= best for rate, chance in zip(rates, likely, strict=True) if chance > 60)
    assert 100 * right == pytest.approx(said, rel=0.07)


def test_the_chances_of_a_quarter_add_up_to_its_size():
    found = standing(table(ROLE))
    assert found["top_quarter"].sum() == pytest.approx(200)  # a quarter of six is two
    assert found["compared"].unique().to_list() == [6]
    assert found.select((pl.col("rank_lower") <= pl.col("rank_upper")).all()).item()


def test_a_clear_order_is_found():
    clear = standing(table({"a": (900, 1000), "b": (600, 1000), "c": (300, 1000), "d": (100, 1000)}))
    assert clear.select("rank_lower", "rank_upper", "top_quarter").rows() == [
        (1, 1, 100.0), (2, 2, 0.0), (3, 3, 0.0), (4, 4, 0.0),
    ]  # fmt: skip


def test_the_same_table_gives_the_same_figures():
    first = standing(table(ROLE))
    assert standing(table(ROLE)).equals(first)
    assert standing(table(ROLE).reverse()).sort("rep").equals(first)


def test_alike_but_for_chance_the_rank_is_open():
    found = standing(table({str(place): (10, 30) for place in range(12)}))
    assert (found["rank_lower"].max(), found["rank_upper"].min()) == (1, 12)


def test_roles_are_ranked_apart_and_idle_reps_not_at_all():
    others = table({"Gil": (1, 10), "Hal": (0, 0)}, role=None)
    found = standing(pl.concat([table(ROLE), others]))
    assert found.head(6).equals(standing(table(ROLE)))
    assert found.row(6, named=True)["top_quarter"] is None  # alone in the role
    assert (found.row(6)[-3:-1], found.row(7)[7:]) == ((None, None), (None,) * len(RANKS))
    assert standing(others.filter(pl.col("n") == 0)).row(0)[7:] == (None,) * len(RANKS)
    assert standing(others.clear()).columns == [*others.columns, *RANKS]


# --- Discoveries ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "counts", [(8, 10, 3, 12), (0, 10, 5, 12), (10, 10, 12, 12), (40, 80, 96, 319), (5, 10, 5, 10)]
)
def test_fisher_against_scipy(counts: tuple[int, int, int, int]):
    won, n, other_won, other_n = counts
    oracle = stats.fisher_exact([[won, n - won], [other_won, other_n - other_won]]).pvalue
    assert fisher(*counts) == pytest.approx(oracle, abs=1e-9)


def test_benjamini_hochberg_against_scipy():
    truth = random.Random(2)
    drawn = table({f"{place:02}": (truth.randint(0, 30), 30) for place in range(40)})
    found = discoveries(drawn)
    assert found["q_value"].to_list() == pytest.approx(stats.false_discovery_control(found["p_value"]), abs=1e-12)
    assert found["compared"].to_list() == [40] * 40
    assert found.filter(pl.col("side") == "above")["win_rate"].min() > found["peers"].mean()
    assert found.filter(pl.col("q_value") > 0.05)["side"].null_count() == found.filter(pl.col("q_value") > 0.05).height


def test_a_difference_among_many_must_be_clearer():
    two = {"Ann": (24, 40), "Ben": (14, 40)}
    assert discoveries(table(two))["side"].to_list() == ["above", "below"]
    many = {f"{place:02}": (19, 40) for place in range(40)}
    assert discoveries(table({**two, **many}))["side"].to_list() == [None] * 42


def test_who_has_few_deals_or_no_peers_is_not_compared():
    assert discoveries(table({"Ann": (9, 9), "Ben": (0, 20)}))["rep"].to_list() == ["Ben"]
    assert discoveries(table({"Ann": (5, 20)})).is_empty()
    assert discoveries(table({})).is_empty()
