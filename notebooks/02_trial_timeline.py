# %% [markdown]
# # When does the trial read out?
#
# The press release of autumn 2007 promises results of a phase 3 trial in the first half of 2008. 65 of 80 patients are
# enrolled; 80 historical controls are to come from charts. How likely is the date, why, and what would make it likely?

# %%
# %matplotlib inline
import pandas as pd
from IPython.display import display

import sim
from sim.analysis.levers import by_interim_date, levers
from sim.views.accrual import accrual
from sim.views.assurance import success
from sim.views.readout import readout

# %% [markdown]
# ## The trial as the release has it
#
# The trial comes with every run: each draw of the patients has its own trial, with that draw's incidence and mortality.

# %%
assumptions = sim.load("press_release", ["market=none"])
run = sim.simulate(assumptions)
chances = ["prob_control_last", "prob_readout_by_promise", "prob_success_response", "prob_success_survival"]
for name in chances:
    print(f"{name:26} {run.value(name):6.1%} ± {run.error(name):.1%}")

# %%
display(accrual(run))

# %% [markdown]
# Patient 80 is expected early in 2008. Patients are followed to day 100 of the transplant, which is less than a hundred
# days from enrolment; monitoring, database lock and analysis take about eighty days more. That is where the first half
# of 2008 goes.

# %%
display(readout(run))

# %%
run.tables["readout"].round(3)

# %% [markdown]
# ## The date the release does not bear
#
# 65 patients on 1 October are a faster trial than 65 on 1 December. The release has no date; the base case takes any
# day from 1 October to 7 December 2007 for equally likely. So much hangs on it:

# %%
by_date = {
    day: sim.simulate(sim.load(overrides=[f"trial.interim.date={day}", "market=none"]))
    for day in ("2007-10-01", "2007-11-01", "2007-12-01")
}
pd.Series(
    {day: known.value("prob_readout_by_promise") for day, known in by_date.items()}, name="read-out by 30 June 2008"
).round(3)

# %%
by_interim_date(assumptions).round(3)  # the same, from the report of the run above, in 1,024 draws

# %% [markdown]
# ## What the literature's rates do to the control arm
#
# A control is a severe case that meets the criteria, found in the charts of transplanted patients. By the company's
# rates a chart in fifteen shows a severe case. By the one prospective cohort published by then it is one in seventy,
# and charts may run out: `guidance_2007`. The treated are enrolled much as before; the trial waits for its controls.

# %%
guidance = sim.simulate(sim.load("guidance_2007", ["market=none"]))
rows = ["control_charts", "controls", "control_months", "prospective_months", "readout_months"]
pd.DataFrame(
    {
        name: {
            row: f"{known.value(row, 'p50'):,.0f} ({known.value(row, 'p10'):,.0f} to {known.value(row, 'p90'):,.0f})"
            for row in rows
        }
        for name, known in {"press_release": run, "guidance_2007": guidance}.items()
    }
)

# %%
for name in chances:
    print(f"{name:26} {run.value(name):6.1%} → {guidance.value(name):6.1%}")

# %%
display(readout(guidance))

# %% [markdown]
# ## What the amendment bought
#
# Complete response became the primary endpoint under way, in place of survival at day 100. Every run judges both, on
# the same patients, so the difference is not one of luck. The size of the effect is drawn with the rest: this is
# assurance, not power at an effect taken for granted.

# %%
display(success(run))

# %%
table = run.tables["success"]
table.pivot_table(index=["endpoint", "alpha"], columns="test", values="probability").round(3)

# %% [markdown]
# ## What would bring the read-out in time
#
# Each thing that can be changed is moved alone until 80 of 100 draws read out by the promise, on the same draws.

# %%
levers(assumptions).round(3)

# %% [markdown]
# More charts a week help nothing while the treated come last. By the literature's rates it is the other way round, and
# nothing suffices alone:

# %%
levers(sim.load("guidance_2007")).round(3)

# %% [markdown]
# ## Planned from sites
#
# Before the first patient there are only sites. `trial=phase3_plan` opens 35 of them over a year, and each screens what
# its transplants and the draw's own incidence give. Sites differ; some never open; all tire a little.

# %%
plan = sim.simulate(sim.load(overrides=["trial=phase3_plan", "market=none"]))
for name in ("prob_enrolled", "prob_readout_by_promise"):
    print(f"{name:26} {plan.value(name):6.1%} ± {plan.error(name):.1%}")
display(accrual(plan))
plan.tables["sites"].head().round(2)

# %%
number = {
    sites: sim.simulate(
        sim.load(
            overrides=["trial=phase3_plan", "market=none", "sampling=quick", f"trial.enrolment.sites.number={sites}"]
        )
    )
    for sites in (25, 35, 50, 70)
}
pd.Series(
    {sites: more.value("prob_readout_by_promise") for sites, more in number.items()}, name="read-out by 30 June 2008"
).round(2)

# %% [markdown]
# ## One trial, patient by patient
#
# Behind every draw is a trial that could have happened. Its story explains what no mean can: here the last weeks of
# one, as its sites and its team would remember them.

# %%
story = sim.play(assumptions, draw=7)
print(*list(story.lines(assumptions.trial.start))[-16:], sep="\n")

# %%
print(f"{len(story.enrolment)} treated, {story.responders} of them with a complete response, {story.survivors} alive")
print(f"{story.controls} controls in {story.charts:,.0f} charts; read-out in month {story.readout:.1f}")

# %% [markdown]
# ## One draw, one world
#
# Trial and patients share their draws, so a joint question has an answer. Where rates follow from the epidemiology,
# many severe cases mean both more patients to treat and an earlier read-out:

# %%
severe = plan.draws["severe_vod"].sel(year=2008).squeeze()
in_time = plan.draws["prob_readout_by_promise"]
middle = float(severe.median())
print(f"P(in time) = {float(in_time.mean()):.0%}")
print(f"P(in time | more than {middle:,.0f} severe cases a year) = {float(in_time[severe > middle].mean()):.0%}")
print(f"P(in time | fewer) = {float(in_time[severe <= middle].mean()):.0%}")

# %%
severe.groupby(in_time).mean().round(0).to_series().rename("severe cases a year, late (0) and in time (1)")
