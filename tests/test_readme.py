"""What the README shows is what happens."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kpitools.config import read_config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line[2:].split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]
QUICK = [command for command in COMMANDS if command.startswith(("kpitools check", "kpitools evaluate"))]


def test_the_transcript(monkeypatch):
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(README, {}, "README", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example)
    assert runner.tries > 3
    assert runner.failures == 0


@pytest.mark.parametrize("command", QUICK)
def test_a_command_works_as_written(command, tmp_path):
    quarantine = ["--out", str(tmp_path)] if "check" in command else []
    words = [sys.executable, "-m", *shlex.split(command), *quarantine]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_two_commands_are_targets():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {command.split()[1] for command in COMMANDS if command.startswith("make")} <= set(targets)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_link_leads_somewhere(link):
    assert (ROOT / link).exists()


def test_the_settings_are_read(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "kpitools.toml").write_text(text, encoding="utf-8")
    (tmp_path / "own_kpis.py").write_text((ROOT / "notebooks" / "own_kpis.py").read_text("utf-8"), encoding="utf-8")
    own = read_config(tmp_path / "kpitools.toml")
    assert own.kpis["win_rate"].benchmark.low == 28
    assert own.fiscal_start == 2
    assert "discount_rate" in own.kpis
