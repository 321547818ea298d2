"""Play a trial.

The model is discrete-event simulation by processes, in SimPy 4. It knows one draw at a time, and gives for that draw
the same story in any company.
"""

import math

from sim.model.process.courses import Courses
from sim.model.process.enrolment import Enrolment
from sim.model.process.follow_up import FollowUp
from sim.model.process.plan import ProcessPlan
from sim.model.process.review import Review
from sim.model.process.stage import Acting, Stage
from sim.model.process.story import READ_OUT, Story

_FOR_EVER = 12_000.0
"""Months after which nobody waits for controls any more."""


def play(plan: ProcessPlan, seed: int, draw: int) -> Story:
    """One trial from its first site to its read-out, or to the end of its control arm where it is given up.

    Parameters
    ----------
    plan : the trial in the numbers of this draw.
    seed : the run's seed.
    draw : the number of the draw, from 0.
    """
    stage = Stage(seed, draw)
    review = None if plan.review is None else Review(stage, plan.review)
    follow_up = FollowUp(stage, plan.patients, plan.enrolment.target)
    courses = Courses(stage, plan.enrolment, plan.patients)
    enrolment = Enrolment(stage, plan.enrolment, courses, follow_up.follow)
    ending = stage.clock.process(_ending(stage, plan, enrolment, follow_up, review))
    stage.clock.run(until=ending | stage.clock.timeout(_FOR_EVER))
    return Story(
        events=tuple(stage.events),
        patients=tuple(enrolment.patients),
        enrolment=tuple(enrolment.months),
        openings=enrolment.openings,
        prospective=follow_up.month,
        controls=0 if review is None else review.found,
        charts=0 if review is None else review.charts,
        candidates=0 if review is None else review.candidates,
        controls_complete=None if review is None else review.month,
        responders=follow_up.responders,
        survivors=follow_up.survivors,
        readout=next((e.month for e in reversed(stage.events) if e.what == READ_OUT), math.inf),
    )


def _ending(
    stage: Stage, plan: ProcessPlan, enrolment: Enrolment, follow_up: FollowUp, review: Review | None
) -> Acting:
    """Monitoring, lock and analysis once every arm is complete; nothing of them for a trial that is given up."""
    controls = [] if review is None else [review.complete]
    yield enrolment.full | stage.until(plan.horizon)
    if not enrolment.full.triggered:
        enrolment.give_up()
        yield stage.clock.all_of(controls)
        return
    yield stage.clock.all_of([follow_up.complete, *controls])
    stage.note("trial", "monitoring and database lock begin", "every arm is complete")
    yield stage.days(plan.lock_days)
    stage.note("trial", "database is locked")
    yield stage.days(plan.analysis_days)
    stage.note("trial", READ_OUT)
