"""A red flag in one line: what is the matter, the figures that say so, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kpitools.analyses.flags.conditions import Change, Holds, Level, Mismatch, Outlier, Streak, Swing, Uneven
from kpitools.analyses.flags.rules import COHORT, SINGLE, Rule
from kpitools.analyses.words.figures import period_name
from kpitools.analyses.words.plain import counted, name
from kpitools.formats import format_date, format_value, is_figure, unit_of
from kpitools.kpis.kpi import Kpi

Row = Mapping[str, Any]
#: A rise by more percent than this says nothing that the two figures do not.
MANY_TIMES = 1000
AGAINST = {"previous": "the period before", "year_ago": "a year ago", "last": "the last time"}


def flag_words(row: Row, rule: Rule, kpis: Mapping[str, Kpi], *, by: Sequence[str] = ()) -> str:
    """A flag in a sentence; names from data are escaped.

    Args:
        row: its row of `Flags.frame`.
        rule: its rule.
        kpis: the KPIs by id.
        by: the dimensions whose groups were judged.

    >>> from kpitools.analyses.flags.catalogue import RULES
    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> row = {"period": "2026Q3", "value": 1.61, "measured": 1.61, "limit": 3.0, "n": 233, "team": "North"}
    >>> flag_words(row, RULES["thin_coverage"], CATALOGUE, by=["team"])
    'Thin coverage, North: pipeline coverage ratio was 1.61 in Q3 2026, below the limit of 3.0.'
    """
    shown = figures_words(row, rule.condition, kpis[rule.kpi], rule.over)
    if isinstance(rule.condition, Mismatch):
        first = {key: row.get(f"beside_{key}") for key in ("value", "other", "measured", "limit")}
        effort = figures_words(first, rule.condition.first, kpis[rule.kpis[0]], rule.over)
        shown = f"{effort}, while {figures_words(row, rule.condition.second, kpis[rule.kpi], rule.over)}"
    when = _when(row, rule)
    if when.startswith(" in the year to"):
        shown = shown.replace(AGAINST["previous"], "the year before")
    place, _, rest = shown.partition("@")
    return f"{_head(row, rule, by)}: {place}{when}{rest.replace('@', '')}{_trust(row, rule)}."


def figures_words(row: Row, condition: Any, kpi: Kpi, over: str | None = None) -> str:
    """What was measured and what against; `@` stands where the period is named."""
    value = format_value(row.get("value"), kpi.unit)
    told = f"{_label(kpi)} was {value}@"
    if isinstance(condition, Level):
        return f"{told}, {_beyond(row)} {format_value(row['limit'], kpi.unit)}"
    if isinstance(condition, Change):
        before = format_value(row.get("other"), kpi.unit)
        return f"{told}, {_change(row['measured'], kpi, condition.points)} {before} {AGAINST[condition.against]}"
    if isinstance(condition, Streak):
        return f"{told}, {_streak(row, condition, kpi)}"
    if isinstance(condition, Swing):
        return f"{_label(kpi)} was {value}@; {_swing(row, condition)}"
    if isinstance(condition, Outlier):
        others = format_value(row.get("other"), kpi.unit)
        return f"{told}, the median of the others {others}"
    return _spread(row, condition, kpi, over)


def _spread(row: Row, condition: Uneven | Holds, kpi: Kpi, over: str | None) -> str:
    if isinstance(condition, Holds):
        share, limit = format_value(row["measured"], "percent"), format_value(row["limit"], "percent")
        return f"{share} of {_label(kpi)} stood here@, above the limit of {limit}"
    members = counted(row["n"], (over or "member").replace("_", " "))
    return (
        f"{_label(kpi)} of {members} differed@ by {format_value(row['measured'], 'ratio')} times their mean of "
        f"{format_value(row.get('other'), kpi.unit)}, above the limit of {format_value(row['limit'], 'ratio')}"
    )


def _label(kpi: Kpi) -> str:
    """The label inside a sentence: lower case, but for abbreviations."""
    first, *_ = kpi.label.split()
    return kpi.label if sum(letter.isupper() for letter in first) > 1 else kpi.label[0].lower() + kpi.label[1:]


def _beyond(row: Row) -> str:
    measured, limit = row["measured"], row["limit"]
    return "right at the limit of" if measured == limit else f"{'below' if measured < limit else 'above'} the limit of"


def _change(measured: float, kpi: Kpi, points: bool) -> str:
    way = "above" if measured > 0 else "below"
    if not points and measured > MANY_TIMES:
        return "up from"
    if not points:
        size = format_value(abs(measured), "percent")
    elif kpi.unit == "percent":
        size = f"{format_value(abs(measured), 'percent').removesuffix('%').rstrip()} points"
    else:
        size = format_value(abs(measured), kpi.unit)
    return f"{size} {way}" if any(digit in size for digit in "123456789") else "level with"


def _streak(row: Row, condition: Streak, kpi: Kpi) -> str:
    running = f"for {counted(row['measured'], 'period')} running"
    if condition.level is not None:
        side = "below" if condition.way == "below" else "at or above"
        return f"{running} {side} {format_value(condition.level, kpi.unit)}"
    start = f", from {format_value(row['other'], kpi.unit)}" if is_figure(row.get("other")) else ""
    return f"{condition.way} {running}{start}"


def _swing(row: Row, condition: Swing) -> str:
    unit = "ratio" if condition.of_mean else "percent"
    size, limit = (format_value(row[key], unit) for key in ("measured", "limit"))
    if condition.of_mean:
        return f"its changes vary by {size} times their mean, above the limit of {limit}"
    sign = unit_of(unit).sign
    return f"its changes vary by {size.removesuffix(sign).rstrip()} points, above the limit of {limit}"


def _head(row: Row, rule: Rule, by: Sequence[str]) -> str:
    """The flag's name and whom it is about; a group that has no name is said to have none."""
    groups = [name(row.get(each)) for each in by if each != rule.over]
    found = next((row[key] for key in ("member", "among") if row.get(key) is not None), None)
    member = [] if found is None else [name(found)]
    what = {"deal": "deal ", "account": "", COHORT: "customers of "}.get(rule.over or "", "")
    return ", ".join([rule.label, *groups, *(f"{what}{each}" for each in member)])


def _when(row: Row, rule: Rule) -> str:
    if rule.over == COHORT:
        return " after a year"
    year, _, last = str(row["period"]).partition(" to ")
    return f" in the {year} to {format_date(date.fromisoformat(last))}" if last else f" in {period_name(year)}"


def _trust(row: Row, rule: Rule) -> str:
    if row.get("small"):
        return f" - only {counted(row.get('n') or 0, 'case')}, so take it with care"
    if rule.over not in SINGLE and row.get("clear") is False:
        return " - within what chance alone explains"
    return ""


def condition_words(rule: Rule, kpis: Mapping[str, Kpi]) -> str:
    """When a rule fires, for the catalogue.

    Args:
        rule: the rule.
        kpis: the catalogue, for labels and units.

    >>> from kpitools.analyses.flags.catalogue import RULES
    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> [condition_words(RULES[name], CATALOGUE) for name in ("thin_coverage", "win_rate_drops", "leaking_stage")]
    ['below 3.0', 'more than 5.0 points below the period before', 'more than 25.0 % below the median of the others']
    """
    if isinstance(rule.condition, Mismatch):
        effort, outcome = kpis[rule.kpis[0]], kpis[rule.kpis[1]]
        first, second = _fires(rule.condition.first, effort), _fires(rule.condition.second, outcome)
        return f"{_label(effort)} {first}, while {_label(outcome)} {second}"
    return _fires(rule.condition, kpis[rule.kpi])


def _fires(condition: Any, kpi: Kpi) -> str:
    if isinstance(condition, Streak):
        level = "" if condition.level is None else f" {format_value(condition.level, kpi.unit)}"
        return f"{condition.way}{level} for {counted(condition.running, 'period')} running"
    if isinstance(condition, Level) and condition.benchmark is not None:
        return (
            "beyond its benchmark" if condition.benchmark == 1 else f"beyond {condition.benchmark:g} of its benchmark"
        )
    if not condition.is_set:
        return "beyond a limit that the company sets"
    return " or ".join(_bound(condition, kpi, *bound) for bound in _bounds(condition))


def _bounds(condition: Any) -> list[tuple[str, float]]:
    found = {"below": condition.below, "above": condition.above, "at least": condition.reaching}
    return [(side, limit) for side, limit in found.items() if limit is not None]


def _bound(condition: Any, kpi: Kpi, side: str, limit: float) -> str:
    if isinstance(condition, Level):
        return f"{side} {format_value(limit, kpi.unit)}"
    if isinstance(condition, Change | Outlier):
        from_what = AGAINST[condition.against] if isinstance(condition, Change) else "the median of the others"
        size = _change(limit, kpi, condition.points).rpartition(" ")[0] or "at all"
        way = "below" if limit < 0 or (limit == 0 and side == "below") else "above"
        much = {"below": "more than " if limit < 0 else "less than ", "above": "more than ", "at least": "at least "}
        return f"lower than {from_what}" if limit == 0 else f"{much[side]}{size} {way} {from_what}"
    unit = (
        "percent"
        if isinstance(condition, Holds) or (isinstance(condition, Swing) and not condition.of_mean)
        else "ratio"
    )
    what = {Holds: "one member's share", Uneven: "the spread over its mean", Swing: "the spread of its changes"}
    return f"{what[type(condition)]} {side} {format_value(limit, unit)}"
