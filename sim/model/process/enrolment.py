"""Sites open, patients come, wait, are screened and enrolled, until the target is reached.

Enrolment closes with the patient who reaches the target: those who wait or are screened at that moment are not
enrolled, and the log says how many there were. The same holds for a site, or the sites of a country, at its cap.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import accumulate, chain, count, repeat, takewhile
from operator import itemgetter
from typing import final

import simpy

from sim.dates import MONTH
from sim.model.process.arrivals import Intensity, intensities
from sim.model.process.courses import Course, Courses
from sim.model.process.interim import seen_months
from sim.model.process.numbers import Numbers
from sim.model.process.plan import EnrolmentPlan, SiteNow
from sim.model.process.stage import Acting, Stage
from sim.model.process.story import ENROLLED, TOO_LATE, Patient, patient_name

Follow = Callable[[Patient, Course], Patient]
"""What is done with a patient who is enrolled; gives the patient back with the dates of follow-up."""


@final
class Enrolment:
    """The sites of one trial at work.

    Parameters
    ----------
    stage : clock, log and numbers.
    plan : of the enrolment.
    courses : what chance has in store for each patient.
    follow : takes over each patient who is enrolled.
    """

    def __init__(self, stage: Stage, plan: EnrolmentPlan, courses: Courses, follow: Follow) -> None:
        self.full = stage.clock.event()
        self.patients: list[Patient] = []
        self.months: list[float] = []
        self.openings: dict[str, float] = {}
        self._over = False
        self._stage = stage
        self._plan = plan
        self._courses = courses
        self._follow = follow
        self._by_site: Counter[str] = Counter()
        self._by_country: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._paths = intensities(plan)
        self._seen = seen_months(stage, plan)
        if plan.diverted and not math.isinf(plan.expanded_access):
            stage.clock.process(self._access())
        for place, site in enumerate(plan.sites):
            if site.name in self._paths:
                stage.clock.process(self._site(place, site))

    def give_up(self) -> None:
        """Close enrolment short of its target."""
        self._over = True
        self._stage.note("trial", "enrolment is given up", f"{len(self.months)} of {self._plan.target}")

    def _access(self) -> Acting:
        """The programme that draws patients away."""
        yield self._stage.until(self._plan.expanded_access)
        self._stage.note("expanded access", "opens", f"takes {self._plan.diverted:.0%} of the patients")

    def _site(self, place: int, site: SiteNow) -> Acting:
        """A site from its opening to the end of its enrolment."""
        yield self._stage.until(site.opening)
        if self._over and not self._seen[place]:
            return
        self._stage.note(site.name, "opens", site.country)
        self.openings[site.name] = site.opening
        slots = None if site.slots is None else simpy.Resource(self._stage.clock, site.slots)
        for number, (month, course, seen) in enumerate(self._arrivals(place, site)):
            yield self._stage.until(month)
            if seen:  # was enrolled, whatever the caps
                self._enrol(site, number, course, Patient(site.name, number + 1, ENROLLED, month, enrolled=month))
            elif self._closed(site):
                if month >= self._plan.seen_until:
                    return
            elif self._comes(site, number, course):
                self._stage.clock.process(self._screening(site, number, course, slots))

    def _arrivals(self, place: int, site: SiteNow) -> Iterator[tuple[float, Course, bool]]:
        """Who comes to a site: month, course, and whether the enrolment has been seen."""
        courses = (self._courses.of(place, patient) for patient in count())
        path, date = self._paths[site.name], self._plan.seen_until
        passed = path.cumulative(date) if date else 0.0
        known = [(month, next(courses), True) for month in self._seen[place]]
        waiting = [
            (month, course, False)
            for month, course in zip(self._months_before(site, path, passed), courses, strict=False)
            if month + course.screening_days / MONTH >= date
        ]
        later = path.months_at(passed + level for level in accumulate(self._gaps(site, "arrivals")))
        return chain(merge(known, waiting, key=itemgetter(0)), zip(later, courses, repeat(False)))

    def _months_before(self, site: SiteNow, path: Intensity, passed: float) -> Iterator[float]:
        """When patients came by the date of what is seen, some of whom may be in screening on it."""
        if not passed or self._plan.screening_days is None:
            return iter(())
        levels = accumulate(self._gaps(site, "arrivals_before"))
        return path.months_at(takewhile(lambda level: level < passed, levels))

    def _gaps(self, site: SiteNow, what: str) -> Iterator[float]:
        """Unit exponentials between the patients of a site, in operational time."""
        return _exponentials(self._stage.numbers(f"site[{site.name}].{what}"))

    def _comes(self, site: SiteNow, number: int, course: Course) -> bool:
        """Whether a patient who arrives goes on to the screening."""
        plan, now = self._plan, self._stage.clock.now
        if now >= plan.expanded_access and course.diverted < plan.diverted:
            self._lose(site, number, "goes to the expanded-access programme", now)
            return False
        if course.consents >= plan.consent:
            self._lose(site, number, "declines consent", now)
            return False
        return True

    def _screening(self, site: SiteNow, number: int, course: Course, slots: simpy.Resource | None) -> Acting:
        """A patient from the arrival to the end of the screening."""
        arrived = self._stage.clock.now
        self._under_way[site.name] += 1
        if slots is None:
            yield from self._screen(site, number, course, arrived)
        else:
            with slots.request() as turn:
                yield turn if self._plan.patience_days is None else turn | self._stage.days(self._plan.patience_days)
                if turn.triggered:
                    yield from self._screen(site, number, course, arrived)
                else:
                    self._lose(site, number, "gives up waiting for a screening slot", arrived)
        self._under_way[site.name] -= 1

    def _screen(self, site: SiteNow, number: int, course: Course, arrived: float) -> Acting:
        begun = self._stage.clock.now
        if self._closed(site):
            self._lose(site, number, TOO_LATE, arrived)
            return
        waited = f"waited {(begun - arrived) * MONTH:.1f} days" if begun > arrived else ""
        self._stage.note(patient_name(site.name, number + 1), "begins screening", waited)
        if course.screening_days > 0.0:
            yield self._stage.days(course.screening_days)
        if self._closed(site):
            self._lose(site, number, TOO_LATE, arrived, begun)
        elif course.passes >= site.screening_pass:
            self._lose(site, number, "fails screening", arrived, begun)
        elif course.drops_out < site.dropout:
            self._lose(site, number, "withdraws before counting", arrived, begun)
        else:
            known = Patient(site.name, number + 1, ENROLLED, arrived, begun, self._stage.clock.now)
            self._enrol(site, number, course, known)

    def _lose(self, site: SiteNow, number: int, fate: str, arrived: float, screened: float | None = None) -> None:
        """Let a patient go who is not enrolled."""
        if fate != TOO_LATE:
            self._stage.note(patient_name(site.name, number + 1), fate)
        self.patients.append(Patient(site.name, number + 1, fate, arrived, screened))

    def _enrol(self, site: SiteNow, number: int, course: Course, patient: Patient) -> None:
        """Count a patient in, and close what is full."""
        was_closed = self._closed(site)
        self._by_site[site.name] += 1
        self._by_country[site.country] += 1
        self.months.append(self._stage.clock.now)
        name = patient_name(site.name, number + 1)
        self._stage.note(name, "is enrolled", f"{len(self.months)} of {self._plan.target}")
        self.patients.append(self._follow(patient, course))
        if len(self.months) == self._plan.target:
            waiting = sum(self._under_way.values()) - (patient.screened is not None)
            self._stage.note("trial", "enrolment closes", f"{waiting} waiting or in screening are not enrolled")
            self._over = True
            self.full.succeed()
        elif self._closed(site) and not was_closed:
            self._stage.note(site.name, "has reached its cap, or its country's")

    def _closed(self, site: SiteNow) -> bool:
        """Whether a site may enrol no more."""
        plan = self._plan
        capped = plan.site_cap is not None and self._by_site[site.name] >= plan.site_cap
        country_cap = plan.country_caps.get(site.country, math.inf)
        return self._over or capped or self._by_country[site.country] >= country_cap


def _exponentials(numbers: Numbers) -> Iterator[float]:
    """Unit exponentials without end."""
    while True:
        yield -math.log1p(-numbers.uniform())
