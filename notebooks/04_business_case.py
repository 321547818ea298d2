# %% [markdown]
# # A business case
#
# From patients to money: what is sold if the drug is approved, what it is worth with failures counted, what a delay
# costs, which price would do. Nearly every number of the market is an assumption and says so; here is what follows from
# them.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd
from IPython.display import display

import sim
from sim.analysis.grounds import grounds
from sim.views.figures import exceedance, sales, value

# %% [markdown]
# ## The case in one table
#
# The market comes with every run. Each draw of the patients has its own trial, and what follows its read-out: approved
# or not, launch by region, patients treated, vials, sales, cash.

# %%
run = sim.simulate(sim.load("press_release", ["sampling.draws=512"]))
run

# %% [markdown]
# ## Two futures
#
# Every figure of sales and value exists twice: in the future in which the drug is approved, and as it comes, where a
# draw that fails sells nothing and has spent its money. A mean of both would be a world that nobody lives in; so the
# pictures keep them apart.

# %%
display(sales(run))

# %%
names = ["peak_sales", "cumulative_sales", "net_present_value", "largest_cash_need", "highest_upfront"]
twins = {"if approved": "_if_approved", "risk-adjusted": ""}
columns = {
    f"{words}, {statistic}": [round(run.value(f"{name}{ending}", statistic) / 1e6, 1) for name in names]
    for words, ending in twins.items()
    for statistic in ("p10", "mean", "p90")
}
pd.DataFrame(columns, index=names)  # in millions of US dollars of 2008

# %% [markdown]
# ## Is it worth it?
#
# The mean says yes. But a project is carried out once: in how many worlds does it lose money, and how much?

# %%
display(value(run))

# %%
worth = run.draws["net_present_value"].to_numpy() / 1e6
approved = run.draws["prob_approval"].to_numpy() == 1
print(f"P(value above 0) = {run.value('prob_npv_positive'):.1%} ± {run.error('prob_npv_positive'):.1%}")
print(f"  where it is approved ({approved.mean():.0%} of the draws): {(worth[approved] > 0).mean():.0%}")
print(f"mean loss where it loses: {-worth[worth < 0].mean():.0f} million USD of 2008")

# %% [markdown]
# How likely are sales above 50, 100, 150 million a year at the peak?

# %%
display(exceedance(run))

# %% [markdown]
# ## One draw, one world
#
# Patients, trial and market share their draws, so a joint question has an answer: how likely are peak sales above 100
# million, if the trial keeps its promise, and if there are many patients?

# %%
above = run.draws["peak_sales"] > 100e6
in_time = run.draws["prob_readout_by_promise"] == 1
many = run.draws["severe_vod"].sel(year=2008).squeeze() > 3000
pd.DataFrame(
    {
        "P(peak sales above 100 M, risk-adjusted)": {
            "all draws": float(above.mean()),
            "read-out by 30 June 2008": float(above[in_time].mean()),
            "later": float(above[~in_time].mean()),
            "more than 3,000 severe cases": float(above[many].mean()),
            "fewer": float(above[~many].mean()),
        }
    }
).round(2)

# %% [markdown]
# ## What does a month cost?
#
# The same draws with the read-out a month later, and all that follows with it: a month more of discounting and of the
# trial's running costs, a month of sales less before the patent ends and the years are over.

# %%
delay = run.draws["cost_of_delay"].to_numpy() / 1e6
low, high = np.quantile(delay, [0.1, 0.9])
print(f"a month later costs {delay.mean():.2f} million USD of 2008 (P10–P90: {low:.2f} to {high:.2f})")
print(f"twelve times that is {12 * delay.mean() / worth.mean():.0%} of the mean value")

# %% [markdown]
# ## Which price would do?
#
# Say that peak sales, if approved, are to reach 50 million a year with a probability of 80 %. With certain prices sales
# are proportional to them, draw by draw; so the price is that of the run below times 50 million over its 20th
# percentile. Prices in Europe are two thirds of the American ones, in euros.

# %%
certain = ["market.list_price.us.value=300", "market.list_price.europe.value=200"]
at_300 = sim.simulate(sim.load(overrides=["sampling.draws=512", *certain]))
reached = at_300.draws["peak_sales_if_approved"]
factor = 50e6 / float(reached.quantile(0.2))
print(f"{300 * factor:.0f} USD a vial in the United States, {200 * factor:.0f} EUR in Europe")

# %%
priced = [f"market.list_price.us.value={300 * factor}", f"market.list_price.europe.value={200 * factor}"]
check = sim.simulate(sim.load(overrides=["sampling.draws=512", *priced]))
print(f"P(peak sales ≥ 50 M if approved) = {float((check.draws['peak_sales_if_approved'] >= 50e6).mean()):.1%}")
print(f"net present value then {check.value('net_present_value') / 1e6:.0f} M, at the base case's {worth.mean():.0f} M")

# %% [markdown]
# ## What hangs on approval after a missed endpoint?
#
# Drugs for deadly diseases have been approved on missed endpoints. How often does that happen here, and what hangs on
# which endpoint decides? (Few draws miss the response, so that their share of approvals is rough.)

# %%
survival = sim.simulate(sim.load(overrides=["sampling.draws=512", "trial.primary=survival"]))
rows = {}
for name, known in {"response": run, "survival": survival}.items():
    won = known.draws[f"prob_success_{name}"] == 1
    approval = known.draws["prob_approval"]
    rows[f"{name} is primary"] = {
        "P(won)": float(won.mean()),
        "P(approval if won)": float(approval[won].mean()),
        "P(approval if missed)": float(approval[~won].mean()),
        "P(approval)": known.value("prob_approval"),
        "net present value, M": known.value("net_present_value") / 1e6,
    }
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# ## What does the payer get?
#
# Means would mislead where a draw averts no death; so medians.

# %%
for name in ("cost_per_death_averted_if_approved", "cost_per_death_averted"):
    low, middle, high = (run.value(name, statistic) / 1e3 for statistic in ("p10", "p50", "p90"))
    print(f"{name:36} {middle:,.0f} thousand USD of 2008 ({low:,.0f} to {high:,.0f})")
budget = [run.value("budget_impact", year=year) / 1e6 for year in (2010, 2014, 2018)]
print("budget impact in 2010, 2014, 2018, failures counted:", *(f"{amount:.0f} M" for amount in budget))

# %% [markdown]
# ## On what does it rest?
#
# How much of the spread of peak sales comes from inputs that are assumptions, and how much from those with a source.

# %%
grounds(run)[["class", "quantities", "share", "error"]].round(3)
