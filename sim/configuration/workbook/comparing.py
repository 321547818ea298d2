"""Where a workbook that was filled in differs from the configuration it was made from."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from sim.assumptions.trends import is_trend
from sim.configuration.replacing import at
from sim.configuration.words import without_commas
from sim.configuration.workbook.laying import Change, is_typed
from sim.configuration.workbook.reading import Filled, Workbook
from sim.configuration.workbook.sheet import KEY, SOURCE, SPREAD, UNIT, VALUE, Value, holder, holds, shown, stated
from sim.errors import InputError, nearest

_NUMBERS = re.compile(r"[\d.,%+\-\s]+(to[\d.,%+\-\s]+)?", re.ASCII)


def compare(
    book: Workbook, mapping: Mapping[str, Any], groups: Collection[str], typed: Collection[str]
) -> tuple[Change, ...]:
    """Where a workbook differs from a configuration.

    Parameters
    ----------
    book : as it was filled in.
    mapping : the configuration that the workbook was made from, composed.
    groups : keys of rows that name options.
    typed : keys of the command line, whose values a workbook leaves alone.

    Raises
    ------
    InputError : naming the cell of an unknown key, or of an empty value or source.
    """
    rows = [row for row in book.rows if not (row.key in groups or is_typed(row.key, typed))]
    keys = {row.key: _known(row, mapping) for row in rows}
    compared = [(row, keys[row.key]) for row in rows if not is_typed(keys[row.key], typed)]
    given: dict[str, tuple[Any, str]] = {}
    for row, key in compared:
        for name, value in _given(row, key, mapping):
            if given.setdefault(name, (value, row.cells[VALUE]))[0] != value:
                raise InputError(f"{row.cells[VALUE]} ({row.key}): gives {name} otherwise than {given[name][1]}")
    changes = (_change(row, key, mapping, given) for row, key in compared)
    return tuple(change for change in changes if change.entries)


def cells_of(book: Workbook, mapping: Mapping[str, Any], typed: Collection[str] = ()) -> dict[str, tuple[str, str]]:
    """Every key that a message may begin with → its row's key, and where the cell is that gives it.

    Parameters
    ----------
    book : as it was filled in.
    mapping : the configuration that the workbook was made from, composed.
    typed : keys of the command line, which no cell gives.
    """
    cells: dict[str, tuple[str, str]] = {}
    for row in book.rows:
        key = _full(row.key, mapping)
        if is_typed(key, typed):
            continue
        place = holder(mapping, key)
        own = {row.key: VALUE, key: VALUE, f"{key}.value": VALUE}
        own |= {f"{place}.{name}": name for name in (SOURCE, SPREAD) if place}
        for name, column in own.items():
            cells.setdefault(name, (row.key if column == VALUE else name, row.cells[column]))
    return cells


def _known(row: Filled, mapping: Mapping[str, Any]) -> str:
    """The key of a row's value, in full."""
    if row.key.partition(".")[0] == "hydra":
        raise InputError(f"{row.cells[KEY]}: {row.key}: a workbook is data and cannot set up Hydra itself")
    key = _full(row.key, mapping)
    if not holds(mapping, key):
        hint = nearest(row.key, _keys(mapping))
        raise InputError(f"{row.cells[KEY]}: {row.key}: unknown key{hint if 'did you mean' in hint else ''}")
    if isinstance(at(mapping, key), dict | list):
        raise InputError(f"{row.cells[KEY]}: {row.key}: holds more than one value; name one of them")
    if row.value is None:
        raise InputError(f"{row.cells[VALUE]} ({row.key}): is empty; write a value, or null for none")
    return key


def _full(key: str, mapping: Mapping[str, Any]) -> str:
    """The key of a value: that of a quantity, or of one of its labels, with `.value`."""
    node = at(mapping, key)
    return f"{key}.value" if isinstance(node, dict) and "value" in node else key


def _keys(node: Any, key: str = "") -> Iterator[str]:
    """Every key that has a value, as the sheet writes it: that of a label without `.value`."""
    if not isinstance(node, Mapping) or (".values." in key and "value" in node):
        yield key
    else:
        for name, below in node.items():
            yield from _keys(below, f"{key}.{name}" if key else str(name))


def _change(row: Filled, key: str, mapping: Mapping[str, Any], given: Mapping[str, tuple[Any, str]]) -> Change:
    """What a row says otherwise, with what a new value brings along unless some row gives it."""
    own = dict(_given(row, key, mapping))
    place = holder(mapping, key)
    target = f"{key}.value" if key == place else key
    brought = _brought(row, place, mapping) if place and target in own else {}
    if (
        own and not brought and place and target != f"{place}.value"
    ):  # a source that is shared is said again, or is lost
        brought = {f"{place}.{SOURCE}": stated(mapping, place, SOURCE)}
    brought = {name: given.get(name, (value,))[0] for name, value in brought.items()}
    return Change(row.key, target, row.cells[VALUE], place, {**brought, **own})


def _given(row: Filled, key: str, mapping: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The cells of a row that differ from the configuration: key → what they say."""
    place, old = holder(mapping, key), at(mapping, key)
    meant = stated(mapping, place, UNIT) if place else ""
    if meant and row.unit is not None and not _same(row.unit, meant):
        raise InputError(f"{row.cells[UNIT]} ({row.key}): the unit is '{meant}'; convert the value, not the unit")
    is_new = not _same(row.value, shown(old))
    if is_new:
        _check_commas(row)
        yield f"{key}.value" if key == place else key, _plain(row.value, old)
    for name, text in ((SOURCE, row.source), (SPREAD, row.spread)):
        before = stated(mapping, place, name) if place else ""
        if text is not None and not place:
            raise InputError(f"{row.cells[name]} ({row.key}): is a plain setting, which has no {name}")
        if text is not None and not _same(text, before):
            yield f"{place}.{name}", text
        elif text is None and before and not is_new:
            if name == SOURCE:
                raise InputError(f"{row.cells[name]} ({row.key}): is empty (a ledger id, or 'assumption: why')")
            yield f"{place}.{name}", None


def _check_commas(row: Filled) -> None:
    """A number with a comma is refused, as on the command line: it may mean two things."""
    text = str(row.value)
    if "," in text and _NUMBERS.fullmatch(text):
        meant = f"a comma inside a number is not read; write {without_commas(text)}"
        raise InputError(f"{row.cells[VALUE]} ({row.key}): '{text}': {meant}")


def _brought(row: Filled, place: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What goes with a new value: its cell for a source, and no range or other words of the old one's."""
    old = {name: stated(mapping, place, name) for name in (SPREAD, "borrowed", "basis")}
    brought: dict[str, Any] = {f"{place}.{name}": None for name, words in old.items() if words}
    if is_trend(row.value):  # what its rows leave unsaid, and whose noise it borrows, stay as they were
        brought |= {f"{place}.{name}": old[name] for name in ("borrowed", "basis") if old[name]}
    elif old["borrowed"] and stated(mapping, place, "of"):  # a rate from elsewhere still is one
        brought[f"{place}.borrowed"] = f"from a planner's workbook: set in {row.cells[VALUE]}"
    return {f"{place}.source": f"assumption: set in {row.cells[VALUE]}", **brought}


def _same(new: Value | None, old: Value) -> bool:
    """Whether a cell says what was there, be it as number or text."""
    if isinstance(new, str) or isinstance(old, str):
        return " ".join(str(new).split()) == " ".join(str(old).split())
    return new == old


def _plain(value: Value | None, old: Any) -> Any:
    """A cell as the configuration writes it: null, true and false, and a number where one stood."""
    words = {"null": None, "true": True, "false": False} if old is None or isinstance(old, bool) else {"null": None}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if isinstance(value, str) and isinstance(old, int | float):
        for number in (int, float):
            with suppress(ValueError):
                return number(value)
    return value
