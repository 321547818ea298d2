"""The groups that uncertainty is divided into, and two independent sets of random numbers mixed by group."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from sim.assumptions.schema import Assumptions
from sim.draws.designs import Design
from sim.draws.parameters import sample
from sim.draws.streams import FloatArray

PARAMETER, STUDIES, CRITERION, VOLUME, CHANCE = "parameter", "studies", "criterion", "volume", "chance"

GROUPS = (PARAMETER, STUDIES, CRITERION, VOLUME, CHANCE)
"""In the order of the table."""

_BETWEEN = " between studies"
"""What the name of a pooled quantity's second stream ends with: how far the studies disagree."""

_EDGE = 2.0**-53


def group_of(name: str) -> str:
    """The group of a stream's name; a quantity's name may carry labels."""
    if name.endswith(_BETWEEN) or name.startswith("vod.cohort"):
        return STUDIES
    if name.startswith("vod.criterion"):
        return CRITERION
    return VOLUME if name.startswith("transplants.") else PARAMETER


def between_studies(assumptions: Assumptions) -> dict[str, float]:
    """The pooled quantities, and which share of the variance of their logit is disagreement between studies."""
    found = ((name, leaf.distribution) for name, leaf in assumptions.leaves.items())
    return {name: pooled.between for name, pooled in found if pooled is not None and pooled.between > 0}


def groups_of(name: str, between: Mapping[str, float]) -> set[str]:
    """The groups that a quantity's values come from: two for a pooled one."""
    return {group_of(name), *([STUDIES] if name in between else [])}


class Remembered(Design):
    """The numbers of another design, made once."""

    def __init__(self, design: Design) -> None:
        self._uniform = cache(design.uniform)

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        return self._uniform(name, draws, year)


@dataclass(frozen=True)
class Mixed(Design):
    """Every stream from one of two independent designs, by its group.

    Attributes
    ----------
    a, b : the designs. Two scramblings of one Sobol' dimension would not do: they scramble the same point.
    from_b : the groups that are taken from `b`.
    between : pooled quantity → share of its logit's variance that is disagreement between studies. The normal score of
        such a quantity is the sum of one of its own and one of the studies, with these shares as variances: so the law
        of its uniform number is as it was.
    """

    a: Design
    b: Design
    from_b: frozenset[str]
    between: Mapping[str, float]

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        own = self._stream(name, draws, year)
        share = self.between.get(name, 0.0)
        if not share:
            return own
        others = self._stream(name + _BETWEEN, draws, year)
        score = np.sqrt(1 - share) * ndtri(own) + np.sqrt(share) * ndtri(others)
        return np.asarray(np.clip(ndtr(score), _EDGE, 1 - _EDGE), dtype=np.float64)

    def _stream(self, name: str, draws: range, year: int) -> FloatArray:
        design = self.b if group_of(name) in self.from_b else self.a
        return design.uniform(name, draws, year)


class _Roll(Design):
    """Keeps a list of the streams and years that are asked for, and answers with medians."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, int]] = set()

    def uniform(self, name: str, draws: range, year: int = 0) -> FloatArray:
        """See `Design.uniform`."""
        self.asked.add((name, year))
        return np.full(len(draws), 0.5)


def uncertain_groups(assumptions: Assumptions, between: Mapping[str, float]) -> tuple[str, ...]:
    """The groups that something is drawn for, in their order: found by looking which streams are asked for."""
    roll = _Roll()
    sample(assumptions, range(1), Mixed(roll, roll, frozenset(), between))
    found = {group_of(name) for name, _ in roll.asked} | ({CHANCE} if assumptions.sampling.chance else set())
    return tuple(group for group in GROUPS if group in found)
