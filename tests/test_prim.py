"""Boxes by the patient rule induction method: known corners, and what must hold of any box."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.analysis.sensitivity.boxes import chosen
from sim.analysis.sensitivity.prim import Box, doubts, paste, peel, share, without_doubtful
from sim.analysis.sensitivity.surface import BoolArray
from sim.draws.streams import FloatArray


def corner(rows: int = 5000, inputs: int = 4) -> tuple[FloatArray, BoolArray]:
    numbers = np.random.default_rng(7).random((rows, inputs))
    return numbers, (numbers[:, 0] > 0.7) & (numbers[:, 1] < 0.3)


def test_corner_is_found() -> None:
    numbers, met = corner()
    box = without_doubtful(chosen(numbers, met, 0.9), numbers, met)
    print(f"PRIM: x1 ≥ {box.low[0]:.4f}, x2 ≤ {box.high[1]:.4f}; restricted {box.restricted}")
    assert box.ends == ((0, True), (1, False))
    assert abs(box.low[0] - 0.7) < 0.03
    assert abs(box.high[1] - 0.3) < 0.03


def test_boxes_lie_within_one_another() -> None:
    numbers, met = corner(1000)
    boxes = peel(numbers, met)
    inside = [box.inside(numbers) for box in boxes]
    assert inside[0].all()
    assert all((after <= before).all() and after.sum() < before.sum() for before, after in pairwise(inside))
    assert inside[-1].mean() >= 0.05
    density = [share(met, one) for one in inside]
    assert all(np.diff(density) > 0)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
@settings(max_examples=10)
def test_paste_never_loses_density(seed: int, likely: float) -> None:
    generator = np.random.default_rng(seed)
    numbers = generator.random((300, 3))
    met = generator.random(300) < likely * (numbers[:, 0] > 0.4)
    box = peel(numbers, met)[-1]
    wider = paste(box, numbers, met)
    assert (box.inside(numbers) <= wider.inside(numbers)).all()
    assert share(met, wider.inside(numbers)) >= share(met, box.inside(numbers))


def test_no_restriction_of_what_moves_nothing() -> None:
    generator = np.random.default_rng(3)
    numbers, met = generator.random((2000, 5)), generator.random(2000) < 0.3
    box = chosen(numbers[:1000], met[:1000], 0.9)
    assert box.restricted  # chance alone finds a box
    assert not without_doubtful(box, numbers[1000:], met[1000:], 0.01).restricted


def test_quasi_p_value_is_the_binomial_tail() -> None:
    numbers = np.arange(10, dtype=np.float64)[:, None]
    met = numbers[:, 0] >= 5
    box = Box(np.array([5.0]), np.array([np.inf]))
    assert doubts(box, numbers, met) == {(0, True): pytest.approx(0.5**5)}


def test_inputs_of_few_values_are_peeled() -> None:
    numbers, met = corner(2000, 3)
    numbers[:, 2] = np.arange(2000) % 2
    box = chosen(numbers, numbers[:, 2] == 1, 0.9)
    assert box.low[2] == 1
    assert len(met) == 2000
