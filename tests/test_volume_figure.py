"""The picture of a volume that follows a trend: counted years beside the forecast."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

import sim
from sim.results.run import Results
from sim.views.counted import counted_name, growth_words, volume_message
from sim.views.figures import figures_for
from sim.views.messages import caption, reading
from sim.views.volume import volume
from tests.conftest import PATIENTS

WORDS = ["sampling=quick", "years.last=2020", *PATIENTS]


@pytest.fixture(scope="module")
def world() -> Results:
    return sim.simulate(sim.load(overrides=["transplants=worldwide", *WORDS]))


@pytest.fixture(scope="module")
def divided() -> Results:
    return sim.simulate(sim.load(overrides=["transplants=europe_us", *WORDS]))


def test_the_dots_are_the_counted_years_and_the_fan_is_the_summary(world: Results) -> None:
    (axes,) = volume(world).axes
    median, line, dots = axes.lines
    assert np.array_equal(dots.get_xydata(), [[2006, 50417], [2016, 82718]])
    assert np.array_equal(line.get_xydata(), dots.get_xydata())
    years = list(world.years)
    assert np.array_equal(median.get_xydata(), [[year, world.value("transplants", "p50", year=year)] for year in years])
    bands = [found for found in axes.collections if isinstance(found, PolyCollection)]
    for band, (low, high) in zip(bands, (("p05", "p95"), ("p10", "p90"), ("p25", "p75")), strict=True):
        ends = np.asarray(band.get_paths()[0].vertices)
        for year in years:
            heights = ends[ends[:, 0] == year, 1]
            assert heights.min() == world.value("transplants", low, year=year)
            assert heights.max() == world.value("transplants", high, year=year)
    assert axes.get_xlim() == (2006, 2020)
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylabel() == "first transplants per year"


def test_each_history_has_its_panel_on_one_scale(divided: Results) -> None:
    panels = volume(divided).axes
    assert [axes.get_title(loc="left") for axes in panels] == [
        "europe, allogeneic: 6.7 % a year, 2004–2017",
        "europe, autologous: 3.8 % a year, 2004–2017",
        "us, allogeneic: counted in 2012 only",
        "us, autologous: counted in 2012 only",
    ]
    assert {axes.get_xlim() for axes in panels} == {(2004, 2020)}
    assert len({axes.get_ylim() for axes in panels}) == 1
    highest = max(
        divided.value("transplants", "p95", year=2020, region=region, transplant=kind)
        for region in ("europe", "us")
        for kind in ("allogeneic", "autologous")
    )
    assert highest < panels[0].get_ylim()[1] < 1.2 * highest
    medians = [np.asarray(axes.lines[0].get_xydata())[-1] for axes in panels]
    assert medians[3][1] == divided.value("transplants", "p50", year=2020, region="us", transplant="autologous")


def test_no_panel_covers_another(divided: Results) -> None:
    figure = volume(divided)
    boxes = [axes.get_position() for axes in figure.axes]
    for one, other in ((one, other) for place, one in enumerate(boxes) for other in boxes[place + 1 :]):
        assert one.x1 < other.x0 or other.x1 < one.x0 or one.y0 > other.y1 or other.y0 > one.y1
    assert all(0 < box.x0 < box.x1 < 1 and 0 < box.y0 < box.y1 < 1 for box in boxes)


def test_more_histories_than_panels_show_the_largest(divided: Results) -> None:
    table = divided.tables["history"]
    small = table[(table["region"] == "us") & (table["transplant"] == "allogeneic")].assign(age_group="few", volume=1.0)
    more = dataclasses.replace(divided, tables={"history": pd.concat([small, table], ignore_index=True)})
    assert len(volume(more).axes) == 4
    assert not any("few" in axes.get_title(loc="left") for axes in volume(more).axes)


def test_the_message_gives_growth_and_forecast(world: Results, divided: Results) -> None:
    mean = f"{world.value('transplants', year=2020) / 1000:.0f},000"
    assert counted_name(world) == "First transplants"
    assert volume_message(world).startswith(f"First transplants: 5.1 % a year, 2006–2016; {mean} in 2020 (P10–P90: ")
    assert volume_message(divided).startswith("First transplants: 41,900 in 2008, ")  # some parts were counted once
    assert caption(world, "volume") == volume_message(world)
    assert reading("volume").startswith("Dots are counted years")


def test_a_volume_known_exactly_has_no_range() -> None:
    run = sim.simulate(sim.load(overrides=["transplants=europe_by_age", "sampling=quick", *PATIENTS]))
    assert volume_message(run) == "First transplants: 4.8 % a year, 2004–2017; 41,100 in 2017"


def test_growth_in_words() -> None:
    def rows(volumes: dict[int, float]) -> pd.DataFrame:
        return pd.DataFrame({"year": list(volumes), "volume": list(volumes.values())})

    assert growth_words(rows({2000: 100, 2002: 121})) == "10.0 % a year, 2000–2002"
    assert growth_words(rows({2000: 121, 2001: 1, 2002: 100})) == "-9.1 % a year, 2000–2002"
    assert growth_words(rows({2000: 121})) == ""


def test_the_picture_is_offered_where_there_is_a_history(world: Results) -> None:
    assert "volume" in figures_for(world)
    assert "volume" not in figures_for(sim.simulate(sim.load(overrides=["sampling=quick", *PATIENTS])))
    one_year = ["transplants=worldwide", "sampling=quick", "years.first=2017", *PATIENTS]
    assert "volume" not in figures_for(sim.simulate(sim.load(overrides=one_year)))
