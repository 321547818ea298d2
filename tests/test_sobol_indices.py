"""Sobol' indices: the estimator and its intervals, the matrices, and the funnel with inputs swapped."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import sobol_indices

import sim
from sim.analysis.sensitivity.blocks import for_variance
from sim.analysis.sensitivity.estimates import estimated
from sim.analysis.sensitivity.lots import seed_of
from sim.analysis.sensitivity.model_surface import answers, hangs_on, surface_of
from sim.analysis.sensitivity.points import points
from sim.analysis.sensitivity.sobol import indices, matrices
from sim.analysis.sensitivity.surface import Surface
from sim.analysis.sensitivity.target import Target
from sim.assumptions.distributions import Beta, Distribution, LogNormal, Normal, Uniform
from sim.draws.designs import Design, Quantile
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray, Stream
from sim.errors import InputError
from tests.conftest import PATIENTS

SEED = 2007
FACTORS: tuple[Distribution, ...] = (
    Beta(30, 170), Beta(33, 67), Beta(25, 100), LogNormal(0.0, 0.1), Normal(1.0, 0.05), Uniform(0.8, 1.2),
)  # fmt: skip

FUNNELS: tuple[tuple[str, ...], ...] = (
    (),
    ("sampling.chance=false",),
    ("vod=cohorts", "execution=numba"),
    ("vod=any_criterion", "transplants=by_type"),
    ("transplants.growth.value=0.01 to 0.05", "transplants.growth_pattern=yearly"),
    ("transplants=europe_us", "vod=pooled", "sampling.chance=false"),
    ("transplants=worldwide",),
)
"""Volumes stated and walking, rates of one criterion and of several, with and without chance, by either engine."""


def product(factors: tuple[Distribution, ...]) -> Surface:
    """The product of independent factors."""
    names, columns = tuple(map(str, range(len(factors)))), tuple((place,) for place in range(len(factors)))
    quantiles = tuple(one.ppf for one in factors)
    return Surface(names, columns, lambda rows, _: rows.prod(axis=1), quantiles=quantiles)


def known(factors: tuple[Distribution, ...]) -> FloatArray:
    """Its indices: [order, input]."""
    squares = np.array([(one.sd / one.mean) ** 2 for one in factors])
    whole = np.prod(1 + squares)
    return np.asarray(np.array([squares, squares * whole / (1 + squares)]) / (whole - 1))


def swapped(surface: Surface, a: FloatArray, b: FloatArray) -> FloatArray:
    """The answers to A, to B, and to A with each input from B, without chance."""
    found = [surface.answer(a, None), surface.answer(b, None)]
    for columns in surface.columns:
        mixed = a.copy()
        mixed[:, columns] = b[:, columns]
        found.append(surface.answer(mixed, None))
    return np.stack(found)


@pytest.mark.parametrize("factor", [*FACTORS, None], ids=str)
def test_indices_of_a_product_are_those_of_its_closed_form(factor: Distribution | None) -> None:
    factors = FACTORS if factor is None else (*FACTORS, factor)
    table = indices(product(factors), 2**13, SEED)
    for name, exact in zip(("first", "total"), known(factors), strict=True):
        assert np.abs(table[name] - exact).max() < 0.01
        assert ((table[f"{name}_low"] <= exact) & (exact <= table[f"{name}_high"])).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), inputs=st.integers(2, 6), rows=st.integers(2, 7), shift=st.floats(-1e3, 1e3))
def test_the_estimator_is_scipys(seed: int, inputs: int, rows: int, shift: float) -> None:
    found = np.random.default_rng(seed).normal(size=(2 + inputs, 2**rows)) + shift
    theirs = sobol_indices(func={"f_A": found[:1], "f_B": found[1:2], "f_AB": found[2:, None]}, n=2**rows)
    np.testing.assert_allclose(estimated(found).value, [theirs.first_order, theirs.total_order], rtol=1e-7, atol=1e-9)


def test_errors_are_those_of_resampling() -> None:
    surface, dice = product(FACTORS), np.random.default_rng(SEED)
    found = swapped(surface, *matrices(surface, points(SEED, "resampled", 2 * surface.width, 1024)))
    again = [estimated(found[:, dice.integers(0, 1024, 1024)]).value for _ in range(400)]
    ratio = estimated(found).error / np.std(again, axis=0, ddof=1)
    print("errors over those of 400 resamplings:", ratio.round(2).tolist())
    assert np.abs(ratio - 1).max() < 0.2


Matrices = tuple[FloatArray, FloatArray]


def covered(surface: Surface, exact: FloatArray, both: Callable[[int], Matrices]) -> float:
    """How many intervals of 95 % hold the index, of 200 repetitions."""
    inside = []
    for seed in range(200):
        found = estimated(swapped(surface, *both(seed)))
        inside.append(np.abs(found.value - exact) <= 1.96 * found.error)
    return float(np.mean(inside))


def test_intervals_hold_the_index_as_often_as_they_say() -> None:
    surface, exact, rows = product(FACTORS), known(FACTORS), 512

    def at_random(seed: int) -> Matrices:
        first, second = np.random.default_rng(seed).random((2, rows, surface.width))
        return surface.values(first), surface.values(second)

    def in_slices(seed: int) -> Matrices:
        """Latin hypercubes, with one set of values."""
        dice = np.random.default_rng(seed)
        slices = np.array([dice.permutation(rows) for _ in range(2 * surface.width)]).T
        return matrices(surface, np.asfortranarray((slices + dice.random(slices.shape)) / rows))

    def by_sobol(seed: int) -> Matrices:
        return matrices(surface, points(seed, "covered", 2 * surface.width, rows))

    free, cut, even = (covered(surface, exact, both) for both in (at_random, in_slices, by_sobol))
    print(f"intervals that hold the index: {free:.3f} of random rows, {cut:.3f} of slices, {even:.3f} of Sobol' points")
    assert free == pytest.approx(0.95, abs=0.02)
    assert cut > 0.94  # rows are taken for independent; these are better than that
    assert even > 0.99


def test_one_set_of_quantiles_errs_no_more_than_two() -> None:
    surface, exact, width = product(FACTORS), known(FACTORS), len(FACTORS)
    for rows in (64, 1024):
        errors = []
        for seed in range(100):
            both = points(seed, "sets", 2 * width, rows)
            two = estimated(swapped(surface, surface.values(both[:, :width]), surface.values(both[:, width:])))
            one = estimated(swapped(surface, *matrices(surface, both)))
            errors.append([two.value - exact, one.value - exact])
        of_two, of_one = np.sqrt(np.square(errors).mean(axis=(0, 2, 3)))
        print(f"{rows} rows: typical error {of_two:.5f} with two sets, {of_one:.5f} with one")
        assert of_one == pytest.approx(of_two, rel=0.03)


@settings(max_examples=20)
@given(power=st.integers(4, 9), width=st.integers(1, 130))
def test_both_matrices_have_the_same_values_in_other_orders(power: int, width: int) -> None:
    rows = 2**power
    both = points(SEED, "orders", 2 * width, rows)  # from 257 columns on some are Latin hypercubes
    uniforms = both.copy()
    names, columns = tuple(map(str, range(width))), tuple((place,) for place in range(width))
    a, b = matrices(Surface(names, columns, lambda found, _: found[:, 0]), both)
    np.testing.assert_array_equal(a, uniforms[:, :width])
    np.testing.assert_array_equal(np.sort(a, axis=0), np.sort(b, axis=0))
    np.testing.assert_array_equal(np.floor(b * rows), np.floor(uniforms[:, width:] * rows))


@pytest.mark.parametrize("words", FUNNELS, ids=" ".join)
@pytest.mark.parametrize("variable", ["severe_vod", "survivors_day100"])
def test_the_funnel_swapped_is_the_labelled_model(words: tuple[str, ...], variable: str) -> None:
    assumptions = sim.load(overrides=[*PATIENTS, *words])
    surface = surface_of(assumptions, Target(variable, 2009, "patients"))
    assert surface.swaps is not None
    a, b = matrices(surface, points(SEED, "funnel", 2 * surface.width, 64))
    found = surface.swaps(a, b)

    def block(number: int) -> tuple[FloatArray, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
        mixed = (b if number == 1 else a).copy()
        if 2 <= number < 2 + len(surface.names):
            mixed[:, surface.columns[number - 2]] = b[:, surface.columns[number - 2]]
        return mixed, np.full(64, number == 1 or number == 2 + len(surface.names))

    labelled = for_variance(surface, 2 + len(surface.inputs), block, "sobol", variable)
    np.testing.assert_allclose(found, labelled, rtol=1e-12 if not surface.has_chance else 0)


@pytest.mark.parametrize("words", FUNNELS, ids=" ".join)
def test_portions_and_engines_change_nothing(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assumptions = sim.load(overrides=[*PATIENTS, *words, "execution=numpy"])
    target = Target("deaths_day100", 2008, "patients")
    whole = indices(surface_of(assumptions, target), 256, SEED)
    monkeypatch.setattr("sim.analysis.sensitivity.patients._TOGETHER", 100)
    compiled = assumptions.model_copy(
        update={"execution": assumptions.execution.model_copy(update={"engine": "numba"})}
    )
    for other in (assumptions, compiled):
        table = indices(surface_of(other, target), 256, SEED)
        np.testing.assert_allclose(table.iloc[:, 2:], whole.iloc[:, 2:], rtol=1e-9)


def test_a_volume_beyond_counting_is_refused_in_words() -> None:
    words = [*PATIENTS, 'transplants.volume.value="lognormal(median=5e8, p95=2e9)"']
    surface = surface_of(sim.load(overrides=words), Target("vod", 2008, "patients"))
    with pytest.raises(InputError, match=r"transplants in 2008 are above 1e\+09"):
        indices(surface, 64, SEED)


@dataclass(frozen=True)
class Listed(Design):
    """Uniform numbers by name and year; keeps a list of what was asked."""

    asked: dict[tuple[str, int], FloatArray] = field(default_factory=dict)

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        return self.asked.setdefault((name, year), Stream(SEED, name).uniform(draws, year))


@pytest.mark.parametrize("words", FUNNELS, ids=" ".join)
def test_values_made_once_give_the_answers_of_uniform_numbers(words: tuple[str, ...]) -> None:
    assumptions = sim.load(overrides=[*PATIENTS, *words])
    target, draws, design = Target("deaths_day100", 2010, "patients"), range(50), Listed()
    own = hangs_on(assumptions, target)
    seed = seed_of(assumptions.sampling.seed, "A")
    first = np.zeros(len(draws), dtype=bool) if assumptions.sampling.chance else None
    plain = answers(own, sample(own, draws, design), draws, target, (seed, seed), first)
    rows = np.stack(list(design.asked.values()), axis=1)
    np.testing.assert_array_equal(surface_of(assumptions, target).at(rows, first), plain)


def test_a_surface_takes_values() -> None:
    asked: list[FloatArray] = []

    def double(uniforms: FloatArray) -> FloatArray:
        asked.append(uniforms)
        return 2 * uniforms

    quantiles: tuple[Quantile | None, ...] = (double, None)
    both = replace(product(FACTORS[:2]), answer=lambda rows, _: rows.sum(axis=1), quantiles=quantiles)
    np.testing.assert_allclose(both.at(np.array([[0.25, 0.5], [0.5, 0.75]]), None), [1.0, 1.75])
    indices(both, 64, SEED)
    assert [len(one) for one in asked] == [2, 64]  # once for both matrices
