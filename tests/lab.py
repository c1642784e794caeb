"""A real JupyterLab on loopback, in scratch folders, for tests that drive it with a browser."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
SECONDS_TO_START = 90

# "Idle" is shown before a kernel exists; running all cells in that gap asks for a kernel and runs nothing.
KERNEL_READY = """() => {
  const widget = window.jupyterapp?.shell?.currentWidget;
  const kernel = widget?.sessionContext?.session?.kernel;
  return !!kernel && widget.context.isReady && widget.sessionContext.isReady
    && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


@dataclass(frozen=True)
class Lab:
    """Where the server answers, and what it wrote."""

    address: str
    token: str
    log: Path

    def notebook(self, name: str) -> str:
        return f"{self.address}/lab/tree/{name}?reset&token={self.token}"


@contextmanager
def jupyterlab(scratch: Path, root: Path) -> Iterator[Lab]:
    """JupyterLab over the notebooks in `root`, up when it answers, ended with its kernels."""
    port, token, log = _free_port(), secrets.token_hex(8), scratch / "lab.log"
    with log.open("w") as written:
        server = subprocess.Popen(_command(port, token, root), env=_environment(scratch), stdout=written,
                                  stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, log)
            _wait(server, lab)
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _command(port: int, token: str, root: Path) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip


def _environment(scratch: Path) -> dict[str, str]:
    """Every folder that Jupyter would take from the home directory, in the scratch folder."""
    names = {
        "HOME": "home", "IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }  # fmt: skip
    for name in names.values():
        (scratch / name).mkdir(parents=True, exist_ok=True)
    for name, body in SETTINGS.items():
        file = scratch / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(body))
    return dict(os.environ, PYTHONUNBUFFERED="1", **{name: str(scratch / folder) for name, folder in names.items()})


def _wait(server: subprocess.Popen[bytes], lab: Lab) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        assert server.poll() is None, lab.log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(f"{lab.address}/api/status?token={lab.token}", timeout=2) as answer:
                answer.read()
            return
        except OSError:
            assert time.monotonic() < until, lab.log.read_text()[-2000:]
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
