"""How variance is divided among inputs: Sobol' indices, Shapley effects, and what is common to them."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import spearmanr

import sim
from sim.analysis.sensitivity.blocks import in_blocks
from sim.analysis.sensitivity.given_data import shares_by_batch
from sim.analysis.sensitivity.points import points
from sim.analysis.sensitivity.shapley import conditioned, effects
from sim.analysis.sensitivity.sobol import indices
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.analysis.shapley import shapley_effects
from sim.assumptions.schema import Assumptions
from sim.draws.streams import FloatArray, Stream
from sim.errors import InputError
from sim.results.run import Results
from tests.conftest import PRODUCT, with_sampling

SEED = 2007

PRODUCT_NAMES = ("transplants.volume", "vod.incidence", "vod.severe_fraction", "vod.day100_mortality")
PRODUCT_FIRST = np.array([0.02527586, 0.30794095, 0.56875581, 0.09228489])
ISHIGAMI = ((0.3139052, 0.4424111, 0.0), (0.5575889, 0.4424111, 0.2436837))
SOBOL_G = (
    (0.71619, 0.17905, 0.02368, 0.00716, *[0.00007] * 4),
    (0.78714, 0.24220, 0.03432, 0.01046, *[0.00010] * 4),
)
_PRINTED = 5e-6  # half of the last digit that these are printed with

Function = Callable[[FloatArray], FloatArray]


def surface(function: Function, inputs: int, correlation: FloatArray | None = None) -> Surface:
    """A function of uniform numbers, without chance."""
    names = tuple(f"x{place + 1}" for place in range(inputs))
    columns = tuple((place,) for place in range(inputs))
    return Surface(names, columns, lambda rows, _: function(rows), correlation=correlation)


def ishigami(rows: FloatArray) -> FloatArray:
    x = np.pi * (2 * rows - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def sobol_g(rows: FloatArray) -> FloatArray:
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    return np.asarray(np.prod((np.abs(4 * rows - 2) + a) / (1 + a), axis=1))


def dependent_sum(rows: FloatArray) -> FloatArray:
    return np.asarray(ndtri(rows) @ np.array([1.0, 1.0, 2.0]))


def dice(rows: FloatArray, second: BoolArray | None) -> FloatArray:
    """One input and chance, each a standard normal; chance by the place of a row and its set."""
    if second is None:
        return np.asarray(ndtri(rows[:, 0]))
    sets = [ndtri(Stream(SEED, name).uniform(range(len(rows)))) for name in ("one", "other")]
    return np.asarray(ndtri(rows[:, 0]) + np.where(second, sets[1], sets[0]))


@pytest.fixture(scope="module")
def finished(product: Assumptions) -> Results:
    return sim.simulate(product)


@pytest.mark.parametrize(
    ("function", "known"), [(ishigami, ISHIGAMI), (sobol_g, SOBOL_G)], ids=["Ishigami", "Sobol' G"]
)
def test_indices_of_known_functions(function: Function, known: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    few, many = (indices(surface(function, len(known[0])), rows, SEED) for rows in (1024, 2**14))
    for name, exact in zip(("first", "total"), known, strict=True):
        assert np.abs(many[name] - np.array(exact)).max() < 0.01
        for table in (few, many):
            low, high = table[f"{name}_low"] - _PRINTED, table[f"{name}_high"] + _PRINTED
            assert (low <= np.array(exact)).all()
            assert (high >= np.array(exact)).all()
            assert ((table[f"{name}_low"] >= 0) & (table[name] >= 0) & (table[f"{name}_high"] <= 1)).all()
        print(name, many[name].round(5).tolist(), many[f"{name}_error"].round(5).tolist())


def test_indices_of_the_product(product: Assumptions, finished: Results) -> None:
    asked = sim.ask(finished, "sobol", assumptions=product, target="deaths_day100", draws=4096)
    table = asked.tables["sobol"].set_index("input").loc[list(PRODUCT_NAMES)]
    assert np.abs(table["first"] - PRODUCT_FIRST).max() < 0.005
    assert ((table["first_low"] <= PRODUCT_FIRST) & (table["first_high"] >= PRODUCT_FIRST)).all()
    assert (table["total"] > table["first"] - 0.005).all()
    assert "chance" not in asked.tables["sobol"]["input"].to_list()  # sampling.chance=false


def test_first_order_of_a_finished_run(finished: Results) -> None:
    table = sim.ask(finished, "sobol", target="deaths_day100").tables["sobol"].set_index("input")
    found, errors = (table.loc[list(PRODUCT_NAMES), name].to_numpy() for name in ("first", "first_error"))
    assert (np.abs(found - PRODUCT_FIRST) < 4 * errors).all()
    assert errors.max() < 0.01
    assert table[["total", "total_low", "total_high", "total_error"]].isna().all(axis=None)


def test_what_moves_nothing_explains_nothing(finished: Results, product: Assumptions) -> None:
    for method, column in (("sobol", "total"), ("shapley", "effect")):
        table = sim.ask(finished, method, assumptions=product, draws=64).tables[method].set_index("input")
        assert table.loc["vod.day100_mortality", column] == 0  # severe VOD comes before its deaths
    table = sim.ask(finished, "sobol").tables["sobol"].set_index("input")
    assert table["first_high"]["vod.day100_mortality"] < 0.01


def test_chance_is_one_further_input() -> None:
    with_chance = Surface(("x",), ((0,),), dice, has_chance=True)
    table, shares = indices(with_chance, 4096, SEED), effects(with_chance, 4096, SEED)
    assert table["input"].to_list() == shares["input"].to_list() == ["x", "chance"]
    assert np.abs(table[["first", "total"]] - 0.5).max(axis=None) < 0.05
    assert (np.abs(shares["effect"] - 0.5) < 4 * shares["error"]).all()
    alone = indices(Surface(("x",), ((0,),), dice), 64, SEED)
    assert alone["total"].to_list() == [pytest.approx(1, abs=0.05)]


def test_effects_of_correlated_inputs() -> None:
    correlation = np.array([[1, 0, 0], [0, 1, 0.5], [0, 0.5, 1]])
    exact = np.array([0.125, 0.296875, 0.578125])
    for rows, most in ((1024, 0.04), (2**16, 0.004)):
        table = effects(surface(dependent_sum, 3, correlation), rows, SEED)
        print(rows, table["effect"].round(4).tolist(), table["error"].round(4).tolist())
        assert (np.abs(table["effect"] - exact) < 4 * table["error"]).all()
        assert (table["error"] < most).all()
        assert table["effect"].sum() == pytest.approx(1, abs=1e-12)


def test_effects_of_an_additive_model_are_its_first_orders() -> None:
    additive = surface(dependent_sum, 3)
    table = effects(additive, 2**14, SEED)
    assert (np.abs(table["effect"] - np.array([1, 1, 4]) / 6) < 4 * table["error"]).all()
    assert np.abs(indices(additive, 2**14, SEED)["first"] - np.array([1, 1, 4]) / 6).max() < 0.005


def test_effects_lie_between_first_and_total_order() -> None:
    table, known = effects(surface(ishigami, 3), 2**14, SEED), np.array(ISHIGAMI)
    assert (np.abs(table["effect"] - known.mean(axis=0)) < 4 * table["error"]).all()  # pairs are shared by halves


def test_effects_agree_with_all_combinations_of_two_values() -> None:
    pair = points(SEED, "pair", 6, 2**13).reshape(-1, 2, 3)
    answers = np.empty((2, 2, 2, len(pair)))
    for places in np.ndindex(2, 2, 2):
        answers[places] = ishigami(np.stack([pair[:, place, column] for column, place in enumerate(places)], axis=1))
    other = shapley_effects(answers).mean(axis=1)
    table = effects(surface(ishigami, 3), 2**13, SEED)
    assert (np.abs(table["effect"] - other / other.sum()) < 4 * table["error"] + 0.01).all()


@settings(max_examples=20)
@given(spearman=st.floats(-0.95, 0.95), known=st.booleans())
def test_conditioned_inputs_keep_their_law(spearman: float, known: bool) -> None:
    score = 2 * math.sin(math.pi * spearman / 6)
    both = surface(dependent_sum, 2, np.array([[1, score], [score, 1]]))
    rows = points(SEED, "law", 4, 512)
    root = np.linalg.cholesky(np.array([[1, score], [score, 1]]))
    given_, free = (_uniform(ndtri(part) @ root.T) for part in (rows[:, :2], rows[:, 2:]))
    mixed = conditioned(both, given_, free, np.tile([known, not known], (512, 1)))
    taken = 0 if known else 1
    assert np.array_equal(mixed[:, taken], given_[:, taken])
    assert spearmanr(mixed[:, 0], mixed[:, 1]).statistic == pytest.approx(spearman, abs=0.1)
    assert np.sort(mixed[:, 1 - taken]).mean() == pytest.approx(0.5, abs=0.03)
    for all_of, one in ((True, given_), (False, free)):
        assert np.array_equal(conditioned(both, given_, free, np.full((512, 2), all_of)), one)


def _uniform(scores: FloatArray) -> FloatArray:
    return np.asarray(ndtr(scores))


@settings(max_examples=10)
@given(scale=st.floats(0.01, 1e6), shift=st.floats(-1e6, 1e6))
def test_unit_and_origin_of_the_answer_change_no_share(scale: float, shift: float) -> None:
    def moved(rows: FloatArray) -> FloatArray:
        return shift + scale * 1e3 * ishigami(rows)

    for method in (indices, effects):
        one, other = (method(surface(function, 3), 64, SEED) for function in (ishigami, moved))
        pd.testing.assert_frame_equal(one, other, rtol=1e-6, atol=1e-8)


@settings(max_examples=20)
@given(rows=st.integers(1, 40), number=st.integers(1, 9))
def test_blocks_are_separate_calls(rows: int, number: int) -> None:
    uniforms = points(SEED, "blocks", 1, rows * number).reshape(number, rows, 1)
    second = [np.arange(rows) % 2 == place % 2 for place in range(number)]
    for has_chance in (True, False):
        one = Surface(("x",), ((0,),), dice, has_chance=has_chance)
        found = in_blocks(one, number, lambda place: (uniforms[place], second[place]))
        alone = [dice(uniforms[place], second[place] if has_chance else None) for place in range(number)]
        assert np.array_equal(found, np.stack(alone))


def test_points_differ_by_purpose_and_reach_beyond_the_table() -> None:
    wide = points(SEED, "wide", 260, 64)
    assert ((wide > 0) & (wide < 1)).all()
    slices = np.sort((wide * 64).astype(int), axis=0)
    assert (slices == np.arange(64)[:, None]).all()  # of either kind one in each slice
    assert np.array_equal(wide[:, :5], points(SEED, "wide", 5, 64))
    assert not np.array_equal(wide[:, :5], points(SEED, "other", 5, 64))


def explained(values: FloatArray, answer: FloatArray) -> float:
    """By batches that are taken in turn."""
    return float(shares_by_batch(values, answer, np.arange(len(values)) % 8, 8).mean())


@settings(max_examples=20)
@given(seed=st.integers(0, 100), slope=st.floats(-5, 5))
def test_explained_by_a_line(seed: int, slope: float) -> None:
    numbers = np.random.default_rng(seed)
    x, noise = numbers.normal(size=(2, 2048))
    exact = slope**2 / (slope**2 + 1)
    assert explained(x, slope * x + noise) == pytest.approx(exact, abs=0.1)
    assert explained(np.sign(x), slope * np.sign(x) + noise) == pytest.approx(exact, abs=0.1)


def test_explained_by_what_rises_and_falls() -> None:
    x, noise = np.random.default_rng(SEED).normal(size=(2, 8192))
    assert explained(x, np.cos(3 * x)) > 0.97
    assert abs(explained(x, noise)) < 0.01
    assert explained(x, np.ones(8192)) == 0


def test_a_question_asked_twice_has_one_answer(finished: Results, product: Assumptions) -> None:
    for method in ("sobol", "shapley", "rank"):
        one, other = (sim.ask(finished, method, assumptions=product, draws=64).tables[method] for _ in range(2))
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_what_varies_by_label_hangs_together_as_it_is_said_to() -> None:
    words = [*PRODUCT, "sampling.draws=64"]
    pair = '{between: [vod.incidence, vod.severe_fraction], spearman: 0.6, source: "assumption: both rise with age"}'
    hang = sim.load(overrides=[*words, f"correlation=[{pair}]"])
    run = sim.simulate(hang)
    own = sim.ask(run, "shapley", assumptions=hang, target="severe_vod", draws=4096).tables["shapley"]
    free = sim.load(overrides=words)
    other = sim.ask(sim.simulate(free), "shapley", assumptions=free, target="severe_vod", draws=4096).tables["shapley"]
    effect, apart = (table.set_index("input")["effect"] for table in (own, other))
    assert effect["vod.incidence"] > apart["vod.incidence"]  # it has a part in what the severe fraction does
    assert own["effect"].sum() == pytest.approx(1, abs=1e-2)
    with pytest.raises(InputError, match=r"correlation: vod.incidence and vod.severe_fraction .* sensitivity=shapley"):
        sim.ask(run, "sobol", assumptions=hang)
    with pytest.raises(InputError, match=r"sensitivity=shapley beside a run"):
        sim.ask(sim.simulate(with_sampling(hang, draws=256)), "sobol")
