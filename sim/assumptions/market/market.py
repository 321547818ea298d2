"""The market: regions, money, and the parts it is made of."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from sim.assumptions.distributions import ends
from sim.assumptions.market.currencies import check_currency, currency_of
from sim.assumptions.market.demand import Dosing, Patients
from sim.assumptions.market.kinds import AGE_GROUP, REGION, MarketChange, MarketShare, WholeChange, WholeQuantity
from sim.assumptions.market.money import Cost, Costs, Payer, Price, RegionCost
from sim.assumptions.market.timing import Competition, Exclusivity, Launch, NamedPatients, WithoutTrial
from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.transplants import Strata
from sim.assumptions.trial.arms import quantities_of
from sim.assumptions.units import check_above_zero, check_units
from sim.dates import decimal_year, exact_day
from sim.errors import InputError
from sim.variables import TOTAL, TYPED

_TOLERANCE = 1e-9

_UNITS = {
    "patients.uptake.years": "year", "patients.uptake.midpoint": "year", "patients.uptake.rise": "year",
    "patients.uptake.innovation": "year", "patients.uptake.imitation": "year", "dosing.dose": "mg",
    "dosing.vial": "mg", "dosing.weight": "kg", "dosing.days.response": "day", "dosing.days.death": "day",
    "dosing.days.toxicity": "day", "launch.filing": "month", "launch.review": "month",
    "launch.reimbursement": "month", "exclusivity.orphan": "year", "competition.during": "year",
    "competition.after": "year", "named_patient.ends_after_miss": "month", "costs.goods": "vial",
    "costs.trial_year": "year", "costs.selling": "year", "price_change": "year", "inflation": "year",
    "discount_rate": "year", "payer.care_with": "patient", "payer.care_without": "patient",
}  # fmt: skip
"""The word that the unit of a quantity must hold, by key below `market`."""


class Market(Closed):
    """What becomes of the patients once the drug can be bought, and of the money.

    Attributes
    ----------
    title : as people read it.
    regions : where the drug is sold; `all` is one market of all the transplants.
    region_shares : share of the patients who live in each region, where the transplants are not divided by region.
    last_year : the last calendar year of sales; None takes the last year of the run.
    currency, price_year : of all money that comes out; prices and costs are stated in money of that year.
    terms : `real`, money of the price year throughout, or `nominal`, costs rising with `inflation`.
    inflation : change of costs per year in nominal terms; of no use in real ones.
    valuation_date : the day to which money is discounted.
    discount_rate : per year, in the market's terms.
    discounting : whether a year's money comes at its middle or at its end.
    exchange : currency → what one unit of it is worth in the market's currency.
    list_price : region → price.
    price_change : change of the list price per year, from the price year on.
    gross_to_net : share of gross sales that is deducted.
    """

    title: str = Field(min_length=1)
    regions: tuple[str, ...] = Field(min_length=1)
    region_shares: MarketShare
    last_year: int | None = Field(default=None, ge=1950, le=2200)
    currency: str
    price_year: int = Field(ge=1950, le=2200)
    terms: Literal["real", "nominal"]
    inflation: WholeChange | None = None
    valuation_date: date
    discount_rate: WholeChange
    discounting: Literal["mid-year", "end-year"]
    exchange: dict[str, WholeQuantity] = Field(default_factory=dict)
    patients: Patients
    dosing: Dosing
    without_trial: WithoutTrial
    launch: Launch
    exclusivity: Exclusivity
    competition: Competition
    named_patient: NamedPatients | None = None
    list_price: dict[str, Price]
    price_change: MarketChange
    gross_to_net: MarketShare
    costs: Costs
    payer: Payer

    @field_validator("valuation_date", mode="before")
    @classmethod
    def _a_day(cls, day: str | date) -> date:
        return exact_day("", day)

    @field_validator("discount_rate", mode="before")
    @classmethod
    def _a_rate(cls, rate: Any) -> Any:
        return rate if isinstance(rate, Mapping) else {"value": rate, "unit": "per year", "source": TYPED}

    @field_validator("exchange", "list_price", mode="before")
    @classmethod
    def _some(cls, given: Any) -> Any:
        """An option that builds on another sets to null what it does without."""
        return {name: node for name, node in given.items() if node is not None} if isinstance(given, Mapping) else given

    @field_validator("currency")
    @classmethod
    def _a_currency(cls, currency: str) -> str:
        check_currency("", currency)
        return currency

    @field_validator("regions")
    @classmethod
    def _labels(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(regions)) < len(regions) or (TOTAL in regions and len(regions) > 1):
            raise InputError(f"{list(regions)} must be different labels, none of them '{TOTAL}' beside others")
        return regions

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        self._check_regions()
        check_units(dict(self._all()), _UNITS)
        check_above_zero({f"exchange.{code}": worth for code, worth in self.exchange.items()})
        self._check_currencies()
        if self.terms == "nominal" and self.inflation is None:
            raise InputError(".inflation: is missing, which nominal terms need")
        rate = self.discount_rate.leaves[()].distribution
        if rate is not None and ends(rate)[0] <= -1:
            raise InputError(f".discount_rate: {self.discount_rate.value} reaches -1, where nothing can be discounted")
        if rate is not None and rate.mean > 1:
            raise InputError(f".discount_rate: {self.discount_rate.value} is above 1 a year (12 % is 0.12)")
        shares = [
            leaf.distribution for own, leaf in self.region_shares.leaves.items() if not own or own[0] in self.regions
        ]
        total = sum(share.mean for share in shares if share is not None)
        if total > 1 + _TOLERANCE:
            raise InputError(f".region_shares.values: the shares add up to {total:.6g} in the mean, above 1")
        return self

    def _check_regions(self) -> None:
        """Every quantity by region has a value for each, and so have prices; further regions are left out."""
        priced = {"list_price": self.list_price}
        if self.named_patient is not None and self.named_patient.price is not None:
            priced["named_patient.price"] = self.named_patient.price
        missing = {
            f"{place}.{region}": 0 for place, own in priced.items() for region in self.regions if region not in own
        }
        for name, quantity in self._all():
            known = quantity.labels(REGION) if REGION in quantity.by else self.regions
            missing |= {f"{name}.values.{region}": 0 for region in self.regions if region not in known}
        if missing:
            first, *others = missing
            more = f", as are {', '.join(f'market.{key}' for key in others)}" if others else ""
            raise InputError(f".{first}: is missing{more} (market.regions: {', '.join(self.regions)})")
        if len(self.regions) > 1 and not self.region_shares.by:
            raise InputError(".region_shares.by: must be region, with a share for each of market.regions")

    def _check_currencies(self) -> None:
        for code, worth in self.exchange.items():
            check_currency(".exchange", code)
            if not worth.unit.endswith(f"per {code}"):
                raise InputError(f".exchange.{code}.unit: '{worth.unit}' does not end with 'per {code}'")
        for name, quantity in self._money().items():
            code = currency_of(f".{name}", quantity.unit)
            if code != self.currency and code not in self.exchange:
                raise InputError(
                    f".exchange.{code}: is missing, which market.{name} is given in: what 1 {code} is worth in "
                    f"{self.currency}"
                )

    def currency_of(self, name: str) -> str:
        """The currency of a quantity of money, by its key below `market`."""
        return currency_of(f".{name}", self._money()[name].unit)

    def _money(self) -> dict[str, Quantity]:
        """Every quantity of money, by its key below `market`."""
        return {name: found for name, found in self._all() if isinstance(found, Price | Cost | RegionCost)}

    @property
    def money_unit(self) -> str:
        """The money that comes out as people read it: `USD of 2008`, or `USD (nominal, stated for 2008)`."""
        if self.terms == "real":
            return f"{self.currency} of {self.price_year}"
        return f"{self.currency} (nominal, stated for {self.price_year})"

    @property
    def names(self) -> tuple[str, ...]:
        """The keys below `market` of every quantity there is, drawn in a run or not."""
        return tuple(name for name, _ in self._all())

    def _all(self) -> Iterator[tuple[str, Quantity]]:
        """Every quantity there is, by its key below `market`."""
        parts: dict[str, Closed | None] = {
            "": self,
            "patients.": self.patients,
            "patients.uptake.": self.patients.uptake,
            "dosing.": self.dosing,
            "dosing.days.": self.dosing.days,
            "without_trial.": self.without_trial,
            "launch.": self.launch,
            "exclusivity.": self.exclusivity,
            "competition.": self.competition,
            "named_patient.": self.named_patient,
            "costs.": self.costs,
            "payer.": self.payer,
        }
        for place, part in parts.items():
            yield from ((f"{place}{name}", quantity) for name, quantity in quantities_of(part).items())
        sold = self.regions
        yield from ((f"list_price.{region}", self.list_price[region]) for region in sold if region in self.list_price)
        yield from ((f"exchange.{code}", rate) for code, rate in self.exchange.items())
        if self.named_patient is not None and self.named_patient.price is not None:
            own = self.named_patient.price
            yield from ((f"named_patient.price.{region}", own[region]) for region in sold if region in own)
        yield from ((f"costs.milestones.{name}.amount", paid.amount) for name, paid in self.costs.milestones.items())

    def quantities_in(self, strata: Strata, *, has_trial: bool) -> dict[str, Quantity]:
        """The quantities that a run draws, by key below `market`: of the labels its patients have.

        Parameters
        ----------
        strata : of its transplants.
        has_trial : whether the read-out comes from a trial.
        """
        regions = self.regions_in(strata)
        labels = {REGION: regions, AGE_GROUP: strata.age_group}
        unused = {f"patients.{name}" for name in self.patients.unused}
        if self.terms == "real":
            unused.add("inflation")
        if has_trial:
            unused |= {f"without_trial.{name}" for name in quantities_of(self.without_trial)}
        if strata.region != (TOTAL,):
            unused.add("region_shares")
        unused |= {f"list_price.{region}" for region in self.regions if region not in regions}
        unused |= {f"named_patient.price.{region}" for region in self.regions if region not in regions}
        spoken = {self.currency_of(name) for name in self._money() if name not in unused}
        unused |= {f"exchange.{code}" for code in self.exchange if code not in spoken}
        return {name: _within(quantity, labels) for name, quantity in self._all() if name not in unused}

    def regions_in(self, strata: Strata) -> tuple[str, ...]:
        """The regions where the drug is sold and the run has patients."""
        if TOTAL in (*strata.region, *self.regions):
            return self.regions
        return tuple(region for region in self.regions if region in strata.region)

    def years(self, first_year: int, last_year: int) -> tuple[int, ...]:
        """The years of the market, from that of the valuation or the run's first on, in order.

        Parameters
        ----------
        first_year, last_year : of the run.
        """
        last = self.last_year or last_year
        if last < self.valuation_date.year:
            return ()
        return tuple(range(min(first_year, self.valuation_date.year), last + 1))

    def check_against(self, strata: Strata, first_year: int, last_year: int, start: date | None) -> None:
        """Whether the market fits the patients and the trial of a run.

        Parameters
        ----------
        strata : of its transplants.
        first_year, last_year : of the run.
        start : of its trial; None where there is none.

        Raises
        ------
        InputError : naming the key.
        """
        if not self.regions_in(strata):
            raise InputError(
                f".market.regions: none of {', '.join(self.regions)} is a region of the transplants "
                f"({', '.join(strata.region)})"
            )
        years = self.years(first_year, last_year)
        if not years:
            raise InputError(
                f".market.last_year: {self.last_year or last_year} is before {self.valuation_date.year}, the year of "
                "market.valuation_date"
            )
        for key, quantity in self.quantities_in(strata, has_trial=start is not None).items():
            for label in strata.age_group if AGE_GROUP in quantity.by else ():
                if label not in quantity.labels(AGE_GROUP):
                    raise InputError(f".market.{key}.values: age group '{label}' has no value, nor has 'all'")
        self._check_earliest(start)

    def _check_earliest(self, start: date | None) -> None:
        """A drug is not launched before its trial begins."""
        earliest = self.launch.earliest
        for leaf in earliest.leaves.values() if earliest is not None and start is not None else ():
            assert start is not None
            if leaf.distribution is not None and ends(leaf.distribution)[0] < decimal_year(start):
                raise InputError(f".market.launch.earliest{leaf.key}: {leaf.text} is before trial.start {start}")


def _within(quantity: Quantity, labels: Mapping[str, tuple[str, ...]]) -> Quantity:
    """The same quantity with the labels there are alone, in their order."""
    for dimension in quantity.by:
        quantity = quantity.only(dimension, labels[dimension])
    return quantity
