"""Statistics of patients from their laws given each draw: against exact laws, against draws, and what is refused."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import sim
from sim.draws.cells import can_compile
from sim.errors import InputError
from sim.execution import gathering
from sim.results.blend import Blend
from sim.results.kernels import PLAIN, compiled
from sim.results.laws import FEW, FloatArray, Term, cumulants, distribution, probabilities
from sim.results.run import Results
from sim.results.sample import QUANTILES
from sim.results.smoothed import error_of_rounded
from sim.views.messages import sampling_words
from tests.conftest import PATIENTS, Typed

LEVELS = np.array(list(QUANTILES.values()))
ONE = ["years.first=2008", "years.last=2008", *PATIENTS, "report=none"]
BY_TYPE = ["scenario=ebmt_1998_by_type", *ONE]
CERTAIN = [
    "transplants.volume.value=45000", "transplants.growth.value=0", "vod.incidence.value=0.2",
    "vod.severe_fraction.value=0.33", "vod.day100_mortality.value=0.8",
]  # fmt: skip
ERROR = 2e-4
"""Of an averaged distribution function, at most."""


def run(*words: str, smooth: bool = True) -> Results:
    return sim.simulate(sim.load(overrides=[*words, f"sampling.smooth={str(smooth).lower()}"]))


def blend(terms: Sequence[Term], portion: int = 8_192, rows: int = 8) -> Blend:
    """The blend of some laws, portion by portion."""
    found = Blend(rows, PLAIN)
    for first in range(0, len(terms[0].n), portion):
        some = slice(first, first + portion)
        found.add([Term(n[some], p[some]) for n, p in terms], first % rows)
    return found


def passes(whole: FloatArray, laws: Sequence[Sequence[float]]) -> None:
    """Whether whole numbers are the smallest whose distribution function reaches each level."""
    for k, level, law in zip(whole, LEVELS, laws, strict=True):
        below, reached = law
        assert below < level + ERROR, (k, level)
        assert reached >= level - ERROR, (k, level)


def average(n: FloatArray, p: FloatArray, whole: FloatArray) -> list[tuple[float, float]]:
    """The distribution function, averaged over draws, before and at whole numbers."""


@given(st.integers(10, 10**6), st.floats(0.001, 0.999))
@settings(max_examples=80)
def test_the_series_is_within_its_error_of_the_distribution_function(n: int, p: float) -> None:
    variance = n * p * (1 - p)
    if variance < FEW:
        return
    k = np.unique(np.clip(np.rint(n * p + np.linspace(-10, 10, 401) * math.sqrt(variance)), 0, n))
    first = cumulants([Term(np.array([n]), np.array([p]))])[:, 0]
    fifth = variance * (1 - 2 * p) * (1 - 12 * p * (1 - p))
    found, _ = distribution(k, [np.array(part) for part in (*first, fifth)])
    assert np.abs(found - stats.binom.cdf(k, n, p)).max() < 0.01 / variance**2 + 1e-12
