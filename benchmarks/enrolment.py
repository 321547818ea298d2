"""How long the enrolment of a trial of 35 sites and 80 patients takes by the exact law, beside SimPy and NumPy.

Run it as `python benchmarks/enrolment.py`; a minute. Ways are timed in turn in one process, several turns a round, of
some 15 ms each (several times that without a compiler), so that finding the caches taken by others costs all alike; the
first round is discarded; of the ratios of processor time in a round the median counts, and no verdict is given where
they spread by more than a factor of 1.5. A way counts only if its months have the mean and the variance of their closed
form. Draws of the law are those of a run, chunk by chunk: numbers by name, patient by patient.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from enrolment_peers import (
    CLOSE_OUT,
    FOLLOW_UP,
    LAST_OPENING,
    MEAN,
    SHAPE,
    SITES,
    TARGET,
    Months,
    by_processes,
    by_time_change,
    deviations,
)
from scipy.special import ndtri

from sim.draws.cells import compiled_uniform
from sim.draws.streams import FloatArray, Stream, Uniforms
from sim.execution.gathering import CHUNK
from sim.model.trial.comparison import Comparison
from sim.model.trial.endpoints import Arm, Strata
from sim.model.trial.enrolment import PLAIN, EnrolmentLaw, compiled
from sim.model.trial.outcome import TrialNumbers, TrialPlan, play_out
from sim.model.trial.plan import Calendar, Law, SiteNumbers, SitePlan, TrialStreams
from sim.model.trial.readout import read_out

ROUNDS, TURNS, SPREAD, FAR = 9, 8, 1.5, 5.0
SEED = 1
OVER_SIMPY, OVER_NUMPY = 1_000, 3
HORIZON = 240.0
TEST: Comparison = "fisher"
FIVE = (1, TARGET // 4, TARGET // 2, 3 * TARGET // 4, TARGET)
AT_ONCE = Law(lambda uniform: LAST_OPENING * uniform, LAST_OPENING / 2)
ALL, NOW = Law(np.ones_like, 1.0), Law(np.zeros_like, 0.0)


class Way(NamedTuple):
    """One way to work the trials out.

    Attributes
    ----------
    name : what is printed.
    draws : of a turn, of which a round has several.
    months : of some draws and a turn, when the last patient comes and the read-out is.
    """

    name: str
    draws: int
    months: Callable[[int, int], Months]


def plan_of() -> TrialPlan:
    """The trial in plain values; of its success nothing is asked."""
    sites = SitePlan(
        names=tuple(f"site {number}" for number in range(SITES)),
        countries=("all",) * SITES,
        planned=np.zeros(SITES),
        delay=(AT_ONCE,) * SITES,
        screening_pass=(ALL,) * SITES,
    )
    strata = Strata(np.ones(1), np.zeros(1))
    return TrialPlan(TARGET, HORIZON, sites, Calendar(732507), 100, False, NOW, TEST, (0.05,), strata, None, None)


def numbers_of(streams: TrialStreams, uniforms: Uniforms) -> TrialNumbers:
    """The numbers of a chunk of draws, as a run has them: what sites have in common stands there once."""
    draws = len(streams.draws)
    none = np.zeros(draws)
    rate, cv, never, dropout = (
        np.broadcast_to(np.full((draws, 1), value), (draws, SITES)) for value in (MEAN, SHAPE**-0.5, 0.0, 0.0)
    )
    sites = SiteNumbers(rate, cv, never, dropout, none, none, none, none)
    close_out: FloatArray = np.exp(
        CLOSE_OUT[0] + CLOSE_OUT[1] * ndtri(uniforms(streams.stream("close_out"), streams.draws, 0))
    )
    return TrialNumbers(sites, None, None, close_out, Arm(none, none, none), None)


def by_law(law: EnrolmentLaw, uniforms: Uniforms, *, every_patient: bool) -> Callable[[int, int], Months]:
    """The law as `sim` takes it."""
    plan = plan_of()

    def months(streams: TrialStreams) -> Months:
        numbers = numbers_of(streams, uniforms)
        outcome = play_out(plan, numbers, streams, judged=False, law=law, every_patient=every_patient)
        return outcome.times[:, -1], outcome.readout

    return partial(in_chunks, months)


def by_milestones(law: EnrolmentLaw, uniforms: Uniforms) -> Callable[[int, int], Months]:
    """The months of the first patient, of a quarter, half and three quarters, and of the last; and the read-out."""
    plan = plan_of()

    def months(streams: TrialStreams) -> Months:
        numbers = numbers_of(streams, uniforms)
        last = law.milestones(plan.sites, plan.calendar, numbers.sites, FIVE, None, streams, HORIZON)[:, -1]
        return last, read_out(last + FOLLOW_UP, None, numbers.close_out)

    return partial(in_chunks, months)


def in_chunks(months: Callable[[TrialStreams], Months], draws: int, turn: int) -> Months:
    """Chunk by chunk, as a run goes: every turn has the draws that come next."""
    ends = range(turn * draws, (turn + 1) * draws + 1, CHUNK)
    found = [months(TrialStreams(SEED, range(start, stop))) for start, stop in pairwise(ends)]
    last, readout = (np.concatenate(column) for column in zip(*found, strict=True))
    return last, readout


def measured(ways: Sequence[Way]) -> dict[Way, list[float]]:
    """Processor time of a trial in each round but the first, microseconds; the months are checked over all rounds."""
    seconds: dict[Way, list[float]] = {way: [] for way in ways}
    found: dict[Way, list[Months]] = {way: [] for way in ways}
    for turn in range((ROUNDS + 1) * TURNS):
        for way in ways:
            started = time.process_time()
            found[way].append(way.months(way.draws, turn))
            seconds[way].append(1e6 * (time.process_time() - started) / way.draws)
    for way, months in found.items():
        last, readout = (np.concatenate(column) for column in zip(*months, strict=True))
        of_means, of_variances = deviations((last, readout))
        print(f"{way.name}: means within {of_means:.1f} errors of the closed form, variances within {of_variances:.1f}")
        if max(of_means, of_variances) > FAR:
            sys.exit(f"{way.name}: its months are wrong")
    return {
        way: [statistics.mean(times[first : first + TURNS]) for first in range(TURNS, len(times), TURNS)]
        for way, times in seconds.items()
    }


def compared(own: Sequence[float], peer: Sequence[float], goal: float) -> str:
    """How many times as fast, and whether that is the goal."""
    ratios = sorted(other / mine for mine, other in zip(own, peer, strict=True))
    middle = statistics.median(ratios)
    verdict = "reached" if middle >= goal else "not reached"
    if ratios[-1] > SPREAD * ratios[0]:
        verdict = "no verdict: the rounds spread too far"
    return f"{middle:6.1f} x ({ratios[0]:.1f} to {ratios[-1]:.1f}; goal {goal:,.0f}: {verdict})"


def main() -> None:
    """Measure and print."""
    simpy, numpy = Way("SimPy", 64, by_processes), Way("NumPy", CHUNK, by_time_change)
    own = [
        Way(f"{what}, {engine}", chunks * CHUNK, months)
        for engine, law, by_chunks in (
            ("compiled", (compiled(), compiled_uniform), (8, 4, 2)),
            ("without a compiler", (PLAIN, Stream.uniform), (1, 1, 1)),
        )
        for chunks, what, months in zip(
            by_chunks,
            ("read-out alone", "five milestones", "every patient"),
            (by_law(*law, every_patient=False), by_milestones(*law), by_law(*law, every_patient=True)),
            strict=True,
        )
    ]
    times = measured([simpy, numpy, *own])
    print(f"\nprocessor time of a trial of {SITES} sites and {TARGET} patients, median of {ROUNDS} rounds")
    for way, spent in times.items():
        print(f"\n{way.name}: {statistics.median(spent):.2f} us")
        if way in own:
            for peer, goal in ((simpy, OVER_SIMPY), (numpy, OVER_NUMPY)):
                print(f"  over {peer.name}: {compared(spent, times[peer], goal)}")


if __name__ == "__main__":
    main()
