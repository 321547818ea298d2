"""What a configuration may not do: run code, or read what it was not given. It is data, sent by e-mail."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from sim.errors import InputError

_SILENT = {"version": 1, "root": None, "disable_existing_loggers": False}  # Hydra's logging option `none`
_SUBDIR = "${hydra.job.num}"
_TRUSTED = ("hydra._internal.core_plugins.", "hydra_plugins.")


def check_hydra(hydra: DictConfig) -> None:
    """Refuse settings by which a configuration file could make Hydra run code.

    Raises
    ------
    InputError : naming the setting.
    """
    for name in ("callbacks", "job.env_set", "job.env_copy"):
        if OmegaConf.select(hydra, name):
            raise InputError(f"hydra.{name}: a configuration is data and cannot run code; remove it")
    sweep: Any = OmegaConf.to_container(hydra.sweep, resolve=False)
    if sweep["subdir"] != _SUBDIR:
        raise InputError("hydra.sweep.subdir: the runs of a sweep are numbered; remove it")
    for name in ("job_logging", "hydra_logging"):
        if OmegaConf.to_container(hydra[name], resolve=False) != _SILENT:
            raise InputError(f"hydra.{name}: only the option 'none' is allowed here")
    for name in ("launcher", "sweeper"):
        target = str(hydra[name].get("_target_"))
        if not target.startswith(_TRUSTED):
            raise InputError(f"hydra.{name}._target_: '{target}' is no part of Hydra and is not run")


def check_folder(folder: Path) -> None:
    """Refuse a folder of configurations with a file that reaches for Hydra's own settings, before Hydra reads it.

    Parameters
    ----------
    folder : laid out like `conf/`.

    Raises
    ------
    InputError : naming the file and the setting.
    """
    for path in sorted(folder.rglob("*.yaml")):
        place = path.relative_to(folder)
        text = path.read_bytes().decode("utf-8", errors="replace")
        headers = re.findall(r"@package[^\n]*hydra[^\n]*", text)
        try:
            content = yaml.safe_load(text)
        except yaml.YAMLError:
            content = None  # Hydra cannot read it either, and says so where it is asked for
        reached = ["the folder hydra/"] * (place.parts[0] == "hydra") + headers + list(_hydra_keys(content))
        if reached:
            raise InputError(
                f"{place.as_posix()}: '{reached[0]}': a configuration is data and cannot set up Hydra itself"
            )


def _hydra_keys(node: Any) -> Iterator[str]:
    """Keys, and entries of a defaults list, that name Hydra's own settings."""
    if isinstance(node, dict):
        for name, below in node.items():
            if "hydra" in str(name):
                yield str(name)
            if name == "defaults" and isinstance(below, list):
                yield from (entry for entry in below if isinstance(entry, str) and "hydra" in entry)
            yield from _hydra_keys(below)
    elif isinstance(node, list):
        for below in node:
            yield from _hydra_keys(below)


def check_data(node: Any, key: str = "") -> None:
    """Refuse `${name:…}`, by which a file could call a function, such as one that reads the environment.

    Parameters
    ----------
    node : the unresolved configuration, as plain data.
    key : where it stands.

    Raises
    ------
    InputError : naming the key.
    """
    if isinstance(node, dict):
        for name, below in node.items():
            check_data(below, f"{key}.{name}".lstrip("."))
    elif isinstance(node, list):
        for place, below in enumerate(node):
            check_data(below, f"{key}.{place}")
    elif isinstance(node, str) and _calls(node):
        raise InputError(f"{key}: '{node}' calls a function; a configuration is data and may only refer to other keys")


def _calls(text: str) -> bool:
    """Whether a text calls a function, once references to other keys are taken out of it, from the inside."""
    while (plainer := re.sub(r"\$\{[^{}:]*\}", "", text)) != text:
        text = plainer
    return "${" in text
