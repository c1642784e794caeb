"""One figure of a KPI in a sentence: what it is, how sure, and whether it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from kpitools.analyses.chance import Interval, Mean, Share, apart, means_differ_by, shares_differ_by
from kpitools.analyses.words.plain import between, counted
from kpitools.errors import EvaluationError
from kpitools.evaluation.intervals import SMALL
from kpitools.formats import format_value, is_figure
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.kpi import Kpi
from kpitools.measures.measure import Measure
from kpitools.model.calendar import parse_period

Row = Mapping[str, Any]
#: The status of a change that says nothing.
CHANCE = "within chance"

#: KPIs over what began in the period and may still come out: a younger period has had less time than an older one,
#: so neither the one before nor a benchmark is a fair measure of it.
MATURING = frozenset({
    "customers_without_first_value", "email_open_rate", "follow_up_rate", "inquiries_answered",
    "insurance_conversion_rate", "lead_conversion_rate", "lead_response_time", "lead_to_opportunity_rate",
    "lead_waiting_time", "listing_to_sale_ratio", "median_lead_response_time", "median_sales_response_time",
    "meeting_quality_score", "qbr_effectiveness", "qualification_accuracy",
    "qualification_accuracy_of_all_verdicts", "quote_to_close_ratio", "quote_to_close_ratio_by_deal",
    "ramp_up_time", "sales_response_time", "sellers_not_yet_engaged", "sql_to_opportunity_ratio",
    "stage_conversion_rate", "support_response_time", "time_to_first_value", "time_to_full_quota",
    "win_rate_of_cohort",
})  # fmt: skip
#: What the cases of a measure are called where its name does not say it.
NOUNS = {"seller_headcount": "sellers", "leads_created": "leads"}


@dataclass(frozen=True)
class Change:
    """A figure less the one before; `interval` is null where the figure is no sample, so chance has no say."""

    difference: float
    interval: Interval | None

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance alone explains."""
        return self.interval is not None and apart(self.interval)


def figure_words(kpi: Kpi, row: Row, before: Row | None = None, *, than: str = "") -> str:
    """A figure with its basis and interval, and how it stands to the one before.

    Whether a difference is more than chance explains is said of shares and means only, and only with both samples at
    hand: from Newcombe's or Welch's interval of the difference.

    Args:
        kpi: what the figure is of.
        row: its row of `Result.frame`.
        before: its row of another period.
        than: what the other period is called; its name unless given.

    >>> now = {"value": 40.0, "lower": 36.3, "upper": 43.8, "numerator": 250, "denominator": 625, "n": 625}
    >>> then = {"value": 30.0, "lower": 26.7, "upper": 33.5, "numerator": 210, "denominator": 700, "n": 700}
    >>> figure_words(win_rate, now, then, than="Q2 2026")
    'Win rate was 40.0 % (250 of 625 closed deals; 95 % interval 36.3 to 43.8 %), 10.0 points above Q2 2026 - more \
than chance alone explains.'
    """
    if not is_figure(row.get("value")):
        return f"{kpi.label} has no figure{_nothing(kpi, row)}."
    if is_sample(kpi, row) and too_few(row):
        return f"{kpi.label}: too few to judge, {_basis(kpi, row)}."
    shown = format_value(row["value"], kpi.unit)
    if kpi.id in MATURING:
        return f"{kpi.label} is {shown} so far{_in_brackets(kpi, row)}; it can still change as those cases go on."
    return f"{kpi.label} was {shown}{_in_brackets(kpi, row)}{_compared(kpi, row, before, than)}."


def win_rate_words(row: Row, before: Row | None = None, *, than: str = "") -> str:
    """The win rate in a sentence.

    Args:
        row: its row of `Result.frame`, in percent.
        before: that of the period it is compared with.
        than: how that period is called.

    >>> win_rate_words({"value": 25.0, "lower": 4.6, "upper": 69.9, "numerator": 1, "denominator": 4, "n": 4})
    'Win rate: too few to judge, 1 of 4 closed deals.'
    """
    return figure_words(win_rate, row, before, than=than)


def change(kpi: Kpi, row: Row, before: Row | None) -> Change | None:
    """How a figure changed; None where there is nothing, too little, or nothing comparable to set it against."""
    if before is None or kpi.id in MATURING or not (is_figure(row.get("value")) and is_figure(before.get("value"))):
        return None
    if is_sample(kpi, row) and (too_few(row) or too_few(before)):
        return None
    difference = row["value"] - before["value"]
    if kpi.form == "proportion":
        return Change(difference, shares_differ_by(_share(row), _share(before)))
    if is_sample(kpi, row) and is_sample(kpi, before):
        return Change(difference, means_differ_by(_mean(row), _mean(before)))
    return Change(difference, None)


def change_status(kpi: Kpi, row: Row, before: Row | None, status: str | None) -> str | None:
    """Better, worse or level, as a comparison found it; of a share or mean only where chance alone does not explain it.

    >>> now = {"value": 40.0, "numerator": 24, "denominator": 60, "n": 60, "lower": 29.0, "upper": 53.0}
    >>> then = {"value": 55.0, "numerator": 33, "denominator": 60, "n": 60, "lower": 42.0, "upper": 67.0}
    >>> change_status(win_rate, now, then, "worse")
    'within chance'
    """
    if before is None or not is_sample(kpi, row):
        return status
    found = change(kpi, row, before)
    clear = found is not None and (found.interval is None or found.is_clear)
    return status if clear or not status else CHANCE


def status_beside(kpi: Kpi, row: Row, value: float | None, status: str | None) -> str | None:
    """The same beside a figure of which only the value is known, such as that of all others together.

    It is then taken for certain: the status stands where the figure's own interval does not reach it.

    >>> now = {"value": 60.0, "numerator": 36, "denominator": 60, "n": 60, "lower": 47.0, "upper": 71.0}
    >>> [status_beside(win_rate, now, value, "better") for value in (45.0, 50.0)]
    ['better', 'within chance']
    """
    if not status or value is None or not is_sample(kpi, row):
        return status
    judged = kpi.id not in MATURING and not too_few(row) and is_figure(row.get("lower"))
    return status if judged and not row["lower"] <= value <= row["upper"] else CHANCE


def is_sample(kpi: Kpi, row: Row) -> bool:
    """Whether a figure is a share of cases or a mean over them, of which chance has its part."""
    return kpi.form == "proportion" or is_figure(row.get("lower")) or (_is_mean(kpi) and too_few(row))


def too_few(row: Row) -> bool:
    """Whether a sample is too small to say anything of."""
    return (row.get("n") or 0) < SMALL


def period_name(label: str) -> str:
    """A period's name where its label has one.

    >>> period_name("2026Q2"), period_name("FY2026Q2"), period_name("2026P03")
    ('Q2 2026', 'FY2026Q2', '2026P03')
    """
    try:
        return label if label.startswith("FY") else parse_period(label).name
    except EvaluationError:
        return label


def difference_words(kpi: Kpi, difference: float, than: str) -> str:
    """How far a figure lies above or below another; what rounds to nothing is level."""
    size = format_value(abs(difference), kpi.unit)
    if kpi.unit == "percent":
        size = f"{size.removesuffix('%').rstrip()} points"
    if not any(digit in size for digit in "123456789"):
        return f"level with {than}"
    return f"{size} {'above' if difference > 0 else 'below'} {than}"


def _compared(kpi: Kpi, row: Row, before: Row | None, than: str) -> str:
    if before is None:
        return ""
    other = than or period_name(str(before.get("period") or "the period before"))
    found = change(kpi, row, before)
    if found is None:
        return f"; {other} has {'too few cases' if is_figure(before.get('value')) else 'no figure'} to compare with"
    told = f", {difference_words(kpi, found.difference, other)}"
    if found.interval is None or told == f", level with {other}":
        return told
    return f"{told} - {'more than' if found.is_clear else 'within what'} chance alone explains"


def _in_brackets(kpi: Kpi, row: Row) -> str:
    basis = _basis(kpi, row)
    sure = is_figure(row.get("lower")) and is_figure(row.get("upper"))
    interval = f"95 % interval {between(row['lower'], row['upper'], kpi.unit)}" if sure else ""
    inside = "; ".join(filter(None, (basis, interval)))
    return f" ({inside})" if inside else ""


def _basis(kpi: Kpi, row: Row) -> str:
    if kpi.form == "proportion":
        return f"{format_value(row['numerator'], 'count')} of {counted(row['denominator'], *_noun(kpi))}"
    if is_sample(kpi, row):
        return counted(row["n"], "case")
    return ""


def _noun(kpi: Kpi) -> tuple[str, str]:
    source = list(kpi.inputs.values())[1].source
    many = NOUNS.get(source.id, source.id.replace("_", " "))
    return many.removesuffix("s") if many.endswith("s") else many, many


def _nothing(kpi: Kpi, row: Row) -> str:
    if kpi.form == "proportion" and not row.get("denominator"):
        return f": there were no {_noun(kpi)[1]}"
    return f" in {period_name(str(row['period']))}" if row.get("period") else ""


def _is_mean(kpi: Kpi) -> bool:
    sources = [anchored.source for anchored in kpi.inputs.values()]
    return len(sources) == 1 and isinstance(sources[0], Measure) and sources[0].aggregate.statistic == "mean"


def _share(row: Row) -> Share:
    return Share(float(row["numerator"]), float(row["denominator"]))


def _mean(row: Row) -> Mean:
    return Mean(row["value"], row["lower"], row["upper"], row["n"])


def same_figure(row: Row, before: Row, compared: str = "previous") -> bool:
    """Whether a row stands beside the very figure that its comparison names."""
    one, other = row.get(compared), before.get("value")
    return is_figure(one) and is_figure(other) and isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
