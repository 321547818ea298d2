"""What each option gains, given some quantities: regressions that are read where they were not fitted.

The conditional mean of the gain is a smooth function of the quantities' normal scores, found by ridge regression (M.
Strong, J. E. Oakley and A. Brennan, "Estimating multiparameter partial expected value of perfect information from a
probabilistic sensitivity analysis sample: a nonparametric regression approach", Medical Decision Making 34, 2014).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sim.draws.streams import FloatArray

FOLDS = 4
"""Parts of the draws; each is predicted by a curve fitted to the others, so that no draw predicts itself."""

_KNOTS, _DEGREE = 5, 3  # of a quantity's spline, between knots at equal shares of the draws
_FEWER_KNOTS, _LOWER_DEGREE = 3, 2  # of each of many quantities
_FEW = 12  # different values, up to which a quantity has a level each in place of a curve
_SURFACES = 3  # quantities, up to which every pair has a surface of its own
_PAIRED = 16  # quantities, up to which every pair has a product; of more those that matter most alone
_PENALTIES = (1e-3, 1.0, 30.0, 1000.0)  # of which the one that predicts best is taken, where there are many terms
_LIGHT = 1e-6  # keeps a curve of few terms solvable, and no more
_CLEARLY = 2  # standard errors by which a curve must predict better than the mean


class Curve(NamedTuple):
    """What each option gains, given some quantities.

    Attributes
    ----------
    expected : the mean gain by draw, each from a curve fitted to other draws, [draw, option].
    is_clear : whether it predicts better than the mean of all draws does, by two standard errors; else what it says
        is taken for noise.
    """

    expected: FloatArray
    is_clear: bool


def expected_gains(gains: FloatArray, numbers: FloatArray, fold: NDArray[np.int64]) -> Curve:
    """The mean gain of each option given some quantities, by draw, from curves fitted to the other folds.

    Parameters
    ----------
    gains : of each option, [draw, option].
    numbers : of the quantities, in any units, [draw, quantity].
    fold : the part that each draw belongs to, [draw].
    """
    paired = None if numbers.shape[1] <= _PAIRED else _foremost(gains, numbers)
    found = _predicted(gains, _terms(numbers, paired), fold)
    better = ((gains - gains.mean(axis=0)) ** 2 - (gains - found) ** 2).sum(axis=1)
    return Curve(found, bool(better.mean() > _CLEARLY * better.std() / np.sqrt(len(better))))


def _terms(numbers: FloatArray, paired: NDArray[np.int64] | None = None) -> FloatArray:
    """The functions of the quantities that the gains are regressed on: [draw, function].

    Parameters
    ----------
    numbers : [draw, quantity].
    paired : which quantities have products with each other; None is all.
    """
    from sklearn.preprocessing import PolynomialFeatures

    pairs = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    shape = (_KNOTS, _DEGREE) if paired is None else (_FEWER_KNOTS, _LOWER_DEGREE)
    curves = [_curve(column, *shape) for column in numbers.T]
    if len(curves) == 1:
        return curves[0]
    if len(curves) <= _SURFACES:
        return np.asarray(pairs.fit_transform(np.hstack(curves)), dtype=np.float64)
    chosen = numbers if paired is None else numbers[:, paired]
    scores = np.stack([normal_scores(column) for column in chosen.T], axis=1)
    return np.hstack([*curves, np.asarray(pairs.fit_transform(scores))[:, scores.shape[1] :]])


def _curve(values: FloatArray, knots: int, degree: int) -> FloatArray:
    """A spline of a quantity's normal scores; of few different values a level for each: [draw, function]."""
    from sklearn.preprocessing import SplineTransformer

    different = np.unique(values)
    if len(different) <= _FEW:
        return np.asarray(values[:, None] == different[None, 1:], dtype=np.float64)
    spline = SplineTransformer(knots, degree, knots="quantile", include_bias=False)
    return np.asarray(spline.fit_transform(normal_scores(values)[:, None]), dtype=np.float64)


def normal_scores(values: FloatArray) -> FloatArray:
    """Ranks as quantiles of a normal distribution, so that neither a unit nor a long tail matters: [draw]."""
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(values) - 0.5) / len(values)), dtype=np.float64)


def _foremost(gains: FloatArray, numbers: FloatArray) -> NDArray[np.int64]:
    """The quantities that move the gains most, each alone."""
    scores = np.stack([normal_scores(column) for column in numbers.T], axis=1)
    strength = np.abs(scores.T @ (gains - gains.mean(axis=0))).sum(axis=1)
    return np.sort(np.argsort(-strength, kind="stable")[:_PAIRED])


def _predicted(gains: FloatArray, terms: FloatArray, fold: NDArray[np.int64]) -> FloatArray:
    """Each fold as the others predict it, with the penalty that predicts the first of them best: [draw, option]."""
    folds = [fold == one for one in np.unique(fold)]
    penalties = _PENALTIES if terms.shape[1] > _KNOTS * _SURFACES else (_LIGHT,)
    tried = {penalty: _by_the_others(gains, terms, folds[0], penalty) for penalty in penalties}
    best = min(tried, key=lambda penalty: float(((gains[folds[0]] - tried[penalty]) ** 2).sum()))
    found = np.empty_like(gains)
    found[folds[0]] = tried[best]
    for own in folds[1:]:
        found[own] = _by_the_others(gains, terms, own, best)
    return found


def _by_the_others(gains: FloatArray, terms: FloatArray, own: NDArray[np.bool_], penalty: float) -> FloatArray:
    from sklearn.linear_model import Ridge
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # on so small a problem threads only wait for each other
        model = Ridge(alpha=penalty, solver="cholesky").fit(terms[~own], gains[~own])
    return np.asarray(model.predict(terms[own]), dtype=np.float64).reshape(-1, gains.shape[1])
