"""What became of a batch, and of each of its reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kpitools.reports.plan import Job, Plan
from kpitools.reports.prove import Check
from kpitools.reports.run import Outcome
from kpitools.reports.summary import words


@dataclass(frozen=True)
class Report:
    """What became of one planned report; `job.member` says whom it is for.

    Attributes:
        reused: whether it stood already, with nothing changed that it follows from.
        reason: why it was made, or would be.
    """

    job: Job
    outcome: Outcome
    reused: bool = False
    reason: str = ""

    @property
    def status(self) -> str:
        """Whether it was made, reused, is empty (nothing happened in its slice), failed, or was left for later."""
        return "reused" if self.reused and self.outcome.status == "made" else self.outcome.status


@dataclass(frozen=True)
class Batch:
    """A finished batch: its reports in the plan's order, and the proof that the slices make up the whole."""

    plan: Plan
    out: Path
    reports: tuple[Report, ...]
    checks: tuple[Check, ...]
    seconds: float = 0.0

    @property
    def differences(self) -> tuple[Check, ...]:
        """The sums in which slices and whole disagree; none when all is well."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def ok(self) -> bool:
        """Whether no report failed and every sum agrees."""
        return not self.differences and all(report.status != "failed" for report in self.reports)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 where all is well, else 1."""
        return 0 if self.ok else 1

    @property
    def names(self) -> frozenset[str]:
        """The names of the data that tell its reports apart."""
        chosen = (value for values in self.plan.where.values() for value in values)
        return frozenset(filter(None, (*self.plan.members, *chosen)))

    def count(self, status: str) -> int:
        """How many reports were `made` or `reused`, are `empty`, have `failed` or were `left`."""
        return sum(report.status == status for report in self.reports)

    def summary(self) -> str:
        """What there is to say at the end: counts, failures with their reasons, differences with their figures."""
        return words(self)
