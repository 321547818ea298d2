"""The schema of `conf/`: everything that may be assumed, validated once and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, model_validator

from sim.assumptions.consistency import (
    check_choices,
    check_criteria,
    check_evidence,
    check_rates,
    check_splits,
    check_strata,
)
from sim.assumptions.faults import one_line
from sim.assumptions.leaf import Leaf, Surroundings, check_source
from sim.assumptions.market.market import Market
from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.sensitivity import Sensitivity
from sim.assumptions.settings import Evidence, Execution, Report, Sampling, Scenario, Storage, Years
from sim.assumptions.transplants import Transplants
from sim.assumptions.trial.trial import Trial
from sim.assumptions.vod import Vod
from sim.errors import InputError, nearest
from sim.evidence.ledger import Ledger
from sim.variables import STRATA, label_name


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
    vod: Vod
    trial: Trial | None = None
    market: Market | None = None
    evidence: Evidence = Evidence()
    correlation: tuple[Correlation, ...] = ()
    sampling: Sampling
    results: Storage
    execution: Execution = Execution()
    report: Report
    sensitivity: Sensitivity = Sensitivity()
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

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> "Assumptions":
        assert isinstance(info.context, Surroundings)
        strata = {dimension: self.transplants.strata.of(dimension) for dimension in STRATA}
        divided = {*self.transplants.volume.by, *self.transplants.shares}
        check_choices(self.vod.rates, self.vod.choices)
        labels = {name: tuple(choice.weights) for name, choice in self.vod.choices.items()}
        check_strata(self.populations, {**strata, **labels}, {*divided, *labels})
        check_splits(self.transplants.shares)
        check_rates(self.vod.rates, strata)
        check_criteria(self.vod.rates, labels)
        check_evidence(self.vod.rates, info.context.ledger)
        if self.trial is not None:
            self.trial.check_untreated(self.vod.rates["day100_mortality"])
        if self.market is not None:
            start = None if self.trial is None else self.trial.start
            self.market.check_against(self.transplants.strata, self.years.first, self.years.last, start)
        self._check_correlation()
        return self

    def _check_correlation(self) -> None:
        labels = {f"vod.{name}" for name in self.vod.choices}  # they have no ranks
        laws = {label_name(name, of) for name, law in self.quantities.items() if law.is_law for of in law.leaves}
        uncertain = {name for name, leaf in self.leaves.items() if not (leaf.is_certain or leaf.distribution is None)}
        names = uncertain - labels - laws
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

    def without(self, *sections: str) -> "Assumptions":
        """The same without a trial or a market, nor the correlations of their quantities.

        Parameters
        ----------
        sections : `trial`, `market` or both.
        """
        gone = tuple(f"{section}." for section in sections)
        kept = tuple(pair for pair in self.correlation if not any(name.startswith(gone) for name in pair.between))
        return self.model_copy(update={**dict.fromkeys(sections), "correlation": kept})

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Every quantity by its key."""
        trial = {} if self.trial is None else self.trial.quantities
        strata, market = self.transplants.strata, self.market
        sold = {} if market is None else market.quantities_in(strata, has_trial=self.trial is not None)
        return {
            **self.populations,
            **{f"trial.{name}": quantity for name, quantity in trial.items()},
            **{f"market.{name}": quantity for name, quantity in sold.items()},
        }

    @property
    def all_years(self) -> Years:
        """The years of the run and of its market."""
        every = (*self.years.all, *self.market_years)
        return Years(first=min(every), last=max(every))

    @property
    def market_years(self) -> tuple[int, ...]:
        """The years of the market, in order; none where there is none."""
        return () if self.market is None else self.market.years(self.years.first, self.years.last)

    @property
    def populations(self) -> dict[str, Quantity]:
        """The quantities of the populations, by key: all but the trial's."""
        shares = {f"transplants.shares.{dimension}": split for dimension, split in self.transplants.shares.items()}
        growth = {} if self.transplants.growth is None else {"transplants.growth": self.transplants.growth}
        rates = {f"vod.{name}": quantity for name, quantity in self.vod.quantities.items()}
        return {
            "transplants.volume": self.transplants.volume,
            **shares,
            **growth,
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
