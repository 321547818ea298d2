"""Composing configurations: beside the commands the only place with Hydra, OmegaConf and the working directory."""

import csv
import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from sim.assumptions.quantity import Surroundings
from sim.assumptions.schema import Assumptions
from sim.assumptions.text import Context
from sim.errors import InputError, nearest
from sim.evidence.ledger import read_ledger

TYPED = "assumption: set on the command line"
"""The source of a value that an override gives without a source of its own."""

_ONE_AT_A_TIME = threading.Lock()  # Hydra's compose is a global state
_REFUSALS = (HydraException, OmegaConfBaseException, UnicodeDecodeError, YAMLError)
_SILENT = {"version": 1, "root": None, "disable_existing_loggers": False}  # Hydra's logging option `none`
_TRUSTED = ("hydra._internal.core_plugins.", "hydra_plugins.")


def conf_dir() -> Path:
    """The folder of the configuration: beside the package in a working copy, inside it when installed.

    Raises
    ------
    InputError : when neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise InputError(f"no conf/ with a config.yaml in or beside {package}")


@dataclass(frozen=True)
class Composed:
    """What Hydra made of groups and overrides.

    Attributes
    ----------
    mapping : the resolved configuration as plain data, ready for `Assumptions.read`.
    hydra : Hydra's own settings.
    """

    mapping: Mapping[str, Any]
    hydra: DictConfig


def load(
    scenario: str = "press_release", overrides: Sequence[str] = (), config_dir: str | Path | None = None
) -> Assumptions:
    """The assumptions of a scenario.

    Parameters
    ----------
    scenario : its name.
    overrides : as on the command line: `["vod.incidence.value=0.18"]`.
    config_dir : a folder with scenarios and options of your own, laid out like `conf/`.

    Raises
    ------
    InputError : one line naming the key, the value and the bound.
    """
    return assume(composed([f"scenario={scenario}", *overrides], config_dir).mapping)


def assume(mapping: Mapping[str, Any], folder: Path | None = None) -> Assumptions:
    """Validate a composed configuration against the ledger.

    Parameters
    ----------
    mapping : plain data.
    folder : where the files of `sample(file.csv, column)` are looked for; None is the working directory.
    """
    ledger = read_ledger(conf_dir() / "evidence" / "ledger.csv")
    files: dict[str, str] = {}

    def read_sample(name: str, column: str) -> NDArray[np.float64]:
        path = (folder or Path.cwd()) / name
        values, files[name] = sampled_column(path, column)
        return values

    context = Context(read_sample=read_sample, pooled_rows=ledger.counts)
    return Assumptions.read(mapping, Surroundings(ledger, context, files))


def sampled_column(path: Path, column: str) -> tuple[NDArray[np.float64], str]:
    """One column of a CSV file, and the file's SHA-256.

    Raises
    ------
    InputError : when the file cannot be read, lacks the column, or holds what is no number.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as fault:
        raise InputError(f"sample: {path} cannot be read ({_reason(fault)})") from fault
    known = list(rows[0]) if rows else []
    if column not in known:
        raise InputError(f"sample: {path.name} has no column '{column}'" + (nearest(column, known) if known else ""))
    try:
        return np.array([float(row[column]) for row in rows]), hashlib.sha256(content).hexdigest()
    except (TypeError, ValueError) as fault:
        raise InputError(f"sample: column '{column}' of {path.name} holds something that is no number") from fault


def composed(overrides: Sequence[str], config_dir: str | Path | None = None) -> Composed:
    """Let Hydra compose groups and overrides, and take from it plain data only.

    Raises
    ------
    InputError : in one line, whatever Hydra says in many.
    """
    parsed = parse(overrides)
    own = [f"hydra.searchpath=[{_search(config_dir)}]"] if config_dir is not None else []
    try:
        with _ONE_AT_A_TIME, initialize_config_dir(str(conf_dir()), version_base="1.3"):
            config = compose("config", overrides=[*overrides, *own], return_hydra_config=True)
            harmless(config.hydra)
            own_settings = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
            return Composed(plain(own_settings, config.hydra, parsed), config.hydra)
    except (*_REFUSALS, ValueError) as fault:
        if isinstance(fault, InputError):
            raise
        raise InputError(plain_words(fault)) from fault


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
    except _REFUSALS as fault:
        raise InputError(plain_words(fault)) from fault
    except OSError as fault:
        raise InputError(f"hydra.run.dir: cannot be written ({fault.strerror or fault})") from fault


def parse(overrides: Sequence[str]) -> list[Override]:
    """Read overrides by Hydra's grammar.

    Raises
    ------
    InputError : naming the override; one that looks like an unquoted text form is shown quoted.
    """
    try:
        return OverridesParser.create().parse_overrides(list(overrides))
    except OverrideParseException as fault:
        raise InputError(_unparsed(fault)) from fault


def _unparsed(fault: OverrideParseException) -> str:
    key, _, value = fault.override.partition("=")
    if "(" in value and not value.startswith(("'", '"')):
        return f"{key}: a text with brackets is quoted twice, as in \"{key}='{value}'\""
    if re.search(r"\d,\d", value):
        return f"{key}: {value} has a comma inside a number; write {value.replace(',', '')}, or a decimal point"
    return f"{fault.override}: not understood; write key=value, and put a text with signs in double quotes"


def plain(config: DictConfig, hydra: DictConfig, overrides: Sequence[Override]) -> dict[str, Any]:
    """The configuration as plain data: resolved, with the scenario's name, and honest about typed values.

    Parameters
    ----------
    config : composed by Hydra.
    hydra : Hydra's own settings beside it.
    overrides : those it was composed with; a quantity's value typed there no longer has the source in `conf/`.
    """
    choices = hydra.runtime.choices
    _no_resolvers(OmegaConf.to_container(config, resolve=False))
    mapping: dict[str, Any] = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
    if not isinstance(mapping.get("scenario"), dict):
        raise InputError(f"scenario: '{choices.get('scenario')}' has no title")
    mapping["scenario"]["name"] = choices["scenario"]
    keys = {override.key_or_group for override in overrides}
    for key in keys:
        quantity, _, last = key.rpartition(".")
        node = _at(mapping, quantity)
        if last == "value" and isinstance(node, dict) and "source" in node and f"{quantity}.source" not in keys:
            node |= {"source": TYPED, "spread": None}
    return mapping


def _no_resolvers(node: Any, key: str = "") -> None:
    """Refuse `${name:…}`, by which a file could call a function, such as one that reads the environment."""
    if isinstance(node, dict):
        for name, below in node.items():
            _no_resolvers(below, f"{key}.{name}".lstrip("."))
    elif isinstance(node, list):
        for place, below in enumerate(node):
            _no_resolvers(below, f"{key}.{place}")
    elif isinstance(node, str) and re.search(r"\$\{.*:", node, flags=re.DOTALL):
        raise InputError(f"{key}: '{node}' calls a function; a configuration is data and may only refer to other keys")


def _at(mapping: Any, key: str) -> Any:
    for part in key.split("."):
        mapping = mapping.get(part) if isinstance(mapping, dict) else None
    return mapping


def harmless(hydra: DictConfig) -> None:
    """Refuse settings by which a configuration file could make Hydra run code.

    Raises
    ------
    InputError : naming the setting.
    """
    for name in ("callbacks", "job.env_set"):
        if OmegaConf.select(hydra, name):
            raise InputError(f"hydra.{name}: a configuration is data and cannot run code; remove it")
    for name in ("job_logging", "hydra_logging"):
        if OmegaConf.to_container(hydra[name], resolve=False) != _SILENT:
            raise InputError(f"hydra.{name}: only the option 'none' is allowed here")
    for name in ("launcher", "sweeper"):
        target = str(hydra[name].get("_target_"))
        if not target.startswith(_TRUSTED):
            raise InputError(f"hydra.{name}._target_: '{target}' is no part of Hydra and is not run")


def default_folder() -> str:
    """A run folder of its own for this moment: outputs/DATE/TIME, microseconds included."""
    now = datetime.now().astimezone()
    return f"outputs/{now:%Y-%m-%d}/{now:%H-%M-%S-%f}"


def _search(config_dir: str | Path) -> str:
    folder = Path(config_dir).resolve()
    if not folder.is_dir():
        raise InputError(f"--config-dir: {config_dir} is no folder")
    return f"file://{folder.as_posix()}"


def plain_words(fault: Exception) -> str:
    """What Hydra or OmegaConf complains about, in one line with the nearest known name."""
    if isinstance(fault, MissingConfigException) and fault.missing_cfg_file and fault.options is not None:
        group, _, option = fault.missing_cfg_file.rpartition("/")
        return f"{group}: unknown option '{option}'{nearest(option, fault.options)}"
    if isinstance(fault, UnicodeDecodeError):
        return f"a configuration file is not UTF-8 text ({_reason(fault)})"
    text = str(fault)
    if found := re.search(r"Could not override '([^']+)'", text):
        return _unknown_key(found[1])
    if found := re.search(r"Could not find '([^']+)'", text):
        return f"{found[1]}: there is no such option or group"
    return " ".join(text.split()) or type(fault).__name__


def _unknown_key(key: str) -> str:
    """A misspelt key, with the nearest key there is."""
    known = set(_keys(composed(["scenario=press_release"]).mapping))
    return (
        f"{key}: unknown key{nearest(key, known)}" if "did you mean" in nearest(key, known) else f"{key}: unknown key"
    )


def _keys(mapping: Any, prefix: str = "") -> list[str]:
    if not isinstance(mapping, dict):
        return []
    return [key for name, node in mapping.items() for key in (f"{prefix}{name}", *_keys(node, f"{prefix}{name}."))]


def _reason(fault: Exception) -> str:
    return fault.strerror or str(fault) if isinstance(fault, OSError) else f"{fault}"
