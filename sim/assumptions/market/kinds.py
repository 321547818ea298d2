"""The quantities of a market: they may differ by region, and some by age group."""

from typing import ClassVar

from sim.assumptions.distributions import NUMBER, SHARE
from sim.assumptions.quantity import PositiveQuantity
from sim.assumptions.trial.kinds import DateQuantity

REGION, AGE_GROUP = "region", "age_group"


class MarketQuantity(PositiveQuantity):
    """A quantity from 0 up, which may differ by region."""

    dimensions: ClassVar[tuple[str, ...]] = (REGION,)


class MarketShare(MarketQuantity):
    """A share, which may differ by region."""

    kind = SHARE


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
