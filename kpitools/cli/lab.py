"""`kpitools lab`."""

from __future__ import annotations

import importlib.util
import os
import socket
from pathlib import Path

import click

from kpitools.errors import KpitoolsError

HOST = "127.0.0.1"
FIRST_PORT = 8888
#: Settings that hold unless the user has others: nothing is asked of the network, for news or for updates.
_QUIET = Path(__file__).parent / "jupyter"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False), default=".")
@click.option("--port", type=click.IntRange(1, 65535),
              help=f"The port on this machine.  [default: {FIRST_PORT}, or the next that is free]")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Open no browser; the address is printed.")
def lab(folder: str, port: int | None, no_browser: bool) -> None:
    """Start JupyterLab on a folder of your own; it answers on this machine only.

    Where the folder has no notebooks yet, fresh copies are made that read the data named in its kpitools.toml; where
    it has no kpitools.toml either, it is made ready with the sample company, as `kpitools init` does.

    \b
    kpitools lab mysales
    kpitools lab --port 9000 --no-browser
    """
    from kpitools.reports.own_folder import make_ready

    place = Path(folder)
    _check(port)
    if made := make_ready(place):
        click.echo(made)
    _start(place.resolve(), port, no_browser)


def _check(port: int | None) -> None:
    """Say what would keep JupyterLab from starting, before anything is made."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise KpitoolsError("JupyterLab is not installed here. Install it: pip install jupyterlab")
    if port is not None and not _is_free(port):
        raise KpitoolsError(f"Port {port} is taken. Name another with --port, or leave it out: a free one is found.")


def _is_free(port: int) -> bool:
    with socket.socket() as asked:
        if os.name == "posix":
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((HOST, port))
        except OSError:
            return False
    return True


def _start(place: Path, port: int | None, no_browser: bool) -> None:
    paths = [str(_QUIET), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    from jupyterlab.labapp import LabApp

    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={place}", f"--ServerApp.ip={HOST}", f"--ServerApp.port={port or FIRST_PORT}",
            f"--ServerApp.port_retries={0 if port else 50}", "--ServerApp.allow_root=True",
            f"--LabApp.default_url={_first(place)}", "--LabApp.news_url=None",
            "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            *(["--no-browser"] if no_browser else []),
        ]
    )  # fmt: skip


def _first(place: Path) -> str:
    """What is opened first."""
    start = "notebooks/start_here.ipynb"
    return f"/lab/tree/{start}" if (place / start).is_file() else "/lab"
