# %% [markdown]
# # Your own assumptions
#
# Four ways to say what you believe: a value in place of another, a set of them in Python, a file of your own, and a
# workbook for who would rather not write code. All are read by the same rules; every value has a unit and a source, and
# a wrong one is refused in one line.

# %%
# %matplotlib inline
from pathlib import Path

import openpyxl
import pandas as pd
from IPython.display import display

import sim
from sim.__main__ import dispatch
from sim.views.overlaid import overlaid

# %% [markdown]
# ## What is believed now
#
# The table of assumptions says for each number where it comes from. Of the market nearly all are assumptions, so here
# is the place to put in what you know.

# %%
few = ["sampling.draws=256"]
base = sim.simulate(sim.load("press_release", few))
market = base.assumptions[base.assumptions["quantity"].str.startswith("market.")]
market[["quantity", "value", "unit", "p05", "p95", "source"]].head(12)

# %% [markdown]
# ## A value with its source
#
# An override is that of the command line. A value that is typed alone loses the source of the old one; typed with its
# own, it keeps that.

# %%
words = [
    "vod.incidence.value='count(events=18, n=120)'",
    "vod.incidence.source='assumption: our own centre, 2003 to 2006'",
    "market.list_price.us.value=400 to 600",
]
own = sim.simulate(sim.load("press_release", [*few, *words]))
changed = own.assumptions["quantity"].isin(["vod.incidence", "market.list_price.us"])
own.assumptions.loc[changed, ["quantity", "value", "unit", "mean", "p05", "p95", "source"]]

# %%
own

# %% [markdown]
# ## Many of them
#
# Where overrides are kept in a table, or asked for in a form, they are a dictionary of keys and values.

# %%
beliefs = {
    "market.patients.peak_share.value": "0.3 to 0.6",
    "market.patients.access.values.europe.value": "0.4 to 0.7",
    "market.launch.filing.value": "9 to 15",
    "market.patients.uptake.curve": "bass",
}
careful = sim.simulate(sim.load("press_release", [*few, *(f"{key}={value}" for key, value in beliefs.items())]))
runs = {"base case": base, "our centre": own, "careful": careful}
display(overlaid(runs, "256 draws, shared"))

# %% [markdown]
# ## A wrong one
#
# names the key, the value and the bound.

# %%
for wrong in (
    "market.patients.peak_share.value=1.3",
    "market.currency=DOLLAR",
    "market.list_price.us={value: 400, unit: GBP per vial}",
):
    try:
        sim.load(overrides=[wrong])
    except sim.InputError as fault:
        print(fault)

# %% [markdown]
# ## A file of your own
#
# What is to stay goes into a folder laid out like `conf/`: an option of a group, or a whole scenario, that states only
# what differs. Here an option of `market`; on the command line it is `sim --config-dir my market=ours`.

# %%
file = Path("my/market/ours.yaml")
file.parent.mkdir(parents=True)
file.write_text(
    """# Our advisers' view of the price, and of who pays.
defaults:
  - defibrotide
  - _self_

title: "Defibrotide, as our advisers see it"
list_price:
  us:
    value: low 300 base 450 high 700
    unit: USD per vial
    source: "assumption: three advisers, October 2007"
patients:
  access:
    value: null
    by: region
    values:
      us: {value: 0.9, source: "assumption: hospitals pay"}
      europe: {value: 0.5 to 0.8, source: "assumption: five large countries asked"}
""",
    encoding="utf-8",
)
ours = sim.simulate(sim.load(overrides=[*few, "market=ours"], config_dir="my"))
ours

# %% [markdown]
# ## A workbook
#
# `sim workbook_template=my.xlsx` writes one with a row for each number; the cells to fill in are coloured. Here two of
# them are filled in by a program, as a person would by hand.

# %%
dispatch(["workbook_template=my.xlsx"])

# %%
book = openpyxl.load_workbook("my.xlsx")
sheet = book["Inputs"]
rows = {row[0].value: row for row in sheet.iter_rows()}
for key, value, source in (
    ("market.patients.peak_share.value", "0.5 to 0.7", "assumption: interviews at ten centres"),
    ("market.discount_rate.value", 0.12, None),
):
    cells = rows[key]
    print(key, ":", cells[1].value, "→", value)
    cells[1].value = value
    if source:
        cells[3].value = source
book.save("my.xlsx")

# %%
filled = sim.simulate(sim.load(overrides=[*few, "workbook=my.xlsx"]))
changed = filled.assumptions["quantity"].isin(["market.patients.peak_share", "market.discount_rate"])
filled.assumptions.loc[changed, ["quantity", "value", "source"]]

# %% [markdown]
# ## What it comes to
#
# All these runs share their random numbers; so what differs is what you changed.

# %%
runs |= {"our option": ours, "workbook": filled}
pd.DataFrame(
    {
        name: {
            "severe VOD in 2008": run.value("severe_vod"),
            "peak net sales if approved, M": run.value("peak_sales_if_approved") / 1e6,
            "net present value, M": run.value("net_present_value") / 1e6,
            "its Monte Carlo error, M": run.error("net_present_value") / 1e6,
            "P(net present value > 0), %": 100 * run.value("prob_npv_positive"),
        }
        for name, run in runs.items()
    }
).round(0)
