"""What the README says to type is typed."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Typed, in_bash, words_of

pytestmark = pytest.mark.once

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


COMMANDS = [line.partition("  #")[0].strip() for block in blocks(README, "bash") for line in block.splitlines()]
SIM_COMMANDS = [line for line in COMMANDS if line.startswith("sim ")]
NO_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def small(words: list[str]) -> list[str]:
    """The words of a run, made one of few draws, and of no pictures unless they ask for them."""
    drawn = any(word.startswith("report=") for word in words)
    at_the_means = "sampling=point" in words
    return [*words, *([] if drawn else ["report=none"]), *([] if at_the_means else ["sampling.draws=64"])]


def is_run(words: list[str]) -> bool:
    return "=" in words[0] or words[0] == "-m"


def test_the_two_commands_come_first() -> None:
    assert COMMANDS[:2] == ["python3 run.py", "python3 run.py test"]
    assert "python3 run.py test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@NO_BASH
@pytest.mark.parametrize("line", SIM_COMMANDS)
def test_every_sim_command_of_the_readme_runs(typed: Typed, line: str) -> None:
    words = words_of(line)[1:]
    done = typed(*(small(words) if is_run(words) else words))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@NO_BASH
@pytest.mark.parametrize("line", SIM_COMMANDS)
def test_every_sim_command_of_the_readme_runs_as_written(tmp_path: Path, line: str) -> None:
    done = in_bash(f'sim() {{ {shlex.quote(sys.executable)} -m sim "$@"; }}; {line}', tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_answer_shown_is_the_answer_given(typed: Typed) -> None:
    (shown,) = blocks(README, "text")
    assert shown.strip() in typed("report=none").stdout


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (code,) = blocks(README, "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d+\.\d+ ± \d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_of_the_pages_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / target).exists(), target


@pytest.mark.once
def test_the_scenarios_of_the_pages_run(typed: Typed, tmp_path: Path) -> None:
    scenarios = [
        block
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"), "yaml")
        if block.startswith("# @package")
    ]
    assert len(scenarios) == 3
    for number, text in enumerate(scenarios):
        folder = tmp_path / "my" / "scenario"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"own{number}.yaml").write_text(text, encoding="utf-8")
        done = typed("--config-dir", "my", f"scenario=own{number}", "report=none", "sampling=quick")
        assert done.returncode == 0, done.stderr


@pytest.mark.once
def test_the_options_of_the_command_line_page_exist(typed: Typed) -> None:
    page = (ROOT / "docs" / "command_line.md").read_text(encoding="utf-8")
    for line in re.findall(r"^\| `(sim .*?)` \|", page, flags=re.MULTILINE):
        words = shlex.split(line.replace("DIR", "out"))[1:]
        done = typed(*(small(words) if is_run(words) else words))
        assert done.returncode == 0, (line, done.stderr)
