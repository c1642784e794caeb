"""The scorecard: a role's core figures, what they say, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from kpitools.analyses import scorecard as analysis
from kpitools.analyses import words
from kpitools.analyses.flags.catalogue import RULES
from kpitools.analyses.flags.check import flags
from kpitools.analyses.flags.rules import with_limits
from kpitools.analyses.words.plain import listed
from kpitools.charts import kpi_trend
from kpitools.evaluation.effort import least_work
from kpitools.kpis.kpi import Kpi
from kpitools.pages.section import InTwoGoes, Section
from kpitools.pages.view import COMPARISONS, View
from kpitools.tables import scorecard_table
from kpitools.views.behind import rows_of
from kpitools.views.flags import advice_table, flags_words
from kpitools.views.parts import one_member, sentences, with_peers

#: So much work a live page does before it shows the first figures of a set; about a tenth of a second.
MOST_ROWS = 3_500_000
#: What stands beside a figure of the others.
PEERS = ("peers", "peers_difference", "peers_status")


def headline(role: str = "core", kpis: Iterable[str] = ()) -> Section:
    """The core figures as a table: value, interval, comparison, peers, benchmark, trend.

    Args:
        role: a set of KPIs: a role, an industry, ...
        kpis: KPIs by name, instead of a set's.
    """

    def whole(view: View) -> Iterable[Any]:
        card = _card(view, role, kpis)
        view.use(card.kpis)
        yield _table(view, card, with_peers(words.with_chance(card), card.kpis, view), card.kpis)
        yield from sentences(words.within_words(card.kpis, view.slice.where) + words.missing_words(card.missing))

    def soon(view: View) -> Iterable[Any]:
        quick, left = _in_goes(view, role, kpis)
        card = _card_of(view, quick)
        frame = words.with_chance(card)
        if one_member(view):  # the others follow; no column moves for them
            frame = frame.with_columns(pl.lit(None).alias(name) for name in PEERS)
        yield _table(view, card, frame, _asked(view, role, kpis)[0])
        if left:
            yield from sentences([f"Being worked out: {listed([kpi.label for kpi in left], most=len(left))}."])

    return InTwoGoes(whole, soon)


def _table(view: View, card: analysis.Scorecard, frame: pl.DataFrame, kpis: Sequence[Kpi]) -> Any:
    first, second = sorted(COMPARISONS, key=lambda name: name != (view.compare or "previous"))
    compare = [first, "peers" if "peers" in frame.columns else second]
    compare += ["target"] if "target" in frame.columns else []
    caption = f"Core figures, {view.period.name}"
    return scorecard_table(frame, kpis, compare=compare, trend=card.trend.frame, caption=caption)


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
    first, later = _in_goes(view, role, kpis)
    found = _card_of(view, first)
    if later:
        found = analysis.joined(found, _card_of(view, later), _asked(view, role, kpis)[0])
    return replace(found, missing=_asked(view, role, kpis)[1])


def _in_goes(view: View, role: str, kpis: Iterable[str]) -> tuple[tuple[Kpi, ...], tuple[Kpi, ...]]:
    """The KPIs that are quickly told, and the others; a page that nobody waits for has them all in one go."""
    shown, _ = _asked(view, role, kpis)
    if view.memory is None:
        return shown, ()
    first = least_work(shown, view.memory.rows, MOST_ROWS)
    return tuple(first), tuple(kpi for kpi in shown if kpi not in first)


def _asked(view: View, role: str, kpis: Iterable[str]) -> tuple[tuple[Kpi, ...], dict[str, tuple[str, ...]]]:
    """The KPIs shown, and what the data lacks for the others."""
    if view.kpi_set not in ("", role):
        role, kpis = view.kpi_set, ()
    return view.once(
        f"scorecard {role} {kpis}",
        lambda: analysis.can_be_shown(view.data, role, tuple(kpis), view.config.kpis),
    )


def _card_of(view: View, kpis: tuple[Kpi, ...]) -> analysis.Scorecard:
    return view.once(
        f"figures of {[kpi.id for kpi in kpis]}",
        lambda: analysis.scorecard(
            view.data, period=view.period, kpis=kpis, as_of=view.as_of, targets=view.config.targets
        ),
    )
