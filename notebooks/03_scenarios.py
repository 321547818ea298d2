# %% [markdown]
# # Scenarios side by side
#
# A downside, a base case and an upside, as a planner presents them: not three guesses beside each other, but three runs
# on the same random numbers. So their difference can be taken draw by draw, and split into its causes.

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import display

import sim
from sim.analysis.bridge import bridge
from sim.views.bridge import waterfall
from sim.views.bridge_words import bridges
from sim.views.exceedances import exceedances
from sim.views.overlaid import overlaid

# %% [markdown]
# ## Three runs
#
# `downside` and `upside` are files in `conf/scenario/` that state only what differs from the base case, each with its
# reason. 512 draws are enough to see the shape of things; the errors say what they are worth.

# %%
names = ["downside", "press_release", "upside"]
assumptions = {name: sim.load(name, ["sampling.draws=512", "report.bridge_draws=128"]) for name in names}
runs = {name: sim.simulate(assumed) for name, assumed in assumptions.items()}
runs["press_release"]

# %% [markdown]
# What do they differ in? Every number, with its source, is in the table of assumptions of a run.

# %%
columns = ["quantity", "value", "source"]
base = runs["press_release"].assumptions[columns]
for name in ("downside", "upside"):
    both = runs[name].assumptions[columns].merge(base, on="quantity", suffixes=("", "_base"))
    display(both[both["value"] != both["value_base"]][["quantity", "value_base", "value", "source"]])

# %% [markdown]
# ## One table
#
# Peak sales if the drug is approved, and the value with failures counted: which of the two a number is, its name says.
# Money is in millions of US dollars of 2008.

# %%
pd.DataFrame(
    {
        name: {
            "severe VOD in 2008": round(run.value("severe_vod")),
            "P(approval)": round(run.value("prob_approval"), 2),
            "peak net sales if approved, P10": round(run.value("peak_sales_if_approved", "p10") / 1e6),
            "peak net sales if approved, mean": round(run.value("peak_sales_if_approved") / 1e6),
            "peak net sales if approved, P90": round(run.value("peak_sales_if_approved", "p90") / 1e6),
            "net present value": round(run.value("net_present_value") / 1e6),
            "P(net present value > 0)": round(run.value("prob_npv_positive"), 2),
        }
        for name, run in runs.items()
    }
)

# %% [markdown]
# ## Paired differences
#
# `sim.compare` puts every number of every run beside the first, or the one that is named. The interval is that of the
# difference draw by draw, in which all luck that the runs share has gone.

# %%
compared = sim.compare(runs, baseline="press_release")
wanted = compared["variable"].isin(["net_present_value", "peak_sales_if_approved"]) & (compared["statistic"] == "mean")
shown = compared[wanted].set_index(["variable", "run"])[["value", "difference", "difference_p05", "difference_p95"]]
(shown / 1e6).round(1)

# %% [markdown]
# The upside is worth more in the draws in which the drug is approved, and in no other: a failed trial costs the
# same in both. Two runs that share no draws could not tell that from luck.

# %%
worth = {name: run.draws["net_present_value"] for name, run in runs.items()}
better = worth["upside"] > worth["press_release"]
approved = runs["upside"].draws["prob_approval"] == 1
print(f"P(upside worth more) = {float(better.mean()):.0%}, P(approval) = {float(approved.mean()):.0%}")
print(f"the same draws: {float((better == approved).mean()):.1%} of them")

# %% [markdown]
# ## Fans and exceedance curves
#
# How large, year by year; and how likely net sales peak above what. Left the future in which the drug is approved,
# right what comes with failures counted; the two are never mixed.

# %%
display(overlaid(runs, "512 draws a scenario, shared"))

# %%
display(exceedances(runs, "press_release", "512 draws a scenario, shared"))

# %% [markdown]
# ## The bridge
#
# Why is the downside worth so much less? Each changed input is taken over alone, in company and last of all, in every
# order, on the same draws; the mean over the orders is its part (Shapley). The parts add up exactly.

# %%
steps = bridge(assumptions["press_release"], assumptions["downside"])
millions = steps[["contribution", "error", "level"]] / 1e6
pd.concat([steps[["step", "input", "from", "to"]], millions.round(1)], axis="columns")

# %%
parts = steps.loc[steps["step"] == "input", "contribution"].sum()
whole = steps["level"].iloc[-1] - steps["level"].iloc[0]
print(f"parts {parts / 1e6:.9f}, whole {whole / 1e6:.9f} million USD of 2008")

# %%
(found,) = bridges(steps)
display(waterfall(found, "From the base case to the downside", "128 draws"))

# %% [markdown]
# Most of it is not the market at all: it is how often VOD comes. From the command line all of this is one line, and
# stands in `comparison.html`:
#
# `sim -m scenario=downside,press_release,upside report.baseline=press_release`
