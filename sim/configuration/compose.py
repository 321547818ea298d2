"""From groups and overrides to assumptions: Hydra composes, plain data goes on, pydantic judges."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import hydra
import numpy as np
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.assumptions.leaf import Surroundings, within
from sim.assumptions.schema import Assumptions
from sim.assumptions.text import Context
from sim.configuration.files import files_of
from sim.configuration.places import conf_dir
from sim.configuration.reading import listing_once, reading_once
from sim.configuration.replacing import File, replace_typed, replace_whole
from sim.configuration.samples import sampled_column
from sim.configuration.trust import check_data, check_folder, check_hydra
from sim.configuration.words import check_scenario, not_a_sweep, plain_words, unparsed
from sim.configuration.workbook.laying import NOTHING, Laid, lay
from sim.configuration.workbook.names import READ, WORKBOOK_KEYS, names
from sim.errors import InputError
from sim.evidence.ledger import Ledger, read_ledger

FROM_RUN = "from_run"
"""The key that names a finished run to be asked in place of a new one."""

_OF_THE_COMMAND = (*WORKBOOK_KEYS, FROM_RUN)
_ONE_AT_A_TIME = threading.Lock()  # Hydra's compose is a global state
_REFUSALS = (HydraException, OmegaConfBaseException, UnicodeDecodeError, yaml.YAMLError)


@dataclass(frozen=True)
class Composed:
    """What Hydra made of groups and overrides.

    Attributes
    ----------
    mapping : the resolved configuration as plain data, ready for `Assumptions.read`.
    hydra : Hydra's own settings.
    laid : what a workbook lays over it, laid already.
    """

    mapping: Mapping[str, Any]
    hydra: DictConfig
    laid: Laid = NOTHING

    def assumptions(self) -> Assumptions:
        """Read it; what is wrong in a workbook is said with its cell.

        Raises
        ------
        InputError : one line naming the key, the value and the bound.
        """
        return self.laid.naming_cells(lambda: assume(self.mapping, files=self.laid.files))


def load(
    scenario: str | None = None, overrides: Sequence[str] = (), config_dir: str | Path | None = None
) -> Assumptions:
    """The assumptions of a scenario.

    Parameters
    ----------
    scenario : its name; None is the base case, `press_release`, or that of a workbook.
    overrides : as on the command line: `["vod.incidence.value=0.18"]`.
    config_dir : a folder with scenarios and options of your own, laid out like `conf/`.

    Raises
    ------
    InputError : one line naming the key, the value and the bound.
    """
    words = [overrides] if isinstance(overrides, str) else overrides
    chosen = [] if scenario is None else [f"scenario={scenario}"]
    return composed([*chosen, *words], config_dir).assumptions()


def assume(
    mapping: Mapping[str, Any], folder: Path | None = None, files: Mapping[str, str] | None = None
) -> Assumptions:
    """Validate a composed configuration against the ledger.

    Parameters
    ----------
    mapping : plain data.
    folder : where the files of `sample(file.csv, column)` and a ledger of one's own are looked for; None is the
        working directory.
    files : path → SHA-256 of files that the configuration was made from.
    """
    read_from = dict(files or {})
    ledger = _ledger(mapping.get("evidence"), folder or Path.cwd(), read_from)

    def read_sample(name: str, column: str) -> NDArray[np.float64]:
        path = (folder or Path.cwd()) / name
        values, read_from[name] = sampled_column(path, column)
        return values

    context = Context(read_sample=read_sample, pooled_rows=ledger.counts)
    return Assumptions.read(mapping, Surroundings(ledger, context, read_from))


def _ledger(evidence: Any, folder: Path, files: dict[str, str]) -> Ledger:
    """The project's ledger or one's own, which is noted among the files, as it was known at the date asked for."""
    asked = evidence if isinstance(evidence, Mapping) else {}
    own = asked.get("file")
    if own is None:
        ledger = read_ledger(conf_dir() / "evidence" / "ledger.csv")
    else:
        ledger = within("evidence.file", lambda: read_ledger(folder / str(own)))
        files[str(own)] = ledger.digest
    return ledger.known_by(asked.get("as_of"))


def composed(overrides: Sequence[str], config_dir: str | Path | None = None) -> Composed:
    """Let Hydra compose groups and overrides, and take from it plain data only.

    Raises
    ------
    InputError : in one line, whatever Hydra says in many.
    """
    for override in parse(overrides):
        if override.is_sweep_override():
            raise InputError(not_a_sweep(override))
        if override.key_or_group == "hydra.searchpath":
            raise InputError("hydra.searchpath: name your own folder with --config-dir")
    laid = next(iter(workbooks(overrides, config_dir).values()), NOTHING)
    own = [f"hydra.searchpath=[{_search(config_dir)}]"] if config_dir is not None else []
    words = [*laid.choices, *overrides, *own]
    try:
        with _ONE_AT_A_TIME, reading_once(), listing_once(), initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config = compose("config", overrides=words, return_hydra_config=True)
            settings = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
            return Composed(plain(settings, config.hydra, words, laid), config.hydra, laid)
    except (*_REFUSALS, ValueError) as fault:
        if isinstance(fault, InputError):
            raise
        raise InputError(plain_words(fault, known_keys())) from fault


def workbooks(overrides: Sequence[str], config_dir: str | Path | None = None) -> dict[str, Laid]:
    """What the workbooks that overrides name lay over a configuration, by name: one, or in a sweep several.

    Raises
    ------
    InputError : naming file, sheet and cell.
    """
    words = parse(overrides)
    if not names(words, READ):
        return {}
    from sim.configuration.workbook.opening import laid_by  # it reads with a library that takes its time to import

    return laid_by(words, lambda own: composed(own, config_dir), typed_keys(overrides))


def through_hydra(arguments: Sequence[str], task: Callable[[DictConfig], None]) -> None:
    """Hand a command line to Hydra: sweeps, `--help`, `--cfg`, shell completion.

    Parameters
    ----------
    arguments : as typed.
    task : what is done with each composed configuration of a sweep.

    Raises
    ------
    InputError : in one line, whatever Hydra says in many.
    """
    sys.argv = ["sim", *arguments]
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # so that Hydra raises, and the one line is ours
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name="config")(task)()
    except InputError:
        raise
    except (*_REFUSALS, ValueError) as fault:
        GlobalHydra.instance().clear()
        raise InputError(plain_words(fault, known_keys())) from fault
    except OSError as fault:
        raise InputError(f"hydra.run.dir: cannot be written ({fault.strerror or fault})") from fault


def parse(overrides: Sequence[str]) -> list[Override]:
    """Read overrides by Hydra's grammar.

    Raises
    ------
    InputError : naming the override.
    """
    try:
        return OverridesParser.create().parse_overrides(list(overrides))
    except OverrideParseException as fault:
        raise InputError(unparsed(fault)) from fault


def plain(config: DictConfig, settings: DictConfig, overrides: Sequence[str], laid: Laid = NOTHING) -> dict[str, Any]:
    """The configuration as plain data: harmless, resolved, every value with the source that is its own.

    Parameters
    ----------
    config : composed by Hydra.
    settings : Hydra's own settings beside it.
    overrides : those it was composed with.
    laid : what a workbook lays over it.

    Raises
    ------
    InputError : for what could run code, for a value without its source, for a scenario without a title.
    """
    check_hydra(settings)
    check_data(OmegaConf.to_container(config, resolve=False))
    mapping: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    name = str(settings.runtime.choices.get("scenario"))
    check_scenario(mapping, name)
    mapping["scenario"]["name"] = name
    typed = typed_keys(overrides)
    questions = sorted(key for key in typed if key.startswith("sensitivity."))
    if questions and not mapping["sensitivity"].get("methods"):
        raise InputError(f"{questions[0]}: nothing is asked; add sensitivity=tornado, say")
    for key in _OF_THE_COMMAND:  # they say where a configuration comes from, or goes to, and are no part of it
        if mapping.pop(key, None) is not None and key not in typed:
            raise InputError(f"{key}: is named on the command line, not in a file")
    replace_whole(mapping, _files(settings, overrides), typed)
    replace_typed(mapping, typed | lay(mapping, laid.changes, typed))
    return dict(mapping)


def typed_keys(overrides: Sequence[str]) -> set[str]:
    """The keys that overrides give a value."""
    return {key for override in parse(overrides) for key in _typed(override.key_or_group, override.value())}


def _typed(key: str, value: Any) -> Iterator[str]:
    """The keys an override gives a value: itself, or those of the mapping that was typed."""
    if not isinstance(value, dict):
        yield key
        return
    for name, below in value.items():
        yield from _typed(f"{key}.{name}", below)


def _files(settings: DictConfig, overrides: Sequence[str]) -> list[File]:
    """The files a configuration was composed of, in order, Hydra's own left out."""
    loader = GlobalHydra.instance().config_loader()
    return files_of(settings, lambda: loader.compute_defaults_list("config", list(overrides), RunMode.RUN).defaults)


@cache
def known_keys() -> tuple[str, ...]:
    """Every key of the base case, and of a trial by its sites or of one arm."""
    options: tuple[list[str], ...] = ([], ["trial=phase3_plan"], ["trial=single_arm"])
    keys = (_keys(composed(["scenario=press_release", *option]).mapping) for option in options)
    return tuple(dict.fromkeys([*(key for found in keys for key in found), *_OF_THE_COMMAND]))


def _keys(mapping: Any, prefix: str = "") -> list[str]:
    if not isinstance(mapping, dict):
        return []
    return [key for name, node in mapping.items() for key in (f"{prefix}{name}", *_keys(node, f"{prefix}{name}."))]


def default_folder() -> str:
    """A run folder of its own for this moment: outputs/DATE/TIME, microseconds included."""
    now = datetime.now().astimezone()
    return f"outputs/{now:%Y-%m-%d}/{now:%H-%M-%S-%f}"


def _search(config_dir: str | Path) -> str:
    folder = Path(config_dir).resolve()
    if not folder.is_dir():
        raise InputError(f"--config-dir: {config_dir} is no folder")
    check_folder(folder)
    address = f"file://{folder.as_posix()}"
    return "'" + address.replace("\\", "\\\\").replace("'", "\\'") + "'"
