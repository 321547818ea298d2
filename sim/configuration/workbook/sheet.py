"""What stands in the sheet of inputs: a row for each number and setting a planner may change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.assumptions.leaf import Leaf
from sim.assumptions.quantity import Quantity
from sim.assumptions.schema import Assumptions
from sim.assumptions.volume import VOLUME
from sim.configuration.replacing import at
from sim.variables import RATES, TRANSPLANTS

INPUTS = "Inputs"
"""The name of the sheet."""

KEY, VALUE, UNIT, SOURCE, SPREAD, TITLE = COLUMNS = ("key", "value", "unit", "source", "spread", "what it is")
"""Its columns, in order; those that are read back are the key, the value, the source and the spread."""

SETTINGS = {
    "years.first": "first calendar year",
    "years.last": "last calendar year",
    "transplants.reference_year": "the year the volume is stated for",
    "trial.start": "first day of the trial",
    "trial.target": "patients of the treated arm",
    "trial.promise": "the window in which results were promised",
    "trial.interim.enrolled": "patients enrolled by trial.interim.date",
    "market.patients.label": "severe_vod, vod or prevention",
    "market.patients.uptake.curve": "linear, logistic, bass or observed",
    "market.dosing.wastage": "none, day or infusion",
    "market.terms": "real or nominal",
    "market.currency": "of all money that comes out",
    "market.price_year": "the year whose money it is",
    "market.valuation_date": "the day to which money is discounted",
    "market.last_year": "last calendar year of sales",
}
"""Plain settings that a planner changes, with what they are; those a configuration lacks are left out."""

GROUPS = ("scenario", "transplants", "vod", "trial", "market")
"""The groups whose chosen options stand first; others follow."""

_SAID = ("source", "spread", "borrowed", "basis")
_IN_ITS_ROW = ("value", "values", "source", "spread")

Value = str | int | float


@dataclass(frozen=True)
class Row:
    """One row of the sheet.

    Attributes
    ----------
    key : as on the command line.
    value : as written in the configuration.
    unit, source, spread, title : of a quantity; empty where there is none.
    """

    key: str
    value: Value
    unit: str = ""
    source: str = ""
    spread: str = ""
    title: str = ""


def choice_rows(choices: Mapping[str, str], titles: Mapping[str, str]) -> list[Row]:
    """The options that a configuration was composed of.

    Parameters
    ----------
    choices : group → option.
    titles : group → what its option calls itself.
    """
    ordered = [*(group for group in GROUPS if group in choices), *(group for group in choices if group not in GROUPS)]
    words = {group: f"chosen option: {titles[group]}" if group in titles else "chosen option" for group in choices}
    return [Row(group, choices[group], title=words[group]) for group in ordered]


def input_rows(mapping: Mapping[str, Any], assumptions: Assumptions, typed: Sequence[str]) -> Iterator[Row]:
    """Settings, quantities, and whatever else was typed.

    Parameters
    ----------
    mapping : the composed configuration.
    assumptions : read from it.
    typed : keys that were typed, of which those follow that have no row yet.
    """
    known = set()
    for row in (*_settings(mapping, SETTINGS), *_quantities(mapping, assumptions)):
        known.add(row.key)
        yield row
    names = [*assumptions.quantities, *(place for key in known if (place := holder(mapping, key)))]
    yield from _settings(mapping, {key: "" for key in typed if key not in known and not _has_its_row(key, names)})


def shown(value: Any) -> Value:
    """A value of the configuration as a cell holds it: a number, or a text where a cell would not keep the number."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return value if float(f"{value:.16G}") == value else repr(value)  # the digits a workbook keeps
    return str(value)


def holds(mapping: Mapping[str, Any], key: str) -> bool:
    """Whether something stands at a key, be it null."""
    parent, _, last = key.rpartition(".")
    node = at(mapping, parent) if parent else mapping
    return isinstance(node, dict) and last in node


def holder(mapping: Mapping[str, Any], key: str) -> str:
    """The key that the source of a value stands below; empty for a plain setting, which has none.

    Parameters
    ----------
    mapping : the composed configuration.
    key : of the value.
    """
    above, _, last = key.rpartition(".")
    if last == "value" or last in _SAID:
        return above if last == "value" else ""
    beside = at(mapping, above)
    is_quantity = isinstance(beside, dict) and bool({"value", "values"} & beside.keys())
    if isinstance(beside, dict) and "source" in beside and not is_quantity:
        return above  # what was seen of a trial, whose date and number share one source
    return key if ".values." in key and not is_quantity else ""


def stated(mapping: Mapping[str, Any], place: str, name: str) -> str:
    """The source of a value, its spread or whatever else is said of it; its quantity's where it has none of its own.

    Parameters
    ----------
    mapping : the composed configuration.
    place : the key it stands below.
    name : `source`, `spread`, `borrowed` or `basis`.
    """
    for key in (place, place.partition(".values.")[0]):
        node = at(mapping, key)
        if isinstance(node, dict) and name in node:
            return str(node[name] or "")
    return ""


def _has_its_row(key: str, names: Iterable[str]) -> bool:
    """Whether a typed key is the value, source or spread of a quantity."""
    return any(key == name or f"{key}.".startswith(f"{name}.{part}.") for name in names for part in _IN_ITS_ROW)


def _settings(mapping: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[Row]:
    for key, title in words.items():
        if holds(mapping, key) and not isinstance(value := at(mapping, key), dict | list):
            place = holder(mapping, key)
            about = {name: stated(mapping, place, name) for name in (SOURCE, SPREAD)} if place else {}
            yield Row(key, shown(value), title=title, **about)


def _quantities(mapping: Mapping[str, Any], assumptions: Assumptions) -> Iterator[Row]:
    for name, quantity in assumptions.quantities.items():
        for leaf in quantity.leaves.values():
            if row := _leaf(mapping, name, quantity, leaf):
                yield row


def _leaf(mapping: Mapping[str, Any], name: str, quantity: Quantity, leaf: Leaf) -> Row | None:
    """The row of one value; none where a label with a point in it hides its key."""
    key = name if leaf.key == ".value" and not isinstance(at(mapping, name), dict) else f"{name}{leaf.key}"
    if not holds(mapping, key):
        return None
    node = at(mapping, key)
    value = shown(node["value"] if isinstance(node, dict) else node)
    return Row(key, value, quantity.unit, leaf.source, leaf.spread or "", _title(name, quantity))


def _title(name: str, quantity: Quantity) -> str:
    if quantity.is_law:
        return "how sites or patients differ"
    group, _, rest = name.partition(".")
    if name == VOLUME:
        return TRANSPLANTS.long_name
    return RATES[rest].long_name if group == "vod" and rest in RATES else ""
