"""Distributions made of others or of given values: discrete, mixture, sample."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from sim.assumptions.distributions.base import Distribution, FloatArray, require, require_finite
from sim.assumptions.distributions.numbers import whole_number
from sim.assumptions.distributions.numeric import invert


@final
@dataclass(frozen=True)
class Discrete(Distribution):
    """A few values, or a few labels, with their probabilities.

    Where every label is a number the values are these numbers; else they are the places 0, 1, … of the labels.

    Parameters
    ----------
    labels
        What can happen, each once.
    weights
        Probabilities, which add up to 1.
    """

    labels: tuple[str, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        _require_weights("discrete", self.weights, len(self.labels))
        shown = self.labels if self._numbers is None else self._numbers
        for label in self.labels:
            require(self.labels.count(label) == 1, f"discrete: {label} is given twice")
        require(len(set(shown)) == len(shown), f"discrete: two of {', '.join(self.labels)} are the same number")

    @cached_property
    def _numbers(self) -> tuple[float, ...] | None:
        """The labels as numbers, if all of them are."""
        numbers = [whole_number(label) for label in self.labels]
        return None if None in numbers else tuple(number for number in numbers if number is not None)

    @property
    def is_numeric(self) -> bool:
        """Whether the values are the labels themselves, being numbers."""
        return self._numbers is not None

    @cached_property
    def _steps(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Values that can occur in rising order, their weights, and the running sum of these."""
        values = np.array(self._numbers if self._numbers is not None else range(len(self.labels)), dtype=np.float64)
        order = [i for i in np.argsort(values) if self.weights[i] > 0.0]
        weights = np.array(self.weights)[order]
        weights /= weights.sum()
        running = np.cumsum(weights)
        running[-1] = 1.0
        return values[order], weights, running

    def ppf(self, u: FloatArray) -> FloatArray:
        """Values, or the places of labels."""
        values, _, running = self._steps
        return np.asarray(values[np.searchsorted(running, u, side="left")])

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        values, _, running = self._steps
        return np.asarray(np.concatenate([[0.0], running])[np.searchsorted(values, x, side="right")])

    @property
    def mean(self) -> float:
        """The mean; not a number for labels."""
        values, weights, _ = self._steps
        return float(weights @ values) if self.is_numeric else math.nan

    @property
    def sd(self) -> float:
        """The standard deviation; not a number for labels."""
        values, weights, _ = self._steps
        return math.sqrt(float(weights @ (values - self.mean) ** 2)) if self.is_numeric else math.nan


@final
@dataclass(frozen=True)
class Mixture(Distribution):
    """One of several distributions, each with its probability.

    Parameters
    ----------
    components
        Distributions of numbers, in one unit.
    weights
        Probabilities, which add up to 1.
    """

    components: tuple[Distribution, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        _require_weights("mixture", self.weights, len(self.components))
        for component in self.components:
            labelled = isinstance(component, Discrete) and not component.is_numeric
            require(not labelled, "mixture: a component has labels; only numbers can be mixed")

    @cached_property
    def _parts(self) -> list[tuple[float, Distribution]]:
        """The components that can occur, with weights that add up to 1."""
        total = math.fsum(self.weights)
        return [(w / total, c) for w, c in zip(self.weights, self.components, strict=True) if w > 0.0]

    def ppf(self, u: FloatArray) -> FloatArray:
        """Quantiles: `cdf` inverted by bisection, between the least and the greatest of the components' quantiles."""
        quantiles = [component.ppf(u) for _, component in self._parts]
        return invert(self.cdf, np.asarray(u), np.minimum.reduce(quantiles), np.maximum.reduce(quantiles))

    def cdf(self, x: FloatArray) -> FloatArray:
        """Probability of a value not above `x`."""
        total = np.zeros(np.shape(x))
        for weight, component in self._parts:
            total = total + weight * component.cdf(x)
        return total

    @property
    def mean(self) -> float:
        """The weighted mean of the means."""
        return sum(weight * component.mean for weight, component in self._parts)

    @property
    def sd(self) -> float:
        """The standard deviation, within and between the components."""
        mean = self.mean
        gaps = [(weight, component.sd, component.mean - mean) for weight, component in self._parts]
        return math.sqrt(sum(weight * (sd * sd + gap * gap) for weight, sd, gap in gaps))


@final
@dataclass(frozen=True, eq=False)
class Sample(Distribution):
    """Draws that came from elsewhere, each as likely as the next.

    Parameters
    ----------
    values
        [any number], in the quantity's unit; they are sorted here.
    """

    values: FloatArray

    def __post_init__(self) -> None:
        values = np.sort(np.asarray(self.values, dtype=np.float64).ravel())
        require(values.size > 0, "sample: there are no values")
        require_finite("sample", least=float(values[0]), greatest=float(values[-1]))
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def ppf(self, u: FloatArray) -> FloatArray:
        """The value at the place floor(u n)."""
        place = np.floor(np.asarray(u) * self.values.size).astype(np.int64)
        return self.values[np.minimum(place, self.values.size - 1)]

    def cdf(self, x: FloatArray) -> FloatArray:
        """The share of values not above `x`."""
        return np.asarray(np.searchsorted(self.values, x, side="right") / self.values.size)

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """The standard deviation of the values, which are the whole population here."""
        return float(self.values.std())


def _require_weights(family: str, weights: tuple[float, ...], count: int) -> None:
    """Refuse weights that are no probabilities or do not add up to 1."""
    require(count > 0, f"{family}: needs at least one entry")
    require(len(weights) == count, f"{family}: {len(weights)} weights for {count} entries")
    for weight in weights:
        require(0.0 <= weight <= 1.0, f"{family}: the weight {weight:g} must lie between 0 and 1")
    total = math.fsum(weights)
    require(abs(total - 1.0) <= 1e-9, f"{family}: the weights add up to {total:.10g}; they must add up to 1")
