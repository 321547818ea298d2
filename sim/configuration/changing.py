"""A composed configuration with some keys set anew, as if they had been typed, without asking Hydra again."""

from collections.abc import Iterator, Mapping
from typing import Any

from sim.configuration.replacing import at, replace_typed
from sim.errors import InputError, nearest

_LABELLED = ".values."  # below it a label's mapping may be replaced by a number, as on the command line


def changed(mapping: Mapping[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """The same configuration with other values, each with the source that a typed one has.

    Parameters
    ----------
    mapping : a composed configuration, as plain data; it stays as it is.
    changes : key with dots → value, as typed: `{"vod.incidence.value": 0.18}`; a mapping sets the keys below.

    Returns
    -------
    A configuration of its own where it differs; what does not is shared with the one given.

    Raises
    ------
    InputError : for a key that there is not, with the nearest; for a group, which has options and no value.
    """
    found: dict[str, Any] = dict(mapping)
    single = dict(_single(changes))
    for key, value in single.items():
        _check(found, key)
        _set(found, key, value)
    replace_typed(found, single)
    return found


def keys_of(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every key of nested mappings, with dots, in order."""
    for name, node in mapping.items():
        yield f"{prefix}{name}"
        if isinstance(node, dict):
            yield from keys_of(node, f"{prefix}{name}.")


def check_key(mapping: Mapping[str, Any], key: str) -> None:
    """Refuse a key that a configuration does not have.

    Raises
    ------
    InputError : naming the nearest, or the part that is null.
    """
    if at(mapping, key.rpartition(".")[0] or key) is None and (parent := _empty(mapping, key)):
        raise InputError(f"{key}: {parent} is null here, and has no {key.removeprefix(f'{parent}.')}")
    known = tuple(keys_of(mapping))
    if key not in known:
        hint = nearest(key, known)
        raise InputError(f"{key}: unknown key{hint if 'did you mean' in hint else ''}")


def _check(mapping: Mapping[str, Any], key: str) -> None:
    check_key(mapping, key)
    if "." not in key and isinstance(mapping[key], dict):
        raise InputError(f"{key}: is a group with options; options are swept by sim -m {key}=…")


def _empty(mapping: Mapping[str, Any], key: str) -> str:
    """The part of a key at which the configuration is null; nothing where there is none."""
    parts = key.split(".")
    for count in range(1, len(parts)):
        node: Any = at(mapping, ".".join(parts[: count - 1])) if count > 1 else mapping
        if isinstance(node, dict) and parts[count - 1] in node and node[parts[count - 1]] is None:
            return ".".join(parts[:count])
    return ""


def _single(changes: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Changes one key at a time, those of a mapping below its key."""
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _single({f"{key}.{name}": below for name, below in value.items()})
        else:
            yield key, list(value) if isinstance(value, tuple) else value


def _set(mapping: dict[str, Any], key: str, value: object) -> None:
    """Set a key in place; the mappings on the way to it, and the one it stands in, are copied first."""
    *above, last = key.split(".")
    for name in above:
        mapping[name] = dict(mapping[name])
        mapping = mapping[name]
    mapping[last] = value
