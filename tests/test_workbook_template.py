"""A workbook to fill in: written from a configuration, read back by the rules of the command line."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim.__main__ import dispatch
from sim.assumptions.schema import Assumptions
from sim.configuration.compose import Composed, composed
from sim.configuration.workbook import reading
from sim.configuration.workbook.comparing import compare
from sim.configuration.workbook.laying import Change, Laid, lay
from sim.configuration.workbook.reading import Filled, Workbook, read_workbook
from sim.configuration.workbook.sheet import COLUMNS, INPUTS, Row, shown
from sim.configuration.workbook.template import template
from sim.configuration.workbook.writing import write_file
from sim.errors import InputError

PATIENTS = ["trial=none", "market=none"]
COHORTS = [*PATIENTS, "vod=cohorts"]

Cells = Mapping[tuple[str, str], Any]
Filling = Callable[..., str]


def offered(folder: Path, words: list[str], name: str = "offered.xlsx") -> Path:
    """A workbook of the configuration that these words compose, as it is written."""
    template(composed(words), str(folder / name), words)
    return folder / name


def fill(source: Path, target: Path, cells: Cells) -> str:
    """The same workbook with other cells, by the key of the row and the column; an unknown key is a row more."""
    book = openpyxl.load_workbook(source)
    sheet = book[INPUTS]
    rows = {row[0]: place for place, row in enumerate(sheet.iter_rows(values_only=True), 1)}
    for (key, column), content in cells.items():
        row = rows.setdefault(key, sheet.max_row + 1)
        sheet.cell(row, 1, key)
        sheet.cell(row, COLUMNS.index(column) + 1).value = content
    book.save(target)
    return str(target)


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return offered(tmp_path_factory.mktemp("patients"), PATIENTS)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return offered(tmp_path_factory.mktemp("cohorts"), COHORTS)


@pytest.fixture(scope="module")
def base() -> Composed:
    return composed(PATIENTS)


@pytest.fixture
def filled(patients: Path, tmp_path: Path) -> Filling:
    """Fill in a workbook of the patients alone: its name."""
    return lambda cells, source=patients: fill(source, tmp_path / "my.xlsx", cells)


def read(name: str, *words: str) -> Assumptions:
    return sim.load(None, [f"workbook='{name}'", *words])


def sheet_of(path: Path) -> dict[str, dict[str, Any]]:
    header, *lines = openpyxl.load_workbook(path)[INPUTS].iter_rows(values_only=True)
    return {str(line[0]): dict(zip(map(str, header), line, strict=True)) for line in lines}


def changes(name: str, base: Composed) -> dict[str, Any]:
    """What a workbook says otherwise than the configuration it was written from, by key."""
    found = compare(read_workbook(name), base.mapping, base.hydra.runtime.choices, ())
    return {key: value for change in found for key, value in change.entries.items()}


def test_an_untouched_workbook_holds_all_and_changes_nothing(tmp_path: Path) -> None:
    words = ["scenario=europe_us_2008", "sampling.draws=640"]
    made = composed(words)
    assumptions = made.assumptions()
    template(made, str(tmp_path / "my.xlsx"), words)
    rows = sheet_of(tmp_path / "my.xlsx")
    leaves = [(name, leaf) for name, quantity in assumptions.quantities.items() for leaf in quantity.leaves.values()]
    assert len(leaves) > 40
    for name, leaf in leaves:
        row = rows[name if name == "trial.interim.date" else f"{name}{leaf.key}"]
        assert (str(row["value"]), row["source"], row["spread"] or None) == (leaf.text, leaf.source, leaf.spread)
        assert row["unit"] == assumptions.quantities[name].unit
    assert (rows["scenario"]["value"], rows["transplants"]["value"]) == ("europe_us_2008", "europe_us")
    assert (rows["years.last"]["value"], rows["market.currency"]["value"]) == (2017, "USD")
    assert rows["sampling.draws"]["value"] == 640  # typed, so that it is not lost
    assert "transplants.reference_year" not in rows  # a trend has none
    again = composed([f"workbook={tmp_path / 'my.xlsx'}"])
    assert again.mapping == made.mapping
    assert [change.key for change in again.laid.changes] == ["sampling.draws"]


def test_what_was_typed_is_read_back(tmp_path: Path) -> None:
    words = [
        *("trial=phase3_plan", "vod=cohorts", "vod.incidence.values.premier_2017.value=0.18", "trial.promise=null"),
        *("market.discount_rate=0.12", "vod.day100_mortality.criterion=Seattle", "sampling.chance=false"),
    ]
    made = composed(words)
    template(made, str(tmp_path / "my.xlsx"), words)
    again = composed([f"workbook={tmp_path / 'my.xlsx'}"])
    for part in ("vod", "trial", "sampling", "transplants"):
        assert again.mapping[part] == made.mapping[part], part
    rate = again.mapping["market"]["discount_rate"]  # typed bare; it is read back as the quantity it is
    assert (rate["value"], rate["source"]) == (0.12, "assumption: set on the command line")
    assert {**again.mapping["market"], "discount_rate": 0.12} == made.mapping["market"]


def test_a_changed_value_names_its_cell_and_leaves_the_old_range(filled: Filling) -> None:
    name = filled({("vod.incidence.value", "value"): "10% to 20%", ("years.last", "value"): 2010})
    made = composed([f"workbook='{name}'"])
    row = list(sheet_of(Path(name))).index("vod.incidence.value") + 2
    leaf = made.assumptions().leaves["vod.incidence"]
    assert (leaf.text, leaf.spread) == ("10% to 20%", None)
    assert leaf.source == f"assumption: set in my.xlsx, sheet Inputs, cell B{row}"
    plain = composed([*PATIENTS, "years.last=2010", "vod.incidence.value='10% to 20%'"]).mapping
    plain["vod"]["incidence"]["source"] = leaf.source
    assert made.mapping == plain


def test_a_row_is_what_its_key_is_on_the_command_line(filled: Filling) -> None:
    cells = {
        ("vod.incidence.value", "value"): 0.3,
        ("vod.incidence.value", "source"): "cao2017_premier",
        ("vod.severe_fraction.value", "source"): "assumption: mine",
        ("vod.day100_mortality.value", "spread"): None,
        ("transplants.volume.value", "value"): "30000 to 50000",
        ("transplants.volume.value", "source"): "assumption: a count",
        ("transplants.volume.value", "spread"): "assumption: of ours",
        ("years.last", "value"): "2012",
        ("transplants.reference_year", "value"): 2003,
        ("sampling.chance", "value"): "false",
        ("evidence.as_of", "value"): "2018-06",
    }
    words = [
        f"{key.removesuffix('.value')}.{column}={'null' if content is None else repr(content)}"
        for (key, column), content in cells.items()
        if key.endswith(".value")
    ]
    words += ["years.last=2012", "transplants.reference_year=2003", "sampling.chance=false", "evidence.as_of=2018-06"]
    made = composed([f"workbook='{filled(cells)}'"])
    assert made.mapping == composed([*PATIENTS, *words]).mapping
    assert made.assumptions().leaves["transplants.volume"].spread == "assumption: of ours"


def test_the_command_line_wins(filled: Filling) -> None:
    name = filled({("vod.incidence.value", "value"): 0.3, ("vod.severe_fraction.value", "value"): 0.4})
    leaves = read(name, "vod.incidence.value=0.1").leaves
    assert (leaves["vod.incidence"].text, leaves["vod.incidence"].source) == (
        "0.1",
        "assumption: set on the command line",
    )
    assert leaves["vod.severe_fraction"].text == "0.4"
    sourced = read(name, "vod.incidence.source='assumption: typed'").leaves["vod.incidence"]
    assert (sourced.text, sourced.source, sourced.spread) == ("0.3", "assumption: typed", None)


def test_what_was_seen_of_a_trial_has_one_source(tmp_path: Path) -> None:
    path = offered(tmp_path, ["market=none"])
    assert sheet_of(path)["trial.interim.enrolled"]["source"] == "seed_ph3_enrol"
    later = {("trial.interim.enrolled", "value"): 70, ("trial.interim.date", "value"): "2007-11-10"}
    name = fill(path, tmp_path / "my.xlsx", {**later, ("trial.interim.date", "source"): "assumption: a letter"})
    words = [f"trial.interim.{key}" for key in ("enrolled=70", "date=2007-11-10", "source='assumption: a letter'")]
    assert (
        composed([f"workbook={name}"]).mapping == composed(["market=none", *words, "trial.interim.spread=null"]).mapping
    )
    seen = composed([f"workbook={name}", "trial.interim.enrolled=75"]).mapping["trial"]["interim"]
    assert (seen["enrolled"], seen["date"], seen["source"]) == (75, "2007-11-10", "assumption: set on the command line")
    spread = fill(path, tmp_path / "my.xlsx", {("trial.interim.date", "spread"): "assumption: another"})
    seen = composed([f"workbook={spread}"]).mapping["trial"]["interim"]
    assert (seen["enrolled"], seen["source"], seen["spread"]) == (65, "seed_ph3_enrol", "assumption: another")
    both = {**later, **{(key, "source"): f"assumption: {key}" for key, _ in later}}
    with pytest.raises(
        InputError, match=r"\(trial\.interim\.date\): gives trial\.interim\.source otherwise than my.xlsx"
    ):
        composed([f"workbook={fill(path, tmp_path / 'my.xlsx', both)}"])


def test_a_label_and_a_rate_from_elsewhere(cohorts: Path, filled: Filling) -> None:
    label = "vod.incidence.values.ebmt_1998"
    name = filled({(label, "value"): 0.1, ("vod.day100_mortality.value", "value"): 0.7}, cohorts)
    made = composed([f"workbook='{name}'"])
    leaves = made.assumptions().leaves
    assert leaves["vod.incidence[ebmt_1998]"].text == "0.1"
    assert leaves["vod.incidence[ebmt_1998]"].source.startswith("assumption: set in my.xlsx, sheet Inputs, cell B")
    assert leaves["vod.incidence[premier_2017]"].source == "cao2017_premier"
    assert leaves["vod.day100_mortality"].borrowed is not None
    assert leaves["vod.day100_mortality"].borrowed.startswith("from a planner's workbook: set in my.xlsx")
    assert read(name, "vod.incidence.value=0.2").leaves["vod.incidence"].text == "0.2"
    assert read(name, f"{label}.value=0.2").leaves["vod.incidence[ebmt_1998]"].text == "0.2"
    with pytest.raises(
        InputError, match=rf"cell B\d+ \({label}\): the options chosen on the command line have no such"
    ):
        read(name, "vod=press_release")


def test_a_bare_label_gets_room_for_a_source_of_its_own() -> None:
    values = {"a": 0.1, "b": 0.2}
    mapping = {"share": {"by": "kind", "values": dict(values), "source": "row", "spread": "why"}}
    cells = {name: f"cell {name}" for name in COLUMNS}
    rows = tuple(
        Filled(f"share.values.{label}", value, source, "why", None, cells)
        for label, value, source in (("a", 0.1, "assumption: mine"), ("b", 0.3, "row"))
    )
    found = compare(Workbook("my.xlsx", "", rows, {}), mapping, (), ())
    lay(mapping, found, ())
    assert mapping["share"]["values"] == {
        "a": {"value": 0.1, "source": "assumption: mine"},
        "b": {"value": 0.3, "source": "assumption: set in cell value", "spread": None},
    }
    assert mapping["share"]["source"] == "row"


def test_another_option_of_the_command_line_takes_the_place_of_the_workbooks(filled: Filling) -> None:
    name = filled({("transplants.growth.value", "value"): 0.02})
    other = composed([f"workbook='{name}'", "scenario=premier_2017"])
    assert other.mapping["vod"] == composed(["scenario=premier_2017"]).mapping["vod"]  # none of the old rows comes back
    assert other.mapping["transplants"]["growth"]["value"] == 0.02
    assert other.mapping["trial"] is None  # chosen beside the workbook's scenario, and so kept
    assert other.hydra.runtime.choices["vod"] == "premier_2017"


def test_numbers_of_a_spreadsheet(filled: Filling, base: Composed) -> None:
    """A cell shown as 20 % holds 0.2; a number that was there before, be it as a text, is none that is new."""
    for typed, read_as in [(0.2, 0.2), (" 0.2 ", "0.2"), (1.0, 1), ("20%", "20%"), ("beta(mean=20%,  sd=5%)", None)]:
        found = changes(filled({("vod.incidence.value", "value"): typed}), base)
        assert found["vod.incidence.value"] == (read_as or "beta(mean=20%, sd=5%)")
    assert (
        changes(filled({("vod.incidence.value", "value"): date(2007, 11, 1)}), base)["vod.incidence.value"]
        == "2007-11-01"
    )
    for same in ("beta(mean=20%,\n sd=3%)", " beta(mean=20%, sd=3%)"):
        assert changes(filled({("vod.incidence.value", "value"): same}), base) == {}
    for zero in (0, 0.0, "0"):
        assert changes(filled({("transplants.growth.value", "value"): zero}), base) == {}


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**18), 10**18)))
def test_a_number_is_kept_to_its_last_digit(number: float) -> None:
    cell = shown(number)
    assert (float(f"{cell:.16G}") if isinstance(cell, int | float) else type(number)(cell)) == number


def by_formula(path: Path, formula: str, result: object) -> str:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(INPUTS)
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_string(1, 0, "vod.incidence.value")
        sheet.write_formula(1, 1, formula, None, result)
    return str(path)


def test_of_a_formula_the_result_is_read(tmp_path: Path) -> None:
    assert read_workbook(by_formula(tmp_path / "a.xlsx", "=0.6/2", 0.3)).rows[0].value == 0.3
    with pytest.raises(InputError, match=r"^b.xlsx, sheet Inputs, cell B2: #REF! is an error of the spreadsheet"):
        read_workbook(by_formula(tmp_path / "b.xlsx", "=Z1", "#REF!"))


WRONG_CELLS = [
    ({("vod.incidence.value", "value"): time(12, 30)}, r"cell B\d+: is a date to the spreadsheet; write it as"),
    ({("vod.incidence.value", "value"): True}, r"cell B\d+: TRUE is neither a number nor a text"),
    ({("vod.incidence.value", "value"): "=1/5"}, r"cell B\d+: its formula has no result"),
    ({("vod.incidence.value", "value"): "${oc.env:HOME}"}, r"cell B\d+: '\$\{oc.env:HOME\}' refers to something else"),
    ({("vod.incidence.value", "source"): "${years.first}"}, r"cell D\d+: '\$\{years.first\}' refers to something else"),
    (
        {("vod.incidence.value", "key"): "years.last"},
        r"cell A\d+: years.last stands before, in my.xlsx, sheet Inputs, ",
    ),
    ({("vod.incidence.value", "key"): None}, r"cell A\d+: is empty, where the key of the row belongs"),
    ({("key", "value"): "worth"}, r"row 1: has no column 'value'; the header is key, value, source, spread"),
    ({("key", "spread"): "source"}, r"row 1: has more than one column 'source'"),
]


@pytest.mark.parametrize(("cells", "message"), WRONG_CELLS, ids=[message for _, message in WRONG_CELLS])
def test_a_wrong_cell_is_named(filled: Filling, cells: Cells, message: str) -> None:
    with pytest.raises(InputError, match=f"^my.xlsx, sheet Inputs, {message}") as refused:
        read_workbook(filled(cells))
    assert "\n" not in str(refused.value)


WRONG_ROWS = [
    ({("vod.incidence.value", "value"): "0,18"}, r"cell B\d+ \(vod.incidence.value\): '0,18': a comma inside a number"),
    (
        {("vod.incidnce.value", "value"): 0.1},
        r"cell A\d+: vod.incidnce.value: unknown key; did you mean 'vod.incidence",
    ),
    ({("vod.incidence._target_", "value"): "os.system"}, r"cell A\d+: vod.incidence._target_: unknown key"),
    ({("hydra.run.dir", "value"): "x"}, r"cell A\d+: hydra.run.dir: a workbook is data and cannot set up Hydra itself"),
    ({("workbook", "value"): "x.xlsx"}, r"cell A\d+: workbook: unknown key"),
    ({("correlation", "value"): "x"}, r"cell A\d+: correlation: holds more than one value"),
    ({("vod.incidence.value", "value"): None}, r"cell B\d+ \(vod.incidence.value\): is empty; write a value"),
    ({("vod.incidence.value", "source"): None}, r"cell D\d+ \(vod.incidence.value\): is empty \(a ledger id"),
    ({("vod.incidence.value", "unit"): "per cent"}, r"cell C\d+ \(vod.incidence.value\): the unit is 'VOD cases per"),
    ({("years.last", "source"): "assumption: x"}, r"cell D\d+ \(years.last\): is a plain setting, which has no source"),
]


@pytest.mark.parametrize(("cells", "message"), WRONG_ROWS, ids=[message for _, message in WRONG_ROWS])
def test_a_row_that_does_not_fit_is_named(filled: Filling, base: Composed, cells: Cells, message: str) -> None:
    groups = base.hydra.runtime.choices
    with pytest.raises(InputError, match=f"^my.xlsx, sheet Inputs, {message}"):
        compare(read_workbook(filled(cells)), base.mapping, groups, ())


def test_every_wrong_value_is_named_with_its_cell_at_once(filled: Filling) -> None:
    cells = {
        ("vod.incidence.value", "value"): 1.3,
        ("vod.severe_fraction.value", "source"): "cao2071",
        ("vod.day100_mortality.value", "value"): "beta(mean=0.8)",
        ("years.last", "value"): "soon",
    }
    with pytest.raises(InputError) as refused:
        read(filled(cells))
    for message in [
        r"cell B\d+ \(vod.incidence.value\): 1.3 is above 1",
        r"cell D\d+ \(vod.severe_fraction.source\): 'cao2071' is no row of the",
        r"cell B\d+ \(vod.day100_mortality.value\): ",
        r"cell B\d+ \(years.last\): 'soon' is no whole number",
    ]:
        assert re.search(f"my.xlsx, sheet Inputs, {message}", str(refused.value)), message


@pytest.mark.parametrize(
    ("option", "message"), [("cohorts", "but the rows below were written for 'press_release'"), ("a b", "is no option")]
)
def test_a_choice_cannot_be_changed_in_the_sheet(filled: Filling, option: str, message: str) -> None:
    """Its rows would still be those of the option before."""
    with pytest.raises(InputError, match=rf"^my.xlsx, sheet Inputs, cell B\d+ \(vod\): '{option}',? {message}"):
        read(filled({("vod", "value"): option}))


def test_what_is_wrong_as_a_whole_is_named_with_the_changed_cell() -> None:
    key, words = "market.region_shares.values.us", "market.region_shares.values: the shares add up to 1.7; years: so so"
    laid = Laid(changes=(Change(key, f"{key}.value", "my.xlsx, cell B7", key, {}),))

    def refuse() -> None:
        raise InputError(words)

    with pytest.raises(InputError) as refused:
        laid.naming_cells(refuse)
    assert str(refused.value) == f"my.xlsx, cell B7 ({key}): {words}"


def test_a_file_that_is_no_workbook(tmp_path: Path, patients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.load_workbook(patients)
    book[INPUTS].title = "Input"
    book.save(tmp_path / "sheet.xlsx")
    (tmp_path / "text.xlsx").write_text("key,value\n", encoding="utf-8")
    (tmp_path / "half.xlsx").write_bytes(patients.read_bytes()[:4000])
    monkeypatch.chdir(tmp_path)
    for name, message in [
        ("sheet.xlsx", "workbook: sheet.xlsx has no sheet 'Inputs'; did you mean 'Input'?"),
        ("text.xlsx", "workbook: text.xlsx is no workbook that can be read"),
        ("half.xlsx", "workbook: half.xlsx is no workbook that can be read"),
        ("none.xlsx", "workbook: none.xlsx cannot be read (No such file or directory)"),
        ("my.csv", "workbook: 'my.csv' must end in .xlsx"),
    ]:
        with pytest.raises(InputError, match=f"^{re.escape(message)}"):
            read_workbook(name)
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="above 1000"):
        read_workbook(str(patients))
    monkeypatch.undo()
    monkeypatch.setattr(reading, "MOST_ROWS", 5)
    with pytest.raises(InputError, match="has more than 5 rows"):
        read_workbook(str(patients))


def test_a_text_never_becomes_a_formula(tmp_path: Path) -> None:
    words = "=HYPERLINK(1)"
    write_file(tmp_path / "my.xlsx", [], [Row("a", words, words, words, words, words), Row("b", 0.25)])
    line, number = list(openpyxl.load_workbook(tmp_path / "my.xlsx")[INPUTS].iter_rows(min_row=2))
    assert [cell.data_type for cell in line[1:]] == ["s"] * 5
    assert [cell.value for cell in line[1:]] == [words] * 5
    assert (number[1].value, number[1].data_type) == (0.25, "n")


def test_a_workbook_is_never_written_over_another(tmp_path: Path, base: Composed) -> None:
    (tmp_path / "there.xlsx").write_text("mine", encoding="utf-8")
    for name, message in [
        ("there.xlsx", "is there already"),
        ("no/my.xlsx", "there is no folder"),
        ("my.ods", "must end"),
    ]:
        with pytest.raises(InputError, match=rf"^workbook_template: .*{message}"):
            template(base, str(tmp_path / name), [])
    assert (tmp_path / "there.xlsx").read_text(encoding="utf-8") == "mine"
    with pytest.raises(InputError, match="leave out -m"):
        dispatch(["-m", *PATIENTS, f"workbook_template={tmp_path / 'my.xlsx'}"])
    assert not (tmp_path / "my.xlsx").exists()


def test_a_file_cannot_name_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "sly.yaml").write_text(
        "# @package _global_\nscenario: {title: Sly}\nworkbook: my.xlsx\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"^workbook: is named on the command line, not in a file"):
        sim.load("sly", config_dir=tmp_path)


def test_what_no_row_can_hold_is_typed_again(tmp_path: Path) -> None:
    pair = "correlation=[{between: [vod.incidence, vod.severe_fraction], spearman: 0.3, source: 'assumption: x'}]"
    words = [*PATIENTS, pair, "hydra.run.dir=elsewhere"]
    line = template(composed(words), str(tmp_path / "my.xlsx"), words, "own")
    assert line.endswith(f'type: sim --config-dir own "{pair}" workbook={(tmp_path / "my.xlsx").as_posix()}')
    how_to = openpyxl.load_workbook(tmp_path / "my.xlsx")["How to"]
    assert how_to["A2"].value == line.partition("type: ")[2]


def test_the_command_line_writes_reads_and_sweeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    point = ["sampling=point", "report=none", "report.beside=null", "years.last=2008", *PATIENTS]
    assert dispatch([*point, "workbook_template=my.xlsx"]) == 0
    assert capsys.readouterr().out == (
        f"my.xlsx: {len(sheet_of(Path('my.xlsx'))) - 9} inputs, in the coloured cells of sheet Inputs; once filled in, "
        "type: sim workbook=my.xlsx\n"
    )
    fill(Path("my.xlsx"), Path("more.xlsx"), {("vod.incidence.value", "value"): 0.3})
    assert dispatch(["workbook=more.xlsx", "hydra.run.dir=run"]) == 0
    run = sim.open_run(tmp_path / "run")
    assert run.value("vod") == pytest.approx(13_500)
    assert not {"workbook", "workbook_template"} & run.configuration.keys()
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["overrides"] == ["workbook=more.xlsx", "hydra.run.dir=run"]
    assert record["files"] == {"more.xlsx": read_workbook("more.xlsx").digest}
    Path("more.xlsx").rename("moved.xlsx")
    assert dispatch(["replay", "run", "hydra.run.dir=again"]) == 0
    words = ["-m", "workbook=my.xlsx,moved.xlsx", "vod.severe_fraction.value=0.1,0.2", "hydra.run.dir=sweep"]
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # both are set there, and put back here
    monkeypatch.setattr(sys, "argv", sys.argv)
    assert dispatch(words) == 0
    found = [sim.open_run(tmp_path / "sweep" / str(place)) for place in range(4)]
    assert [run.value("severe_vod") for run in found] == pytest.approx([900, 1800, 1350, 2700])
    assert found[3].provenance["overrides"] == ["workbook=moved.xlsx", "vod.severe_fraction.value=0.2"]


def test_a_sweep_over_workbooks_of_different_options_is_refused(patients: Path, cohorts: Path) -> None:
    with pytest.raises(InputError, match=r"^workbook: .*offered.xlsx was made from .*; run them one at a time"):
        dispatch(["-m", f"workbook={patients},{cohorts}"])
