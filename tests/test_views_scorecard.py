"""The scorecard's sections: figures stand beside those of the others, and chance is not called better or worse."""

from __future__ import annotations

import pytest
from small import dataset

from kpitools.analyses.words.figures import CHANCE
from kpitools.kpis.conversion import win_rate
from kpitools.model.slice import Slice
from kpitools.pages.view import View
from kpitools.views import scorecard


def view(own: tuple[int, int], others: tuple[int, int]) -> View:
    """Won and lost deals of North, and of South beside it."""
    rows = [
        f"{rep}{outcome}{number} {rep} {outcome} 2026-08-01"
        for rep, counts in {"r1": own, "r2": others}.items()
        for outcome, count in zip(("won", "lost"), counts, strict=True)
        for number in range(count)
    ]
    deals = "\n".join(["deals: deal_id owner_rep_id status closed_at", *rows])
    data = dataset(f"{deals}\nreps: rep_id team\nr1 North\nr2 South")
    return View.of(data, Slice({"team": ("North",)}, "2026Q3"), compare="previous")


@pytest.mark.parametrize(
    ("own", "others", "status"),
    [
        ((60, 40), (30, 70), "better"),
        ((30, 70), (60, 40), "worse"),
        ((50, 50), (48, 52), CHANCE),
        ((2, 0), (48, 52), CHANCE),
    ],
)
def test_the_others_may_differ_by_chance(own, others, status):
    table, *_ = scorecard.headline("core")(view(own, others))
    (row,) = [row for row in table.rows if row["kpi"] == win_rate.label]
    value, _, said = row["peers"]
    assert (value, said) == (100 * others[0] / sum(others), status)
