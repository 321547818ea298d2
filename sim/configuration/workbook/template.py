"""A workbook to fill in, from a composed configuration."""

from collections.abc import Sequence
from pathlib import Path

from sim.configuration.compose import Composed, parse, typed_keys
from sim.configuration.replacing import at
from sim.configuration.workbook.names import WORKBOOK_KEYS
from sim.configuration.workbook.sheet import INPUTS, choice_rows, holds, input_rows
from sim.configuration.workbook.writing import check_new, write_file


def template(made: Composed, name: str, overrides: Sequence[str], config_dir: str | None = None) -> str:
    """Write a workbook to fill in.

    Parameters
    ----------
    made : the configuration its rows are taken from.
    name : path of the file, which is not there yet.
    overrides : those it was composed with, as typed.
    config_dir : the folder of the user's own, which is needed again to read it.

    Returns
    -------
    One line: what was written, and the command that runs it.

    Raises
    ------
    InputError : when the assumptions are wrong, or the file cannot be written.
    """
    path = Path(name)
    check_new(path)
    assumptions, chosen = made.assumptions(), made.hydra.runtime.choices
    titles = {"scenario": assumptions.scenario.title}
    titles |= {} if assumptions.trial is None else {"trial": assumptions.trial.title}
    groups = {str(group): str(option) for group, option in chosen.items() if option is not None and "/" not in group}
    typed = [word for word in overrides if parse([word])[0].key_or_group not in {*groups, *WORKBOOK_KEYS}]
    inputs = list(input_rows(made.mapping, assumptions, sorted(typed_keys(typed))))
    further = [word for word in typed if not all(_has_row(key, made) for key in typed_keys([word]))]
    own = [] if config_dir is None else ["--config-dir", config_dir]
    command = write_file(path, choice_rows(groups, titles), inputs, [*own, *further])
    return f"{path}: {len(inputs)} inputs, in the coloured cells of sheet {INPUTS}; once filled in, type: {command}"


def _has_row(key: str, made: Composed) -> bool:
    """Whether a typed key is told by a row; a list is not, nor what goes to Hydra itself, which is of one run."""
    return key.startswith("hydra.") or (holds(made.mapping, key) and not isinstance(at(made.mapping, key), list | dict))
