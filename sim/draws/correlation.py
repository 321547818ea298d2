"""Rank correlation by a Gaussian copula.

Spearman's correlation r of two quantities becomes the correlation 2 sin(π r / 6) of their normal scores (Pearson 1907;
Iman & Conover 1982). Correlated quantities form blocks; within a block the order is that of their names, the first
stays as it is, and a quantity outside the block never changes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.draws.streams import FloatArray
from sim.errors import InputError

Matrix = NDArray[np.float64]
Pairs = Mapping[tuple[str, str], float]

_EDGE = 2.0**-53
_FLOOR = 5e-3  # the smallest eigenvalue of the matrix offered instead: it must survive being rounded and typed


def blocks(pairs: Pairs) -> list[tuple[str, ...]]:
    """Groups of names that hang together, each in alphabetical order."""
    groups: list[set[str]] = []
    for pair in pairs:
        joined = set(pair).union(*(group for group in groups if group & set(pair)))
        groups = [group for group in groups if not group & joined] + [joined]
    return sorted(tuple(sorted(group)) for group in groups)


def score_matrix(names: tuple[str, ...], pairs: Pairs) -> Matrix:
    """Correlation of the normal scores of a block; pairs not named are uncorrelated."""
    matrix = np.eye(len(names))
    for (one, other), spearman in pairs.items():
        if one in names:
            i, j = names.index(one), names.index(other)
            matrix[i, j] = matrix[j, i] = 2 * np.sin(np.pi * spearman / 6)
    return matrix


def nearest_correlation(matrix: Matrix, floor: float = _FLOOR, rounds: int = 200) -> Matrix:
    """The nearest positive definite correlation matrix, by alternating projections.

    Higham, "Computing the nearest correlation matrix", IMA J. Numer. Anal. 22 (2002); eigenvalues are kept a little
    above 0 so that the matrix can be used as shown.
    """
    current, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(rounds):
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = (vectors * np.maximum(values, floor)) @ vectors.T
        correction = projected - shifted
        current = projected.copy()
        np.fill_diagonal(current, 1.0)
    scale = 1.0 / np.sqrt(np.diag(projected))
    near: Matrix = projected * np.outer(scale, scale)
    return near


def cholesky(names: tuple[str, ...], pairs: Pairs) -> Matrix:
    """The lower triangular root of a block's score matrix.

    Raises
    ------
    InputError : if the matrix is not positive definite, with the nearest Spearman correlations that are.
    """
    matrix = score_matrix(names, pairs)
    try:
        return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        near = 6 / np.pi * np.arcsin(nearest_correlation(matrix) / 2)
        shown = ", ".join(
            f"{names[i]} ~ {names[j]}: {near[i, j]:.4f}" for i in range(len(names)) for j in range(i + 1, len(names))
        )
        raise InputError(f"correlation: these values contradict each other; the nearest that fit are {shown}") from None


def correlate(uniform: Mapping[str, FloatArray], pairs: Pairs) -> dict[str, FloatArray]:
    """Independent uniforms made dependent: [draw] each, in the order given."""
    result = dict(uniform)
    for names in blocks(pairs):
        root = cholesky(names, pairs)
        scores = [ndtri(uniform[name]) for name in names]
        for row, name in enumerate(names[1:], start=1):
            score = sum(root[row, column] * scores[column] for column in range(row + 1))
            result[name] = np.clip(ndtr(score), _EDGE, 1 - _EDGE)
    return result
