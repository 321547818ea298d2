"""From the names of workbooks to what they lay over a configuration."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from hydra.core.override_parser.types import Override

from sim.configuration.places import conf_dir
from sim.configuration.workbook.comparing import cells_of, compare
from sim.configuration.workbook.laying import Laid
from sim.configuration.workbook.names import READ, WORKBOOK_KEYS, names
from sim.configuration.workbook.reading import Workbook, read_workbook
from sim.configuration.workbook.sheet import VALUE
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.configuration.compose import Composed

Composing = Callable[[Sequence[str]], "Composed"]
"""From overrides to a configuration."""

_SCENARIO = "scenario"
_OPTION = re.compile(r"[\w\-/]+(\.[\w\-/]+)*", re.ASCII)


def laid_by(words: Sequence[Override], composing: Composing, typed: Collection[str]) -> dict[str, Laid]:
    """What the workbooks that are named lay over a configuration, by name.

    Parameters
    ----------
    words : of the command line.
    composing : composes a configuration.
    typed : the keys that the words give a value, which a workbook leaves alone.

    Raises
    ------
    InputError : naming file, sheet and cell; for several workbooks that were made from different options.
    """
    others = [word for word in words if word.key_or_group not in WORKBOOK_KEYS]
    found = {name: _laid(name, others, composing, typed) for name in names(words, READ)}
    first, *further = found or [""]
    for name in further:
        if found[name].choices != found[first].choices:
            ours, theirs = (" ".join(found[book].choices) for book in (first, name))
            raise InputError(f"{READ}: {first} was made from {ours}, {name} from {theirs}; run them one at a time")
    return found


def _laid(name: str, others: Sequence[Override], composing: Composing, typed: Collection[str]) -> Laid:
    """What one workbook lays over the options it was made from; options of the command line take their place."""
    book, groups = read_workbook(name), _groups()
    own = _choices(book, groups)
    chosen = own.keys() & {word.key_or_group for word in others}
    beside = [] if chosen else [str(word.input_line) for word in others if not word.is_sweep_override()]
    options = Laid(cells=cells_of(book, {}))
    base = options.naming_cells(lambda: composing([*_words(own), *beside])).mapping
    if _SCENARIO in chosen:  # another one brings its own options, but where the workbook departed from its scenario's
        alone = composing([f"{_SCENARIO}={own[_SCENARIO]}"]).hydra.runtime.choices
        own = {group: option for group, option in own.items() if alone[group] != option}
    return Laid(
        tuple(_words({group: option for group, option in own.items() if group not in chosen})),
        compare(book, base, groups, typed),
        cells_of(book, base, typed),
        {name: book.digest},
    )


def _words(choices: Mapping[str, str]) -> list[str]:
    return [f"{group}={option}" for group, option in choices.items()]


def _groups() -> set[str]:
    """The groups of options there are."""
    return {folder.name for folder in conf_dir().iterdir() if any(folder.glob("*.yaml"))}


def _choices(book: Workbook, groups: Collection[str]) -> dict[str, str]:
    """The options a workbook was made from: group → option.

    Raises
    ------
    InputError : for one that was changed in the sheet, whose other rows would still be the old option's.
    """
    found = {}
    for row in book.rows:
        if row.key not in groups:
            continue
        option = str(row.value)
        made_from = book.made_from.get(row.key, option)
        where = f"{row.cells[VALUE]} ({row.key})"
        if not _OPTION.fullmatch(option):
            raise InputError(f"{where}: '{option}' is no option")
        if option != made_from:
            raise InputError(
                f"{where}: '{option}', but the rows below were written for '{made_from}'; leave it so and add "
                f"{row.key}={option} to the command line, or write a new workbook with that"
            )
        found[row.key] = option
    return found
