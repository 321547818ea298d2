"""A value is replaced whole: whoever gives a new one gives its source, and the old range does not stay behind.

Hydra merges mappings key by key, so that a scenario's `value` would keep the source, the range and the borrowing of the
value it replaces, and a planner's number would pass for a published one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sim.assumptions.leaf import ASSUMPTION
from sim.errors import InputError
from sim.evidence.schema import UNSTATED
from sim.variables import TYPED

_COMPANIONS = ("spread", "borrowed", "basis")
_STATED = ("trial.interim",)  # what was seen, whose date and number are typed without `.value`
_LEAF = ("value", "values", *_COMPANIONS)


class File(NamedTuple):
    """One configuration file of a composition.

    Attributes
    ----------
    name : group and option, such as `scenario/press_release`.
    package : the key its content is put under; empty for the whole configuration.
    content : what it says.
    """

    name: str
    package: str
    content: Any


def replace_whole(mapping: dict[str, Any], files: Iterable[File], typed: Iterable[str] = ()) -> None:
    """Take from each quantity, in place, what belongs to a value that a later file replaced.

    Parameters
    ----------
    mapping : the composed configuration.
    files : what it was composed of, in order.
    typed : keys that were typed over them.

    Raises
    ------
    InputError : naming a key whose value a file gives without its source, or its source without its criterion.
    """
    said, typed = dict[str, set[str]](), set(typed)
    for file in files:
        for key, node in _quantities(file.content, file.package):
            composed = at(mapping, key)
            if not isinstance(composed, dict):
                continue
            if node.get("value") is not None or node.get("values") is not None:
                _check_source(key, node, composed, file.name)
                said[key] = set()
            said.setdefault(key, set()).update(name for name, given in node.items() if given is not None)
    for key, names in said.items():
        own = {name for name in _LEAF if any(f"{other}.".startswith(f"{key}.{name}.") for other in typed)}
        _clear(at(mapping, key), names | own)


def replace_typed(mapping: dict[str, Any], keys: Iterable[str]) -> None:
    """Give values typed on the command line the source they have: none but the planner.

    Parameters
    ----------
    mapping : the composed configuration, changed in place.
    keys : all that was typed.
    """
    keys = set(keys)
    for key in keys:
        quantity, _, last = key.rpartition(".")
        node = at(mapping, quantity)
        if not isinstance(node, dict) or last not in node:  # ~key takes it away
            continue
        if last == "value" and node["value"] is not None:
            _typed_value(node, quantity, keys)
        elif quantity in _STATED and f"{quantity}.source" not in keys:
            node |= {"source": TYPED, "spread": None}
        elif ".values." in f"{key}." and "value" not in node and not isinstance(node[last], dict):
            node[last] = {"value": node[last], "source": TYPED, "spread": None}


def _typed_value(node: dict[str, Any], quantity: str, keys: set[str]) -> None:
    stale = [name for name in (*_COMPANIONS, "values") if name in node and f"{quantity}.{name}" not in keys]
    node |= dict.fromkeys(stale)
    if node.get("by") and f"{quantity}.by" not in keys:
        node["by"] = []
    if f"{quantity}.source" not in keys:
        node["source"] = TYPED
    if "of" in node:
        node["criterion"] = node.get("criterion") or UNSTATED  # its labels had one each


def at(mapping: Any, key: str) -> Any:
    """What stands at a key of nested mappings; None where nothing does."""
    for part in key.split("."):
        mapping = mapping.get(part) if isinstance(mapping, dict) else None
    return mapping


def _quantities(node: Any, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping that gives a value, or values by label, or says more of one that does."""
    if not isinstance(node, dict):
        return
    if key and {"value", "values", "source", "spread"} & node.keys():
        yield key, node
        return
    for name, below in node.items():
        yield from _quantities(below, f"{key}.{name}" if key else str(name))


def _check_source(key: str, node: Mapping[str, Any], composed: Mapping[str, Any], file: str) -> None:
    if "source" not in node and not (node.get("value") is None and _each_has_source(node["values"])):
        raise InputError(
            f"{key}.source: is missing beside the value in {file}.yaml (a ledger id, or 'assumption: why')"
        )
    published = "source" in node and not str(node["source"]).startswith(ASSUMPTION)
    if published and "criterion" in composed and "criterion" not in node:
        raise InputError(f"{key}.criterion: is missing beside the source {node['source']} in {file}.yaml")


def _each_has_source(values: Any) -> bool:
    """Whether every value of nested labels comes with a source of its own."""
    if not isinstance(values, dict):
        return False
    return "source" in values or (bool(values) and all(_each_has_source(below) for below in values.values()))


def _clear(node: dict[str, Any], names: set[str]) -> None:
    if not {"value", "values"} & names:
        return
    node |= dict.fromkeys(name for name in _COMPANIONS if name in node and name not in names)
    if "values" not in names:
        node |= {"by": [], "values": None}
    elif "value" not in names:
        node["value"] = None
