"""Columns of draws that came from elsewhere."""

import csv
import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, nearest


def sampled_column(path: Path, column: str) -> tuple[NDArray[np.float64], str]:
    """One column of a CSV file with commas and a header, and the file's SHA-256.

    Raises
    ------
    InputError : when the file cannot be read, lacks the column, or has a row that does not fit; the row is named.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else fault
        raise InputError(f"sample: {path} cannot be read ({reason})") from fault
    header = rows[0] if rows else []
    if column not in header:
        raise InputError(f"sample: {path.name} has no column '{column}'" + (nearest(column, header) if header else ""))
    place = header.index(column)
    values = [_number(row, place, len(header), f"{path.name}, row {line}") for line, row in enumerate(rows[1:], 2)]
    return np.array(values), hashlib.sha256(content).hexdigest()


def _number(row: list[str], place: int, width: int, where: str) -> float:
    if len(row) != width:
        raise InputError(f"sample: {where} has {len(row)} cells, the header {width}")
    try:
        return float(row[place])
    except ValueError as fault:
        raise InputError(f"sample: {where}: '{row[place]}' is no number") from fault
