"""Patients who were enrolled before the play begins: how many are known, when they came is not."""

import math
from bisect import bisect_left
from dataclasses import replace
from itertools import accumulate

from sim.errors import InputError
from sim.model.process.arrivals import Intensity, changed_from, intensities
from sim.model.process.plan import EnrolmentPlan, SiteNow
from sim.model.process.stage import Stage


def seen_months(stage: Stage, plan: EnrolmentPlan) -> list[list[float]]:
    """Months of the enrolments that have been seen, by site in the order of the plan.

    Given their number, patients of a Poisson process are spread evenly over what had passed of its operational time.

    Parameters
    ----------
    stage : whose numbers they are.
    plan : with the patients seen.

    Raises
    ------
    InputError : when patients are seen at sites that had not opened.
    """
    if not plan.seen_anywhere and not any(site.seen for site in plan.sites):
        return [[] for _ in plan.sites]
    paths = intensities(_without_diverted(plan))
    counts = _dealt(stage, plan, paths)
    return [_months(stage, plan, site, paths, count) for site, count in zip(plan.sites, counts, strict=True)]


def _months(stage: Stage, plan: EnrolmentPlan, site: SiteNow, paths: dict[str, Intensity], count: int) -> list[float]:
    passed = _passed(plan, site, paths)
    if count and passed <= 0.0:
        raise InputError(f"trial.interim.enrolled: {count} at {site.name}, which had not opened by then")
    numbers = stage.numbers(f"site[{site.name}].seen")
    levels = sorted(numbers.uniform() * passed for _ in range(count))
    return list(paths[site.name].months_at(levels)) if levels else []


def _dealt(stage: Stage, plan: EnrolmentPlan, paths: dict[str, Intensity]) -> list[int]:
    """Patients seen at each site; those of whom the site is not known fall where the intensities say."""
    counts = [site.seen for site in plan.sites]
    weights = [_passed(plan, site, paths) * site.screening_pass * (1.0 - site.dropout) for site in plan.sites]
    bounds = list(accumulate(weights))
    if plan.seen_anywhere and not bounds[-1] > 0.0:
        raise InputError(f"trial.interim.enrolled: {plan.seen_anywhere}, but no site had opened by then")
    numbers = stage.numbers("seen")
    for _ in range(plan.seen_anywhere):
        counts[bisect_left(bounds, numbers.uniform() * bounds[-1])] += 1
    return counts


def _passed(plan: EnrolmentPlan, site: SiteNow, paths: dict[str, Intensity]) -> float:
    """Patients expected to have come to a site by the date."""
    return paths[site.name].cumulative(plan.seen_until) if site.name in paths else 0.0


def _without_diverted(plan: EnrolmentPlan) -> EnrolmentPlan:
    """The plan in which the diverted do not come at all: who is known to be enrolled was not diverted."""
    if math.isinf(plan.expanded_access):
        return plan
    return replace(plan, calendar=changed_from(plan.calendar, plan.expanded_access, 1.0 - plan.diverted))
