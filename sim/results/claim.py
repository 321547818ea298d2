"""One process at a time in a run's folder: a lock that ends with the process that holds it, however that ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "in use"
"""The file that is locked, among a run's unfinished files."""


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Whether the folder is this process's alone until the end of the block.

    Parameters
    ----------
    folder : of the unfinished files.
    """
    with (folder / LOCK).open("w", encoding="utf-8") as file:
        try:
            _lock(file.fileno())
        except OSError:  # another process holds it
            yield False
        else:
            yield True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
