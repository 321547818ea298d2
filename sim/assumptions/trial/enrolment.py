"""What may be assumed of enrolment: the trial as one process, or its sites; what was seen of it by a date."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from sim.assumptions.distributions import ends
from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.trial.kinds import (
    COUNTRY,
    DateQuantity,
    SiteLaw,
    SiteQuantity,
    SiteShare,
    SiteShareLaw,
    TrialChange,
    TrialQuantity,
    TrialShare,
)
from sim.errors import InputError, nearest

MOST_SITES, MOST_PATIENTS = 2_000, 20_000
"""Sites and patients of a trial that are still simulated."""


class Pooled(Closed):
    """The trial as one process (Gajewski, Simon & Carlson 2008).

    Attributes
    ----------
    strength : how much the plan counts beside the data, as a share of the target's patients: 0 is the data alone, 1 as
        much as a whole trial; `accelerated` is 1 less the enrolled share, `hedging` leaves it to the data.
    months : the plan: months for the whole target; None where the data alone count, or the plan comes from the
        epidemiology.
    plan : where the plan comes from: `given` in months, or the `epidemiology` of the sites.
    """

    strength: float | Literal["accelerated", "hedging"]
    plan: Literal["given", "epidemiology"] = "given"
    months: TrialQuantity | None = None

    @model_validator(mode="after")
    def _plan_where_needed(self) -> "Pooled":
        if not isinstance(self.strength, str) and not 0 <= self.strength <= 1:
            raise InputError(f".strength: {self.strength:g} is no share between 0 and 1, nor accelerated or hedging")
        if self.strength != 0 and self.plan == "given" and self.months is None:
            raise InputError(f".months: is missing: a strength of {self.strength} needs the plan (or strength=0)")
        return self


class Sites(Closed):
    """The sites of a trial, each with a rate of its own (Anisimov & Fedorov 2007).

    Attributes
    ----------
    number : of sites, or of sites by country.
    rates : whether the mean rate is `given` or follows from the `epidemiology` of the draw: transplants at a site ×
        incidence × severe share × meets criteria × consent.
    rate : patients screened per site and month at full speed, the mean over sites.
    transplants : per site and year.
    rate_cv : coefficient of variation of the rate between sites.
    planned : months after the start when each site is to open; None is at once.
    delay : months by which a site opens later.
    never_opens : share of sites that never open.
    ramp : months until a new site is at full speed.
    decline : fall of the logarithm of a site's rate per month of its age.
    screening_pass : share of screened patients that pass.
    dropout : share of the enrolled that are lost before they count.
    shared_cv : coefficient of variation of a factor common to all sites.
    cap : patients one site may enrol.
    country_caps : patients a country's sites may enrol together.
    """

    number: dict[str, int]
    rates: Literal["given", "epidemiology"]
    rate: SiteQuantity | None = None
    transplants: SiteQuantity | None = None
    rate_cv: SiteQuantity
    planned: tuple[float, ...] | None = None
    delay: SiteLaw
    never_opens: SiteShare
    ramp: TrialQuantity
    decline: TrialChange
    screening_pass: SiteShareLaw
    dropout: SiteShare
    shared_cv: TrialQuantity
    cap: int | None = Field(default=None, ge=1)
    country_caps: dict[str, int] | None = None

    @field_validator("number", mode="before")
    @classmethod
    def _one_country(cls, number: Any) -> Any:
        return {"all": number} if isinstance(number, (int, str)) and not isinstance(number, bool) else number

    @field_validator("number")
    @classmethod
    def _some_sites(cls, number: dict[str, int]) -> dict[str, int]:
        for country, sites in number.items():
            if sites < 0:
                raise InputError(f".{country}: {sites} sites are below 0")
        total = sum(number.values())
        if not 1 <= total <= MOST_SITES:
            raise InputError(f"{total} sites are {'below 1' if total < 1 else f'above {MOST_SITES}'}")
        return number

    @field_validator("country_caps")
    @classmethod
    def _known_caps(cls, caps: dict[str, int] | None) -> dict[str, int] | None:
        for country, cap in (caps or {}).items():
            if cap < 0:
                raise InputError(f".{country}: a cap of {cap} patients is below 0")
        return caps

    @model_validator(mode="after")
    def _fits(self) -> "Sites":
        needed = "rate" if self.rates == "given" else "transplants"
        if getattr(self, needed) is None:
            raise InputError(f".{needed}: is missing where rates are {self.rates}")
        if self.rates == "epidemiology" and self.rate is not None:
            raise InputError(".rate: is not used where rates are epidemiology; add trial.enrolment.sites.rates=given")
        if self.planned is not None:
            if len(self.planned) != len(self.countries):
                raise InputError(f".planned: {len(self.planned)} openings for {len(self.countries)} sites")
            if any(month < 0 for month in self.planned):
                raise InputError(f".planned: {min(self.planned):g} is before the trial's start")
        for country in self.country_caps or {}:
            if country not in self.number:
                raise InputError(f".country_caps.{country}: no country of sites.number{nearest(country, self.number)}")
        _check_decline(self.decline)
        for name, quantity in self.quantities.items():
            _check_countries(name, quantity, self.number)
        return self

    @property
    def quantities(self) -> dict[str, Quantity]:
        """The quantities there are, by name."""
        return {name: value for name in type(self).model_fields if isinstance(value := getattr(self, name), Quantity)}

    @property
    def countries(self) -> tuple[str, ...]:
        """The country of each site, in order."""
        return tuple(country for country, sites in self.number.items() for _ in range(sites))

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each site: its place, with its country where there are several; more sites rename none."""
        several = len(self.number) > 1
        return tuple(
            f"{country} {place + 1}" if several else f"site {place + 1}"
            for country, sites in self.number.items()
            for place in range(sites)
        )

    def most(self) -> int | None:
        """Patients that the caps let enrol at the utmost; None where there are none."""
        if self.cap is None and not self.country_caps:
            return None
        room = {
            country: MOST_PATIENTS if self.cap is None else sites * self.cap for country, sites in self.number.items()
        }
        caps = self.country_caps or {}
        return sum(min(patients, caps.get(country, patients)) for country, patients in room.items())


def _check_decline(decline: Quantity) -> None:
    """A site that doubles its rate each month and more is a slip of the pen."""
    for leaf in decline.leaves.values():
        if leaf.distribution is not None and (low := ends(leaf.distribution)[0]) < -1:
            raise InputError(f".decline{leaf.key}: reaches {low:.3g} per month, below -1")


def _check_countries(name: str, quantity: Quantity, number: Mapping[str, int]) -> None:
    for dimension in quantity.by:
        given = set(quantity.labels(dimension))
        for label in sorted(given - number.keys()):
            raise InputError(f".{name}.values.{label}: no {COUNTRY} of sites.number{nearest(label, number)}")
        for label in sorted(number.keys() - given):
            raise InputError(f".{name}.values: {COUNTRY} '{label}' has no value")


class ExpandedAccess(Closed):
    """A programme outside the trial that draws patients away.

    Attributes
    ----------
    opens : its first day.
    diverted : share of the trial's patients that go there.
    """

    opens: str
    diverted: TrialShare


class Enrolment(Closed):
    """How patients come.

    Attributes
    ----------
    model : whether the trial is one process (`pooled`) or each site its own (`sites`).
    season : factors of the twelve months of the year; None is no season.
    pace : factor of every rate from now on, whatever was seen: what if it went twice as fast?
    later_cv : coefficient of variation of a factor on all that comes after what was seen; of no effect without data.
    """

    model: Literal["pooled", "sites"]
    pooled: Pooled | None = None
    sites: Sites | None = None
    season: tuple[float, ...] | None = None
    pace: float = Field(default=1.0, gt=0, le=1000)
    later_cv: TrialQuantity
    expanded_access: ExpandedAccess | None = None

    @field_validator("season")
    @classmethod
    def _twelve(cls, season: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if season is not None and (len(season) != 12 or min(season) < 0 or sum(season) <= 0):
            raise InputError(f"{list(season)} must be twelve factors from 0 up, a month each, not all 0")
        return season

    @model_validator(mode="after")
    def _has_its_model(self) -> "Enrolment":
        if getattr(self, self.model) is None:
            raise InputError(f".{self.model}: is missing where the model is {self.model}")
        planned = self.pooled is not None and self.pooled.plan == "epidemiology"
        if planned and (self.sites is None or self.sites.rates != "epidemiology"):
            raise InputError(".pooled.plan: epidemiology needs sites whose rates are epidemiology")
        return self


class SeenSite(Closed):
    """What one site had enrolled, and how long it had been open."""

    enrolled: int = Field(ge=0)
    exposure: float = Field(gt=0, allow_inf_nan=False)


def _added(sites: Any) -> int:
    """Patients of all sites, where they are counted; what is wrong with them is said by their own check."""
    counts = [site.get("enrolled") for site in sites if isinstance(site, Mapping)] if isinstance(sites, list) else []
    whole = [count for count in counts if isinstance(count, int)]
    return sum(whole) if len(whole) == len(counts) else 0


class Interim(Closed):
    """What was seen of the enrolment by a date.

    Attributes
    ----------
    date : when; it may be uncertain.
    enrolled : patients of all sites together.
    sites : what each of the first sites had enrolled, and its months open; None where only the total is known.
    above_target : whether more than the target may have been enrolled; then enrolment is over.
    ages : months that the sites had been open when each patient came, summed over patients: it tells the decline.
    """

    date: DateQuantity
    enrolled: int = Field(ge=0)
    above_target: bool = False
    ages: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    sites: tuple[SeenSite, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _date_with_its_source(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        mine = dict(given)
        about = {name: mine.pop(name) for name in ("source", "spread") if name in mine}
        if "date" in mine and not isinstance(mine["date"], Mapping):
            if mine["date"] is None:
                raise InputError(".date: is missing")
            mine["date"] = {"value": str(mine["date"]), "unit": "date", **about}
        if mine.get("enrolled") is None and mine.get("sites"):
            mine["enrolled"] = _added(mine["sites"])
        return mine

    @model_validator(mode="after")
    def _adds_up(self) -> "Interim":
        if self.sites is not None:
            total = sum(site.enrolled for site in self.sites)
            if total != self.enrolled:
                raise InputError(f".enrolled: {self.enrolled}, but the sites add up to {total}")
        if self.ages is not None:
            most = sum(site.enrolled * site.exposure for site in self.sites or ())
            if self.ages > most:
                raise InputError(f".ages: {self.ages:g} months are above the {most:g} that the sites allow")
        return self
