from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import nbformat
import polars as pl
import pytest
import vl_convert
from nbformat.v4 import new_code_cell, new_notebook, new_output

from kpitools import charts
from kpitools.charts import notebook, render, style
from kpitools.errors import EvaluationError, UnknownNameError

HOSTILE = "d.o[t]s' \"=</script><script>alert(1)</script> 🚀"


@dataclass(frozen=True)
class Range:
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Kpi:
    id: str
    label: str
    unit: str
    benchmark: Range | None = None


WIN_RATE = Kpi("win_rate", "Win rate", "percent", Range(20, 30))


def trend(*teams: str) -> pl.DataFrame:
    starts = [date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]
    period = {
        "start": starts,
        "period": ["2025Q4", "2026Q1", "2026Q2", "2026Q3"],
        "complete": [True, True, True, False],
    }
    figures = {"value": [22.0, None, 25.0, 24.0], "lower": [18.0, None, 20.0, 12.0], "upper": [26.0, None, 30.0, 36.0]}
    cases = {"n": [80, 0, 70, 9], "small": [False, True, False, True]}
    frames = [
        pl.DataFrame({**period, **figures, **cases}).with_columns(team=pl.lit(team)) for team in teams or ("all",)
    ]
    return pl.concat(frames)


def funnel(name: str = "Demo") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "stage": ["Lead", name, "Won"],
            "position": [1, 2, 3],
            "entered": [100, 40, 10],
            "amount": [5e6, 2e6, 5e5],
            "share_of_first": [100.0, 40.0, 10.0],
            "share_of_previous": [100.0, 40.0, 25.0],
            "still_open": [20, 5, 0],
            "lower": [None, 31.0, 14.0],
            "upper": [None, 50.0, 40.0],
        }
    )


def conversion(name: str = "Demo") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "stage": ["Lead", name],
            "position": [1, 2],
            "conversion": [50.0, None],
            "lower": [39.0, None],
            "upper": [61.0, None],
            "advanced": [40, 0],
            "lost": [40, 0],
            "still_open": [20, 5],
            "entered": [100, 5],
        }
    )


def cohorts(name: str = "2026-01") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "cohort": [name, name, "2026-02", "2026-02"],
            "cohort_start": [date(2026, 1, 1)] * 2 + [date(2026, 2, 1)] * 2,
            "age": [0, 1, 0, 1],
            "value": [100.0, 80.0, 100.0, 77.77],
            "size": [10, 10, 9, 9],
            "complete": [True, True, True, False],
        }
    )


def curves(name: str = "SMB") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "group": [name, name, "Enterprise", "Enterprise"],
            "age": [0, 30, 0, 30],
            "survival": [100.0, 80.0, 100.0, 90.0],
            "lower": [100.0, 70.0, 100.0, 80.0],
            "upper": [100.0, 90.0, 100.0, 95.0],
            "at_risk": [50, 40, 20, 18],
        }
    )


def reps(name: str = "Ann") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rep": [name, "Bob", "Cy"],
            "value": [40.0, None, 60.0],
            "lower": [30.0, None, 20.0],
            "upper": [50.0, None, 90.0],
            "n": [90, 0, 5],
            "small": [False, True, True],
            "peers": [60.0, 50.0, 40.0],
            "attainment": [101.0, None, 80.0],
        }
    )


def mix(name: str = "Ann") -> pl.DataFrame:
    kinds = {"kind": ["call", "email"] * 2, "count": [30, 10, 5, 5], "share": [75.0, 25.0, 50.0, 50.0]}
    return pl.DataFrame({"rep": [name, name, "Bob", "Bob"], **kinds})


def pipeline(name: str = "Demo") -> pl.DataFrame:
    ages = {"age_band": ["0–30 days", "over 30 days"] * 2, "age_position": [1, 2] * 2}
    sizes = {"deals": [3, 1, 2, 0], "amount": [3e5, 1e5, 2e5, 0.0]}
    return pl.DataFrame({"stage": ["Lead", "Lead", name, name], "position": [1, 1, 2, 2], **ages, **sizes})


def incidence(name: str = "SMB") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "group": [name, name, "Enterprise", "Enterprise"],
            "age": [10, 30, 10, 30],
            "won": [10.0, 25.0, 5.0, 12.0],
            "lower": [6.0, 18.0, 2.0, 6.0],
            "upper": [16.0, 33.0, 11.0, 20.0],
            "still_open": [80.0, 40.0, 90.0, 60.0],
            "at_risk": [90, 40, 50, 30],
        }
    )


def bridge(name: str = "new") -> pl.DataFrame:
    steps = {"step": ["opening", name, "lost", "closing"], "position": [0, 1, 2, 3]}
    return pl.DataFrame({**steps, "deals": [5, 2, 1, 6], "amount": [500.0, 200.0, -80.0, 620.0]})


def ramp(name: str = "first deal won") -> pl.DataFrame:
    curve = {"months": [0.0, 3.0], "reached": [0.0, 40.0], "lower": [None, 20.0], "upper": [None, 70.0]}
    return pl.DataFrame({"milestone": name, **curve, "at_risk": [12, 12]})


Build = Callable[[pl.DataFrame], Any]
CASES: dict[str, tuple[Build, Callable[[str], pl.DataFrame]]] = {
    "trend": (lambda frame: charts.kpi_trend(frame, WIN_RATE, by="team"), lambda name: trend(name, "South")),
    "trend of one": (lambda frame: charts.kpi_trend(frame, WIN_RATE, target=28), lambda name: trend(name)),
    "trend of many": (
        lambda frame: charts.kpi_trend(frame, WIN_RATE, by="team"),
        lambda name: trend(name, *map(str, range(8))),
    ),
    "funnel": (charts.funnel_chart, funnel),
    "funnel by amount": (lambda frame: charts.funnel_chart(frame, measure="amount"), funnel),
    "funnel by group": (charts.funnel_chart, lambda name: funnel().with_columns(group=pl.lit(name))),
    "conversion": (charts.stage_conversion_chart, conversion),
    "cohorts": (charts.cohort_heatmap, cohorts),
    "retention": (charts.retention_curves, curves),
    "leaderboard": (lambda frame: charts.rep_leaderboard(frame, "Win rate", "percent"), reps),
    "mix": (charts.activity_mix, mix),
    "pipeline": (charts.pipeline_by_stage_and_age, pipeline),
    "incidence": (lambda frame: charts.incidence_curves(frame, within=90), incidence),
    "bridge": (charts.pipeline_bridge, bridge),
    "ramp": (charts.ramp_curves, ramp),
    "pipeline by deals": (lambda frame: charts.pipeline_by_stage_and_age(frame, measure="deals"), pipeline),
}
every_chart = pytest.mark.parametrize(("build", "frame_of"), CASES.values(), ids=CASES)


def parts(spec: Any, inside: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a specification outside its data, with the key it stands under."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key not in ("datasets", "values"):
                yield from parts(value, key)
    elif isinstance(spec, list):
        for value in spec:
            yield from parts(value, inside)
    else:
        yield inside, spec


def rows_of(chart: Any) -> list[dict[str, Any]]:
    return [row for rows in chart.to_dict()["datasets"].values() for row in rows]


@every_chart
def test_a_builder_changes_nothing_it_was_given(build, frame_of):
    frame = frame_of("A")
    build(frame)
    assert frame.equals(frame_of("A"))


@every_chart
def test_a_chart_has_title_description_tooltips_and_a_fixed_width(build, frame_of):
    spec = build(frame_of("A")).to_dict()
    assert spec["title"]["text"][0]
    assert any(digit in spec["description"] for digit in "123456789")
    texts = {value for key, value in parts(spec) if key == "field"}
    assert any(field.endswith("_text") or field == "stage" for field in texts)
    assert "container" not in {value for key, value in parts(spec) if key == "width"}
    assert spec.get("width", 640) == 640


@every_chart
def test_the_same_frame_gives_the_same_specification(build, frame_of):
    assert build(frame_of("A")).to_dict() == build(frame_of("A")).to_dict()


@every_chart
def test_names_from_data_are_never_fields_or_expressions(build, frame_of):
    spec = build(frame_of(HOSTILE)).to_dict()
    held = {key for key, value in parts(spec) if isinstance(value, str) and "alert(1)" in value}
    assert held <= {"domain", "sort", "description", "said"}


@every_chart
def test_colours_of_text_come_from_the_page(build, frame_of):
    spec = build(frame_of("A")).to_dict()
    assert {value for key, value in parts(spec["config"]) if key.endswith(("Color", "color"))} == {"currentColor"}
    assert spec["config"]["background"] == "transparent"


@every_chart
@pytest.mark.parametrize("version", ["5.8", "6.4"])
def test_a_chart_draws_without_warnings(build, frame_of, version, capfd):
    spec = {
        **build(frame_of(HOSTILE)).to_dict(),
        "$schema": f"https://vega.github.io/schema/vega-lite/v{version[0]}.json",
    }
    svg = vl_convert.vegalite_to_svg(spec, vl_version=version)
    assert "NaN" not in svg
    assert "<script>" not in svg
    assert capfd.readouterr().err == ""


@every_chart
def test_no_rows_are_said_to_be_no_data(build, frame_of):
    chart = build(frame_of("A").head(0))
    assert chart.to_dict()["description"].endswith(": no data.")
    assert "No data" in render.to_svg(chart)


@every_chart
def test_a_chart_of_nulls_is_said_to_be_no_data(build, frame_of):
    frame = frame_of("A")
    figures = ("value", "entered", "amount", "deals", "conversion", "survival", "share",
               "won", "reached")  # fmt: skip
    nulls = frame.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in frame.schema.items() if name in figures
    )
    assert build(nulls).to_dict()["description"].endswith(": no data.")


@every_chart
def test_a_missing_column_is_named(build, frame_of):
    frame = frame_of("A")
    with pytest.raises(UnknownNameError, match="This chart needs"):
        build(frame.drop(frame.columns[0]).drop("start", strict=False))


@every_chart
def test_two_rows_on_one_spot_are_refused(build, frame_of):
    frame = frame_of("A")
    with pytest.raises(EvaluationError, match="Several rows"):
        build(pl.concat([frame, frame]))


def test_a_period_that_is_not_over_is_hollow_and_its_line_dashed():
    rows = rows_of(charts.kpi_trend(trend(), WIN_RATE))
    figures = [row for row in rows if "period" in row]
    assert [row["over_value"] for row in figures] == [22.0, None, 25.0, None]
    assert [row["open_value"] for row in figures] == [None, None, None, 24.0]
    assert [row["open"] for row in figures] == [None, None, 25.0, 24.0]
    assert figures[3]["said"] == "Win rate, 2026Q3, not over yet, small sample, 24.0 %"


def test_a_trend_explains_only_the_marks_it_has():
    notes = charts.kpi_trend(trend(), WIN_RATE, target=28).to_dict()["title"]["subtitle"]
    assert " ".join(notes) == (
        "Band: 95 % interval. Hollow: period not over yet. Triangle: small sample. "
        "Dashed grey: target. Grey band: benchmark 20–30 %."
    )
    bare = trend().select("start", "period", "value").filter(pl.col("value").is_not_null())
    assert charts.kpi_trend(bare, Kpi("x", "X", "ratio")).to_dict()["title"]["subtitle"] == []


def test_a_trend_says_its_figures():
    words = charts.kpi_trend(trend("North", "South"), WIN_RATE, by="team").to_dict()["description"]
    assert words.startswith(
        "Line chart. Win rate by team, 4 periods. North: 24.0 % in 2026Q3, not over yet, small sample"
    )
    assert "from 22.0 % in 2025Q4. South:" in words


def test_more_groups_than_colours_become_small_charts():
    assert "facet" in charts.kpi_trend(trend(*map(str, range(7))), WIN_RATE, by="team").to_dict()
    assert "facet" not in charts.kpi_trend(trend(*map(str, range(6))), WIN_RATE, by="team").to_dict()


def test_open_deals_stand_apart_in_the_funnel():
    rows = {row["stage"]: row for row in rows_of(charts.funnel_chart(funnel()))}
    assert [row["decided"] for row in rows.values()] == [80.0, 35.0, 10.0]
    assert rows["Demo"]["label"] == "40 · 40.0 %"


def test_a_stage_without_decided_deals_has_no_percentage():
    labels = [row["label"] for row in rows_of(charts.stage_conversion_chart(conversion()))]
    assert labels == ["50.0 % of 80 decided, 20 open", "none decided, 5 open"]


def test_an_unfinished_cohort_cell_has_no_figure_anywhere():
    chart = charts.cohort_heatmap(cohorts())
    (cell,) = [row for row in rows_of(chart) if not row["complete"]]
    assert (cell["value"], cell["cell_text"], cell["value_text"], cell["state"]) == (None, "", "–", "not over yet")
    assert "77.8" not in chart.to_json()
    assert "77.77" not in chart.to_json()


def test_the_leaderboard_puts_the_best_first():
    rows = rows_of(charts.rep_leaderboard(reps(), "Win rate", "percent"))
    assert [(row["rep"], row["label"]) for row in rows] == [
        ("Cy", "n 5 · 80.0 % of quota"),
        ("Ann", "n 90 · 101.0 % of quota"),
        ("Bob", "n 0 · – of quota"),
    ]
    lowest = rows_of(charts.rep_leaderboard(reps(), "Cycle", "days", better="lower"))
    assert [row["rep"] for row in lowest] == ["Ann", "Cy", "Bob"]


def test_rare_kinds_of_activity_are_one_kind():
    kinds = pl.DataFrame(
        {"team": "North", "kind": [f"kind {at}" for at in range(9)], "count": range(9, 0, -1), "share": 100 / 9}
    )
    shares = {row["kind"]: row["share"] for row in rows_of(charts.activity_mix(kinds)) if "kind" in row}
    assert list(shares) == ["other kinds", *(f"kind {at}" for at in range(5))]
    assert shares["other kinds"] == pytest.approx(400 / 9)


def test_too_many_rows_are_refused():
    many = pl.DataFrame(
        {"group": "a", "age": range(5001), "survival": 50.0, "lower": 40.0, "upper": 60.0, "at_risk": 9}
    )
    with pytest.raises(EvaluationError, match="at most 5,000 rows, this has 5,001"):
        charts.retention_curves(many)


def test_an_unknown_measure_is_named():
    with pytest.raises(UnknownNameError, match="Did you mean 'count'"):
        charts.funnel_chart(funnel(), measure="counts")


@pytest.mark.parametrize("colour", style.COLOURS)
@pytest.mark.parametrize("paper", render.PAPERS.values())
def test_colours_stand_out_on_light_and_dark(colour, paper):
    assert contrast(colour, paper) >= 2.95


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_has_real_ink(dark):
    svg = render.to_svg(charts.funnel_chart(funnel("currentColor")), dark=dark)
    assert render.INKS[dark] in svg
    assert '="currentColor"' not in svg
    assert ">currentColor<" in svg
    assert render.to_png(charts.funnel_chart(funnel()), dark=dark, scale=1).startswith(b"\x89PNG")


def test_a_notebook_gets_what_lab_draws_and_papermill_accepts():
    before = alt.renderers.active
    chart = charts.funnel_chart(funnel())
    with notebook.enable():
        data, metadata = chart._repr_mimebundle_()
    assert alt.renderers.active == before
    assert data["text/plain"] == chart.to_dict()["description"]
    assert data[notebook.MIME]["$schema"] == notebook.SCHEMA
    assert metadata == {notebook.MIME: {"embed_options": {"actions": False, "renderer": "svg"}}}
    output = new_output("display_data", data=json.loads(json.dumps(data)), metadata=metadata)
    nbformat.validate(new_notebook(cells=[new_code_cell("x", outputs=[output])]))
    with notebook.unchecked():
        drawn = notebook.Drawn(charts.funnel_chart(funnel()))
    assert drawn._repr_mimebundle_() == (data, metadata)


def contrast(one: str, other: str) -> float:
    lights = sorted(light(colour) + 0.05 for colour in (one, other))
    return lights[1] / lights[0]


def light(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(("lower", "bands"), [(2.0, 1), (None, 0)])
def test_curves_without_intervals_have_no_band_and_none_is_explained(lower: float | None, bands: int):
    frame = incidence().with_columns(lower=pl.lit(lower, pl.Float64), upper=pl.lit(lower, pl.Float64))
    spec = charts.incidence_curves(frame, within=90).to_dict()
    assert sum(layer["mark"]["type"] == "area" for layer in spec["layer"]) == bands
    assert ("Band" in " ".join(spec["title"]["subtitle"])) == bool(bands)
