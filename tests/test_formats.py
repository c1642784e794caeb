from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from kpitools import formats
from kpitools.errors import UnknownNameError


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567, "currency", "1,234,567"),
        (12.5, "currency", "12.50"),
        (0, "currency", "0"),
        (-1200.4, "currency", "−1,200"),
        (3.27, "currency_per_day", "3.27 per day"),
        (63.1501, "percent", "63.2 %"),
        (63.15, "percent", "63.2 %"),
        (-0.04, "percent", "0.0 %"),
        (51.78, "days", "51.8 d"),
        (1.5, "hours", "1.5 h"),
        (3.2, "ratio", "3.2"),
        (3.25, "ratio", "3.25"),
        (1234.0, "count", "1,234"),
        (2.5, "count", "2.5"),
        (7.25, "score", "7.3"),
        (1e18, "currency", "1,000,000,000,000,000,000"),
        (10**400, "count", "–"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, text):
    assert formats.format_value(value, unit) == text


@pytest.mark.parametrize("unit", formats.UNITS)
@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), "12"])
def test_no_figure_is_a_dash_in_every_unit(nothing, unit):
    assert formats.format_value(nothing, unit) == "–"
    assert formats.format_difference(nothing, unit) == "–"
    assert formats.format_interval(nothing, 1.0, unit) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999, "999"),
        (1000, "1.00 k"),
        (12345, "12.3 k"),
        (999_999, "1.00 M"),
        (1_234_567, "1.23 M"),
        (-2.5e9, "−2.50 B"),
    ],
)
def test_short_keeps_three_digits(value, text):
    assert formats.format_value(value, "currency", short=True) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(3.25, "percent", "+3.3 pp"), (-1.5, "days", "−1.5 d"), (0.0, "percent", "0.0 pp"), (12, "count", "+12")],
)
def test_a_difference_has_a_sign(value, unit, text):
    assert formats.format_difference(value, unit) == text


def test_an_amount_takes_the_sign_it_is_given():
    assert formats.format_value(1200, "currency", currency="€") == "€ 1,200"
    assert formats.format_value(3, "days", currency="€") == "3.0 d"


@pytest.mark.parametrize("ask", [formats.vega_format, formats.unit_of, lambda unit: formats.format_value(1, unit)])
def test_an_unknown_unit_names_the_likely_one(ask):
    with pytest.raises(UnknownNameError, match="Did you mean 'percent'"):
        ask("percnt")


def test_periods_and_days_in_words():
    assert formats.format_period_range(date(2025, 11, 1), date(2026, 2, 1)) == "1 Nov 2025 – 31 Jan 2026"
    assert formats.format_period_range(date(2026, 9, 14), date(2026, 9, 15)) == "14 Sep 2026"
    assert formats.format_date(None) == "–"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-A1", "@x", " =1", "\t=1", "\x00=1", "＝1"])
def test_text_that_a_spreadsheet_would_compute_is_made_harmless(text):
    assert formats.spreadsheet_safe(text) == f"'{text}"


def test_formats_tables_and_errors_load_neither_altair_nor_jinja():
    code = (
        "import sys, kpitools.formats, kpitools.tables;"
        "print(sorted({'altair', 'jinja2', 'vl_convert'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
