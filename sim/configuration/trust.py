"""What a configuration may not do: run code, or read what it was not given. It is data, sent by e-mail."""

import re
from typing import Any

from omegaconf import DictConfig, OmegaConf

from sim.errors import InputError

_SILENT = {"version": 1, "root": None, "disable_existing_loggers": False}  # Hydra's logging option `none`
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
    for name in ("job_logging", "hydra_logging"):
        if OmegaConf.to_container(hydra[name], resolve=False) != _SILENT:
            raise InputError(f"hydra.{name}: only the option 'none' is allowed here")
    for name in ("launcher", "sweeper"):
        target = str(hydra[name].get("_target_"))
        if not target.startswith(_TRUSTED):
            raise InputError(f"hydra.{name}._target_: '{target}' is no part of Hydra and is not run")


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
    elif isinstance(node, str) and re.search(r"\$\{.*:", node, flags=re.DOTALL):
        raise InputError(f"{key}: '{node}' calls a function; a configuration is data and may only refer to other keys")
