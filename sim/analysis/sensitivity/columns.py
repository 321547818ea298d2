"""Outputs and inputs of a run by the name that a statement gives them, and what is said of them, draw by draw."""

from typing import NamedTuple

import numpy as np

from sim.analysis.sensitivity.labels import labels_of
from sim.analysis.sensitivity.sample import inputs_of
from sim.analysis.sensitivity.surface import BoolArray
from sim.analysis.sensitivity.target import named_target
from sim.assumptions.statements import Place, Statement
from sim.draws.streams import FloatArray
from sim.errors import InputError, nearest
from sim.results.run import Results
from sim.variables import MARKET_REGION, STRATA, VARIABLES, label_name

_DATED = ("decimal year", "date")
_PLACES = (*STRATA, MARKET_REGION)


class Found(NamedTuple):
    """A variable of a run.

    Attributes
    ----------
    name : with its label.
    year : of an output that has years; None where it has none.
    unit : of its values.
    numbers : missing where it is not there, infinite where it never comes, [draw].
    """

    name: str
    year: int | None
    unit: str
    numbers: FloatArray

    @property
    def dated(self) -> bool:
        """Whether its values are dates."""
        return self.unit in _DATED


def found(results: Results, statement: Statement, key: str) -> Found:
    """What a statement speaks of.

    Parameters
    ----------
    results : the run, its draws in hand.
    statement : it.
    key : of the setting, for the message.

    Raises
    ------
    InputError : when there is no such output or uncertain input, or not in that year or under that label.
    """
    if statement.name in VARIABLES and statement.label:
        return _labelled(results, statement, key)
    if statement.name in VARIABLES:
        target = named_target(results, statement.name, statement.year, key)
        return Found(target.variable, target.year, target.unit, target.of(results.draws))
    if statement.year is not None:
        raise InputError(f"{key}: '{statement.text}': only an output has years, and {statement.name} is none")
    labels = tuple(filter(None, map(str.strip, statement.label.split(","))))
    return input_of(results, label_name(statement.name, labels), key, outputs=True)


def input_of(results: Results, name: str, key: str, *, outputs: bool = False) -> Found:
    """An uncertain input by its name.

    Parameters
    ----------
    results : the run, its draws in hand.
    name, key : of it, and of the setting.
    outputs : whether the setting takes outputs too, so that one may have been meant.

    Raises
    ------
    InputError : when there is none of that name, or it is certain.
    """
    inputs = dict(inputs_of(results))
    if name in inputs:
        unit = str(results.draws[name.partition("[")[0]].attrs.get("unit", ""))
        return Found(name, None, unit, inputs[name])
    if name in results.draws or name in set(results.assumptions["quantity"].astype(str)):
        raise InputError(f"{key}: {name} is certain in this run, the same in every draw, or has labels of its own")
    known = [*inputs, *(own for own in VARIABLES if outputs and own in results.draws)]
    kind = "neither an output nor an uncertain quantity" if outputs else "no uncertain quantity"
    raise InputError(f"{key}: '{name}' is {kind} of this run{nearest(name, known)}")


def said(results: Results, statement: Statement, key: str) -> tuple[Found, BoolArray]:
    """What a statement speaks of, and whether it is true of each draw; where the variable is missing it is not.

    Raises
    ------
    InputError : as `found` says, and for a date where numbers are.
    """
    of = found(results, statement, key)
    try:
        return of, statement.comparison.holds(of.numbers, dated=of.dated)
    except InputError as fault:
        raise InputError(f"{key}: '{statement.text}': {fault}") from fault


def lies(results: Results, name: str, place: Place, key: str) -> BoolArray:
    """Whether an input lies where it is said to, in each draw.

    Raises
    ------
    InputError : for an input that there is not, a label that it has not, a date where numbers are.
    """
    of = input_of(results, name, key)
    labels = labels_of(results, name)
    if bool(labels) != bool(place.label):
        known = f"has the labels {', '.join(labels)}" if labels else "has no labels"
        raise InputError(f"{key}: {name} {known}, and '{place.text}' says where another kind of input lies")
    if place.label:
        if place.label not in labels:
            raise InputError(f"{key}: '{place.label}' is no label of {name}{nearest(place.label, labels)}")
        return np.asarray(of.numbers == labels.index(place.label))
    if place.share is not None:
        level = 1 - place.share if place.is_top else place.share
        end = np.quantile(of.numbers, level, method="inverted_cdf")
        return np.asarray(of.numbers > end if place.is_top else of.numbers <= end)
    try:
        return np.asarray(np.stack([bound.holds(of.numbers, dated=of.dated) for bound in place.bounds]).all(axis=0))
    except InputError as fault:
        raise InputError(f"{key}: {fault}") from fault


def _labelled(results: Results, statement: Statement, key: str) -> Found:
    """An output under one label: the launch in one region."""
    name, label = statement.name, statement.label
    if name not in results.draws:
        raise InputError(
            f"{key}: this run gives no {name}{nearest(name, [v for v in VARIABLES if v in results.draws])}"
        )
    array = results.draws[name]
    known = {str(own): dim for dim in _PLACES if dim in array.dims for own in array[dim].to_numpy()}
    if label not in known:
        raise InputError(f"{key}: '{label}' is no label of {name}{nearest(label, known)}")
    chosen = array.sel({known[label]: label})
    years = [dim for dim in chosen.dims if str(dim).endswith("year")]
    year = None
    if years:
        listed = [int(own) for own in chosen[years[0]].to_numpy()]
        year = statement.year or next((own for own in listed if own >= results.years[0]), listed[0])
        if year not in listed:
            raise InputError(f"{key}: {year} is not among {listed[0]} to {listed[-1]} of {name}")
        chosen = chosen.sel({years[0]: year})
    total = chosen.sum([dim for dim in chosen.dims if dim != "draw"], skipna=False)
    unit = str(array.attrs.get("unit", VARIABLES[name].unit))
    return Found(label_name(name, (label,)), year, unit, np.asarray(total.to_numpy(), dtype=np.float64))
