"""The one place where a figure becomes text: tables, tooltips, axes and sentences all ask here.

Values are in the unit's own scale: percent is 0 to 100, days are days. A figure that does not exist is an en dash.
"""

from kpitools.formats.benchmarks import Benchmark, ShownKpi, format_benchmark
from kpitools.formats.conventions import Conventions, write_as, written_as
from kpitools.formats.dates import MONTHS, format_date, format_period_range
from kpitools.formats.numbers import (
    MINUS,
    NOTHING,
    Separators,
    format_number,
    is_figure,
)
from kpitools.formats.spreadsheet import harmless, spreadsheet_safe
from kpitools.formats.text import markdown_text, one_line
from kpitools.formats.units import (
    UNITS,
    axis_title,
    format_difference,
    format_interval,
    format_value,
    heading,
    unit_of,
    vega_format,
)

__all__ = [
    "MINUS",
    "MONTHS",
    "NOTHING",
    "UNITS",
    "Benchmark",
    "Conventions",
    "Separators",
    "ShownKpi",
    "axis_title",
    "format_benchmark",
    "format_date",
    "format_difference",
    "format_interval",
    "format_number",
    "format_period_range",
    "format_value",
    "harmless",
    "heading",
    "is_figure",
    "markdown_text",
    "one_line",
    "spreadsheet_safe",
    "unit_of",
    "vega_format",
    "write_as",
    "written_as",
]
