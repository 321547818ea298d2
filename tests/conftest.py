"""What tests share: small runs, and the program as a person types it."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from unittest import mock

import pytest
from hydra.core.global_hydra import GlobalHydra
from hypothesis import settings

import sim
from sim.__main__ import main
from sim.assumptions.schema import Assumptions

# The same examples every time: a failure is one for whoever made the change, not for whoever runs next.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)  # pytest --hypothesis-profile=search
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]

PATIENTS = ["trial=none", "market=none"]
"""Neither trial nor market."""

ONE_YEAR = ["years.first=2002", "years.last=2002", *PATIENTS]

PRODUCT = [
    *ONE_YEAR,
    "sampling.chance=false",
    'transplants.volume.value="normal(mean=22000, sd=500)"',
    'vod.incidence.value="beta(mean=0.137, effective_n=1000)"',
    'vod.severe_fraction.value="beta(mean=0.46, effective_n=100)"',
    'vod.day100_mortality.value="beta(mean=0.84, effective_n=100)"',
]
"""Four independent factors whose product has known moments: N(22000, 500²), Beta(137, 863), (46, 54), (84, 16)."""

Typed = Callable[..., subprocess.CompletedProcess[str]]


def with_sampling(assumptions: Assumptions, **changes: object) -> Assumptions:
    """The same assumptions with other sampling settings."""
    sampling = assumptions.sampling.model_copy(update=changes)
    return assumptions.model_copy(update={"sampling": sampling})


@pytest.fixture(scope="session")
def product() -> Assumptions:
    return sim.load(overrides=PRODUCT)


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Say these words to the program, in a folder of its own: what `python -m sim` does, without starting a Python."""

    def run(
        *words: str, cwd: Path = tmp_path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
        with (
            _as_started(words, cwd, env or {}),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return subprocess.CompletedProcess(words, int(ended.value.code or 0), _written(out), _written(err))

    return run


@contextlib.contextmanager
def _as_started(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Working directory, environment and arguments as a process of its own has them; as before at the end."""
    with contextlib.chdir(cwd), mock.patch.dict(os.environ, env), mock.patch.object(sys, "argv", ["sim", *words]):
        try:
            yield
        finally:
            GlobalHydra.instance().clear()


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


@pytest.fixture
def started(tmp_path: Path) -> Typed:
    """Run `python -m sim` with these words, in a folder and a process of its own."""

    def run(
        *words: str, cwd: Path = tmp_path, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command: Sequence[str] = [sys.executable, "-m", "sim", *words]
        return subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def in_bash(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let bash run a line in a folder."""
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def words_of(line: str) -> list[str]:
    """The words bash makes of a line, as a program is given them."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split("\0")[:-1]
