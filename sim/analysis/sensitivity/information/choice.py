"""What is decided, read off a run: go or no-go, or one of several trial designs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.analysis.sensitivity.information.options import Options
from sim.analysis.sensitivity.question import Question
from sim.analysis.sensitivity.sample import Sample, sample_of
from sim.analysis.sensitivity.target import Target, named_target
from sim.assumptions.decision import Decision
from sim.draws.streams import FloatArray
from sim.errors import InputError, nearest
from sim.results.run import Results

GO, NO_GO = "go", "no-go"
"""The options of a decision that is not among trial designs."""

FEWEST_DRAWS = 256
"""Below these no curve is to be had."""

_VALUE = "net_present_value"
_KEY = "sensitivity.decision"


@dataclass(frozen=True)
class Choice:
    """A decision, and what could be known before.

    Attributes
    ----------
    options : what is to be chosen among.
    costs : of each option, which its benefit is less.
    target : what an option is worth.
    names : of the uncertain quantities.
    numbers : theirs, [draw, quantity].
    left_out : draws in which the target is missing.
    """

    options: Options
    costs: tuple[float, ...]
    target: Target
    names: tuple[str, ...]
    numbers: FloatArray
    left_out: int

    def places(self, entry: str) -> list[int]:
        """The quantities that an entry names: itself, its labels, all below it."""
        return [
            place
            for place, name in enumerate(self.names)
            if name == entry or name.startswith((f"{entry}.", f"{entry}["))
        ]


def choice_of(question: Question) -> Choice:
    """The decision that the settings name.

    Raises
    ------
    InputError : when its variable is not there or never comes, there are too few draws, or a design was not run.
    """
    decision = question.asked.decision or Decision()
    name = decision.of or _VALUE
    if decision.of is None and _VALUE not in question.results.draws:
        raise InputError(
            f"{_KEY}.of: this run has no market, and so no {_VALUE}; name another variable, or take a market"
        )
    target = named_target(question.results, name, question.asked.year, f"{_KEY}.of")
    made = _go(question, target, decision) if decision.options is None else _designs(question, target, decision.options)
    if len(made.numbers) < FEWEST_DRAWS:
        raise InputError(f"sampling.draws: {len(made.numbers)} are below {FEWEST_DRAWS}, which information needs")
    return made


def _go(question: Question, target: Target, decision: Decision) -> Choice:
    sample = _sampled(question.results, target)
    benefit = np.stack([sample.answer - decision.cost, np.zeros_like(sample.answer)], axis=1)
    options = Options((GO, NO_GO), benefit, sample.batch, sample.batches)
    return Choice(options, (decision.cost, 0.0), target, sample.names, sample.numbers, sample.left_out)


def _designs(question: Question, target: Target, costs: Mapping[str, float | None]) -> Choice:
    """A choice among trial designs; a quantity that several have is counted once, as the first design has it."""
    if question.assumptions is None and not question.others:
        raise InputError(f"from_run: {_KEY}.options needs the model, to run each design; leave out from_run")
    samples = [_sampled(_run_of(question, name), target) for name in costs]
    missing = max(sample.left_out for sample in samples)
    if missing:
        raise InputError(
            f"{_KEY}.of: {target.variable} is missing in {missing} draws of a design; name another variable"
        )
    own = tuple(float(cost or 0) for cost in costs.values())
    benefit = np.stack([sample.answer - cost for sample, cost in zip(samples, own, strict=True)], axis=1)
    columns: dict[str, FloatArray] = {}
    for sample in samples:
        columns = {**dict(zip(sample.names, sample.numbers.T, strict=True)), **columns}
    options = Options(tuple(costs), benefit, samples[0].batch, samples[0].batches)
    return Choice(options, own, target, tuple(columns), np.stack(list(columns.values()), axis=1), 0)


def _run_of(question: Question, name: str) -> Results:
    if name not in question.others:
        raise InputError(f"{_KEY}.options: no run of {name} was handed in{nearest(name, question.others)}")
    return question.others[name]


def _sampled(results: Results, target: Target) -> Sample:
    """Inputs and benefit, all of them numbers."""
    sample = sample_of(results, target)
    never = int((~np.isfinite(sample.answer)).sum())
    if never:
        raise InputError(
            f"{_KEY}.of: {target.variable} never comes in {never} of {len(sample.answer)} draws and has no mean; "
            "decide on one that has"
        )
    return sample
