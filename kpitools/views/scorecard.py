"""The scorecard: a role's core figures, what they say, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kpitools.analyses import scorecard as analysis
from kpitools.analyses import words
from kpitools.analyses.flags.catalogue import RULES
from kpitools.analyses.flags.check import flags
from kpitools.analyses.flags.rules import with_limits
from kpitools.charts import kpi_trend
from kpitools.pages.view import COMPARISONS, View
from kpitools.tables import scorecard_table
from kpitools.views.behind import rows_of
from kpitools.views.flags import advice_table, flags_words
from kpitools.views.parts import sentences, with_peers

Section = Callable[[View], Iterable[Any]]


def headline(role: str = "core", kpis: Iterable[str] = ()) -> Section:
    """The core figures as a table: value, interval, comparison, peers, benchmark, trend.

    Args:
        role: a set of KPIs: a role, an industry, ...
        kpis: KPIs by name, instead of a set's.
    """

    def section(view: View) -> Iterable[Any]:
        card = _card(view, role, kpis)
        view.use(card.kpis)
        frame = with_peers(words.with_chance(card), card.kpis, view)
        first, second = sorted(COMPARISONS, key=lambda name: name != (view.compare or "previous"))
        compare = [first, "peers" if "peers" in frame.columns else second]
        compare += ["target"] if "target" in frame.columns else []
        caption = f"Core figures, {view.period.name}"
        yield scorecard_table(frame, card.kpis, compare=compare, trend=card.trend.frame, caption=caption)
        yield from sentences(words.within_words(card.kpis, view.slice.where) + words.missing_words(card.missing))

    return section


def findings(role: str = "core", kpis: Iterable[str] = ()) -> Section:
    """The core figures in words.

    Args:
        role: a set of KPIs: a role, an industry, ...
        kpis: KPIs by name, instead of a set's.
    """

    def section(view: View) -> Iterable[Any]:
        said = words.findings(_card(view, role, kpis))
        view.once("headline", lambda: said[0] if said else "")
        return sentences(said)

    return section


def trends(role: str = "core", kpis: Iterable[str] = ()) -> Section:
    """Each core figure over the last periods.

    Args:
        role: a set of KPIs: a role, an industry, ...
        kpis: KPIs by name, instead of a set's.
    """

    def section(view: View) -> Iterable[Any]:
        card = _card(view, role, kpis)
        return [kpi_trend(card.trend.of(kpi), kpi) for kpi in card.kpis]

    return section


def behind(role: str = "core", kpis: Iterable[str] = (), most: int = 10) -> Section:
    """The rows behind each core figure, shut until a reader opens them.

    Args:
        role: a set of KPIs: a role, an industry, ...
        kpis: KPIs by name, instead of a set's.
        most: rows of each table that are shown.
    """

    def section(view: View) -> Iterable[Any]:
        for kpi in _card(view, role, kpis).kpis:
            yield from rows_of(kpi, most)(view)

    return section


def red_flags(most: int = 8) -> Section:
    """What wants attention, the weightiest first, with likely causes and what usually helps.

    Args:
        most: red flags that are told.
    """

    def section(view: View) -> Iterable[Any]:
        own, rules = view.config.kpis, with_limits(RULES, view.config.flags)
        found = flags(view.data, period=view.period, as_of=view.as_of, rules=rules, catalogue=own)
        named = found.frame.head(most)["kpi"].unique(maintain_order=True)
        kpis = [own[name] for name in named if name in own]
        view.use(kpis)
        yield from sentences(flags_words(found, most=most) + words.within_words(kpis, view.slice.where))
        if found.frame.height:
            yield advice_table(found.frame.head(most), rules)

    return section


def _card(view: View, role: str, kpis: Iterable[str]) -> analysis.Scorecard:
    """The card of what the page was made for, or of another set where one is chosen on it."""
    if view.kpi_set not in ("", role):
        role, kpis = view.kpi_set, ()
    return view.once(
        f"scorecard {role} {kpis}",
        lambda: analysis.scorecard(
            view.data,
            period=view.period,
            role=role,
            kpis=tuple(kpis),
            as_of=view.as_of,
            catalogue=view.config.kpis,
            targets=view.config.targets,
        ),
    )
