"""Reps side by side: a figure with its uncertainty, and what they do."""

from __future__ import annotations

import altair as alt
import polars as pl

from kpitools.charts import data, marks, style
from kpitools.errors import UnknownNameError
from kpitools.formats import NOTHING, ShownKpi, axis_title, heading

WHO = ("rep", "team", "group")


def rep_leaderboard(frame: pl.DataFrame, kpi_label: str, unit: str, *, better: str = "higher") -> style.Chart:
    """One KPI of each rep with its interval, best first, against its peers.

    Args:
        frame: One row per rep: `rep`, `value`, `lower`, `upper`, `n` (cases), `small`, `peers` (the peers
            together), and `attainment` (percent of quota) or `top_quarter` (chance in percent) where there is one.
        kpi_label: What the value is, in words.
        unit: The unit of value, interval and peers.
        better: "higher" puts the greatest value first, "lower" the least.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A rep has several rows.
    """
    data.need(frame, "peers")
    return _board(frame, kpi_label, unit, better=better, who="rep")


def kpi_by_member(frame: pl.DataFrame, kpi: ShownKpi, *, by: str, better: str = "higher") -> style.Chart:
    """One KPI of each team, segment or other member of a dimension with its interval, best first.

    Args:
        frame: Rows of one KPI and period from `Result.frame`: the column of the dimension, `value`, `lower`, `upper`,
            `n`, `small`; `peers` where there are any.
        kpi: What is shown: its label and unit.
        by: The dimension.
        better: "higher" puts the greatest value first, "lower" the least.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A member has several rows.
    """
    data.need(frame, by)
    peers = data.column(frame, "peers")
    rows = frame.rename({by: "rep"}).with_columns(peers.alias("peers"))
    return _board(rows, kpi.label, kpi.unit, better=better, who=by.replace("_", " "))


def _board(frame: pl.DataFrame, kpi_label: str, unit: str, *, better: str, who: str) -> style.Chart:
    data.need(frame, "rep", "value", "lower", "upper", "n", "small")
    data.one_row_each(frame, "rep")
    title = f"{kpi_label} by {who}"
    rows = _reps(frame.sort("value", descending=better != "lower", nulls_last=True, maintain_order=True), unit)
    if not data.has_figures(rows, "value"):
        return style.no_data(title)
    parts = [f"{r}: {v}, {label}." for r, v, label in rows.select("rep", "value_text", "label").rows()]
    texts = {"title": title, "notes": _notes(rows, who), "description": data.sentences(f"Dot chart. {title}.", parts)}
    layers = _dots(rows, axis_title(kpi_label, unit), unit, who)
    return style.fitted(alt.layer(*layers, data=data.inline(rows)), height=26 * rows.height, **texts)


def _reps(frame: pl.DataFrame, unit: str) -> pl.DataFrame:
    value, lower, upper, peers = (data.floats(frame[name]) for name in ("value", "lower", "upper", "peers"))
    quota = data.texts(data.floats(data.column(frame, "attainment")), "percent")
    chance = data.texts(data.floats(data.column(frame, "top_quarter")), "percent")
    cases = data.texts(frame["n"], "count")
    rows = pl.DataFrame(
        {
            "rep": data.names(frame["rep"]),
            **{"value": value, "lower": lower, "upper": upper, "peers": peers},
            "small": data.flags(frame["small"], default=False),
            "value_text": data.texts(value, unit),
            "interval_text": data.intervals(lower, upper, unit),
            "peers_text": data.texts(peers, unit),
            "n_text": cases,
            "quota_text": quota,
            "chance_text": chance,
            "label": [_label(frame, *texts) for texts in zip(cases, quota, chance, strict=True)],
        }
    )
    return data.named(rows, "rep", "value_text", "label")


def _label(frame: pl.DataFrame, cases: str, quota: str, chance: str) -> str:
    if "top_quarter" in frame.columns:
        return f"n {cases} · top quarter {chance}" if chance != NOTHING else f"n {cases}"
    return f"n {cases} · {quota} of quota" if "attainment" in frame.columns else f"n {cases}"


def _dots(rows: pl.DataFrame, title: str, unit: str, who: str) -> list[alt.Chart]:
    y = alt.Y("rep:N", title=None, sort=data.distinct(rows["rep"]), axis=style.name_axis())
    axis, scale = style.value_axis(unit, tickCount=5), alt.Scale(zero=unit != "percent", nice=True)
    x = {
        name: alt.X(name, type="quantitative", title=title, axis=axis, scale=scale)
        for name in ("value", "lower", "peers")
    }
    hover, picked = style.hovered(), style.picked("rep")
    size = alt.condition(hover, alt.value(260), alt.value(100), empty=False)
    hollow = alt.condition("datum.small", alt.value(0), alt.value(1))
    peers = alt.Chart().mark_tick(aria=False, thickness=2, size=18, opacity=0.8).encode(x=x["peers"], y=y)
    dot = alt.Chart(name="dots").mark_point(fill=style.MAIN, stroke=style.MAIN, strokeWidth=2, cursor="pointer")
    dot = dot.encode(
        x=x["value"],
        y=y,
        size=size,
        fillOpacity=hollow,
        opacity=style.dimmed(picked),
        tooltip=_tooltips(rows, unit, who),
        description=alt.Description("said:N"),
    )
    ticks = [peers] if data.has_figures(rows, "peers") else []
    return [marks.interval(x["lower"], y, picked), *ticks, dot.add_params(hover, picked), marks.at_the_end(y)]


def _tooltips(rows: pl.DataFrame, unit: str, who: str) -> list[alt.Tooltip]:
    titles = {"value_text": "Value", "interval_text": "95 % interval", "peers_text": "Peers together"}
    lines = {"rep": who.capitalize(), **{name: heading(title, unit) for name, title in titles.items()}}
    more = {"quota_text": "Of quota", "chance_text": "Chance of the top quarter"}
    known = {name: label for name, label in more.items() if (rows[name] != NOTHING).any()}
    return data.tooltips(**lines, n_text="Cases", **known)


def _notes(rows: pl.DataFrame, who: str) -> list[str]:
    return [
        f"Bar: 95 % interval; {who}s whose bars overlap widely may not differ."
        if data.has_figures(rows, "lower")
        else "",
        "Upright tick: the peers together." if data.has_figures(rows, "peers") else "",
        "Hollow: small sample." if rows["small"].any() else "",
        "n: cases.",
        style.CLICK.format(who),
    ]


def activity_mix(frame: pl.DataFrame) -> style.Chart:
    """What each rep or team spends its activities on.

    Args:
        frame: One row per group and kind: `rep`, `team` or `group`, then `kind`, `count` (activities), `share`
            (percent of the group's activities). Kinds past the fifth most frequent are drawn as "other kinds".

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A group has several rows for a kind.
    """
    who = next((name for name in WHO if name in frame.columns), None)
    if who is None:
        raise UnknownNameError("column", "rep", frame.columns, hint="This chart needs one of: rep, team, group.")
    data.need(frame, "kind", "count", "share")
    data.one_row_each(frame, who, "kind")
    title = f"Activity mix by {who}"
    if not data.has_figures(frame, "share"):
        return style.no_data(title)
    rows = _mix(frame, who)
    parts = [
        f"{g}: {k} {s}."
        for g, k, s in rows.unique("row", keep="first", maintain_order=True).select("row", "kind", "share_text").rows()
    ]
    texts = {
        "title": title,
        "notes": ["Click a kind to bring it forward. n: activities."],
        "description": data.sentences(f"Stacked bar chart. {title}. The largest part of each:", parts),
    }
    return style.fitted(alt.layer(*_stack(rows)), height=26 * rows["row"].n_unique(), **texts)


def _mix(frame: pl.DataFrame, who: str) -> pl.DataFrame:
    rows = pl.DataFrame(
        {
            "row": data.names(frame[who]),
            "kind": data.names(frame["kind"]),
            "count": frame["count"].cast(pl.Int64),
            "share": data.floats(frame["share"]),
        }
    )
    rows = rows.with_columns(kind=_lumped(rows)).group_by("row", "kind").agg(pl.col("count", "share").sum())
    rows = rows.sort("row", "count", "kind", descending=[False, True, False])
    rows = rows.with_columns(
        pl.Series("count_text", data.texts(rows["count"], "count")),
        pl.Series("share_text", data.texts(rows["share"], "percent")),
    )
    return data.named(rows, "row", "kind", "share_text")


def _kinds(rows: pl.DataFrame) -> list[str]:
    totals = rows.group_by("kind").agg(pl.col("count").sum()).sort("count", "kind", descending=[True, False])
    return totals["kind"].to_list()


def _lumped(rows: pl.DataFrame) -> pl.Expr:
    kinds, most = _kinds(rows), len(style.COLOURS)
    rare = kinds[most - 1 :] if len(kinds) > most else []
    return pl.when(pl.col("kind").is_in(rare)).then(pl.lit("other kinds")).otherwise("kind")


def _stack(rows: pl.DataFrame) -> list[alt.Chart]:
    kinds = sorted(_kinds(rows), key=lambda kind: kind == "other kinds")
    place = pl.Series("place", [kinds.index(kind) for kind in rows["kind"]])
    totals = rows.group_by("row", maintain_order=True).agg(pl.col("count").sum())
    labels = pl.Series("label", [f"n {text}" for text in data.texts(totals["count"], "count")])
    chosen, scale = style.chosen("kind"), alt.Scale(domain=[0, 100])
    y = alt.Y("row:N", title=None, sort=data.distinct(rows["row"]), axis=style.name_axis())
    chart = alt.Chart(data.inline(rows.with_columns(place)), name="mix").mark_bar().add_params(chosen)
    bars = chart.encode(
        x=alt.X("share:Q", title="Share of activities (%)", scale=scale, axis=style.value_axis("percent")),
        y=y,
        color=alt.Color("kind:N", title=None, scale=style.colour_scale(kinds), legend=style.legend()),
        order=alt.Order("place:Q"),
        opacity=alt.condition(chosen, alt.value(1), alt.value(0.2)),
        tooltip=data.tooltips(row="Who", kind="Kind", count_text="Activities", share_text="Share"),
        description=alt.Description("said:N"),
    )
    beside = marks.at_the_end(y, alt.Text("label:N", title="Activities"))
    return [bars, beside.properties(data=data.inline(totals.with_columns(labels)))]
