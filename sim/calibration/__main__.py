"""`python -m sim.calibration FOLDER [DOCS]`: write calibration.csv, calibration.md and its picture anew."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sim.calibration import variants
from sim.calibration.page import page
from sim.calibration.picture import picture, write
from sim.calibration.read import digest, histories
from sim.calibration.results import scored
from sim.calibration.tune import tuned
from sim.errors import InputError

TABLE, PAGE, PICTURE = "calibration.csv", "calibration.md", "images/calibration.png"


def main(words: Sequence[str]) -> None:
    """Make the table, the page and the picture from the folder of data."""
    if not 1 <= len(words) <= 2:
        raise InputError(f"sim.calibration: {len(words)} words: give the folder of data, then that of the page or none")
    data, docs = Path(words[0]), Path(words[1] if len(words) > 1 else "docs")
    sets = histories(data)
    rows = scored(sets, variants.ALL)
    docs.mkdir(parents=True, exist_ok=True)
    rows.to_csv(docs / TABLE, index=False, float_format="%.4f", lineterminator="\n")
    text = page(rows, tuned(sets), sets, digest(data))
    (docs / PAGE).write_text(text, encoding="utf-8", newline="\n")
    write(picture(rows), docs / PICTURE)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as fault:
        print(f"sim: {fault}", file=sys.stderr)
        sys.exit(2)
