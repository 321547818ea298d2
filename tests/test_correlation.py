import re

import numpy as np
import pytest
from scipy.stats import spearmanr

import sim
from sim.draws.correlation import blocks, cholesky, nearest_correlation, score_matrix
from sim.errors import InputError
from sim.results.run import Results
from tests.conftest import PATIENTS

SMALL = ["years.last=2008", "sampling.draws=4096", "sampling.chance=false", *PATIENTS]


def pair(one: str, other: str, value: float) -> str:
    return f'{{between:[{one},{other}],spearman:{value},source:"assumption: a test"}}'


def correlated(*pairs: str, method: str = "sobol") -> Results:
    overrides = [*SMALL, f"sampling.method={method}", f"correlation=[{','.join(pairs)}]"]
    return sim.simulate(sim.load(overrides=overrides))


@pytest.mark.parametrize("method", ["random", "latin_hypercube", "sobol"])
@pytest.mark.parametrize("asked", [-0.9, -0.3, 0.0, 0.5819, 0.95])
def test_ranks_are_correlated_as_asked_and_margins_stay(method: str, asked: float) -> None:
    run = correlated(pair("vod.incidence", "vod.severe_fraction", asked), method=method)
    draws = run.draws
    found = spearmanr(draws["vod.incidence"], draws["vod.severe_fraction"]).statistic
    assert found == pytest.approx(asked, abs=0.04)
    alone = correlated(method=method).draws
    assert draws["vod.incidence"].equals(alone["vod.incidence"])  # first of its block by name
    assert draws["transplants.volume"].equals(alone["transplants.volume"])  # outside the block
    quantiles = [0.05, 0.5, 0.95]
    np.testing.assert_allclose(
        np.quantile(draws["vod.severe_fraction"], quantiles),
        np.quantile(alone["vod.severe_fraction"], quantiles),
        rtol=0.03,
    )


def test_the_order_in_which_a_pair_is_written_does_not_matter() -> None:
    one = correlated(pair("vod.incidence", "vod.severe_fraction", 0.4)).draws
    other = correlated(pair("vod.severe_fraction", "vod.incidence", 0.4)).draws
    assert one.identical(other)


def test_blocks_hang_together() -> None:
    pairs = {("c", "a"): 0.1, ("d", "e"): 0.2, ("b", "c"): 0.3}
    assert blocks(pairs) == [("a", "b", "c"), ("d", "e")]
    matrix = score_matrix(("a", "b", "c"), pairs)
    assert matrix[0, 1] == 0
    assert matrix[0, 2] == pytest.approx(2 * np.sin(np.pi * 0.1 / 6))


def test_contradictory_correlations_are_refused_with_the_nearest_that_fit() -> None:
    names = ("vod.incidence", "vod.severe_fraction", "vod.day100_mortality")
    values = (0.9, -0.9, 0.9)
    combinations = ((0, 1), (0, 2), (1, 2))
    pairs = [pair(names[i], names[j], value) for (i, j), value in zip(combinations, values, strict=True)]
    with pytest.raises(InputError, match="contradict each other; the nearest that fit are") as refused:
        correlated(*pairs)
    offered = re.findall(r"(vod\.\w+) ~ (vod\.\w+): (-?[\d.]+)", str(refused.value))
    assert len(offered) == 3
    cholesky(tuple(sorted(names)), {(one, other): float(value) for one, other, value in offered})
    correlated(*(pair(one, other, float(value)) for one, other, value in offered))


def test_the_nearest_correlation_is_highams() -> None:
    # Higham (2002), section 4: the tridiagonal example, nearest correlation matrix to four figures.
    given = np.array([[2, -1, 0, 0], [-1, 2, -1, 0], [0, -1, 2, -1], [0, 0, -1, 2]], dtype=float)
    near = nearest_correlation(given, floor=0)
    np.testing.assert_allclose(near[0], [1.0, -0.8084, 0.1916, 0.1068], atol=1e-3)
    np.testing.assert_allclose(near[1, 2], -0.6562, atol=1e-3)
    assert np.linalg.eigvalsh(nearest_correlation(given)).min() > 1e-3


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([pair("vod.incidence", "vod.incidense", 0.3)], "is no uncertain quantity; did you mean 'vod.incidence'?"),
        ([pair("vod.incidence", "transplants.growth", 0.3)], "'transplants.growth' is no uncertain quantity"),
        ([pair("vod.incidence", "vod.incidence", 0.3)], "stands twice"),
        ([pair("vod.incidence", "vod.severe_fraction", 1.2)], "correlation.0.spearman: 1.2 is not below 1"),
    ],
)
def test_wrong_pairs_are_refused(pairs: list[str], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        correlated(*pairs)
