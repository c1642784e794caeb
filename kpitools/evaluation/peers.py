"""Each group beside all the others together, itself left out."""

from __future__ import annotations

import polars as pl

from kpitools.errors import EvaluationError
from kpitools.evaluation.compare import judged
from kpitools.evaluation.figures import Figures, worked_out
from kpitools.evaluation.leaves import Leaf, grows_with_size, leaves, value, with_inputs
from kpitools.evaluation.query import BY
from kpitools.evaluation.windows import Moment
from kpitools.evaluation.within import looks_beyond
from kpitools.kpis.kpi import Kpi
from kpitools.measures.anchors import PeriodDays
from kpitools.measures.measure import Measure
from kpitools.model.dataset import Dataset

#: So many rows are held while figures are counted without each of several groups: every row once for each.
MOST_ROWS = 20_000_000


def peers(
    frame: pl.DataFrame,
    kpis: tuple[Kpi, ...],
    wide: pl.DataFrame,
    data: Dataset,
    by: tuple[str, ...],
    moments: list[Moment],
) -> pl.DataFrame:
    """The frame with what the other groups make, from their rows, not their figures.

    What adds up is the total less the group's own; a median or a count of different ones is counted anew without it.
    A figure that grows with the size of a group (revenue, deals) is divided by the number of the others.

    Raises:
        EvaluationError: nothing to break down by.
    """
    if len(by) != 1:
        raise EvaluationError("Peers are the other groups of one dimension; give exactly one in by=.")
    (name,) = by
    simple = [kpi for kpi in kpis if adds_up(kpi)]
    others = [_less_own(wide, simple, name)] if simple else []
    hard = [kpi for kpi in kpis if kpi not in simple]
    groups = wide[BY + name].unique(maintain_order=True).to_list()
    beyond = [kpi for kpi in hard if looks_beyond(kpi, [name])]
    others += [_without(data, beyond, name, group, moments) for group in groups if beyond]
    if counted := [kpi for kpi in hard if kpi not in beyond]:
        others.append(_counted_anew(data, counted, name, groups, moments))
    keys = [name, "m", "kpi"]
    found = _each(pl.concat(others).select(*keys, "peers"), frame, kpis, keys)
    joined = frame.join(found, on=keys, how="left", nulls_equal=True, maintain_order="left")
    rows = [joined.filter(pl.col("kpi") == kpi.id).with_columns(judged("peers", pl.col("peers"), kpi)) for kpi in kpis]
    return pl.concat(rows)


def _each(found: pl.DataFrame, frame: pl.DataFrame, kpis: tuple[Kpi, ...], keys: list[str]) -> pl.DataFrame:
    """What grows with size, per other group that has a figure."""
    has = frame.select(*keys, has=pl.col("value").is_not_null())
    others = (pl.col("has").sum().over("m", "kpi") - pl.col("has").fill_null(False)).cast(pl.Float64)
    grows = pl.col("kpi").is_in([kpi.id for kpi in kpis if grows_with_size(kpi)])
    each = pl.when(grows).then(pl.col("peers") / others).otherwise("peers")
    joined = found.join(has, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return joined.select(*keys, pl.when(others > 0).then(each).alias("peers"))


def adds_up(kpi: Kpi) -> bool:
    """Whether the figure of the others is that of all less one's own.

    >>> from kpitools.kpis.catalogue import find
    >>> adds_up(find("win_rate")), adds_up(find("median_deal_size"))
    (True, False)
    """
    return all(_adds_up(leaf) for leaf in leaves(kpi))


def _adds_up(leaf: Leaf) -> bool:
    if isinstance(leaf.source, PeriodDays):
        return True
    return isinstance(leaf.source, Measure) and leaf.source.aggregate.statistic in ("count", "total", "mean")


def _less_own(wide: pl.DataFrame, kpis: list[Kpi], name: str) -> pl.DataFrame:
    """All groups' sums less one's own; of a mean, its sum and its n."""
    keys = {leaf.key: leaf for kpi in kpis for leaf in leaves(kpi)}
    rest = wide.with_columns(part for leaf in keys.values() for part in _rest(leaf))
    return _told(rest.rename({BY + name: name}), kpis, name)


def _rest(leaf: Leaf) -> list[pl.Expr]:
    here, n = pl.col(leaf.key), pl.col(f"{leaf.key}.n")
    if isinstance(leaf.source, PeriodDays):
        return []
    n_rest = n.sum().over("m") - n.fill_null(0)
    mean = isinstance(leaf.source, Measure) and leaf.source.aggregate.statistic == "mean"
    sums = here * n if mean else here
    rest = sums.sum().over("m") - sums.fill_null(0)
    known = (here.count().over("m") - here.is_not_null()) > 0
    value = rest / n_rest if mean else rest
    present = (n.count().over("m") - n.is_not_null()) > 0
    return [pl.when(known).then(value).alias(leaf.key), pl.when(present).then(n_rest).alias(f"{leaf.key}.n")]


def _counted_anew(
    data: Dataset, kpis: list[Kpi], name: str, groups: list[str | None], moments: list[Moment]
) -> pl.DataFrame:
    """The KPIs over the rows of every group but one, for each of them: for as many at once as memory holds."""
    tables = {measure.table.name for kpi in kpis for measure in kpi.measures()}
    rows = max(data[table].select(pl.len()).collect().item() for table in tables)
    at_once = max(1, MOST_ROWS // max(rows, 1))
    several = [groups[place : place + at_once] for place in range(0, max(len(groups), 1), at_once)]
    wide = pl.concat(_wide(Figures(data, (name,), some), kpis, moments) for some in several)
    return _told(wide.rename({BY + name: name}), kpis, name)


def _without(data: Dataset, kpis: list[Kpi], name: str, group: str | None, moments: list[Moment]) -> pl.DataFrame:
    """The KPIs over every group but one, where a row's figure rests on the rows of others: as if it were not there."""
    members: list[str | None] = [*data.members(name), None]
    rest = data.where({name: [member for member in members if member != group]}).settled()
    wide = _wide(Figures(rest, ()), kpis, moments)
    return _told(wide.with_columns(pl.lit(group, pl.String).alias(name)), kpis, name)


def _wide(figures: Figures, kpis: list[Kpi], moments: list[Moment]) -> pl.DataFrame:
    needed = [leaf for kpi in kpis for leaf in leaves(kpi)]
    figures.ask(needed, moments)
    figures.collect()
    return figures.wide(needed, moments)


def _told(wide: pl.DataFrame, kpis: list[Kpi], name: str) -> pl.DataFrame:
    rows = wide.lazy()
    keys = [name, "m"]
    found = [
        with_inputs(rows, kpi).select(*keys, pl.lit(kpi.id).alias("kpi"), value(kpi).alias("peers")) for kpi in kpis
    ]
    return worked_out(pl.concat(found))
