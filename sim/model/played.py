"""The trials of some draws played patient by patient, in place of the exact law; and one of them with its story."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.process.drawn import Details, process_plan
from sim.model.process.plan import ProcessPlan
from sim.model.process.play import play
from sim.model.process.shares import in_processes
from sim.model.process.story import Story
from sim.model.trial.control import Controls
from sim.model.trial.endpoints import ALL_ALIKE, Outcomes
from sim.model.trial.outcome import Outcome, TrialNumbers, TrialPlan, arms_of
from sim.model.trial.plan import IntArray, TrialStreams
from sim.model.trial.sites import realise
from sim.model.trial.verdict import Verdict, verdicts


class Played(NamedTuple):
    """What of a play the outcome of a run is made of, as in `Story`."""

    enrolment: tuple[float, ...]
    prospective: float
    controls: int
    charts: int
    controls_complete: float | None
    responders: int
    survivors: int
    readout: float


class Plays:
    """Plays the trials of some draws, whose sites are those of the exact law.

    Parameters
    ----------
    plan, numbers : of the trial by the exact law.
    details : what the play shows besides.
    by_draw : what of the details differs from draw to draw, [draw] each.
    streams : of the same draws.
    """

    def __init__(
        self,
        plan: TrialPlan,
        numbers: TrialNumbers,
        details: Details,
        by_draw: Mapping[str, FloatArray],
        streams: TrialStreams,
    ) -> None:
        self._plan = plan
        self._numbers = numbers
        self._details = details
        self._by_draw = by_draw
        self._streams = streams
        self._sites = realise(plan.sites, plan.calendar, numbers.sites, numbers.seen, streams)

    def story(self, row: int) -> Story:
        """The trial of the draw that stands in this row."""
        return play(self._one(row), self._streams.seed, self._streams.draws[row])

    def played(self, row: int) -> Played:
        """The same trial without its story."""
        story = self.story(row)
        return Played(*(getattr(story, name) for name in Played._fields))

    def outcome(self, *, judged: bool, processes: int = 1) -> Outcome:
        """The trials of all draws, as `sim.model.trial.outcome.play_out`.

        Parameters
        ----------
        judged : whether success is wanted.
        processes : that the trials are shared among; their number changes nothing.
        """
        plays = in_processes(self.played, len(self._streams.draws), processes)
        times = np.full((len(plays), self._plan.target), np.inf)
        for row, one in enumerate(plays):
            times[row, : len(one.enrolment)] = one.enrolment[: self._plan.target]
        controls = _controls(plays) if self._numbers.control is not None else None
        responders, survivors = (
            np.array([getattr(one, name) for one in plays], dtype=np.int64) for name in ("responders", "survivors")
        )
        return Outcome(
            times=times,
            prospective=np.array([one.prospective for one in plays]),
            controls=controls,
            readout=np.array([one.readout for one in plays]),
            verdicts=self._verdicts(times, controls, responders, survivors) if judged else (),
            enrolled=None,
        )

    def _verdicts(
        self, times: FloatArray, controls: Controls | None, responders: IntArray, survivors: IntArray
    ) -> tuple[Verdict, ...]:
        """Success; a play does not tell strata apart, and has no verdict by them."""
        arms = replace(arms_of(self._plan, self._numbers, times, controls), strata=ALL_ALIKE)
        full = arms.patients > 0
        columns = (np.where(full, counts, 0)[:, None] for counts in (arms.patients, responders, survivors))
        patients, responded, survived = columns
        treated = Outcomes(patients, responded, survived, np.minimum(responded, survived))
        return tuple(verdicts(arms, self._streams, treated))

    def _one(self, row: int) -> ProcessPlan:
        own = {name: float(values[row]) for name, values in self._by_draw.items()}
        details = replace(
            self._details,
            analysis_days=own["analysis_days"],
            bilirubin_first=own["bilirubin_first"],
            bilirubin_only=own["bilirubin_only"],
        )
        return process_plan(self._plan, self._numbers, self._sites, details, row)


def _controls(plays: list[Played]) -> Controls:
    months = [np.inf if one.controls_complete is None else one.controls_complete for one in plays]
    return Controls(
        months=np.array(months),
        charts=np.array([float(one.charts) for one in plays]),
        found=np.array([one.controls for one in plays], dtype=np.int64),
    )
