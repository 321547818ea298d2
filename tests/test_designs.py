import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, qmc

import sim
from sim.assumptions.schema import Assumptions
from sim.draws.designs import Design, LatinHypercube, Random, Sobol
from sim.draws.permutation import ROUNDS, permute, permute_each
from sim.draws.sobol import direction_table, directions, scrambled_directions
from sim.draws.streams import Stream
from sim.results.batches import Batches
from tests.conftest import PATIENTS, with_sampling

NAMES = ("a", "b", "c")


def designs(size: int = 1024, replicates: int = 8) -> list[Design]:
    return [Random(3), LatinHypercube(3, size, replicates), Sobol(3, size, replicates, NAMES)]


@pytest.mark.parametrize("name", ["a", "of no dimension"])
def test_compiled_code_gives_designs_the_same_bits(name: str) -> None:
    from sim.draws.cells import compiled_uniform  # wants a compiler

    kinds = (
        lambda *uniforms: Random(3, *uniforms),
        lambda *uniforms: LatinHypercube(3, 1003, 8, *uniforms),
        lambda *uniforms: Sobol(3, 1003, 8, NAMES, *uniforms),
    )
    for kind in kinds:
        for draws, year in ((range(1003), 0), (range(5, 902), 0), (range(333), 2008)):
            plain, compiled = (kind(*own).uniform(name, draws, year) for own in ((), (compiled_uniform,)))
            assert np.array_equal(compiled, plain)


def test_sobol_points_are_scipys() -> None:
    count = 1024
    reference = qmc.Sobol(len(direction_table()), scramble=False, bits=32).random_base2(10)
    index = np.arange(count, dtype=np.uint64)
    gray = index ^ (index >> np.uint64(1))  # SciPy walks the same points in Gray code order
    for dimension in range(len(direction_table())):
        vectors = np.array(directions(dimension), dtype=np.uint64)
        chosen = (gray[:, None] >> np.arange(32, dtype=np.uint64)) & np.uint64(1)
        points = np.bitwise_xor.reduce(np.where(chosen == 1, vectors, np.uint64(0)), axis=1)
        assert np.array_equal(points / 2.0**32, reference[:, dimension])


def test_scrambling_keeps_the_leading_digit_structure() -> None:
    vectors = scrambled_directions([5], [Stream(1, "x")], 3)[0][0]
    original = np.array(directions(5), dtype=np.uint64)
    # A lower triangular matrix with ones on its diagonal leaves the place of the leading digit where it was.
    assert np.array_equal(np.floor(np.log2(vectors)) - 20, np.broadcast_to(np.floor(np.log2(original)), vectors.shape))


@given(st.integers(1, 3000), st.integers(0, 2**31))
@settings(max_examples=60)
def test_the_permutation_is_one(size: int, seed: int) -> None:
    keys = np.broadcast_to(Stream(seed, "keys").words(range(ROUNDS)), (size, ROUNDS))
    images = permute(np.arange(size, dtype=np.uint64), np.full(size, size, dtype=np.uint64), keys)
    assert np.array_equal(np.sort(images), np.arange(size))


@pytest.mark.parametrize("size", [1, 8, 63, 255, 256, 1000])
def test_small_permutations_walked_in_a_table_are_those_walked_step_by_step(size: int) -> None:
    keys = Stream(size, "keys").words(range(4 * ROUNDS)).reshape(4, ROUNDS)
    sizes = np.array([size, size + 1, size, size], dtype=np.uint64)
    index, place = np.tile(np.arange(size, dtype=np.uint64), 4), np.repeat(np.arange(4, dtype=np.uint64), size)
    found = permute_each(index, place, sizes, keys)
    assert np.array_equal(found, permute(index, sizes[place], keys[place]))


@pytest.mark.parametrize("size", [2, 4, 7, 8, 16])
def test_pairs_of_a_small_permutation_are_equally_likely(size: int) -> None:
    runs = 4000
    keys = np.stack([Stream(seed, "keys").words(range(ROUNDS)) for seed in range(runs)])
    sizes = np.full(runs, size, dtype=np.uint64)
    first, second = (permute(np.full(runs, index, dtype=np.uint64), sizes, keys).astype(int) for index in (0, 1))
    seen = np.bincount(first * size + second, minlength=size * size).reshape(size, size)
    expected = runs / (size * (size - 1))
    apart = seen[~np.eye(size, dtype=bool)]
    chi_square, freedom = float(((apart - expected) ** 2 / expected).sum()), size * (size - 1) - 1
    assert np.diag(seen).sum() == 0
    assert chi_square < freedom + 4.5 * np.sqrt(2 * freedom)


@pytest.mark.parametrize("design", designs()[1:], ids=["latin_hypercube", "sobol"])
def test_each_replicate_has_one_number_in_each_slice(design: Design) -> None:
    u = design.uniform("a", range(1024))
    for replicate in range(8):
        own = np.sort((u[replicate::8] * 128).astype(int))
        assert np.array_equal(own, np.arange(128))


def test_a_latin_hypercube_of_any_size_is_one() -> None:
    u = LatinHypercube(3, 1003, 8).uniform("a", range(1003))
    for replicate in range(8):
        own = u[replicate::8]
        assert np.array_equal(np.sort((own * len(own)).astype(int)), np.arange(len(own)))


@pytest.mark.parametrize("design", designs(), ids=["random", "latin_hypercube", "sobol"])
def test_numbers_do_not_depend_on_chunks(design: Design) -> None:
    for name in ("a", "unlisted"):
        whole = design.uniform(name, range(1024))
        parts = [design.uniform(name, range(i, min(i + 100, 1024))) for i in range(0, 1024, 100)]
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("design", designs(), ids=["random", "latin_hypercube", "sobol"])
def test_names_and_replicates_are_independent_and_uniform(design: Design) -> None:
    a, b = design.uniform("a", range(1024)), design.uniform("b", range(1024))
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.15
    assert kstest(a, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("kind", [0, 1, 2], ids=["random", "latin_hypercube", "sobol"])
def test_replicates_are_independent(kind: int) -> None:
    kinds = (Random, lambda seed: LatinHypercube(seed, 64, 8), lambda seed: Sobol(seed, 64, 8, NAMES))
    points = np.array([kinds[kind](seed).uniform("b", range(24, 26)) for seed in range(400)])
    assert abs(np.corrcoef(points.T)[0, 1]) < 4 / np.sqrt(400)
    assert kstest(points[:, 0], "uniform").pvalue > 1e-4


def test_sobol_fills_the_square() -> None:
    points = np.stack([Sobol(5, 4096, 1, NAMES).uniform(name, range(4096)) for name in NAMES], axis=1)
    assert qmc.discrepancy(points) < 0.05 * qmc.discrepancy(np.random.default_rng(1).random((4096, 3)))


def test_a_name_appended_to_the_dimensions_moves_no_other() -> None:
    few, more = Sobol(1, 256, 8, NAMES), Sobol(1, 256, 8, (*NAMES, "new"))
    for name in NAMES:
        assert np.array_equal(few.uniform(name, range(256)), more.uniform(name, range(256)))


def test_more_sobol_draws_keep_the_first_ones() -> None:
    assert np.array_equal(
        Sobol(1, 256, 8, NAMES).uniform("b", range(256)), Sobol(1, 4096, 8, NAMES).uniform("b", range(4096))[:256]
    )


TRUE_MEAN = 1164.6096


@pytest.mark.parametrize(
    ("method", "expected"), [("random", 0.43e-2), ("latin_hypercube", 0.03e-2), ("sobol", 0.006e-2)]
)
def test_the_error_of_each_design_is_what_it_should_be(product: Assumptions, method: str, expected: float) -> None:
    errors = []
    for seed in range(50):
        run = sim.simulate(with_sampling(product, method=method, draws=1024, replicates=1, seed=seed))
        errors.append(run.value("deaths_day100") / TRUE_MEAN - 1)
    size = float(np.sqrt(np.mean(np.square(errors))))
    print(f"{method}: root-mean-square error of the mean {100 * size:.4f} %")
    assert expected / 1.5 < size < expected * 1.5


TRUE = {
    "mean": (TRUE_MEAN, 0.8, 1.25),
    "sd": (166.48485, 0.7, 1.4),
    "p05": (904.1, 0.7, 1.5),
    "p95": (1450.6, 0.7, 1.5),
}


@pytest.mark.parametrize(
    "method", ["sobol", *(pytest.param(name, marks=pytest.mark.slow) for name in ("random", "latin_hypercube"))]
)
def test_the_monte_carlo_error_is_honest(product: Assumptions, method: str) -> None:
    ratios: dict[str, list[float]] = {statistic: [] for statistic in TRUE}
    for seed in range(200):
        run = sim.simulate(with_sampling(product, method=method, draws=1024, replicates=8, seed=seed))
        for statistic, (truth, _, _) in TRUE.items():
            value, error = run.value("deaths_day100", statistic), run.error("deaths_day100", statistic)
            ratios[statistic].append((value - truth) / error)
    for statistic, (_, low, high) in TRUE.items():
        size = float(np.sqrt(np.mean(np.square(ratios[statistic]))))
        print(f"{method}: error of the {statistic} divided by its mcse, root mean square {size:.3f}")
        assert low < size < high


def test_the_error_of_batches_counts_its_own_uncertainty() -> None:
    for number in (4, 8, 16):
        values = np.random.default_rng(number).normal(size=(number, 200_000))
        ratio = values.mean(axis=0) / Batches(number).error(values)
        if number > 4:  # with three degrees of freedom the square has no finite variance
            assert np.sqrt(np.mean(ratio**2)) == pytest.approx(1, abs=0.02)
        assert np.mean(np.abs(ratio) < 2) == pytest.approx(0.95, abs=0.015)


def test_batches_are_few_enough_to_see_a_tail() -> None:
    assert [Batches.of("sobol", replicates, 4096).number for replicates in (8, 16, 20, 64, 1024, 23)] == [
        8, 16, 10, 16, 16, 23,
    ]  # fmt: skip
    assert Batches.of("random", 1, 4096).number == 8
    assert Batches.of("sobol", 1, 4096).number == 0
    few = sim.simulate(sim.load(overrides=["sampling.draws=64", "years.last=2008", *PATIENTS]))
    assert np.isnan(few.error(statistic="p05"))
    assert few.error(statistic="p50") > 0


def test_a_rare_event_that_was_not_seen_is_not_exactly_nothing() -> None:
    rare = ["transplants.volume.value=10", "vod.incidence.value=0.000001", "sampling=quick", *PATIENTS]
    run = sim.simulate(sim.load(overrides=rare))
    assert run.value("vod") == 0
    assert np.isnan(run.error("vod"))
    assert (run.value("transplants"), run.error("transplants")) == (10, 0)
    single = ["sampling.method=random", "sampling.draws=1", "sampling.replicates=1"]
    one = sim.simulate(sim.load(overrides=[*single, "market=none"]))
    assert np.isnan(one.value(statistic="sd"))
