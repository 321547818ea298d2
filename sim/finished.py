"""A finished run is asked: the answers come from its own draws and go into a folder of their own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sim.asking import with_answers
from sim.assumptions.sensitivity import Sensitivity
from sim.configuration.compose import FROM_RUN, Composed, typed_keys
from sim.errors import InputError
from sim.results.folder import open_run, writing
from sim.results.run import Results
from sim.views.messages import sampling_words
from sim.views.page import inline, page
from sim.views.sensitivity.parts import answers_text, parts, sensitivity_pictures
from sim.views.style import save

PAGE = "sensitivity.html"
"""The page of the answers."""

_ALLOWED = ("sensitivity", FROM_RUN, "hydra")


def ask_finished(made: Composed, overrides: Sequence[str], source: Path) -> int:
    """Ask a finished run, and write the answers into a folder of their own.

    Parameters
    ----------
    made : composed of the overrides, which set nothing but what is asked.
    overrides : as typed.
    source : the folder of the finished run.

    Returns
    -------
    The exit code, 0.

    Raises
    ------
    InputError : when an override would change the run, nothing is asked, or it cannot be answered.
    """
    for key in sorted(typed_keys(overrides)):
        if key.partition(".")[0] not in _ALLOWED:
            raise InputError(f"{key}: a finished run is asked as it is; leave it out, or leave out {FROM_RUN}")
    asked = Sensitivity.read(made.mapping["sensitivity"])
    if not asked.asked:
        raise InputError(f"{FROM_RUN}: nothing is asked of {source}; add sensitivity=tornado, say")
    folder = Path(made.hydra.run.dir)
    with writing(folder) as aside:
        run = open_run(source)
        answered = with_answers(replace(run, tables={}), asked)
        for name, table in answered.tables.items():
            table.to_csv(aside / f"{name}.csv", index=False, lineterminator="\n")
        _illustrate(answered, source, aside)
    print(answers_text(answered))
    print(f"\nFiles in {folder}:\n  {PAGE}  {'  '.join(f'{name}.csv' for name in answered.tables)}")
    return 0


def _illustrate(results: Results, source: Path, folder: Path) -> None:
    """Draw the pictures of the answers, and write their page."""
    shown = {part.name: part for part in parts(results)}
    svgs = {
        name: inline(save(draw(results), folder / "figures", name), name, shown[name].sentence)
        for name, draw in sensitivity_pictures(results).items()
    }
    text = page(
        "asked.html",
        title=str(results.provenance["title"]),
        source=str(source),
        draws=sampling_words(results.provenance),
        parts=list(shown.values()),
        svgs=svgs,
    )
    (folder / PAGE).write_text(text, encoding="utf-8", newline="\n")
