"""Rules that hold for every KPI and measure there is; a new one joins them by being declared."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import polars as pl
import pytest
from small import leading_to

import kpitools.measures
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.catalogue import CATALOGUE, find
from kpitools.kpis.kpi import ROLES, Kpi, kpi
from kpitools.measures.attribute import CONTEXT, columns_of
from kpitools.measures.measure import UNITS, Measure
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import DIMENSIONS, paths
from kpitools.model.tables import TABLES

MODULES = [import_module(f"kpitools.measures.{found.name}") for found in iter_modules(kpitools.measures.__path__)]
MEASURES = {name: found for module in MODULES for name, found in vars(module).items() if isinstance(found, Measure)}
DEFINITIONS = Path(__file__).parents[2] / "shared" / "kpi_catalogue.csv"
Frames = dict[str, pl.DataFrame]


def emptied(frames: Frames, *, of: type[pl.DataType] | None = None) -> Frames:
    """The frames with every value missing but the keys; or every value of a type."""
    return {name: frame.with_columns(_emptied(frame, name, of)) for name, frame in frames.items()}


def _emptied(frame: pl.DataFrame, name: str, of: type[pl.DataType] | None) -> list[pl.Expr]:
    keys = TABLES[name].primary_key()
    chosen = [column for column, dtype in frame.schema.items() if column not in keys and of in (None, dtype)]
    return [pl.lit(None, frame.schema[column]).alias(column) for column in chosen]


# ---- nothing to count


def test_without_rows_every_kpi_is_null(sample):
    data = Dataset.of({name: frame.clear() for name, frame in sample.items()})
    values = evaluate(CATALOGUE, data, periods="2026Q2").frame.drop_nulls("value")
    assert values["kpi"].to_list() == []


def test_without_rows_there_are_no_groups(sample):
    data = Dataset.of({name: frame.clear() for name, frame in sample.items()})
    found = evaluate(leading_to("team"), data, periods="2026Q2", by="team", compare=["previous", "peers", "benchmark"])
    assert found.frame.height == 0


def test_without_values_every_kpi_is_null(sample):
    values = evaluate(CATALOGUE, Dataset.of(emptied(sample)), periods="2026Q2").frame.drop_nulls("value")
    assert values["kpi"].to_list() == []


#: Counted over amounts as the change log has them, which is not emptied here.
FROM_THE_LOG = {"pipeline_value", "pipeline_generated"}
#: What an account pays is 0 where its rows say nothing, so that a change from it is a change.
FROM_NOTHING = {"expansion_revenue", "contraction_revenue", "churned_revenue"}
MONEY = [
    name
    for name, each in CATALOGUE.items()
    if each.unit.startswith("currency") and name not in FROM_THE_LOG | FROM_NOTHING
]


@pytest.fixture(scope="module")
def without_numbers(sample) -> dict[str, float | None]:
    found = evaluate(CATALOGUE, Dataset.of(emptied(sample, of=pl.Float64)), periods="2026Q2").frame
    return dict(found.select("kpi", "value").iter_rows())


@pytest.mark.parametrize("name", MONEY)
def test_without_amounts_money_is_null(name, without_numbers):
    assert without_numbers[name] is None


# ---- never anything but a number or null


@pytest.fixture(scope="module")
def by_team_and_month(data) -> pl.DataFrame:
    return evaluate(
        leading_to("team"), data, periods="2025-08..2026-10", by="team", compare=["previous", "year_ago"]
    ).frame


@pytest.mark.parametrize("column", ["value", "lower", "upper", "numerator", "denominator", "previous", "year_ago"])
def test_figures_are_finite(column, by_team_and_month):
    odd = by_team_and_month.filter(~pl.col(column).is_finite())
    assert odd.select("kpi", "team", "period", column).rows() == []


@pytest.mark.parametrize("name", [name for name, each in CATALOGUE.items() if each.form == "proportion"])
def test_shares_lie_within_their_intervals(name, by_team_and_month):
    rows = by_team_and_month.filter(pl.col("kpi") == name, pl.col("lower").is_not_null())
    inside = pl.col("value").is_between(pl.col("lower") - 1e-9, pl.col("upper") + 1e-9)
    assert rows.filter(~inside).rows() == []
    assert rows.filter(~pl.col("lower").is_between(0, 100) | ~pl.col("upper").is_between(0, 100)).rows() == []
    assert rows["value"].max() <= 100


def test_a_figure_has_rows_behind_it(by_team_and_month):
    groundless = by_team_and_month.filter(pl.col("value").is_not_null(), pl.col("n").is_null())
    assert groundless["kpi"].unique().to_list() == []


# ---- facts


@pytest.mark.parametrize("name", CATALOGUE)
def test_facts(name):
    known = CATALOGUE[name]
    assert known.id == name
    assert known.label[0].isupper()
    assert known.unit in UNITS
    assert known.better in ("higher", "lower", "band", "none")
    assert known.roles
    assert set(known.roles) <= set(ROLES)
    assert known.timing in ("leading", "lagging")
    assert known.kind in ("outcome", "activity", "quality")
    assert known.definition.endswith((".", ":"))
    assert "\nSource: " in known.doc
    assert known.benchmark is None or {known.benchmark.low, known.benchmark.high} != {None}


@pytest.mark.parametrize("name", CATALOGUE)
def test_proportions_are_counts_of_counts(name):
    """A Wilson interval needs cases that are counted, those of the first input among those of the second."""
    known = CATALOGUE[name]
    if known.form == "proportion":
        some, all_ = (each.source for each in list(known.inputs.values())[:2])
        assert (some.unit, all_.unit, known.unit) == ("count", "count", "percent")


def test_names_are_found_and_name_one_kpi():
    named = defaultdict(set)
    for each in CATALOGUE.values():
        for name in (each.id, each.label, *each.aliases):
            named[name.casefold()].add(each.id)
    assert {name: ids for name, ids in named.items() if len(ids) > 1} == {}
    assert all(find(name).id in ids for name, ids in named.items())


# ---- the catalogue of definitions


def definitions() -> list[dict[str, str]]:
    with DEFINITIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _computable(row: dict[str, str]) -> bool:
    named = [name.split(".") for name in row["inputs"].split(";")]
    return all(table in TABLES and column in columns_of(TABLES[table]) for table, column in named)


DEFINED = {row["id"]: row for row in definitions()}


def test_what_the_tables_allow_is_there():
    assert {name for name, row in DEFINED.items() if _computable(row)} - CATALOGUE.keys() == set()


@pytest.mark.parametrize("name", sorted(DEFINED.keys() & CATALOGUE.keys()))
def test_facts_are_those_of_the_definition(name):
    row, known = DEFINED[name], CATALOGUE[name]
    assert (known.area, known.unit, known.better) == (row["area"], row["unit"], row["direction"])
    assert (known.timing, known.kind) == (row["timing"], row["kind"])
    assert set(known.roles) == set(row["roles"].split(";"))


@pytest.mark.parametrize("name", sorted(DEFINED.keys() & CATALOGUE.keys() - {"calls_made"}))
def test_benchmarks_are_those_of_the_definition(name):
    """That of calls made is per rep and day, so it is told in words."""
    row, benchmark = DEFINED[name], CATALOGUE[name].benchmark
    low, high = (float(row[bound]) if row[bound] else None for bound in ("benchmark_low", "benchmark_high"))
    assert (low, high) == ((benchmark.low, benchmark.high) if benchmark else (None, None))


# ---- what adds up


def alone(measure: Measure) -> Kpi:
    """A KPI that is nothing but the measure."""

    def formula(value=measure):
        return value

    formula.__name__, formula.__doc__ = f"{measure.id}_alone", measure.definition
    return kpi(unit="count", better="none", roles=("team",), timing="lagging", kind="outcome")(formula)


#: Those of a team: the market belongs to none.
ADDITIVE = {
    name: alone(measure) for name, measure in MEASURES.items() if measure.additive and paths(measure.table.name, "team")
}
#: Their rows count or not depending on where the period begins, so that months say something else than their quarter.
RELATIVE = {"new_revenue", "existing_revenue"}
FLOWS = [name for name in ADDITIVE if MEASURES[name].additive_over_time and name not in RELATIVE]


@pytest.fixture(scope="module")
def quarters(data) -> pl.DataFrame:
    return evaluate(ADDITIVE.values(), data, periods="2026Q1..2026Q2", by="team", totals=True).frame


@pytest.fixture(scope="module")
def months(data) -> pl.DataFrame:
    return evaluate(ADDITIVE.values(), data, periods="2026-04..2026-06").frame


@pytest.mark.parametrize("name", ADDITIVE)
@pytest.mark.parametrize("period", ["2026Q1", "2026Q2"])
def test_teams_and_the_unassigned_add_up_to_the_total(name, period, quarters):
    rows = quarters.filter(pl.col("kpi") == f"{name}_alone", pl.col("period") == period)
    whole = pl.col("team").eq_missing(pl.lit("(all)"))
    total = rows.filter(whole)["value"].item() or 0
    assert math.fsum(rows.filter(~whole)["value"].drop_nulls()) == pytest.approx(total, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", FLOWS)
def test_months_add_up_to_their_quarter(name, months, quarters):
    whole = (pl.col("team") == "(all)") & (pl.col("period") == "2026Q2") & (pl.col("kpi") == f"{name}_alone")
    total = quarters.filter(whole)["value"].item() or 0
    parts = months.filter(pl.col("kpi") == f"{name}_alone")["value"].drop_nulls()
    assert math.fsum(parts) == pytest.approx(total, rel=1e-9, abs=1e-6)


def reads_the_period(measure: Measure) -> bool:
    parts = [measure.aggregate.values, measure.aggregate.where]
    read = {name for part in parts if part is not None for name in part.meta.root_names()}
    return bool(read & {"period_start", "period_end", "until"})


def test_only_what_does_not_depend_on_the_period_adds_up_over_time():
    assert {name for name, each in MEASURES.items() if each.additive_over_time and reads_the_period(each)} == set()


@pytest.mark.parametrize("name", MEASURES)
def test_measures_read_columns_of_their_table_only(name):
    measure = MEASURES[name]
    assert not set(measure.columns) & set(CONTEXT) - {*columns_of(measure.table)}
    assert measure.when.start in measure.columns


def test_dimensions_live_in_tables():
    for name, each in DIMENSIONS.items():
        assert each.column.split(".")[0] in columns_of(TABLES[each.table]), name
