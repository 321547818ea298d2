"""From assumptions and the parameters of some draws to the plain values that the trial's model works on."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import xarray as xr

from sim.assumptions.trial.arms import EndpointArm
from sim.assumptions.trial.enrolment import Pooled, Sites
from sim.assumptions.trial.kinds import COUNTRY
from sim.assumptions.trial.trial import Trial
from sim.dates import MONTH, exact_day, to_ordinal
from sim.draws.streams import FloatArray
from sim.model.learning import learn
from sim.model.planned import law, months_open, plan_of, planned_months
from sim.model.process.drawn import Details
from sim.model.trial.control import ChartReview
from sim.model.trial.endpoints import Arm, Strata
from sim.model.trial.interim import gamma_rates
from sim.model.trial.outcome import TrialNumbers, TrialPlan
from sim.model.trial.plan import Calendar, Law, Seen, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.pooled import expected_pooled_rate, pooled_rate
from sim.variables import STRATA

WHOLE = "trial"
"""The name of the one site that stands for a trial taken as one process."""

AT_ONCE, ALL = Law(np.zeros_like, 0.0), Law(np.ones_like, 1.0)
"""That site opens at once, and its rate is of patients who pass."""


@dataclass(frozen=True)
class Funnel:
    """What the draw's own epidemiology says, in the first year and all strata together: [draw] each.

    Attributes
    ----------
    severe_per_transplant : severe VOD cases per transplant.
    day100_mortality : deaths by day 100 per severe case, untreated.
    """

    severe_per_transplant: FloatArray
    day100_mortality: FloatArray

    @classmethod
    def of(cls, expected: xr.Dataset) -> "Funnel":
        """From the expected populations, [draw, + strata, year]."""
        first = expected.isel(year=0)
        transplants, severe, deaths = (
            first[name].sum(list(STRATA)).to_numpy() for name in ("transplants", "severe_vod", "deaths_day100")
        )
        return cls(_ratio(severe, transplants), _ratio(deaths, severe))


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """The share of what there is; 0 of nothing."""
    return np.asarray(np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0))


class TrialReader:
    """Reads one trial for some draws.

    Parameters
    ----------
    trial : what is assumed of it.
    parameters : values of every quantity, as `sim.draws.parameters.sample` gives them.
    funnel : the draws' own epidemiology.
    streams : the trial's random numbers, for the same draws; None leaves chance out.
    """

    def __init__(self, trial: Trial, parameters: xr.Dataset, funnel: Funnel, streams: TrialStreams | None) -> None:
        self._trial = trial
        self._streams = streams
        self._parameters = parameters
        self._funnel = funnel
        self._draws = int(parameters.sizes["draw"])

    def plan(self) -> TrialPlan:
        """What holds in every draw."""
        trial = self._trial
        reference = trial.reference
        fixed = None if reference is None else {"response": reference.response, "survival": reference.survival}
        promise = trial.promise
        return TrialPlan(
            target=trial.target if trial.interim is None else max(trial.target, trial.interim.enrolled),
            horizon=trial.horizon,
            sites=self._site_plan(),
            calendar=self._calendar(),
            follow_up_days=trial.follow_up.days,
            from_transplant=trial.follow_up.counted_from == "transplant",
            to_enrolment=law(trial.follow_up.to_enrolment),
            test=trial.test,
            levels=(trial.alpha, trial.alpha_beside),
            strata=Strata(np.array(trial.strata.shares), np.array(trial.strata.log_odds)),
            reference=fixed if trial.control is None else None,
            promise=None
            if promise is None
            else (trial.months(promise[0] - timedelta(days=1)), trial.months(promise[1])),
        )

    def numbers(self) -> TrialNumbers:
        """What differs from draw to draw."""
        trial = self._trial
        survival = 1.0 - self._funnel.day100_mortality
        days = self._number("close_out.lock") + self._number("close_out.analysis")
        return TrialNumbers(
            sites=self._site_numbers(),
            seen=self._seen(),
            control=self._review(),
            close_out=days / MONTH,
            treated=self._arm("treated", trial.treated, survival),
            untreated=None if trial.untreated is None else self._arm("untreated", trial.untreated, survival),
        )

    def details(self) -> tuple[Details, dict[str, FloatArray]]:
        """What a play of the trial shows besides, and what of it differs from draw to draw, [draw] each."""
        shown = self._trial.play
        details = Details(
            treatment_days=law(shown.treatment),
            response_time=law(shown.response_time),
            death_time=law(shown.death_time),
            analysis_days=0.0,
            screening_days=law(shown.screening),
            slots=shown.screening_slots,
        )
        names = {
            "analysis_days": "close_out.analysis",
            "bilirubin_first": "play.bilirubin_first",
            "bilirubin_only": "play.bilirubin_only",
        }
        return details, {name: self._number(key) for name, key in names.items()}

    def _number(self, name: str) -> FloatArray:
        """A quantity of the trial: [draw]."""
        return np.asarray(self._parameters[f"trial.{name}"].to_numpy(), dtype=np.float64)

    def _constant(self, value: float) -> FloatArray:
        return np.full(self._draws, value)

    @property
    def _own_sites(self) -> Sites | None:
        """The sites, where each is its own process."""
        return self._trial.enrolment.sites if self._trial.enrolment.model == "sites" else None

    def _site_plan(self) -> SitePlan:
        sites = self._own_sites
        if sites is None:
            return SitePlan((WHOLE,), (WHOLE,), np.zeros(1), (AT_ONCE,), (ALL,))
        return plan_of(sites)

    def _calendar(self) -> Calendar:
        enrolment = self._trial.enrolment
        season, access = enrolment.season, enrolment.expanded_access
        return Calendar(
            start=self._trial.start.toordinal(),
            season=None if season is None else tuple(12 * factor / sum(season) for factor in season),
            expanded_access=None if access is None else self._trial.months(exact_day("", access.opens)),
        )

    def _diverted(self) -> FloatArray:
        has_access = self._trial.enrolment.expanded_access is not None
        return self._number("enrolment.expanded_access.diverted") if has_access else self._constant(0.0)

    def _site_numbers(self) -> SiteNumbers:
        sites = self._own_sites
        if sites is None:
            nothing, none = self._constant(0.0), np.zeros((self._draws, 1))
            rate = self._pooled_rate()[:, None]
            return SiteNumbers(rate, none, none, none, nothing, nothing, nothing, self._diverted(), self._pace())
        drawn = replace(self._drawn(sites), pace=self._pace())
        return learn(self._trial, self._parameters, self._site_plan(), self._calendar(), drawn, self._seen())

    def _drawn(self, sites: Sites) -> SiteNumbers:
        """The numbers of the sites before anything is seen."""
        return SiteNumbers(
            rate=self._site_rate(sites),
            rate_cv=self._by_site(sites, "rate_cv"),
            never_opens=self._by_site(sites, "never_opens"),
            dropout=self._by_site(sites, "dropout"),
            ramp=self._number("enrolment.sites.ramp"),
            decline=self._number("enrolment.sites.decline"),
            shared_cv=self._number("enrolment.sites.shared_cv"),
            diverted=self._diverted(),
        )

    def _pace(self) -> FloatArray:
        """What all rates are multiplied by after the date of what was seen: [draw].

        A gamma factor of mean 1 beside the pace that is asked for, as what comes differs from what was.
        """
        pace = self._constant(self._trial.enrolment.pace)
        if self._streams is None or self._trial.interim is None:
            return pace
        cv = self._number("enrolment.later_cv")
        return pace * gamma_rates(self._streams.one("later"), np.ones(self._draws), cv, 0.0, 0.0)

    def _by_site(self, sites: Sites, name: str) -> FloatArray:
        """A quantity of the sites, which may differ by country: [draw, site]."""
        found = self._parameters[f"trial.enrolment.sites.{name}"]
        if COUNTRY in found.dims:
            return np.asarray(found.sel({COUNTRY: list(sites.countries)}).transpose("draw", COUNTRY).to_numpy())
        alike = found.to_numpy().astype(np.float64)[:, None]
        return np.broadcast_to(alike, (self._draws, len(sites.countries)))

    def _site_rate(self, sites: Sites) -> FloatArray:
        """Patients screened per site and month, the mean over sites: [draw, site]."""
        if sites.rates == "given":
            return self._by_site(sites, "rate")
        share = self._funnel.severe_per_transplant * self._number("meets_criteria") * self._number("consent")
        return self._by_site(sites, "transplants") * share[:, None] / 12

    def _pooled_rate(self) -> FloatArray:
        """Patients a month of a trial taken as one process, given what was seen: [draw]."""
        pooled = self._trial.enrolment.pooled
        assert pooled is not None
        seen = self._seen()
        exposure = self._constant(0.0) if seen is None else months_open(self._calendar(), self._diverted(), seen.date)
        enrolled = 0 if seen is None else seen.enrolled
        given = (pooled.strength, self._trial.target, self._planned_months(pooled), enrolled, exposure)
        return expected_pooled_rate(*given) if self._streams is None else pooled_rate(*given, self._streams)

    def _planned_months(self, pooled: Pooled) -> FloatArray:
        """Months that the plan gives the whole target: [draw]."""
        if pooled.months is not None and pooled.plan == "given":
            return self._number("enrolment.pooled.months")
        sites = self._trial.enrolment.sites
        if pooled.plan == "given" or sites is None:
            return self._constant(np.nan)
        trial, drawn = self._trial, self._drawn(sites)
        return planned_months(plan_of(sites), self._calendar(), drawn, trial.target, trial.horizon)

    def _seen(self) -> Seen | None:
        interim = self._trial.interim
        if interim is None:
            return None
        days = to_ordinal(self._number("interim.date")) - self._trial.start.toordinal()
        sites = interim.sites if self._own_sites is not None else None
        return Seen(
            date=np.maximum(days / MONTH, 0.0),
            enrolled=interim.enrolled,
            by_site=None if sites is None else np.array([float(site.enrolled) for site in sites]),
            exposure=None if sites is None else np.array([site.exposure for site in sites]),
        )

    def _review(self) -> ChartReview | None:
        control = self._trial.control
        if control is None:
            return None
        starts = 0.0 if control.starts is None else self._trial.months(exact_day("", control.starts))
        by_funnel = control.candidates == "epidemiology"
        return ChartReview(
            target=control.target,
            start=self._constant(starts),
            charts_per_week=self._number("control.charts_per_week"),
            candidate_yield=self._candidates() if by_funnel else self._number("control.candidate_yield"),
            committee_yield=self._number("control.committee_yield"),
            charts_available=self._constant(np.inf)
            if control.charts_available is None
            else self._number("control.charts_available"),
            re_review=self._number("control.re_review"),
            kept=self._number("control.kept"),
            re_review_weeks=self._number("control.re_review_weeks"),
        )

    def _candidates(self) -> FloatArray:
        """Severe cases that meet the criteria, per chart of a transplanted patient: [draw]."""
        return self._funnel.severe_per_transplant * self._number("meets_criteria")

    def _arm(self, name: str, arm: EndpointArm, untreated_survival: FloatArray) -> Arm:
        return Arm(
            response=self._number(f"{name}.response"),
            survival=untreated_survival if arm.survival is None else self._number(f"{name}.survival"),
            survival_given_response=self._number(f"{name}.survival_given_response"),
        )
