"""The trial: its plan, its promise, and the parts it is made of."""

from datetime import date
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from sim.assumptions.distributions import ends
from sim.assumptions.leaf import Leaf, Surroundings, check_source
from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.trial.arms import (
    ChartReview,
    CloseOut,
    EndpointArm,
    FollowUp,
    Play,
    Reference,
    RiskStrata,
    quantities_of,
)
from sim.assumptions.trial.checks import UNITS, check_row, contradiction
from sim.assumptions.trial.enrolment import MOST_PATIENTS, Enrolment, Interim
from sim.assumptions.trial.kinds import TrialShare
from sim.assumptions.units import check_units
from sim.dates import MONTH, decimal_year, exact_day, window
from sim.errors import InputError
from sim.evidence.ledger import Ledger

_MEASURES = {
    "response": "complete_response",
    "survival": "day100_mortality",
    "survival_given_response": "survival_given_response",
}
_TREATMENT = {"treated": "defibrotide", "untreated": "none"}


class Trial(Closed):
    """A trial: a prospective arm of treated patients, with historical controls or without.

    Attributes
    ----------
    title : as people read it.
    start : its first day.
    target : patients of the prospective arm.
    promise : the window in which results were promised; None where nothing was.
    alpha : two-sided level of the tests; `alpha_beside` is shown beside it.
    primary : the endpoint that decides.
    test : the test that decides.
    horizon : months after which a trial that has not enrolled its target counts as never doing so.
    engine : `law`, the exact law of all draws at once, or `process`, each draw played patient by patient.
    meets_criteria : share of severe VOD that meets the trial's criteria.
    consent : share of these who take part.
    control : the chart review; None is a trial without controls, tested against the `reference`.
    """

    title: str = Field(min_length=1)
    start: date
    target: int = Field(ge=1, le=MOST_PATIENTS)
    promise: tuple[date, date] | None = None
    alpha: float = Field(gt=0, lt=1)
    alpha_beside: float = Field(gt=0, lt=1)
    primary: Literal["response", "survival"]
    test: Literal["fisher", "pearson", "stratified"]
    horizon: float = Field(gt=0, le=1200)
    engine: Literal["law", "process"] = "law"
    meets_criteria: TrialShare
    consent: TrialShare
    enrolment: Enrolment
    interim: Interim | None = None
    follow_up: FollowUp
    control: ChartReview | None = None
    reference: Reference | None = None
    close_out: CloseOut
    treated: EndpointArm
    untreated: EndpointArm | None = None
    strata: RiskStrata = RiskStrata()
    play: Play

    @field_validator("start", mode="before")
    @classmethod
    def _a_day(cls, start: str | date) -> date:
        return exact_day("", start)

    @field_validator("promise", mode="before")
    @classmethod
    def _a_window(cls, promise: str | None) -> tuple[date, date] | None:
        return None if promise is None else window("", promise)

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> "Trial":
        assert isinstance(info.context, Surroundings)
        check_units(self.quantities, UNITS)
        self._check_interim()
        self._check_reach()
        self._check_arms()
        self._check_dates()
        self._check_evidence(info.context.ledger)
        if len(self.strata.shares) > 1:
            check_source(".strata.source", self.strata.source, info.context.ledger)
        return self

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Every quantity by its key below `trial`; of the enrolment those of the model in use."""
        enrolment = self.enrolment
        uses_sites = enrolment.model == "sites" or (enrolment.pooled is not None and enrolment.pooled.plan != "given")
        parts = {
            "": self,
            "enrolment.": enrolment,
            "enrolment.pooled.": enrolment.pooled if enrolment.model == "pooled" else None,
            "enrolment.sites.": enrolment.sites if uses_sites else None,
            "enrolment.expanded_access.": enrolment.expanded_access,
            "interim.": self.interim,
            "follow_up.": self.follow_up,
            "control.": self.control,
            "close_out.": self.close_out,
            "treated.": self.treated,
            "untreated.": self.untreated,
            "play.": self.play,
        }
        return {
            f"{place}{name}": quantity
            for place, part in parts.items()
            for name, quantity in quantities_of(part).items()
        }

    def months(self, day: date) -> float:
        """Months from the start to a day."""
        return (day - self.start).days / MONTH

    def _check_interim(self) -> None:
        seen = self.interim
        if seen is None:
            pooled = self.enrolment.pooled
            if self.enrolment.model == "pooled" and pooled is not None and pooled.strength == 0:
                raise InputError(".interim: is missing: a strength of 0 takes the rate from the data alone")
            return
        if seen.enrolled > self.target and not seen.above_target:
            raise InputError(
                f".interim.enrolled: {seen.enrolled} is above trial.target {self.target}; if enrolment is over, say "
                "trial.interim.above_target=true"
            )
        found = seen.date.leaves[()].distribution
        if found is not None and (first := ends(found)[0]) < decimal_year(self.start):
            raise InputError(f".interim.date: {seen.date.value} reaches {first:.2f}, before trial.start {self.start}")
        if found is not None and (last := (ends(found)[1] - decimal_year(self.start)) * 12) > self.horizon:
            raise InputError(f".horizon: {self.horizon:g} months end before trial.interim.date, {last:.1f} months on")
        self._check_tells_a_rate(seen)
        sites = self.enrolment.sites
        if seen.sites is not None and self.enrolment.model == "sites" and sites is not None:
            if len(seen.sites) > len(sites.countries):
                raise InputError(
                    f".interim.sites: {len(seen.sites)} sites, but trial.enrolment.sites.number has "
                    f"{len(sites.countries)}"
                )
            self._check_exposure()

    def _check_tells_a_rate(self, seen: Interim) -> None:
        pooled = self.enrolment.pooled
        if self.enrolment.model == "pooled" and pooled is not None and pooled.strength == 0 and not seen.enrolled:
            raise InputError(".interim.enrolled: 0 tells no rate; give trial.enrolment.pooled.strength and months")

    def _check_exposure(self) -> None:
        """No site was open longer than the trial has run, at the latest date possible; none is above its cap."""
        assert self.interim is not None
        assert self.interim.sites is not None
        assert self.enrolment.sites is not None
        found, cap = self.interim.date.leaves[()].distribution, self.enrolment.sites.cap
        longest = None if found is None else (ends(found)[1] - decimal_year(self.start)) * 12
        for place, site in enumerate(self.interim.sites):
            if longest is not None and site.exposure > longest + 0.1:
                raise InputError(
                    f".interim.sites.{place}.exposure: {site.exposure:g} months are above the {longest:.1f} since "
                    "trial.start"
                )
            if cap is not None and site.enrolled > cap:
                raise InputError(f".interim.sites.{place}.enrolled: {site.enrolled} is above the cap of {cap}")
        for country, most in (self.enrolment.sites.country_caps or {}).items():
            pairs = zip(self.enrolment.sites.countries, self.interim.sites, strict=False)
            total = sum(site.enrolled for own, site in pairs if own == country)
            if total > most:
                raise InputError(f".interim.sites: {total} patients in {country} are above its cap of {most}")

    def _check_reach(self) -> None:
        sites = self.enrolment.sites
        if self.enrolment.model == "sites" and sites is not None:
            most = sites.most()
            if most is not None and most < self.target:
                raise InputError(
                    f".enrolment.sites: the caps let {most} patients enrol at the utmost, below trial.target "
                    f"{self.target}"
                )

    def _check_arms(self) -> None:
        if self.engine == "process" and self.test == "stratified":
            raise InputError(".test: stratified does not go with trial.engine process, which plays no strata; use law")
        charts = None if self.control is None else self.control.charts_per_week.leaves[()].distribution
        if charts is not None and ends(charts)[0] <= 0:
            raise InputError(".control.charts_per_week.value: reaches 0, where no review ever ends; must be above 0")
        if self.control is None:
            if self.reference is None:
                raise InputError(".reference: is missing: without controls the trial is tested against fixed rates")
            if self.untreated is not None:
                raise InputError(".untreated: there are no controls; set it to null")
        elif self.reference is not None:
            raise InputError(".reference: goes with a trial without controls (trial.control=null); set it to null")
        elif self.untreated is None:
            raise InputError(".untreated: is missing: what becomes of the controls")
        for name, arm in (("treated", self.treated), ("untreated", self.untreated)):
            if name == "treated" and arm is not None and arm.survival is None:
                raise InputError(".treated.survival: is missing")
            if arm is not None and arm.survival is not None:
                parts = (arm.response, arm.survival, arm.survival_given_response)
                if fault := contradiction(*(_mean(part) for part in parts)):
                    raise InputError(f".{name}.survival_given_response: {fault}")

    def check_untreated(self, mortality: Quantity) -> None:
        """Refuse controls whose responders cannot live as often as is said, where they die as the untreated do.

        Parameters
        ----------
        mortality : of untreated severe cases, whose complement the controls' survival is where they have none.

        Raises
        ------
        InputError : where no value of the mortality goes with it.
        """
        if self.untreated is None or self.untreated.survival is not None:
            return
        parts = _mean(self.untreated.response), _mean(self.untreated.survival_given_response)
        means = [1 - leaf.distribution.mean for leaf in mortality.leaves.values() if leaf.distribution is not None]
        faults = [contradiction(parts[0], survival, parts[1]) for survival in means]
        if faults and all(faults):
            raise InputError(f".trial.untreated.survival_given_response: {faults[0]} (1 - vod.day100_mortality)")

    def _check_dates(self) -> None:
        if self.enrolment.expanded_access is not None:
            exact_day(".enrolment.expanded_access.opens", self.enrolment.expanded_access.opens)
        if self.control is not None and self.control.starts is not None:
            exact_day(".control.starts", self.control.starts)
        if self.promise is not None and self.promise[1] < self.start:
            raise InputError(f".promise: ends on {self.promise[1]}, before trial.start {self.start}")

    def _check_evidence(self, ledger: Ledger) -> None:
        """The rows that outcomes rest on measure that outcome, under that treatment."""
        for name, arm in (("treated", self.treated), ("untreated", self.untreated)):
            for part, quantity in quantities_of(arm).items():
                for leaf in quantity.leaves.values():
                    for row in (ledger[identifier] for identifier in leaf.carrying):
                        check_row(f".{name}.{part}", row, _MEASURES[part], _TREATMENT[name])


def _mean(quantity: Quantity) -> float:
    leaf: Leaf = next(iter(quantity.leaves.values()))
    return leaf.distribution.mean if leaf.distribution is not None else 0.0
