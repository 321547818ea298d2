"""The command `sim`: runs and sweeps by Hydra's grammar, and a few subcommands served before it."""

import argparse
import atexit
import gc
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sim.errors import InputError, nearest

if TYPE_CHECKING:
    from sim.configuration.compose import Composed

_TO_HYDRA = {
    "-h", "--help", "--hydra-help", "--version", "-c", "--cfg", "-p", "--package", "--resolve", "-i", "--info",
    "-sc", "--shell-completion",
}  # fmt: skip
_OPTIONS = ("--help", "--multirun", "--config-dir", "--cfg", "--info", "--shell-completion", "--version")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def main() -> None:
    """Run the command line and exit: 0 on success, 2 with one line on standard error for a wrong input."""
    atexit.register(gc.freeze)  # else Python, as it ends, looks through all there is, again and again
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign the terminal lacks is no failure
    try:
        sys.exit(dispatch(sys.argv[1:]))
    except InputError as fault:
        print(f"sim: {fault}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt as stop:
        print(f"sim: stopped; {str(stop) or 'nothing half-written was kept'}", file=sys.stderr)
        sys.exit(130)


def dispatch(arguments: Sequence[str]) -> int:
    """Serve one command line.

    Returns
    -------
    The exit code.

    Raises
    ------
    InputError : for a wrong input of any kind.
    """
    if arguments and arguments[0].isidentifier():
        return _subcommand(arguments[0], arguments[1:])
    if len(arguments) == 1 and arguments[0] in ("-h", "--help"):
        from sim.configuration.help import help_text

        print(help_text())
        return 0
    if any(word.partition("=")[0] in _TO_HYDRA for word in arguments):
        from sim.configuration.compose import through_hydra

        through_hydra(arguments, lambda _: None)
        return 0
    return _composed_then_done(arguments)


def _composed_then_done(arguments: Sequence[str]) -> int:
    """Let Python look for nothing to throw away in what is imported and composed: all of it stays.

    Going through it again and again would take a tenth of a small run.
    """
    gc.disable()
    try:
        task = _run_or_sweep(arguments)
        gc.freeze()
    finally:
        gc.enable()
    try:
        return task()
    finally:
        gc.unfreeze()


def _words(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options of one run or a sweep, and its overrides.

    Raises
    ------
    InputError : for an option that there is not, or a folder without a name.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", "--multirun", action="store_true")
    parser.add_argument("-cd", "--config-dir")
    options, overrides = parser.parse_known_args(arguments)
    for word in overrides:
        if word.startswith("-"):
            meant = f"; settings are key=value, without dashes{nearest(word, _OPTIONS)}"
            raise InputError(f"{word}: unknown option{meant}")
    if any(word in ("hydra.run.dir=", "hydra.sweep.dir=") for word in overrides):
        raise InputError("hydra.run.dir: the name of a folder is missing")
    return options, overrides


def _run_or_sweep(arguments: Sequence[str]) -> Callable[[], int]:
    """Compose a run, a sweep or a question to a finished run, and judge it; what is left is to do it."""
    from sim.configuration.compose import FROM_RUN, composed, default_folder, parse, workbooks
    from sim.configuration.words import check_ranges
    from sim.configuration.workbook.names import WRITE, names

    options, overrides = _words(arguments)
    given = ("hydra.run.dir=", "hydra.sweep.dir=") if options.multirun else ("hydra.run.dir=",)
    folder_given = any(word.startswith(given) for word in overrides)
    place = [] if folder_given else [f"hydra.run.dir={default_folder()}"]
    read = parse(overrides)
    check_ranges(read)
    swept = {word.input_line for word in read if options.multirun and word.is_sweep_override()}
    made = composed([*(word for word in overrides if word not in swept), *place], options.config_dir)
    if wanted := names(read, WRITE):
        if options.multirun:
            raise InputError(f"{WRITE}: a workbook is written from one configuration; leave out -m")
        from sim.configuration.workbook.template import template

        print(template(made, wanted[0], overrides, options.config_dir))
        return lambda: 0
    if options.multirun or str(made.hydra.mode).endswith("MULTIRUN"):
        if any(word.key_or_group == "execution.resume" for word in read):
            raise InputError("execution.resume: one run goes on by it; a sweep goes on by sim resume DIR")
        from sim.sweep import sweep

        where = ["--config-dir", str(Path(options.config_dir).resolve())] if options.config_dir else []
        laid = workbooks(overrides, options.config_dir)
        swept_into = Path(made.hydra.sweep.dir)
        swept_words = ["--multirun", *where, *overrides, *place]
        return partial(_stoppable, swept_into, partial(sweep, swept_words, swept_into, laid))
    if source := names(read, FROM_RUN):
        from sim.finished import ask_finished

        return partial(ask_finished, made, overrides, Path(source[0]))
    return _run(made, overrides, options.config_dir)


def _run(made: "Composed", overrides: Sequence[str], config_dir: str | None) -> Callable[[], int]:
    """Judge one run, or one that was killed and is gone on with; what is left is to make it."""
    assumptions = made.assumptions()
    if assumptions.execution.resume is not None:
        from sim.resuming import resume_as_typed

        goes_on = Path(assumptions.execution.resume)
        return partial(_stoppable, goes_on, partial(resume_as_typed, goes_on, assumptions.origin.configuration))
    if assumptions.sensitivity.over:
        from sim.asking import check_over

        check_over(assumptions.origin.configuration, assumptions.sensitivity)
    from sim.beside import option  # only now: what was refused above did not wait for these imports
    from sim.commands import begin, show

    folder, beside = Path(made.hydra.run.dir), option(assumptions.report.beside, config_dir)

    def make() -> int:
        show(begin(assumptions, folder, overrides, beside)(), folder)
        return 0

    return partial(_stoppable, folder, make)


def _stoppable(folder: Path, task: Callable[[], int]) -> int:
    """Let a stop by hand say what is kept in a folder."""
    try:
        return task()
    except KeyboardInterrupt as stop:
        from sim.resuming import kept

        raise KeyboardInterrupt(kept(folder)) from stop


def _subcommand(name: str, words: Sequence[str]) -> int:
    if name == "evidence":
        from sim.evidence_command import evidence

        return evidence(words)
    if name == "resume":
        if len(words) != 1:
            raise InputError("resume: write sim resume DIR")
        from sim.resuming import resume

        return _stoppable(Path(words[0]), partial(resume, Path(words[0])))
    if name not in ("replay", "collect"):
        known = ("replay", "resume", "collect", "evidence")
        raise InputError(f"{name}: unknown command{nearest(name, known)}; settings are key=value")
    folders = [word for word in words if "=" not in word]
    settings = dict(word.split("=", 1) for word in words if "=" in word)
    key = "hydra.run.dir" if name == "replay" else "report.baseline"
    if len(folders) != 1 or not set(settings) <= {key}:
        raise InputError(f"{name}: write sim {name} DIR [{key}=…]")
    if name == "collect":
        from sim.sweep import collect

        return collect(Path(folders[0]), settings.get(key))
    from sim.commands import replay
    from sim.configuration.compose import default_folder

    return replay(Path(folders[0]), Path(settings.get(key, default_folder())))


if __name__ == "__main__":
    main()
