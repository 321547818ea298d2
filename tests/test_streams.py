import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws.philox import philox4x32
from sim.draws.streams import Stream, to_uniform

FULL = 0xFFFFFFFF

# Random123's kat_vectors, philox4x32 10: counter, key, result.
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((FULL,) * 4, (FULL,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(
    counter: tuple[int, ...], key: tuple[int, int], answer: tuple[int, ...]
) -> None:
    a, b, c, d = (np.array([word], dtype=np.uint64) for word in counter)
    assert tuple(int(word[0]) for word in philox4x32((a, b, c, d), key)) == answer


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 60))
def test_a_number_is_the_same_in_whatever_range_it_is_asked_for(start: int, split: int, length: int) -> None:
    stream = Stream(7, "vod.incidence")
    whole = stream.uniform(range(start + split + length))
    assert np.array_equal(stream.uniform(range(start, start + split)), whole[start : start + split])
    assert np.array_equal(stream.uniform(range(start + split, len(whole))), whole[start + split :])


def test_draws_beyond_32_bits_have_numbers_of_their_own() -> None:
    stream = Stream(1, "x")
    far = stream.uniform(range(2**40, 2**40 + 8))
    assert not np.isin(far, stream.uniform(range(64))).any()
    assert np.array_equal(far[4:], stream.uniform(range(2**40 + 4, 2**40 + 8)))


def test_name_seed_year_and_word_each_change_the_numbers() -> None:
    draws = range(1000)
    base = Stream(1, "a").uniform(draws)
    others = [Stream(2, "a").uniform(draws), Stream(1, "b").uniform(draws), Stream(1, "a").uniform(draws, 2008)]
    for other in others:
        assert not np.isin(other, base).any()
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(len(draws))


def test_the_extreme_words_give_uniforms_strictly_inside() -> None:
    none, all_ones = np.array([0], dtype=np.uint64), np.array([FULL], dtype=np.uint64)
    assert to_uniform(none, none)[0] == 2.0**-53
    assert to_uniform(all_ones, all_ones)[0] == 1 - 2.0**-53


def test_uniforms_are_uniform() -> None:
    u = Stream(2007, "vod[all, all, all]").uniform(range(200_000), 2008)
    counts = np.bincount((u * 100).astype(int), minlength=100)
    chi_square = float(((counts - 2000) ** 2 / 2000).sum())
    assert 50 < chi_square < 160  # 99 degrees of freedom: about one in ten thousand outside, either side
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 4 / np.sqrt(len(u))
