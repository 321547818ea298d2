"""The table of what was pooled, and its picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import sim
from sim.assumptions.pooling_table import COLUMNS, pooling_table, study_label
from sim.evidence.intervals import wilson
from sim.evidence.pooling import pool
from sim.results.run import Results
from sim.views.figures import figures_for, save
from sim.views.forest import forest
from sim.views.messages import caption, reading
from sim.views.studies import POOLING, poolings

DRAWS = ["sampling.draws=64", "sampling.replicates=1", "market=none"]


@pytest.fixture(scope="module")
def pooled() -> Results:
    return sim.simulate(sim.load("pooled", DRAWS))


def words(figure: Figure) -> str:
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [axes.get_title(loc="left"), axes.get_xlabel(), *(text.get_text() for text in axes.texts)]
    return "\n".join(found)


def studies(table: pd.DataFrame) -> list[tuple[int, int]]:
    rows = table[table["kind"] == "study"]
    return list(zip(rows["k"].astype(int), rows["n"].astype(int), strict=True))


def test_the_table_has_studies_mean_and_prediction(pooled: Results) -> None:
    table = pooled.tables[POOLING]
    assert tuple(table.columns) == COLUMNS
    counts = studies(table)
    assert list(table["kind"]) == ["study"] * len(counts) + ["mean", "prediction"]
    found = pool(counts)
    for (_, row), count in zip(table.iterrows(), counts, strict=False):
        assert (row["low"], row["high"]) == wilson(*count)
        assert row["estimate"] == count[0] / count[1]
    assert table["weight"].sum() == pytest.approx(1)
    mean, prediction = table.iloc[-2], table.iloc[-1]
    assert (mean["estimate"], mean["low"], mean["high"]) == pytest.approx((found.share, *found.safeguarded))
    assert found.prediction is not None
    assert (prediction["low"], prediction["high"]) == pytest.approx(found.prediction)


@pytest.mark.parametrize("form", ["pooled_mean", "beta_binomial"])
def test_the_other_forms_have_a_table_of_their_own(form: str) -> None:
    text = sim.load("pooled").leaves["vod.incidence[allogeneic]"].text
    other = text.replace("pooled(", f"{form}(")
    table = pooling_table(sim.load("pooled", [f"vod.incidence.values.allogeneic.value='{other}'"]))
    assert set(table["method"]) == {form}
    assert table["weight"].sum() == pytest.approx(1)
    mean, prediction = table.iloc[-2], table.iloc[-1]
    assert prediction["low"] < mean["low"] < mean["estimate"] < mean["high"] < prediction["high"]


def test_a_run_that_pools_nothing_has_neither_table_nor_picture() -> None:
    results = sim.simulate(sim.load("press_release", DRAWS))
    assert POOLING not in results.tables
    assert poolings(results) == []
    assert "forest" not in figures_for(results)


def test_the_picture_shows_every_study(pooled: Results) -> None:
    said = words(figures_for(pooled)["forest"](pooled))
    table = pooled.tables[POOLING]
    for label in table.loc[table["kind"] == "study", "label"]:
        assert label in said
    for k, n in studies(table):
        assert f"{k}/{n:,}" in said
    assert "Mean of populations" in said
    assert "A new population, median" in said
    assert "VOD cases per transplant" in said
    assert "95 %" in said
    assert caption(pooled, "forest").split()[0] in said
    assert reading("forest")


def test_the_message_has_the_numbers(pooled: Results) -> None:
    counts = studies(pooled.tables[POOLING])
    found = pool(counts)
    message = caption(pooled, "forest")
    assert len(counts) == 5
    assert message.startswith("Five cohorts put VOD cases per transplant at ")
    said = [float(word) for word in message.replace(";", "").split() if word[0].isdigit()]
    assert found.prediction is not None
    assert said == pytest.approx([100 * found.share, *(100 * end for end in found.prediction)], rel=0.02)


def test_diamond_and_bar_lie_where_the_table_says(pooled: Results) -> None:
    axes = forest(pooled).axes[0]
    table = pooled.tables[POOLING]
    diamond, bar = axes.patches
    assert diamond.get_path() is not None
    corners = np.asarray(diamond.get_path().vertices)[:, 0]
    mean, prediction = table.iloc[-2], table.iloc[-1]
    assert (corners.min(), corners.max()) == pytest.approx((mean["low"], mean["high"]))
    box = bar.get_path().get_extents(bar.get_patch_transform())
    assert (box.x0, box.x1) == pytest.approx((prediction["low"], prediction["high"]))


def test_rows_from_memory_are_marked(pooled: Results) -> None:
    table = pooled.tables[POOLING].copy()
    assert "from memory" not in words(forest(pooled))
    table.loc[1, "verified"] = "recalled"
    marked = replace(pooled, tables={POOLING: table})
    assert words(forest(marked)).count("from memory, unverified") == 1


def test_more_poolings_than_a_sheet_holds(pooled: Results) -> None:
    table = pooled.tables[POOLING]
    many = replace(pooled, tables={POOLING: pd.concat([table.assign(quantity=f"q{i}") for i in range(5)])})
    figure = forest(many)
    assert len(figure.axes) == 3
    assert "four more pooled" in caption(many, "forest")


def test_a_saved_run_draws_the_same_picture(pooled: Results, tmp_path: Path) -> None:
    table = pooled.tables[POOLING]
    table.to_csv(tmp_path / "pooling.csv", index=False)
    again = replace(pooled, tables={POOLING: pd.read_csv(tmp_path / "pooling.csv")})
    assert save(forest(again), tmp_path / "a", "forest") == save(forest(pooled), tmp_path / "b", "forest")


@pytest.mark.parametrize(
    ("citation", "label"),
    [
        ("Carreras E et al. Incidence and outcome. Blood 1998;92:3599-604", "Carreras 1998, Europe"),
        ("Lee CC 2019", "Lee 1998, Europe"),
        ("FDA label study 2", "row, Europe"),
        ("Gentium S.p.A. press release, late 2007", "row, Europe"),
    ],
)
def test_a_study_goes_by_its_author(citation: str, label: str) -> None:
    assert study_label({"id": "row", "citation": citation, "published": "1998", "region": "Europe"}) == label
