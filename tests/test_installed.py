"""On a machine that has nothing of ours: set up by the README, installed as a package, and at full size."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow


def tracked_copy(folder: Path) -> Path:
    """The files git knows, as a fresh clone would have them."""
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return folder


def bare_environment() -> dict[str, str]:
    """The environment without what would lead back to this project."""
    led_back = ("VIRTUAL_ENV", "PYTHONPATH", "SIM_VENV")
    return {name: value for name, value in os.environ.items() if name not in led_back}


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words, cwd=cwd, env=bare_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_two_commands_on_a_fresh_copy(tmp_path: Path) -> None:
    copy = tracked_copy(tmp_path / "copy")
    first = run(sys.executable, "run.py", cwd=copy)
    assert "Severe VOD" in first.stdout
    assert len(list((copy / "outputs").glob("*/*/run.json"))) == 1
    second = run(sys.executable, "run.py", "test", "tests/test_streams.py", cwd=copy)
    assert "passed" in second.stdout


def test_an_installed_copy_finds_its_configuration_from_any_folder(tmp_path: Path) -> None:
    copy = tracked_copy(tmp_path / "copy")
    home, elsewhere = tmp_path / "env", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(home, with_pip=True)
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    run(str(binaries / "python"), "-m", "pip", "install", "--quiet", str(copy), cwd=elsewhere)
    shutil.rmtree(copy)
    done = run(str(binaries / "sim"), "sampling=quick", "hydra.run.dir=out", cwd=elsewhere)
    assert "Severe VOD" in done.stdout
    assert (elsewhere / "out" / "report.html").exists()
    again = run(str(binaries / "python"), "-m", "sim", "replay", "out", cwd=elsewhere)
    assert "bit for bit" in again.stdout


@pytest.mark.skipif(os.name == "nt", reason="peak memory is read as POSIX systems give it")
def test_a_million_draws_stay_under_two_gibibytes(tmp_path: Path) -> None:
    code = (
        "import resource, subprocess, sys;"
        "words = ['trial=none', 'market=none', 'sampling.draws=1000000', 'hydra.run.dir=out'];"
        "subprocess.run([sys.executable, '-m', 'sim', *words], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peak = int(run(sys.executable, "-c", code, cwd=tmp_path).stdout.splitlines()[-1]) * 1024
    print(f"a million draws, ten years: {peak / 2**30:.2f} GiB at the peak")
    assert peak < 2 * 2**30
