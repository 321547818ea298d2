"""What tests share: small runs, and the program as a person types it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

import sim
from sim.assumptions.schema import Assumptions

# The same examples every time: a failure is one for whoever made the change, not for whoever runs next.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)  # pytest --hypothesis-profile=search
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]

ONE_YEAR = ["years.first=2002", "years.last=2002", "trial=none"]

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
    """Run `python -m sim` with these words, in a folder of its own."""

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
