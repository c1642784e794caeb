"""How a report's notebook is run: this very Python, private sockets, the notebook kept whatever happens."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb
from traitlets import Int
from traitlets.config import Config

ENGINE = "kpitools"
#: A kernel that skips one import (`rfc3987_syntax`, which no report needs) that takes a second beside JupyterLab.
LAUNCH = (
    "import runpy, sys; sys.modules.setdefault('rfc3987_syntax', None); "
    "runpy.run_module('ipykernel_launcher', run_name='__main__', alter_sys=True)"
)
#: Longest path of a Unix socket that every system takes, less what jupyter_client appends.
LONGEST_SOCKET = 90


class PrivateKernel(AsyncKernelManager):
    """A kernel of the Python that runs the batch, whichever kernels are installed."""

    threads = Int(1, help="how many threads a query may use").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, "-c", LAUNCH, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env={"POLARS_MAX_THREADS": str(self.threads)},
        )


class KeepingEngine(NBClientEngine):
    """Papermill's own engine, that also writes the notebook when the kernel itself dies."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        """Run the notebook; what was reached is on disk even where this raises."""
        kept = options.pop("kept")
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        except BaseException:
            write_ipynb(nb_man.nb, str(kept))
            raise


def kernel_options(folder: Path, *, threads: int) -> dict[str, Any]:
    """What papermill is told about the kernel: sockets in a private folder instead of open ports, where possible."""
    connection = folder / "kernel.json"
    settings: dict[str, Any] = {"connection_file": str(connection)}
    if os.name == "posix" and len(str(connection)) < LONGEST_SOCKET:
        settings["transport"] = "ipc"
    return {
        "engine_name": ENGINE,
        "kernel_name": "python3",
        "kernel_manager_class": PrivateKernel,
        "config": Config(KernelManager=settings, PrivateKernel={"threads": threads}),
        "shutdown_kernel": "immediate",
    }


papermill_engines.register(ENGINE, KeepingEngine)
logging.getLogger("papermill").addHandler(logging.NullHandler())  # what went wrong is in the outcome
