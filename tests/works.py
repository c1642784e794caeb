"""Work for worker processes, in a module that is quickly imported."""

from __future__ import annotations

import os
import signal
import time

from kpitools.reports.run import Outcome, Task


def hang_once(task: Task) -> Outcome:
    """Does not come back the first time."""
    mark = task.out / "hung"
    if not mark.exists():
        mark.touch()
        time.sleep(1000)
    return Outcome("made")


def note(task: Task) -> Outcome:
    """Is done at once."""
    return Outcome("made")


def die(task: Task) -> Outcome:
    """Ends the process that it is done in."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome("made")


def refuse(task: Task) -> Outcome:
    """Raises what no report raises."""
    raise OSError("no room")
