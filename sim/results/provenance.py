"""What a run needs to be repeated: code, versions, settings."""

import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "numba", "scipy", "scikit-learn", "xarray", "pandas", "pydantic", "hydra-core", "netCDF4")
DISTRIBUTION = "sct-vod-market-simulator"


@cache
def provenance() -> dict[str, Any]:
    """Program, Python and library versions, and the commit where the code lies in a repository."""
    return {
        "program": version(DISTRIBUTION),
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def _version(library: str) -> str | None:
    """None where it is not installed, as there may be no compiler."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def first_apart(wanted: Mapping[str, Any], found: Mapping[str, Any], name: str = "") -> str | None:
    """The first value that is another one: `libraries.numpy 2.1, not 2.2`; None where all are the same."""
    for key in dict.fromkeys([*wanted, *found]):
        one, other = wanted.get(key), found.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            if apart := first_apart(one, other, f"{name}{key}."):
                return apart
        elif one != other:
            return f"{name}{key} {other}, not {one}"
    return None


def commit() -> str | None:
    """The commit of the code, with `+changes` where files differ from it; None for an installed copy."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return None
    try:
        head = _git(source, "rev-parse", "HEAD")
        return head + ("+changes" if _git(source, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *words: str) -> str:
    answer = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    return answer.stdout.strip()
