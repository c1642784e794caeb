"""A real JupyterLab on loopback, in scratch folders, for tests that drive it with a browser as a person would."""

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

from playwright.sync_api import Browser, Page, TimeoutError

from tests.browser import kept_local

SECONDS = 1000
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

# Every cell has its number, none a star: what was asked of the kernel is answered.
ALL_RAN = f"""() => ({KERNEL_READY})()
  && [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(
    one => /^\\[\\d+\\]:/.test(one.textContent))"""

# Outputs without height, and charts without a mark: those Lab draws, and those that answer, known by their button.
UNDRAWN = """() => {
  const charts = [...document.querySelectorAll('.jp-RenderedVegaCommon5')];
  const answering = document.querySelectorAll('button[type=button].jupyter-button + span[role=status]');
  const drawn = one => [...one.querySelectorAll('svg.marks')].some(
    svg => svg.getBoundingClientRect().height > 0 && svg.querySelector('.role-mark > *'));
  const flat = [...document.querySelectorAll('.jp-OutputArea-output')].filter(
    one => one.getBoundingClientRect().height === 0);
  return [...charts, ...[...answering].map(one => one.parentNode.parentNode)].filter(one => !drawn(one))
    .concat(flat).map(one => one.outerHTML.slice(0, 200));
}"""
ALL_DRAWN = f"() => ({UNDRAWN})().length === 0"

RECONNECTS = "Connection lost, reconnecting in"

# How the server takes it that a tab is closed while it still sends something to it.
LEFT = ("tornado.iostream.StreamClosedError", "tornado.websocket.WebSocketClosedError")

# What a cell, or a widget in one, says when something went wrong.
FAILED = (
    ".jp-RenderedText[data-mime-type='application/vnd.jupyter.error'], "
    ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr'], .jupyter-widgets-error-widget"
)


@dataclass(frozen=True)
class Lab:
    """Where the server answers, and what it wrote."""

    address: str
    token: str
    log: Path

    def notebook(self, name: str) -> str:
        return f"{self.address}/lab/tree/{name}?reset&token={self.token}"

    def complaints(self) -> list[str]:
        """What the server's log tells of errors: its lines, and what tracebacks end with."""
        lines = self.log.read_text().splitlines()
        after = (lines[place + 1 :] for place, line in enumerate(lines) if line.startswith("Traceback"))
        ends = [next((line for line in rest if line and not line.startswith(" ")), "") for rest in after]
        return [line for line in lines if line.startswith("[E ")] + [end for end in ends if not end.startswith(LEFT)]


@contextmanager
def jupyterlab(scratch: Path, root: Path) -> Iterator[Lab]:
    """JupyterLab over the notebooks in `root`, up when it answers, ended with its kernels."""
    port, token, log = free_port(), secrets.token_hex(8), scratch / "lab.log"
    with log.open("w") as written:
        server = subprocess.Popen(_command(port, token, root), env=environment(scratch), stdout=written,
                                  stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        try:
            lab = Lab(f"http://127.0.0.1:{port}", token, log)
            wait_for(server, lab.log, f"{lab.address}/api/status?token={lab.token}")
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


def environment(scratch: Path) -> dict[str, str]:
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


def wait_for(server: subprocess.Popen[bytes], log: Path, url: str) -> None:
    """Until the server answers."""
    until = time.monotonic() + SECONDS_TO_START
    while True:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                answer.read()
            return
        except OSError:
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def notebook(path: Path, *cells: str) -> None:
    """Write a notebook of these cells."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = [
        {"cell_type": "code", "id": f"cell-{number}", "metadata": {}, "execution_count": None, "outputs": [],
         "source": cell}
        for number, cell in enumerate(cells)
    ]  # fmt: skip
    path.write_text(json.dumps({"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}))


@contextmanager
def tab(browser: Browser, *, restarted: bool = False) -> Iterator[Page]:
    """A tab that may ask nobody but the server, and in which nothing may complain, not even JupyterLab: left alone it
    says nothing in the console, save that its line to a kernel was cut when that was `restarted`.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1600})
    context.set_default_timeout(60 * SECONDS)
    page, asked, wrong = context.new_page(), kept_local(context), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    yield page
    context.close()
    wrong = [one for one in wrong if not (restarted and one.startswith(RECONNECTS))]
    assert not asked + wrong, asked + wrong


def open_and_run(page: Page, lab: Lab, name: str) -> None:
    """Open a notebook and run all its cells from the menu, until all is drawn."""
    page.goto(lab.notebook(name))
    page.wait_for_function(KERNEL_READY)
    from_menu(page, "Run", "Run All Cells")
    all_drawn(page)


def from_menu(page: Page, menu: str, entry: str) -> None:
    """Choose an entry of the menu at the top."""
    page.get_by_role("menubar").get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def all_drawn(page: Page) -> None:
    """Until every cell has run and every chart is drawn; then that nothing failed."""
    page.wait_for_function(ALL_RAN, timeout=120 * SECONDS)
    failed = page.locator(FAILED).all_inner_texts()
    assert not failed, failed
    try:
        page.wait_for_function(ALL_DRAWN)
    except TimeoutError as error:
        raise AssertionError(page.evaluate(UNDRAWN)) from error


def end_kernel(page: Page) -> None:
    """End the kernel of the notebook in sight, so that those of many notebooks do not add up."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
