"""Studies that could be bought before deciding: what their data are worth, what they cost, which to buy."""

import math
from functools import partial

import numpy as np
import pandas as pd

from sim.analysis.sensitivity.information.channels import (
    counted_events,
    counted_share,
    mean_of_normals,
    scale_of,
    scaled,
)
from sim.analysis.sensitivity.information.choice import Choice
from sim.analysis.sensitivity.information.sampled import Learnable, Outcomes, growing
from sim.analysis.sensitivity.question import Question
from sim.assumptions.decision import Study
from sim.draws.streams import FloatArray
from sim.errors import InputError, nearest
from sim.results.run import Results
from sim.variables import MONEY, VARIABLES

COLUMNS = (
    "study", "kind", "quantity", "n", "evsi", "error", "cost", "net_gain", "is_best", "note", "target", "year", "unit",
)  # fmt: skip

_DELAY = "cost_of_delay"
_EDGE = 1e-9  # the least distance of a share from 0 and 1, whose log odds have no end


def studied(choice: Choice, question: Question) -> pd.DataFrame:
    """Every study in every size, the study with the highest net gain first.

    Parameters
    ----------
    choice : what is decided.
    question : of which the studies are, and the run, for what a month of delay costs.

    Returns
    -------
    A row per study and size: study, kind, quantity; n; evsi, what its data are worth, in the target's unit, and its
    Monte Carlo error; cost, that of its delay included; net_gain, the one less the other; is_best, the size of the
    study with the highest net gain; a note. A usual study that does not fit has one row, with a note and no numbers.

    Raises
    ------
    InputError : when the quantity of a study that was typed is certain, is not there or is of the wrong kind, naming
        the key.
    """
    typed, usual = question.asked.studies or {}, question.asked.usual_studies or {}
    known: dict[str, Learnable] = {}
    tables = []
    for name, study in {**usual, **typed}.items():
        why = "" if name in typed else _why_not(choice, study)
        own = _left_out(name, study, why) if why else _of_study(choice, name, study, question.results, known)
        tables.append(own)
    ordered = sorted(tables, key=lambda table: -np.nan_to_num(table["net_gain"].max(), nan=-math.inf))
    return pd.concat(ordered, ignore_index=True)


def _of_study(choice: Choice, name: str, study: Study, results: Results, known: dict[str, Learnable]) -> pd.DataFrame:
    key = f"sensitivity.studies.{name}"
    own = _quantity(choice, study, key)
    learnable = known.setdefault(own, Learnable(choice.options, choice.numbers[:, choice.names.index(own)]))
    worths = growing(learnable, outcomes_of(study, learnable.places, key), study.n)
    delay = _delay(study, results, key)
    table = pd.DataFrame({"study": name, "kind": study.kind, "quantity": own, "n": study.n})
    table["evsi"], table["error"] = [worth.value for worth in worths], [worth.error for worth in worths]
    table["cost"] = [study.cost.of(n) + delay for n in study.n]
    table["net_gain"] = table["evsi"] - table["cost"]
    return table.assign(is_best=table.index == table["net_gain"].idxmax(), note="")


def _why_not(choice: Choice, study: Study) -> str:
    """Why a usual study does not fit; empty where it does."""
    if VARIABLES[choice.target.variable].unit != MONEY:
        return f"it costs money, and {choice.target.variable} is none"
    places = choice.places(study.of)
    if len(places) > 1:
        return f"{study.of} is several quantities of this run"
    return "" if places else f"{study.of} is no uncertain quantity of this run"


def _left_out(name: str, study: Study, why: str) -> pd.DataFrame:
    numbers = dict.fromkeys(("n", "evsi", "error", "cost", "net_gain"), math.nan)
    about = {"study": name, "kind": study.kind, "quantity": study.of}
    return pd.DataFrame([{**about, **numbers, "is_best": False, "note": f"left out: {why}"}])


def _quantity(choice: Choice, study: Study, key: str) -> str:
    """The one quantity that a study measures."""
    places = choice.places(study.of)
    if not places:
        raise InputError(
            f"{key}.of: '{study.of}' is no uncertain quantity of this run{nearest(study.of, choice.names)}"
        )
    if len(places) > 1:
        names = ", ".join(choice.names[place] for place in places)
        raise InputError(f"{key}.of: '{study.of}' is several quantities; name one of {names}")
    return choice.names[places[0]]


def outcomes_of(study: Study, values: FloatArray, key: str) -> Outcomes:
    """What a study of any size shows, given the quantity's values.

    Parameters
    ----------
    study : its kind and settings.
    values : of the quantity, [place].
    key : of the study, for the message.

    Raises
    ------
    InputError : when the values are none that such a study measures.
    """
    is_share, is_positive = bool(values.min() >= 0 and values.max() <= 1), bool(values.min() > 0)
    scale = study.scale or scale_of(values)
    fits = {"logit": is_share, "log": is_positive, "plain": True}[scale]
    if not fits:
        raise InputError(f"{key}.scale: {scale} does not suit {study.of}, from {values.min():g} to {values.max():g}")
    shares = np.clip(values, _EDGE, 1 - _EDGE)
    if study.kind == "chart_review":
        if not is_share:
            raise InputError(
                f"{key}.of: {study.of}, from {values.min():g} to {values.max():g}, is no share to be counted"
            )
        return partial(counted_share, shares)
    if study.kind == "registry":
        if scale == "plain":
            raise InputError(f"{key}.of: {study.of}, from {values.min():g} to {values.max():g}, cannot be counted")
        count = partial(counted_share, shares) if scale == "logit" else partial(counted_events, values)
        return partial(count, between=study.between)
    assert study.sd is not None  # the schema asks for it
    centres, sd, common = scaled(shares if scale == "logit" else values, scale), study.sd, study.correlation
    return lambda n: mean_of_normals(centres, sd * math.sqrt(common + (1 - common) / n))


def _delay(study: Study, results: Results, key: str) -> float:
    """What the time that a study takes costs, on average."""
    if study.delay == 0:
        return 0.0
    if _DELAY not in results.draws:
        raise InputError(f"{key}.delay: this run gives no {_DELAY}; leave the delay out, or put it into the cost")
    return study.delay * float(results.draws[_DELAY].mean())
