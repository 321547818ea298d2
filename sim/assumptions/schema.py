"""The schema of `conf/`: everything that may be assumed, validated once and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator, model_validator

from sim.assumptions.consistency import check_rates, check_splits, check_strata
from sim.assumptions.distributions import ends
from sim.assumptions.faults import one_line
from sim.assumptions.quantity import (
    Closed,
    Leaf,
    Number,
    PositiveQuantity,
    Quantity,
    Rate,
    Split,
    Surroundings,
    check_source,
)
from sim.assumptions.settings import Report, Sampling, Scenario, Storage, Years
from sim.errors import InputError, nearest
from sim.evidence.ledger import Ledger
from sim.variables import RATES, STRATA, TOTAL, label_name

CHANGE, LOG_CHANGE = "change per year", "log change per year"


@dataclass(frozen=True)
class Origin:
    """What assumptions were read from.

    Attributes
    ----------
    configuration : the resolved configuration, as plain data.
    ledger : the evidence ledger it cites.
    files : path → SHA-256 of every file of samples it reads.
    """

    configuration: Mapping[str, Any]
    ledger: Ledger
    files: Mapping[str, str]


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
    reference_year : the year the volume is stated for.
    volume : transplants in that year.
    growth, growth_pattern : change from year to year: one `persistent` rate for all years, or an independent shock
        for each of the years (`yearly`).
    shares : per dimension, how the volume is split where it is not itself given by label.
    """

    reference_year: int = Field(ge=1950, le=2200)
    strata: Strata = Strata()
    volume: PositiveQuantity
    growth: Growth
    growth_pattern: Literal["persistent", "yearly"]
    shares: dict[str, Split] = Field(default_factory=dict)

    @field_validator("shares")
    @classmethod
    def _along_their_dimension(cls, shares: dict[str, Split]) -> dict[str, Split]:
        for dimension, split in shares.items():
            if dimension not in STRATA:
                raise InputError(f".{dimension}: no dimension{nearest(dimension, STRATA)}")
            if not split.by or split.by[-1] != dimension:
                raise InputError(f".{dimension}.by: must end with '{dimension}', the dimension it splits")
        return shares


class Correlation(Closed):
    """Spearman's rank correlation of two quantities."""

    between: tuple[str, str]
    spearman: float = Field(gt=-1, lt=1, allow_inf_nan=False)
    source: str

    @model_validator(mode="after")
    def _has_source(self, info: ValidationInfo) -> "Correlation":
        assert isinstance(info.context, Surroundings)
        check_source(".source", self.source, info.context.ledger)
        return self


class Assumptions(Closed):
    """Everything a run assumes. Made by `Assumptions.read`, never changed."""

    scenario: Scenario
    years: Years
    transplants: Transplants
    vod: dict[str, Rate]
    correlation: tuple[Correlation, ...] = ()
    sampling: Sampling
    results: Storage
    report: Report
    _origin: Origin = PrivateAttr()

    @classmethod
    def read(cls, mapping: Mapping[str, Any], surroundings: Surroundings) -> "Assumptions":
        """Validate a composed configuration.

        Raises
        ------
        InputError : one line naming each wrong key, its value and the bound.
        """
        try:
            assumptions = cls.model_validate(mapping, context=surroundings)
        except ValidationError as fault:
            raise InputError(one_line(fault, cls)) from fault
        assumptions._origin = Origin(mapping, surroundings.ledger, surroundings.files)
        return assumptions

    @property
    def origin(self) -> Origin:
        """The configuration, the ledger and the files it was read from."""
        return self._origin

    @field_validator("vod", mode="before")
    @classmethod
    def _every_rate(cls, vod: Any) -> Any:
        if isinstance(vod, Mapping):
            for name in vod:
                if name not in RATES:
                    raise InputError(f".{name}: no rate of the funnel{nearest(str(name), RATES)}")
            for name in RATES:
                if name not in vod:
                    raise InputError(f".{name}: is missing")
        return vod

    @model_validator(mode="after")
    def _fits_together(self) -> "Assumptions":
        strata = {dimension: self.transplants.strata.of(dimension) for dimension in STRATA}
        divided = {*self.transplants.volume.by, *self.transplants.shares}
        check_strata(self.quantities, strata, divided)
        check_splits(self.transplants.shares)
        check_rates(self.vod, strata)
        self._check_correlation()
        return self

    def _check_correlation(self) -> None:
        names = {name for name, leaf in self.leaves.items() if not (leaf.is_certain or leaf.distribution is None)}
        for place, pair in enumerate(self.correlation):
            for name in pair.between:
                if name not in names:
                    raise InputError(
                        f".correlation.{place}.between: '{name}' is no uncertain quantity{nearest(name, names)}"
                    )
            if pair.between[0] == pair.between[1]:
                raise InputError(f".correlation.{place}.between: '{pair.between[0]}' stands twice")
            if set(pair.between) in [set(other.between) for other in self.correlation[:place]]:
                raise InputError(f".correlation.{place}.between: {' ~ '.join(pair.between)} is given before")
            if self.transplants.growth_pattern == "yearly" and "transplants.growth" in pair.between:
                raise InputError(f".correlation.{place}.between: yearly shocks of transplants.growth are independent")

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Every quantity by its key."""
        shares = {f"transplants.shares.{dimension}": split for dimension, split in self.transplants.shares.items()}
        rates = {f"vod.{name}": self.vod[name] for name in RATES}
        return {
            "transplants.volume": self.transplants.volume,
            **shares,
            "transplants.growth": self.transplants.growth,
            **rates,
        }

    @property
    def leaves(self) -> dict[str, Leaf]:
        """Every leaf by the name of its stream: `vod.incidence`, or `vod.incidence[allogeneic]`."""
        return {
            label_name(name, labels): leaf
            for name, quantity in self.quantities.items()
            for labels, leaf in quantity.leaves.items()
        }
