"""What was counted of some draws, as plain arrays: what is sent between machines, kept on disk, and added up."""

import json
import math
import zipfile
from collections.abc import Mapping
from itertools import accumulate
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Parts = Mapping[str, NDArray[Any]]
"""Arrays by name; of what they are made, the object knows that gave them."""

NOT_WHOLE = (ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile)
"""What is raised by reading a file that is not whole."""

_INDEX, _BYTES = "index", "bytes"
_LINE = 64  # bytes: every array begins where one of the processor's vectors may
_PIECE = 1 << 18  # bytes that are written while they are in its cache


def named(owner: str, parts: Parts) -> dict[str, NDArray[Any]]:
    """The same arrays under the name of their owner."""
    return {f"{owner}/{name}": array for name, array in parts.items()}


def of(owner: str, parts: Parts) -> dict[str, NDArray[Any]]:
    """The arrays of an owner, under the names that it gave them."""
    before = f"{owner}/"
    return {name.removeprefix(before): array for name, array in parts.items() if name.startswith(before)}


def write(file: IO[bytes], parts: Parts) -> None:
    """Write parts into a file, as an `.npz` of two arrays: many small ones would cost more than what is in them.

    Raises
    ------
    OSError : when they cannot be written, as on a full disk.
    TypeError : when they are no plain numbers or text.
    """
    index = json.dumps([(name, array.dtype.str, array.shape) for name, array in parts.items()]).encode()
    size = sum(_room(array.nbytes) for array in parts.values())
    with zipfile.ZipFile(file, "w") as written:
        with written.open(f"{_INDEX}.npy", "w") as to:
            np.lib.format.write_array(to, np.frombuffer(index, np.uint8), allow_pickle=False)
        with written.open(f"{_BYTES}.npy", "w", force_zip64=True) as to:
            header = {"descr": "|u1", "fortran_order": False, "shape": (size,)}
            np.lib.format.write_array_header_2_0(to, header)
            for array in parts.values():
                own = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                for start in range(0, len(own), _PIECE):
                    to.write(own[start : start + _PIECE])
                to.write(bytes(_room(len(own)) - len(own)))


def read(file: IO[bytes]) -> Parts:
    """The parts that `write` has written.

    Raises
    ------
    NOT_WHOLE : when the file is cut off or damaged.
    """
    with np.load(file, allow_pickle=False) as stored:
        index, data = json.loads(stored[_INDEX].tobytes()), stored[_BYTES]
    sizes = [np.dtype(dtype).itemsize * math.prod(shape) for _, dtype, shape in index]
    begins = accumulate(map(_room, sizes), initial=0)
    return {
        name: data[begin : begin + size].view(dtype).reshape(shape)
        for (name, dtype, shape), begin, size in zip(index, begins, sizes, strict=False)
    }


def _room(size: int) -> int:
    """Bytes that an array of this size takes in a file."""
    return size + -size % _LINE
