"""What the command line does: one run, its replay, what is printed."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from sim.asking import POINTS, check_over, with_answers
from sim.assumptions.schema import Assumptions
from sim.beside import Option, stored, with_beside
from sim.configuration.compose import assume
from sim.errors import BrokenOffError, InputError
from sim.execution.shards import number_of_shards
from sim.execution.simulate import simulate
from sim.keeping import SHARDS, remember
from sim.results.folder import keeps_draws, open_run, write, writing
from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.bridge_words import BRIDGE
from sim.views.causes import TABLE
from sim.views.estimates import is_point
from sim.views.grounds import GROUNDS
from sim.views.table import stage_table


def begin(
    assumptions: Assumptions,
    folder: Path,
    overrides: Sequence[str],
    beside: Option | None = None,
    *,
    samples: Path | None = None,
    in_sweep: bool = False,
    goes_on: bool = False,
) -> Callable[[], Results]:
    """Simulate; what is left is to write the run folder, which may be done beside other work.

    Parameters
    ----------
    assumptions : what is assumed.
    folder : where the run goes; none may be there yet.
    overrides : as typed, for the record.
    beside : the option whose severe cases are shown beside the run's own.
    samples : where the files of `sample(file.csv, column)` are looked for; None is the working directory.
    in_sweep : whether it is one of many, which by default make no pictures of their own.
    goes_on : whether it goes on with a run that was killed in this folder.

    Returns
    -------
    To be called once: writes the folder and gives the run; one of a sweep with the draws as they are in its folder.

    Raises
    ------
    InputError : when the folder is taken or cannot be written, or the draws cannot be made.
    """
    check_over(assumptions.origin.configuration, assumptions.sensitivity)  # before anything takes time
    with ExitStack() as opened:
        aside = opened.enter_context(writing(folder, goes_on_with=(SHARDS, POINTS) if goes_on else None))
        shards, where = aside / SHARDS, samples or Path.cwd()
        remember(aside, assumptions, overrides, beside, where, in_sweep=in_sweep)
        results = with_beside(simulate(assumptions, kept=shards), beside, samples, shards / "beside")
        record = {"overrides": list(overrides), "working_directory": str(where)}
        results = replace(results, provenance={**results.provenance, **record})
        results = with_answers(results, assumptions.sensitivity, assumptions, aside)
        wanted = assumptions.report.figures
        pictured = wanted == "always" or (wanted == "single" and not in_sweep)
        if pictured or not in_sweep:  # a sweep's comparison does not show it
            results = with_grounds(results)
        if pictured:
            results = with_levers(with_bill(results, assumptions), assumptions)
            results = with_bridge(results, assumptions, beside, samples)
            illustrate(results, aside)
            calculate(results, assumptions, aside)
        rest = opened.pop_all()

    def finish() -> Results:
        with rest:
            kept = write(results, aside, packed=not in_sweep)
            (aside / POINTS).unlink(missing_ok=True)
            shutil.rmtree(aside / SHARDS, ignore_errors=True)
        return replace(results, dataset=kept) if in_sweep else results

    return finish


def with_bill(results: Results, assumptions: Assumptions) -> Results:
    """The same results with the table of what makes their uncertainty, where anything is uncertain."""
    from sim.analysis.bill import uncertainty_bill

    bill = uncertainty_bill(assumptions, results.value(statistic="sd") ** 2)
    return results if bill.empty else replace(results, tables={**results.tables, TABLE: bill})


def with_grounds(results: Results) -> Results:
    """The same results with the table of what assumed and cited inputs make of the spread; none at the means.

    Where the draws were too many to hold there is none either: it is made from them.
    """
    if not results.has_draws:
        return results
    from sim.analysis.grounds import grounds

    found = grounds(results)
    return results if found.empty else replace(results, tables={**results.tables, GROUNDS: found})


def with_bridge(
    results: Results, assumptions: Assumptions, other: Option | None, samples: Path | None = None
) -> Results:
    """The same results with the bridge to the rates of another option of `vod`; none at the means.

    Parameters
    ----------
    results, assumptions : of the run.
    other : the option; none is shown where it cannot take the place of the run's own.
    samples : where the files of `sample(file.csv, column)` are looked for; None is the working directory.
    """
    from sim.analysis.bridge import bridge

    asked, own = assumptions.report.bridge_draws, results.configuration
    if other is None or not asked or assumptions.sampling.method == "point" or own["vod"] == other.vod:
        return results
    variable = HEADLINE if assumptions.market is None else "net_present_value"
    try:
        changed = assume({**own, "vod": other.vod}, samples)
        found = bridge(assumptions, changed, variable, names=("this run", f"vod={other.name}"))
    except BrokenOffError:
        raise
    except InputError:  # the run says so, where it shows what stands beside it
        return results
    return replace(results, tables={**results.tables, BRIDGE: found})


def with_levers(results: Results, assumptions: Assumptions) -> Results:
    """The same results with the tables of what would bring the read-out in time; none at the means."""
    from sim.analysis.levers import by_interim_date, levers

    if assumptions.trial is None or assumptions.sampling.method == "point":
        return results
    found = {"levers": levers(assumptions), "interim_dates": by_interim_date(assumptions)}
    tables = {name: table for name, table in found.items() if not table.empty}
    return replace(results, tables={**results.tables, **tables})


def illustrate(results: Results, folder: Path) -> None:
    """Draw the pictures of a run and write its report."""
    from sim.views.figures import figures_for, save
    from sim.views.report import report

    pictures = folder / "figures"
    pictures.mkdir()
    svgs = {name: save(draw(results), pictures, name) for name, draw in figures_for(results).items()}
    (folder / "report.html").write_text(report(results, svgs), encoding="utf-8", newline="\n")


def calculate(results: Results, assumptions: Assumptions, folder: Path) -> None:
    """Write the workbook of a run, whose formulas calculate its point case."""
    from sim.views.workbook.writing import workbook

    point = simulate(at_the_means(assumptions))
    (folder / "workbook.xlsx").write_bytes(workbook(results, point))


def at_the_means(assumptions: Assumptions) -> Assumptions:
    """The same assumptions with every quantity at its mean, without chance, for all years of patients and market."""
    point = {"method": "point", "draws": 1, "replicates": 1, "chance": False, "smooth": False}
    sampling = assumptions.sampling.model_copy(update=point)
    here = assumptions.execution.model_copy(update={"backend": "local", "address": None, "workers": None})
    return assumptions.model_copy(update={"sampling": sampling, "years": assumptions.all_years, "execution": here})


def show(results: Results, folder: Path) -> None:
    """Print the table of a run and where its files are, of its pictures the first and those of the answers."""
    print(stage_table(results))
    answered, asked = _answers(results)
    if answered:
        print(f"\n{answered}")
    print(f"\nFiles in {folder}:")
    first = sorted((folder / "figures").glob("*.png"), key=lambda path: (path.stem != "funnel", path.stem))[:1]
    named = [*(f"figures/{path.name}" for path in first), "report.html", "workbook.xlsx", "summary.csv", "results.nc"]
    for files in (named, [name for name in asked if name not in named]):
        if there := [name for name in files if (folder / name).exists()]:
            print("  " + "  ".join(there))
    if keeps_draws(results) and not is_point(results) and not answered:
        print(f"What drives the answer: sim from_run={folder} sensitivity=tornado")


def _answers(results: Results) -> tuple[str, list[str]]:
    """What a run says of the questions it was asked, and their files; where there are none, nothing is imported."""
    if not any(((results.configuration.get("sensitivity") or {}).get("methods") or {}).values()):
        return "", []
    from sim.views.sensitivity.parts import PARTS, answers_text

    files = [file for name in PARTS if name in results.tables for file in (f"{name}.csv", f"figures/{name}.png")]
    return answers_text(results), files


def replay(source: Path, folder: Path) -> int:
    """Repeat a finished run and compare it with the original, bit for bit.

    Returns
    -------
    The exit code: 0 when both are identical, 1 when they differ.

    Raises
    ------
    InputError : when there is no finished run, or a file of samples it read has changed.
    """
    original = open_run(source)
    samples = Path(str(original.provenance["working_directory"]))
    assumptions = _here(assume(original.configuration, samples), samples)
    for name, digest in assumptions.origin.files.items():
        if original.provenance["files"].get(name) != digest:
            raise InputError(f"replay: {name} has changed since the run in {source}")
    again = begin(assumptions, folder, original.provenance["overrides"], stored(original), samples=samples)
    show(again(), folder)
    difference = first_difference(original, open_run(folder))
    print(f"\nIdentical to {source}, bit for bit." if difference is None else f"\nDiffers from {source}: {difference}")
    return 0 if difference is None else 1


def _here(assumptions: Assumptions, samples: Path) -> Assumptions:
    """The same run in this process, in as many shards: the cluster of then need not be there."""
    execution = assumptions.execution
    if execution.backend == "local":
        return assumptions
    own = {"backend": "local", "address": None, "workers": None, "shards": number_of_shards(assumptions)}
    configuration = assumptions.origin.configuration
    return assume({**configuration, "execution": {**execution.model_dump(), **own}}, samples)


def first_difference(original: Results, repeated: Results) -> str | None:
    """Where two runs first differ, in words; None when every number is the same."""
    for name in original.dataset.variables:
        if name not in repeated.dataset or not original.dataset[name].equals(repeated.dataset[name]):
            return f"{name} in results.nc{_causes(original, repeated)}"
    same = original.summary.equals(repeated.summary)
    return None if same else f"summary.csv{_causes(original, repeated)}"


def _causes(original: Results, repeated: Results) -> str:
    """What changed between two runs that may explain a difference."""
    watched = ("program", "commit", "python", "libraries", "engine", "ledger")
    changed = [name for name in watched if original.provenance.get(name) != repeated.provenance.get(name)]
    return f" (changed since: {', '.join(changed)})" if changed else ""
