"""How papermill is told to run a report's notebook: on a kernel of ours, the notebook kept whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb

from kpitools.reports.kernels.forked import CAN_FORK
from kpitools.reports.kernels.manager import Private

ENGINE = "kpitools"


class OwnKernel(NBClientEngine):
    """Papermill's own engine on a kernel that is handed to it; also writes the notebook when the kernel itself dies."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel: Private,
        kept: Path,
        folder: Path | None = None,
        start_timeout: float = 60,
        **_: Any,
    ) -> Any:
        """Run the notebook; what was reached is on disk even where this raises.

        Args:
            nb_man: papermill's notebook and its state.
            kernel_name: the kernel asked for; the one handed over is taken.
            kernel: runs the cells.
            kept: where the notebook is written if the kernel dies.
            folder: the kernel's folder; the current one where left out.
            start_timeout: seconds that the kernel may take to answer.
        """
        client = PapermillNotebookClient(
            nb_man, km=kernel, shutdown_kernel="immediate", startup_timeout=start_timeout, log=SILENT
        )
        try:
            return client.execute(cleanup_kc=True, **({"cwd": str(folder)} if folder else {}))
        except BaseException:
            write_ipynb(nb_man.nb, str(kept))
            raise


def kernel_options(
    folder: Path, *, threads: int, kernel: str = "stock", started: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """What papermill is told about the kernel.

    Args:
        folder: a private folder for its sockets.
        threads: how many threads a query may use.
        kernel: `fork`, where this system can, or `stock`.
        started: is told the kernel's process.
    """
    forked = kernel == "fork" and CAN_FORK
    private = Private(folder, forked=forked, threads=threads, started=started)
    return {"engine_name": ENGINE, "kernel_name": "python3", "kernel": private}


papermill_engines.register(ENGINE, OwnKernel)
SILENT = logging.getLogger("papermill")
SILENT.addHandler(logging.NullHandler())  # what went wrong is in the outcome
