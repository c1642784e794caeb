"""Claims of the trade, each beside what the data says: the claim, a table of the figures, the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable

from kpitools.analyses.claims import CLAIMS, examine
from kpitools.analyses.words import claim_words
from kpitools.formats import heading
from kpitools.model.dataset import Dataset
from kpitools.tables import Column, Table


def verdicts(data: Dataset, claims: Iterable[str] = CLAIMS) -> Table:
    """All claims with their verdicts, one row each.

    Args:
        data: the dataset that they are held against.
        claims: names of claims, as in `analyses.claims.CLAIMS`.

    Raises:
        UnknownNameError: a claim that there is not.
    """
    rows = []
    for name in claims:
        found = examine(name, data)
        rows.append({"claim": found.claim, "verdict": found.verdict, "words": claim_words(found)})
    columns = [Column("claim", "What is said"), Column("verdict", "Verdict"), Column("words", "What the data says")]
    return Table("Claims on this data", columns, rows, "Association only: that two go together does not say why.")


def claim(name: str, data: Dataset) -> Table:
    """One claim with the figures of each group.

    Args:
        name: of the claim, as in `analyses.claims.CLAIMS`.
        data: the dataset that it is held against.

    Raises:
        UnknownNameError: a claim that there is not.
    """
    found = examine(name, data)
    rows = [
        {"group": row["group"], "value": row["value"], "interval": [row["lower"], row["upper"]], "n": row["n"]}
        for row in found.groups.iter_rows(named=True)
    ]
    columns = [
        Column("group", "Group"),
        Column("value", heading("Figure", found.unit), "number", found.unit),
        Column("interval", heading("95 % interval", found.unit), "interval", found.unit),
        Column("n", "Cases", "number", "count"),
    ]
    return Table(f"{found.claim} {claim_words(found)}", columns, rows, f"Compared: {found.compared}.")
