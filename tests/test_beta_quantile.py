"""Beta quantiles by polynomials are those of the incomplete beta function."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, betaincinv

from sim.assumptions.distributions.beta_quantile import _table, beta_quantile

SHAPES = st.floats(-1.3, 5).map(lambda power: float(10**power))


def numbers(seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Uniform numbers, many of them far out."""
    rng = np.random.default_rng(seed)
    tails = 10 ** rng.uniform(-15.9, -1, 300)
    return np.concatenate([rng.random(300), tails, 1 - tails, [2.0**-53, 0.5, 1 - 2.0**-53]])


@given(SHAPES, SHAPES, st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_to_eleven_digits_of_the_share_and_of_what_is_left(a: float, b: float, seed: int) -> None:
    u = numbers(seed)
    found, inverse = beta_quantile(u, a, b), betaincinv(a, b, u)
    seen, left = inverse > 1e-290, 1 - inverse > 1e-4  # nearer to 1 the difference is rounding
    is_near = np.isclose(found, inverse, rtol=2e-11, atol=0) | ~seen
    is_near &= np.isclose(1 - found, 1 - inverse, rtol=2e-11, atol=0) | ~left
    missed, missed_by_inverse = (np.abs(betainc(a, b, one) - u) for one in (found, inverse))
    assert (is_near | (missed <= missed_by_inverse)).all()  # SciPy's inverse is off by 1e-8 here and there


@given(SHAPES, SHAPES, st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_it_rises(a: float, b: float, seed: int) -> None:
    found = beta_quantile(np.sort(numbers(seed)), a, b)
    assert (np.diff(found) >= -1e-12 * found[1:]).all()


def test_a_value_hangs_on_nothing_asked_beside_it() -> None:
    u = numbers(1)
    whole = beta_quantile(u, 30.0, 170.0)
    assert (whole == [beta_quantile(np.array([one]), 30.0, 170.0).item() for one in u]).all()
    assert (whole.reshape(3, -1) == beta_quantile(u.reshape(3, -1), 30.0, 170.0)).all()


def test_ends_and_what_no_polynomial_follows() -> None:
    ends = np.array([0.0, 1.0])
    assert beta_quantile(ends, 2.0, 3.0).tolist() == [0.0, 1.0]
    assert np.isnan(beta_quantile(np.array([np.nan]), 2.0, 3.0)).all()
    tiny = 1e-3  # whose lower quantiles are below the smallest number
    assert _table(tiny, 1.0) is None
    u = numbers(2)
    assert (beta_quantile(u, tiny, 1.0) == betaincinv(tiny, 1.0, u)).all()
    assert _table(30.0, 170.0) is not None


@pytest.mark.parametrize(("a", "b"), [(30.0, 170.0), (33.0, 67.0), (40.0, 10.0), (0.5, 120.5), (87.5, 1565.5)])
def test_how_near_it_is(a: float, b: float) -> None:
    u = np.random.default_rng(3).uniform(2.0**-53, 1, 200_000)
    apart = np.abs(beta_quantile(u, a, b) / betaincinv(a, b, u) - 1).max()
    print(f"\nbeta({a:g}, {b:g}): within {apart:.1e}")
    assert apart < 1e-12
