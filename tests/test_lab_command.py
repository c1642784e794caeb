"""`kpitools lab`: JupyterLab started for real on loopback, asked for its notebooks, and ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kpitools.cli import main
from kpitools.errors import DataError
from kpitools.reports.own_folder import make_folder, make_ready
from tests.lab import free_port, wait_for

HOMES = ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
         "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
DEALS = "deal_id,status,closed_at\nD1,Won,2026-03-01\nD2,Lost,2026-03-02\n"


@dataclass(frozen=True)
class Running:
    """A JupyterLab that answers, as it describes itself."""

    address: str
    token: str
    root: str
    log: Path

    def ask(self, path: str, *, token: bool = True) -> Any:
        secret = {"Authorization": f"token {self.token}"} if token else {}
        with urllib.request.urlopen(urllib.request.Request(self.address + path, headers=secret), timeout=20) as answer:
            return json.loads(answer.read())


def own_files(folder: Path) -> Path:
    folder.mkdir()
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    return folder


@contextmanager
def started(scratch: Path, *words: str, cwd: Path) -> Iterator[Running]:
    homes = {name: str(scratch / name.lower()) for name in HOMES}
    log = scratch / "lab.log"
    with log.open("w") as written:
        server = subprocess.Popen([sys.executable, "-m", "kpitools", "lab", "--no-browser", *words], cwd=cwd,
                                  env={**os.environ, **homes}, stdout=written, stderr=subprocess.STDOUT)  # fmt: skip
        try:
            yield _answering(server, Path(homes["JUPYTER_RUNTIME_DIR"]), log)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def _answering(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> Running:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()[-2000:]
        for file in runtime.glob("jpserver-*.json"):
            said = json.loads(file.read_text() or "{}")
            if said:  # which it says before it listens
                wait_for(server, log, f"{said['url']}api/status?token={said['token']}")
                return Running(said["url"], said["token"], said["root_dir"], log)
        time.sleep(0.1)
    raise AssertionError(log.read_text()[-2000:])


def test_it_serves_the_users_folder_on_loopback_to_whoever_has_the_token(tmp_path):
    mine, port = tmp_path / "mine", free_port()
    make_folder(mine, files=own_files(tmp_path / "exports"))
    with started(tmp_path, str(mine), "--port", str(port), cwd=tmp_path) as lab:
        assert lab.address == f"http://127.0.0.1:{port}/"
        assert Path(lab.root) == mine
        there = {entry["name"] for entry in lab.ask("api/contents/notebooks")["content"]}
        assert {"start_here.ipynb", "write_your_own_kpi.ipynb", "own_kpis.py"} <= there
        cells = lab.ask("api/contents/notebooks/start_here.ipynb")["content"]["cells"]
        assert any('"../data/mapping.toml"' in cell["source"] for cell in cells)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            lab.ask("api/contents/notebooks", token=False)
        schema = lab.ask("lab/api/settings/@jupyterlab/apputils-extension:notification")["schema"]["properties"]
        assert (schema["fetchNews"]["default"], schema["checkForUpdates"]["default"]) == ("false", False)
        assert f"127.0.0.1:{port}/lab/tree/notebooks/start_here.ipynb" in lab.log.read_text()
    with socket.socket() as asked:
        assert asked.connect_ex(("127.0.0.1", port)) != 0


def test_a_folder_with_settings_and_no_notebooks_gets_copies_that_read_its_data(tmp_path):
    own_files(tmp_path / "exports")
    (tmp_path / "kpitools.toml").write_text('data = "exports"\n', encoding="utf-8")
    (tmp_path / "exports" / "deals.csv").write_text(DEALS.lower(), encoding="utf-8")
    assert make_ready(tmp_path) == f"Copies of the notebooks were made in {tmp_path / 'notebooks'}."
    source = (tmp_path / "notebooks" / "start_here.ipynb").read_text("utf-8")
    assert '\\"../exports\\"' in source
    assert '\\"2026Q1\\"' in source
    assert not (tmp_path / "templates").exists()


def test_an_empty_folder_is_made_ready_with_the_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_ready(Path())
    assert (tmp_path / "data" / "sample" / "accounts.csv").is_file()
    assert '\\"../data/sample\\"' in (tmp_path / "notebooks" / "start_here.ipynb").read_text("utf-8")


def test_notebooks_that_are_there_are_left_alone(tmp_path):
    (tmp_path / "notebooks").mkdir()
    assert make_ready(tmp_path) == ""
    assert [path.name for path in tmp_path.rglob("*")] == ["notebooks"]


def test_settings_that_name_no_data_are_told_so(tmp_path):
    (tmp_path / "kpitools.toml").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="names no data"):
        make_ready(tmp_path)


@pytest.fixture
def refused(monkeypatch, capsys, tmp_path):
    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["kpitools", "lab", str(tmp_path / "mine"), *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert not (tmp_path / "mine").exists()
        return capsys.readouterr().err

    return run


def test_a_port_that_is_taken_is_said_before_anything_is_made(refused):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} is taken" in refused("--port", str(port))


def test_without_jupyterlab_it_says_how_to_get_it(tmp_path):
    ask = "import sys; sys.modules['jupyterlab'] = None; from kpitools.cli import main; main()"
    words = [sys.executable, "-c", ask, "lab", "mine"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "pip install jupyterlab" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []
