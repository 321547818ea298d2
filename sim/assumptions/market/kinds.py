"""The quantities of a market: they may differ by region, and some by age group."""

from dataclasses import replace
from typing import Any, ClassVar

from sim.assumptions.distributions import NUMBER, SHARE
from sim.assumptions.leaf import Leaf, Surroundings
from sim.assumptions.quantity import PositiveQuantity
from sim.assumptions.trial.kinds import DateQuantity

REGION, AGE_GROUP = "region", "age_group"


class MarketQuantity(PositiveQuantity):
    """A quantity from 0 up, which may differ by region."""

    dimensions: ClassVar[tuple[str, ...]] = (REGION,)


class MarketShare(MarketQuantity):
    """A share, which may differ by region."""

    kind = SHARE


class DiagnosedShare(MarketShare):
    """The share that is diagnosed; anything but 1 is flagged, since published rates are of diagnosed patients."""

    def _leaf(self, key: str, node: Any, surroundings: Surroundings) -> Leaf:
        leaf = super()._leaf(key, node, surroundings)
        found = leaf.distribution
        if found is None or (found.is_certain and found.mean == 1):
            return leaf
        return replace(leaf, flags=(*leaf.flags, "the rates are of diagnosed patients, so some are left out twice"))


class MarketChange(MarketQuantity):
    """A rate of change of either sign, which may differ by region."""

    kind = NUMBER


class MarketDate(DateQuantity):
    """A date, which may differ by region."""

    dimensions: ClassVar[tuple[str, ...]] = (REGION,)


class WholeQuantity(PositiveQuantity):
    """A quantity from 0 up that is the same in all regions."""

    dimensions: ClassVar[tuple[str, ...]] = ()


class WholeShare(WholeQuantity):
    """A share that is the same in all regions."""

    kind = SHARE


class WholeChange(WholeQuantity):
    """A rate of change of either sign that is the same in all regions."""

    kind = NUMBER


class AgeQuantity(PositiveQuantity):
    """A quantity from 0 up that may differ by age group."""

    dimensions: ClassVar[tuple[str, ...]] = (AGE_GROUP,)
