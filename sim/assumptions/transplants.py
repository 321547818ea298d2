"""How many transplants there are: volume, strata, growth."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from sim.assumptions.distributions import ends
from sim.assumptions.quantity import Closed, Number, Split
from sim.assumptions.volume import Volume, says_trend
from sim.errors import InputError, nearest
from sim.variables import STRATA, TOTAL

CHANGE, LOG_CHANGE = "change per year", "log change per year"

CARRYING = ("growth", "growth_pattern", "reference_year")
"""What carries a volume from its year to others, where no trend does."""

NO_GROWTH = "not with a fitted trend, whose history gives the growth; choose another transplants= option or remove it"
"""Why they are refused beside a trend."""


class Strata(Closed):
    """The labels each dimension of the population is divided into; one label leaves it whole."""

    region: tuple[str, ...] = (TOTAL,)
    transplant: tuple[str, ...] = (TOTAL,)
    age_group: tuple[str, ...] = (TOTAL,)

    @field_validator("*")
    @classmethod
    def _labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if not labels or len(set(labels)) < len(labels):
            raise InputError(f"{list(labels)} must be one or more different labels")
        for label in labels:
            if not label.strip() or set(label) & set("[],"):
                raise InputError(f"'{label}' is no label: text without brackets and commas")
            if label == TOTAL and len(labels) > 1:
                raise InputError(f"'{TOTAL}' is the name of the total and cannot stand beside other labels")
        return labels

    def of(self, dimension: str) -> tuple[str, ...]:
        """The labels of one dimension."""
        labels: tuple[str, ...] = getattr(self, dimension)
        return labels


class Growth(Number):
    """Growth of the volume: `0.02` is × 1.02 a year, or × exp(0.02) when its unit says log change."""

    @field_validator("unit")
    @classmethod
    def _known_unit(cls, unit: str) -> str:
        full = LOG_CHANGE if unit == "log change" else unit
        if full not in (CHANGE, LOG_CHANGE):
            raise InputError(f"'{unit}' is neither '{CHANGE}' nor '{LOG_CHANGE}'")
        return full

    @model_validator(mode="after")
    def _possible(self) -> "Growth":
        for leaf in self.leaves.values():
            if self.unit == CHANGE and leaf.distribution is not None and ends(leaf.distribution)[0] <= -1:
                raise InputError(f"{leaf.key}: a change of -1 or below leaves no transplants; use a log change")
        return self


class Transplants(Closed):
    """How many transplants there are, in which strata, and how they grow.

    Attributes
    ----------
    volume : transplants in the reference year, or trends fitted to their history.
    reference_year : the year the volume is stated for; None with a trend.
    growth, growth_pattern : change from year to year: one `persistent` rate for all years, or an independent shock
        for each of the years (`yearly`); None with a trend.
    shares : per dimension, how the volume is split where it is not itself given by label; None is no split.
    """

    reference_year: int | None = Field(default=None, ge=1950, le=2200)
    strata: Strata = Strata()
    volume: Volume
    growth: Growth | None = None
    growth_pattern: Literal["persistent", "yearly"] | None = None
    shares: dict[str, Split] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _growth_or_trend(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            carrying = [name for name in CARRYING if given.get(name) is not None]
            if says_trend(given.get("volume")) and carrying:
                raise InputError(f".{carrying[0]}: {NO_GROWTH}")
            if "volume" in given and not says_trend(given["volume"]) and len(carrying) < len(CARRYING):
                missing = next(name for name in CARRYING if name not in carrying)
                raise InputError(
                    f".{missing}: is missing: the volume is no fitted trend; give it, or choose another transplants= "
                    "option"
                )
        return given

    @field_validator("shares", mode="before")
    @classmethod
    def _some(cls, shares: Any) -> Any:
        if isinstance(shares, Mapping):
            return {dimension: split for dimension, split in shares.items() if split is not None}
        return {} if shares is None else shares

    @model_validator(mode="after")
    def _divided_once(self) -> "Transplants":
        for dimension in self.volume.by:
            if dimension in self.shares:
                raise InputError(
                    f".shares.{dimension}: divides transplants that transplants.volume gives by {dimension} already; "
                    f"remove one (shares: {{{dimension}: null}})"
                )
        return self

    @field_validator("shares")
    @classmethod
    def _along_their_dimension(cls, shares: dict[str, Split]) -> dict[str, Split]:
        for dimension, split in shares.items():
            if dimension not in STRATA:
                raise InputError(f".{dimension}: no dimension{nearest(dimension, STRATA)}")
            if not split.by or split.by[-1] != dimension:
                raise InputError(f".{dimension}.by: must end with '{dimension}', the dimension it splits")
        return shares
