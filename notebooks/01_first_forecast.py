# %% [markdown]
# # A first forecast
#
# One press release of autumn 2007 states four figures: about 45,000 transplants a year, of which 20 % lead to hepatic
# veno-occlusive disease (VOD), a third of that severe, 80 % of the severe cases dead by day 100. How many patients is
# that each year, in which range, and how sure are we?

# %%
# %matplotlib inline
import numpy as np
from IPython.display import display

import sim
from sim.views.figures import distribution, fan, funnel

# %% [markdown]
# ## What is assumed
#
# A scenario is loaded, checked and frozen. Every quantity has a unit and a source; the release gives no ranges, so
# they are our own and say so.

# %%
assumptions = sim.load("press_release", ["market=none"])
run = sim.simulate(assumptions)
run.assumptions[["quantity", "value", "unit", "mean", "p05", "p95", "source", "spread"]]

# %% [markdown]
# ## The answer
#
# Mean and eight cases in ten (P10 to P90) of each stage in the first year, with the Monte Carlo error of the mean.

# %%
stages = ["transplants", "vod", "severe_vod", "deaths_day100", "survivors_day100"]
first = run.summary[(run.summary["year"] == run.years[0]) & run.summary["statistic"].isin(["mean", "p10", "p90"])]
first = first[first["variable"].isin(stages)]
first.pivot(index="variable", columns="statistic", values="value").loc[stages].round(0)

# %%
for stage in stages:
    print(f"{stage:18} {run.value(stage):10,.1f} ± {run.error(stage):.1f}")

# %%
display(funnel(run))

# %%
display(fan(run))

# %% [markdown]
# ## Every draw is there
#
# Results are labelled arrays; inputs and outputs share one index of draws. So a joint question has an answer: how
# likely are more than 3,500 severe cases, and how high is the incidence where that happens?

# %%
severe = run.draws["severe_vod"].sel(year=2008).squeeze()
incidence = run.draws["vod.incidence"]
many = severe > 3500
print(f"P(more than 3,500 severe cases) = {float(many.mean()):.1%}")
print(f"mean incidence in all draws {float(incidence.mean()):.1%}, in those {float(incidence[many].mean()):.1%}")

# %%
display(distribution(run))

# %% [markdown]
# ## Parameters and chance
#
# `sd` is the whole spread, `sd_parameters` what is left without chance: with thousands of patients nearly all.

# %%
{statistic: round(run.value("severe_vod", statistic), 1) for statistic in ("sd", "sd_parameters")}

# %% [markdown]
# ## Another belief
#
# Overrides are those of the command line. Two runs share their random numbers, so their difference can be taken draw
# by draw.

# %%
cohort = sim.simulate(sim.load("premier_2017", ["market=none"]))
comparison = sim.compare({"press_release": run, "premier_2017": cohort})
comparison[(comparison["variable"] == "severe_vod") & (comparison["year"] == "2008")].round(2)

# %%
difference = cohort.draws["severe_vod"].sel(year=2008).squeeze() - severe
low, high = np.quantile(difference, [0.05, 0.95])
print(f"Discharge data: {float(difference.mean()):,.0f} severe cases a year (90 %: {low:,.0f} to {high:,.0f})")

# %% [markdown]
# ## The hand calculation
#
# `sampling=point` puts every quantity at its mean and leaves chance out.

# %%
point = sim.simulate(sim.load(overrides=["sampling=point"]))
[point.value(stage) for stage in stages]
