import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.results.folder import open_run, write
from sim.results.run import Results
from sim.views.estimates import flags
from sim.views.report import report
from sim.views.table import stage_table
from tests.conftest import PATIENTS

FEW = [*PATIENTS, "sampling.draws=64", "years.last=2008", "vod=premier_2017"]  # which has no warning of its own
RECALLED = ["transplants.volume.value=39209", "transplants.volume.source=ebmt_2016_allo_r"]
FROM_MEMORY = "from memory, unverified: ebmt_2016_allo_r"


@pytest.fixture(scope="module")
def base() -> Results:
    return sim.simulate(sim.load(overrides=FEW))


@pytest.fixture(scope="module")
def recalled() -> Results:
    return sim.simulate(sim.load(overrides=[*FEW, *RECALLED]))


@pytest.fixture(scope="module")
def europe_us() -> Results:
    return sim.simulate(sim.load(overrides=[*FEW, "transplants=europe_us"]))


def flagged(results: Results, *words: str) -> Results:
    """The same run, its first quantities each with one of these warnings."""
    table = results.assumptions.copy()
    table["flags"] = [*words, *[""] * (len(table) - len(words))]
    return dataclasses.replace(results, assumptions=table)


def text(page: str) -> str:
    """What a page says, without its marks."""
    plain = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", plain).split())


def rows_of(page: str, heading: str) -> list[str]:
    """The rows of the table beneath a heading."""
    _, _, below = page.partition(f">{heading}</h2>")
    return re.findall(r"<tr>.*?</tr>", below.partition("</tbody>")[0].partition("<tbody>")[2], flags=re.DOTALL)


def test_a_row_from_memory_is_flagged_from_the_ledger_to_the_terminal_and_the_page(recalled: Results) -> None:
    assert flags(recalled) == {FROM_MEMORY: ["transplants.volume"]}
    assert stage_table(recalled).endswith(f"\n\nmind: transplants.volume: {FROM_MEMORY}")
    page = report(recalled, {})
    total = len(recalled.assumptions)
    assert f"mind 1 of {total} quantities comes with a warning: see assumptions ." in text(page)
    marked = [row for row in rows_of(page, "Assumptions") if ">mind</span>" in row]
    assert len(marked) == 1
    assert text(marked[0]).startswith("transplants.volume mind transplants per year")
    assert FROM_MEMORY in text(marked[0])
    unverified = [row for row in rows_of(page, "Evidence cited") if "unverified" in row]
    assert len(unverified) == 1
    assert "<strong" in unverified[0]
    assert text(unverified[0]).startswith("ebmt_2016_allo_r unverified Transplant volume Europe (EBMT), allogeneic")


def test_a_run_without_warnings_has_no_word_of_them(base: Results) -> None:
    assert flags(base) == {}
    assert "mind" not in stage_table(base)
    page = report(base, {})
    assert "mind</span>" not in page
    assert "unverified" not in page


def test_warnings_survive_the_folder(recalled: Results, base: Results, tmp_path: Path) -> None:
    for name, run in (("recalled", recalled), ("base", base)):
        (tmp_path / name).mkdir()
        write(run, tmp_path / name)
        assert flags(open_run(tmp_path / name)) == flags(run)
    assert report(open_run(tmp_path / "recalled"), {}).count("mind</span>") == 3  # above, by the name, by the source


def test_runs_saved_before_there_were_warnings_are_shown(recalled: Results) -> None:
    older = dataclasses.replace(
        recalled,
        assumptions=recalled.assumptions.drop(columns=["flags", "treated", "rows", "of"]),
        evidence=recalled.evidence.drop(columns=["criterion", "denominator", "treated", "transplant_type"]),
    )
    assert flags(older) == {}
    assert stage_table(older) == stage_table(recalled).partition("\n\nmind")[0]
    page = text(report(older, {}))
    assert "with a warning" not in page
    assert "unverified : not checked at its source" in page


def test_the_terminal_says_three_and_where_the_others_are(base: Results) -> None:
    words = [f"warning {number}" for number in range(5)]
    lines = stage_table(flagged(base, *words)).partition("mind")[2].splitlines()
    assert len(lines) == 4
    assert lines[-1] == "and 2 more in report.html"
    assert "more in" not in stage_table(flagged(base, *words[:3]))
    without = {**base.configuration, "report": {**base.configuration["report"], "figures": "never"}}
    unpictured = dataclasses.replace(flagged(base, *words), configuration=without)
    assert stage_table(unpictured).endswith("and 2 more in assumptions.csv")


def test_one_warning_of_several_quantities_is_said_once(base: Results) -> None:
    shown = stage_table(flagged(base, "few studies", "few studies", "other"))
    first, second = base.assumptions["quantity"][[0, 2]]
    assert f"mind: {first} and 1 more: few studies\nmind: {second}: other" in shown


def test_long_warnings_keep_to_the_width_of_a_terminal(base: Results) -> None:
    lines = stage_table(flagged(base, "a prediction interval says next to nothing " * 6)).partition("mind")[2]
    assert len(lines.splitlines()) > 2
    assert max(map(len, f"mind{lines}".splitlines())) <= 100


def test_a_borrowed_trend_says_so_wherever_it_is_shown(europe_us: Results) -> None:
    words, quantities = next(iter(flags(europe_us).items()))
    assert words.startswith("1 of the 5 years that a trend needs")
    assert quantities[0] == "transplants.volume[us, allogeneic]"
    assert "mind: transplants.volume[us, allogeneic] and 2 more: 1 of the 5 years" in stage_table(europe_us)
    shown = {text(row).split("]")[0] + "]": text(row) for row in rows_of(report(europe_us, {}), "Assumptions")}
    volume = shown["transplants.volume[us, allogeneic]"]
    assert "borrowed from Europe: one year tells no trend" in volume
    assert "Further rows: us_2012_allo_unrel" in volume
    assert "trend(…)" in volume
    assert shown["transplants.volume.drift[us, allogeneic]"].endswith("as above")
    assert "mind" not in shown["transplants.volume[europe, allogeneic]"]


def test_who_was_treated_is_said_only_where_it_matters(base: Results) -> None:
    table = base.assumptions.copy()
    assert set(table["treated"]) == {"", "none"}
    page = text(report(base, {}))
    assert page.count("treated:") == page.count("treated: none") == 2  # the mortality, and the row it rests on
    table.loc[table["quantity"] == "vod.day100_mortality", ["treated", "criterion"]] = ["defibrotide", "Seattle"]
    page = text(report(dataclasses.replace(base, assumptions=table), {}))
    assert "Share of severe_vod; criterion: Seattle; treated: defibrotide" in page


def test_rows_that_were_read_from_a_file_without_any_warning_are_numbers_without_value() -> None:
    empty = pd.Series([float("nan")] * 2, name="flags")
    table = pd.DataFrame({"quantity": ["a", "b"], "flags": empty})
    run = dataclasses.replace(sim.simulate(sim.load(overrides=[*PATIENTS, "sampling=point"])), assumptions=table)
    assert flags(run) == {}
