"""What a workbook says otherwise than a configuration, laid over it by the rules of the command line."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sim.configuration.workbook.sheet import SOURCE, SPREAD, holds
from sim.errors import InputError

_T = TypeVar("_T")


@dataclass(frozen=True)
class Change:
    """What one row says otherwise.

    Attributes
    ----------
    row : its key as it stands in the sheet.
    key : of its value in the configuration.
    cell : where the value is, in words.
    place : the key its source stands below; empty for a plain setting.
    entries : key → what is put there.
    """

    row: str
    key: str
    cell: str
    place: str
    entries: Mapping[str, Any]


@dataclass(frozen=True)
class Laid:
    """What a workbook lays over a configuration.

    Attributes
    ----------
    choices : options it chooses, as overrides.
    changes : what its rows say otherwise.
    cells : key → its row's key, and where the cell is that gives it.
    files : the workbook → its SHA-256.
    """

    choices: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    cells: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def naming_cells(self, action: Callable[[], _T]) -> _T:
        """Do it, and name the cell in front of whatever is refused."""
        try:
            return action()
        except InputError as fault:
            raise InputError("; ".join(self._at_its_cell(part) for part in str(fault).split("; "))) from fault

    def _at_its_cell(self, words: str) -> str:
        key, colon, rest = words.partition(": ")
        if not colon or not re.fullmatch(r"[\w.\- ]+", key):
            return words
        row, cell = self.cells.get(key, ("", ""))
        if cell:
            return f"{cell} ({row}): {rest}"
        for change in self.changes:  # what is wrong with a quantity as a whole is wrong since one of its values is new
            if change.key.startswith(f"{key}.") or (change.place and key.startswith(f"{change.place}.")):
                return f"{change.cell} ({change.row}): {words}"
        return words


NOTHING = Laid()
"""What is laid over a configuration where no workbook is named."""


def lay(mapping: dict[str, Any], changes: Iterable[Change], typed: Collection[str]) -> set[str]:
    """Put what a workbook says otherwise into a configuration.

    Parameters
    ----------
    mapping : the composed configuration, changed in place.
    changes : of the workbook.
    typed : keys of the command line, which win.

    Returns
    -------
    The keys that were put, by which `replace_typed` goes on.

    Raises
    ------
    InputError : naming the cell whose key the chosen options do not have.
    """
    put: set[str] = set()
    for change in changes:
        if is_typed(change.key, typed):
            continue
        if not holds(mapping, change.key.removesuffix(".value")):
            raise InputError(f"{change.cell} ({change.row}): the options chosen on the command line have no such key")
        for key, value in change.entries.items():
            if key not in typed and (key == change.key or not _says_beside(change, typed)):
                _put(mapping, key, value)
                put.add(key)
    return put


def is_typed(key: str, typed: Collection[str]) -> bool:
    """Whether the command line gives this value, or the one value of its quantity; a group's name gives none."""
    whole = (f"{key}.value", f"{key.partition('.values.')[0]}.value")
    given = [other for other in typed if "." in other]
    return any(key == other or key.startswith(f"{other}.") or other in whole for other in given)


def _says_beside(change: Change, typed: Collection[str]) -> bool:
    """Whether the command line gives another value that shares the source of this one, as a date and a number may."""
    shares = change.place and change.key != f"{change.place}.value"
    return bool(shares) and any(
        key.rpartition(".")[0] == change.place and key.rpartition(".")[2] not in (SOURCE, SPREAD) for key in typed
    )


def _put(mapping: dict[str, Any], key: str, value: Any) -> None:
    """Put a value at a key; a label's bare value becomes a mapping that has room for its source."""
    *above, last = key.split(".")
    node = mapping
    for part in above:
        if not isinstance(node[part], dict):
            node[part] = {"value": node[part]}
        node = node[part]
    node[last] = value
