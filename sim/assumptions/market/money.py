"""What may be assumed of money: prices, costs, and what the payer saves and spends."""

import re
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from sim.assumptions.leaf import ASSUMPTION, Leaf, Surroundings
from sim.assumptions.market.kinds import MarketQuantity, WholeQuantity, WholeShare
from sim.assumptions.quantity import Closed, PositiveQuantity
from sim.errors import InputError

PER_VIAL, PER_PATIENT = "per vial", "per patient"


class Price(PositiveQuantity):
    """Money per vial or per patient, in the currency its unit begins with."""

    dimensions = ()

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if not self.unit.endswith((PER_VIAL, PER_PATIENT)):
            raise InputError(f".unit: '{self.unit}' ends neither with '{PER_VIAL}' nor with '{PER_PATIENT}'")
        return self

    def _leaf(self, key: str, node: Any, surroundings: Surroundings) -> Leaf:
        """With a flag where an assumption leans on figures that nobody has verified."""
        leaf = super()._leaf(key, node, surroundings)
        told = re.findall(r"\w+", leaf.source) if leaf.source.startswith(ASSUMPTION) else []
        shaky = [
            row for row in told if row in surroundings.ledger and surroundings.ledger[row]["verified"] == "recalled"
        ]
        flags = (f"leans on what is remembered, unverified: {', '.join(shaky)}",) if shaky else ()
        return replace(leaf, flags=(*leaf.flags, *flags))

    @property
    def is_per_patient(self) -> bool:
        """Whether it is asked for a whole course."""
        return self.unit.endswith(PER_PATIENT)


class Cost(WholeQuantity):
    """Money, in the currency its unit begins with, of the market's price year."""


class RegionCost(MarketQuantity):
    """Money, in the currency its unit begins with, of the market's price year; it may differ by region."""


class Milestone(Closed):
    """What is paid once, on the first time that something happens.

    Attributes
    ----------
    event : the `approval`, the `launch` in the first region, or yearly net `sales` above a threshold.
    above : that threshold, in the market's currency; for sales alone.
    amount : what is paid.
    """

    event: Literal["approval", "launch", "sales"]
    above: float | None = Field(default=None, ge=0)
    amount: Cost

    @model_validator(mode="after")
    def _above_for_sales(self) -> Self:
        if (self.event == "sales") != (self.above is not None):
            raise InputError(".above: yearly net sales that are to be passed go with the event 'sales' alone")
        return self


class Costs(Closed):
    """What the drug's owner spends.

    Attributes
    ----------
    goods : per vial.
    development : what remains to be spent until the read-out, whenever that comes, spread evenly.
    trial_year : besides, for each year that the trial runs on.
    launch : once in each region.
    selling : per year on the market of each region.
    royalty : share of net sales.
    tax : share of profit; losses are carried forward.
    upfront : paid on the valuation date.
    milestones : name → what is paid once.
    """

    goods: Cost
    development: Cost
    trial_year: Cost
    launch: RegionCost
    selling: RegionCost
    royalty: WholeShare
    tax: WholeShare
    upfront: Cost
    milestones: dict[str, Milestone] = Field(default_factory=dict)


class Payer(Closed):
    """The payer's side.

    Attributes
    ----------
    care_with, care_without : what a treated patient costs besides the drug, and what the same patient cost without it.
    members : people whom the payers of all regions together cover, for the cost per member and month; None shows none.
    """

    care_with: Cost
    care_without: Cost
    members: float | None = Field(default=None, gt=0)
