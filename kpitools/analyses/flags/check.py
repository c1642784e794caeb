"""`flags`: every rule over the figures of a period, the flags found in order of weight, and the rules not checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil

import polars as pl

from kpitools.analyses.flags.catalogue import HELPERS, RULES
from kpitools.analyses.flags.conditions import JUDGED, Condition, Level, Mismatch
from kpitools.analyses.flags.frames import Source, half_of_stages, rows, source_of
from kpitools.analyses.flags.rules import COHORT, Rule
from kpitools.analyses.retention import SOURCES
from kpitools.analyses.view import AsOf, Schema, lacking, last_day, one_period, seen
from kpitools.analyses.words.flags import flag_words
from kpitools.errors import EvaluationError
from kpitools.evaluation.audit import lacks, leads_to
from kpitools.evaluation.intervals import SMALL
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import dimension

BESIDE = {f"beside_{name}": pl.Float64 for name in ("value", "other", "measured", "limit")}
FOUND: Schema = {
    "rank": pl.Int64, "flag": pl.String, "severity": pl.Int64, "over": pl.String, "among": pl.String,
    "member": pl.String, "period": pl.String, "kpi": pl.String, "value": pl.Float64, "other": pl.Float64,
    "measured": pl.Float64, "limit": pl.Float64, "n": pl.Int64, "small": pl.Boolean, "clear": pl.Boolean,
    "beside": pl.String, **BESIDE, "size": pl.Float64, "weight": pl.Float64, "text": pl.String,
}  # fmt: skip
UNCHECKED: Schema = {"flag": pl.String, "kpis": pl.List(pl.String), "reason": pl.String}
#: What counts as the size of a limit of 0, which has none of its own: of a change, and of any other figure.
SIZE_OF_ZERO = {"change": 10.0}


@dataclass(frozen=True, eq=False)
class Flags:
    """What was found.

    Attributes:
        frame: one row per flag, the weightiest first: `rank`, `flag`, `severity` (1 watch, 2 warning, 3 alarm), the
            groups asked for, `over` and `member` (the stage, rep, account ... it is about), `among` (those it was
            compared with: a role), `period`, `kpi`, `value`,
            `other` (the figure it is compared with), `measured` (the number tested) and its `limit`, `n`, `small`,
            `clear` (false where chance alone could explain it, null where chance has no say), of a mismatch the other
            KPI and its figures `beside`, `size`, `weight` and `text`.
        unchecked: the rules that could not be judged: `flag`, `kpis`, `reason`.
        checked: the ids of the rules that were.
    """

    frame: pl.DataFrame
    unchecked: pl.DataFrame
    checked: tuple[str, ...]


def flags(
    data: Dataset,
    *,
    period: str | Period,
    by: str | Sequence[str] = (),
    kpis: Iterable[str] | None = None,
    as_of: AsOf = None,
    rules: Mapping[str, Rule] = RULES,
    catalogue: Mapping[str, Kpi] = CATALOGUE,
) -> Flags:
    """The red flags of a period, ranked.

    Those on small samples come last. Before them counts severity, lifted up to its double as the figure lies further
    beyond the limit (by the limit's own size: by half; by twice that: by two thirds), halved where chance alone could
    explain the figure. Of many members with the same flag each counts less than the one before: its weight is divided
    by the square root of its place, so that a hundred customers do not hide all else. Rows without a group (deals of
    no team) are not judged.

    Args:
        data: the dataset, or a slice of it.
        period: the period to judge; earlier ones are looked at as far as rules need them.
        by: dimensions whose groups are judged each for itself.
        kpis: only rules that look at one of these KPIs.
        as_of: the day (to its end) or instant from which the data is seen.
        rules: the rules by id, with the company's own limits (`with_limits`).
        catalogue: the KPIs by id, with the company's own settings.

    Raises:
        UnknownNameError: no such dimension.
        EvaluationError: a dimension called like a column of the result.

    >>> from datetime import datetime
    >>> deals = pl.DataFrame({"deal_id": list("abcdefghijkl"), "status": ["won", *["lost"] * 11],
    ...     "closed_at": [datetime(2026, 7, 1)] * 12})
    >>> found = flags(Dataset.of({"deals": deals}), period="2026Q3", kpis=["win_rate"])
    >>> found.frame.select("flag", "value", "limit", "n", "clear").rows()
    [('low_win_rate', 8.333333333333334, 30.0, 12, False)]
    >>> found.unchecked.row(0)
    ('win_rate_drops', ['win_rate'], 'no figure to judge, or none to compare with')
    """
    view, chosen, groups = seen(data, as_of), one_period(period), _groups(by)
    known = {**HELPERS, **catalogue}
    asked = None if kpis is None else set(kpis)
    wanted = [rule for rule in rules.values() if asked is None or asked & set(rule.kpis)]
    reasons = {rule.id: reason for rule in wanted if (reason := obstacle(rule, known, view, groups))}
    able = [rule for rule in wanted if rule.id not in reasons]
    judged = _judged(able, known, view, chosen, groups)
    reasons |= {name: NOTHING_TO_JUDGE for name, frame in judged.items() if frame["fires"].null_count() == len(frame)}
    found = [_found(rules[name], frame, groups) for name, frame in judged.items() if name not in reasons]
    return Flags(
        _told(_ranked(found, groups, rules), rules, known, groups),
        pl.DataFrame([(rule.id, list(rule.kpis), reasons[rule.id]) for rule in wanted if rule.id in reasons],
                     schema=UNCHECKED, orient="row"),
        tuple(rule.id for rule in able if rule.id not in reasons),
    )  # fmt: skip


def _groups(by: str | Sequence[str]) -> tuple[str, ...]:
    names = (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        dimension(name)
        if name in FOUND:
            raise EvaluationError(f"Red flags cannot be broken down by {name}: their own {name} has that name.")
    return names


NOTHING_TO_JUDGE = "no figure to judge, or none to compare with"


def obstacle(rule: Rule, kpis: Mapping[str, Kpi], data: Dataset, by: Sequence[str] = ()) -> str | None:
    """Why a rule cannot be checked with this data; None where it can."""
    if unknown := [name for name in rule.kpis if name not in kpis]:
        return f"no such KPI: {', '.join(unknown)}"
    if missing := [column for name in rule.kpis for column in _missing(kpis[name], data)]:
        return f"the data lacks {', '.join(dict.fromkeys(missing))}"
    if not _with_benchmark(rule, kpis).condition.is_set:
        return "no limit is set"
    if rule.over == COHORT:
        return _cohort_obstacle(data, by)
    stuck = [name for name in _dims(rule, by) if not all(leads_to(kpis[each], data, name) for each in rule.kpis)]
    if stuck:
        return f"cannot be broken down by {', '.join(stuck)}"
    return "the order of the stages is not known" if rule.only and not half_of_stages(data, rule.only) else None


def _missing(kpi: Kpi, data: Dataset) -> list[str]:
    """What a KPI needs and the data does not have; a table that a slice could not divide as a whole."""
    gone = [measure.table.name for measure in kpi.measures() if measure.table.name not in data]
    return gone + [column for column in lacks(kpi, data) if column.split(".")[0] not in gone]


def _dims(rule: Rule, by: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*by, *([rule.over] if rule.over else [])]))


def _cohort_obstacle(data: Dataset, by: Sequence[str]) -> str | None:
    if by:
        return f"cannot be broken down by {', '.join(by)}"
    found = [lacking(data, columns) for columns in SOURCES["customers"]]
    return None if any(not columns for columns in found) else f"the data lacks {', '.join(found[0])}"


def _with_benchmark(rule: Rule, kpis: Mapping[str, Kpi]) -> Rule:
    """The rule with the limit that its KPI's benchmark gives it."""
    condition = rule.condition
    if not isinstance(condition, Level) or condition.benchmark is None:
        return rule
    kpi = kpis[rule.kpi]
    if kpi.benchmark is None:
        return rule
    low, high = (None if end is None else end * condition.benchmark for end in (kpi.benchmark.low, kpi.benchmark.high))
    bounds = {"higher": (low, None), "lower": (None, high), "band": (low, high), "none": (None, None)}[kpi.better]
    return replace(rule, condition=replace(condition, below=bounds[0], above=bounds[1]))


def _judged(
    rules: Iterable[Rule], kpis: Mapping[str, Kpi], data: Dataset, period: Period, by: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """The judged rows of each rule; rules over the same members are evaluated at once."""
    together: dict[Source, list[Rule]] = defaultdict(list)
    for rule in rules:
        within = [rule.within] if rule.within and all(leads_to(kpis[k], data, rule.within) for k in rule.kpis) else []
        together[source_of(rule, by, period, within)].append(_with_benchmark(rule, kpis))
    found = {}
    for source, several in together.items():
        needed = {name: kpis[name] for rule in several for name in rule.kpis}
        count = max(rule.condition.periods + ceil(rule.wait / period.days) for rule in several)
        frame = rows(source, list(needed.values()), data, period, count)
        frame = frame.with_columns(small=pl.col("small") | _rests_on_few(needed))
        for rule in several:
            chosen = frame.filter(pl.col("member").is_in(half_of_stages(data, rule.only))) if rule.only else frame
            found[rule.id] = judge(
                rule, chosen.drop_nulls([name for name in by if name in source.by]), list(source.by), last_day(data)
            )
    return found


def _rests_on_few(kpis: Mapping[str, Kpi]) -> pl.Expr:
    """Whether a rate or score without an interval of its own rests on few cases; single things have no n."""
    rates = [name for name, kpi in kpis.items() if kpi.unit in ("percent", "score")]
    return (pl.col("kpi").is_in(rates) & (pl.col("n") < SMALL)).fill_null(False)


def judge(rule: Rule, frame: pl.DataFrame, keys: list[str], last: date | None = None) -> pl.DataFrame:
    """One rule over tidy rows: the rows judged, with the figures that were tested and whether it `fires`.

    Args:
        rule: the rule.
        frame: its KPIs' rows, as `frames.rows` gives them.
        keys: the columns of their groups.
        last: the last day seen; a rule that waits judges the latest period that has had that time since it ended.
    """
    ripe = frame
    if rule.wait and last:
        ripe = frame.filter(pl.col("end") <= last + timedelta(days=1 - rule.wait))
    parts = [ripe.filter(pl.col("kpi") == name) for name in rule.kpis]
    if isinstance(rule.condition, Mismatch):
        return rule.condition.judge_both(parts[0], parts[1], keys)
    condition: Condition = rule.condition
    return condition.judge(parts[0], keys)


def _found(rule: Rule, judged: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The flags of one rule in the columns of all."""
    nothing = SIZE_OF_ZERO.get(rule.kind, 1.0)
    size = pl.when(pl.col("limit") == 0).then(nothing).otherwise(pl.col("limit").abs())
    beyond = (pl.col("measured") - pl.col("limit")).abs() / size
    own = set(judged.columns)
    fired = judged.filter(pl.col("fires")).with_columns(size=beyond / (1 + beyond))
    unsure = pl.when(pl.col("clear").not_()).then(0.5).otherwise(1.0)
    return fired.select(
        pl.lit(rule.id).alias("flag"),
        pl.lit(rule.severity, pl.Int64).alias("severity"),
        *((pl.col(name) if name in own else pl.lit(None, pl.String).alias(name)) for name in by),
        pl.lit(rule.over, pl.String).alias("over"),
        (pl.col(rule.within) if rule.within in own else pl.lit(None, pl.String)).alias("among"),
        "member",
        "period",
        pl.lit(rule.kpi).alias("kpi"),
        *(name for name in JUDGED if name != "fires"),
        pl.lit(rule.kpis[0] if isinstance(rule.condition, Mismatch) else None, pl.String).alias("beside"),
        *((pl.col(name) if name in own else pl.lit(None, kind).alias(name)) for name, kind in BESIDE.items()),
        "size",
        weight=rule.severity * (1 + pl.col("size")) * unsure,
    )


def _ranked(found: list[pl.DataFrame], by: Sequence[str], rules: Mapping[str, Rule]) -> pl.DataFrame:
    names = [name for name in FOUND if name not in ("rank", "text")]
    schema = {**{name: FOUND[name] for name in names}, **dict.fromkeys(by, pl.String)}
    frame = pl.concat([pl.DataFrame(schema=schema), *found], how="diagonal_relaxed")
    place = pl.col("weight").rank("ordinal", descending=True).over("flag", "small", *by)
    frame = frame.sort(*by, "member", nulls_last=True).with_columns(weight=pl.col("weight") / place.sqrt())
    order = pl.col("flag").replace_strict({name: place for place, name in enumerate(rules)}, return_dtype=pl.Int64)
    ordered = frame.with_columns(pl.col("small").fill_null(False), place=order)
    ordered = ordered.sort("small", -pl.col("weight").round(9), "place", *by, "member", nulls_last=True)
    return ordered.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)).drop("place")


def _told(frame: pl.DataFrame, rules: Mapping[str, Rule], kpis: Mapping[str, Kpi], by: Sequence[str]) -> pl.DataFrame:
    said = [flag_words(row, rules[row["flag"]], kpis, by=by) for row in frame.iter_rows(named=True)]
    order = list(FOUND)
    columns = [*order[:3], *(name for name in by), *(name for name in order[3:] if name not in by)]
    return frame.with_columns(pl.Series("text", said, pl.String)).select(columns)
