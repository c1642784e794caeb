"""Rhythms of review: which pack of reports is due each day, week, month and quarter, and about which period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kpitools.config import Config
from kpitools.errors import UnknownNameError
from kpitools.model.calendar import Period, RegularCalendar
from kpitools.reports.templates import find_all


@dataclass(frozen=True)
class Rhythm:
    """How often a pack is due.

    Attributes:
        grain: the calendar's word for the period it is about.
        templates: its templates. The KPIs of its scorecard are the set of the rhythm's name in `kpitools.kpis.sets`.
    """

    grain: str
    templates: tuple[str, ...]


#: Today's trouble, the team's week, the month's trends, the quarter's course.
RHYTHMS: Mapping[str, Rhythm] = MappingProxyType({
    "daily": Rhythm("day", ("scorecard",)),
    "weekly": Rhythm("week", ("scorecard", "pipeline")),
    "monthly": Rhythm("month", ("scorecard", "funnel", "pipeline", "reps")),
    "quarterly": Rhythm("quarter", ("scorecard", "funnel", "pipeline", "reps", "retention")),
})  # fmt: skip


def rhythm(
    name: str,
    config: Config,
    today: date,
    *,
    templates: Iterable[str] = (),
    folder: Path | str | None = None,
) -> dict[str, Any]:
    """The pack that is due, as arguments of `make_reports`: period, by, templates, parameters, out.

    Args:
        name: one of `RHYTHMS`.
        config: the settings; what `[rhythms.weekly]` says goes before the defaults here.
        today: the day on which it is made. The pack is about the last period that was over when the day began.
        templates: templates to make instead of the pack's own.
        folder: where the templates lie, if not in the project's own folder.

    Raises:
        UnknownNameError: no such rhythm or template.

    >>> due = rhythm("weekly", Config(), date(2026, 9, 14))
    >>> str(due["period"]), due["templates"], due["parameters"], str(due["out"])
    ('2026-W37', ('scorecard', 'pipeline'), {'role': 'weekly'}, 'out/weekly')
    """
    if name not in RHYTHMS:
        raise UnknownNameError("rhythm", name, RHYTHMS)
    own = config.rhythms.get(name, {})
    chosen = tuple(templates or own.get("templates") or RHYTHMS[name].templates)
    known = {parameter for template in find_all(chosen, folder) for parameter in template.parameters}
    named = {parameter: own[parameter] for parameter in ("role", "kpis") if own.get(parameter)}
    return {
        "period": last_finished(RHYTHMS[name].grain, today, fiscal_start=config.fiscal_start),
        "by": own.get("by") or config.reports.get("by") or "team",
        "templates": chosen,
        "parameters": named or ({"role": name} if "role" in known else {}),
        "out": Path(own.get("out") or Path(config.reports.get("out") or "out") / name),
    }


def last_finished(grain: str, today: date, *, fiscal_start: int = 1) -> Period:
    """The last day, ISO week, month or quarter that was over when `today` began.

    >>> [str(last_finished(grain, date(2026, 10, 1))) for grain in ("day", "week", "month", "quarter")]
    ['2026-09-30', '2026-W39', '2026-09', '2026Q3']
    """
    calendar = RegularCalendar(grain, fiscal_start)
    return calendar.containing(calendar.containing(today).start - timedelta(days=1))
