"""The errors kpitools raises. Each says what was asked, what there is, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class KpitoolsError(Exception):
    """Root of every error that a user of kpitools can cause and mend."""


class UnknownNameError(KpitoolsError):
    """A name that nothing carries: a team, a KPI, a column, a template, a parameter.

    >>> raise UnknownNameError("team", "Nort", ["North", "South"])
    Traceback (most recent call last):
        ...
    kpitools.errors.UnknownNameError: There is no team 'Nort'. Did you mean 'North'? There are: North, South.
    """

    def __init__(self, what: str, asked: str, there_are: Iterable[str], *, hint: str = "") -> None:
        self.what, self.asked, self.there_are = what, asked, sorted(map(str, there_are))
        super().__init__(
            " ".join(filter(None, (f"There is no {what} {asked!r}.", self._nearest(), self._listed(), hint)))
        )

    def _nearest(self) -> str:
        lowered = {name.casefold(): name for name in self.there_are}
        near = get_close_matches(str(self.asked).casefold(), lowered, n=1, cutoff=0.6)
        return f"Did you mean {lowered[near[0]]!r}?" if near else ""

    def _listed(self) -> str:
        return f"There are: {shortened(self.there_are)}." if self.there_are else "There is none at all."


class DataError(KpitoolsError):
    """Input files that cannot be read as what they are said to be."""


class DeclarationError(KpitoolsError):
    """A measure or KPI that is declared wrongly; raised while its module is imported."""


class EvaluationError(KpitoolsError):
    """Something is asked of the data that it cannot answer."""


class ReportError(KpitoolsError):
    """A batch of reports that cannot be planned, or did not reconcile."""


def shortened(names: Sequence[str], most: int = 20) -> str:
    """The names in one line, cut after `most` with the number left out.

    >>> shortened(["a", "b", "c"], most=2)
    'a, b (and 1 more)'
    """
    more = f" (and {len(names) - most} more)" if len(names) > most else ""
    return ", ".join(names[:most]) + more
