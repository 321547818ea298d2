"""Where the configuration lies."""

from pathlib import Path

from sim.errors import InputError


def conf_dir() -> Path:
    """The folder of the configuration: beside the package in a working copy, inside it when installed.

    Raises
    ------
    InputError : when neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "config.yaml").is_file():
            return folder
    raise InputError(f"no conf/ with a config.yaml in or beside {package}")
