# %% [markdown]
# # What drives it
#
# A forecast is one question. The next ones are always the same: what moves the answer, how much of the doubt each input
# makes, what must be true for the plan to hold, whether to wait for more evidence, and which study is worth its cost.
# All are asked of one run, on the same draws of the same patients.

# %%
# %matplotlib inline
from IPython.display import display

import sim
from sim.views.figures import figures_for

# %%
assumptions = sim.load("press_release", ["sampling.draws=4096"])
run = sim.simulate(assumptions)
value = "net_present_value"

# %% [markdown]
# ## What moves the answer
#
# The tornado moves one input at a time, from its 10th to its 90th percentile, while all others stand at their medians.

# %%
asked = sim.ask(run, "tornado", assumptions=assumptions, target=value)
display(figures_for(asked)["tornado"])

# %% [markdown]
# The same from the draws in hand: nothing is run, and the base is the mean of all draws. The ranks say which inputs go
# with the answer once the part of the others is taken out.

# %%
asked = sim.ask(run, "rank", target=value)
display(figures_for(asked)["rank"])

# %% [markdown]
# ## How much of the doubt each input makes
#
# First-order indices are the shares that inputs make alone, total ones with all they do together with others. Of severe
# VOD four inputs and chance make the whole.

# %%
asked = sim.ask(run, "sobol", assumptions=assumptions, target="severe_vod", draws=4096)
display(figures_for(asked)["sobol"])

# %% [markdown]
# Where inputs hang together those shares are not defined. Shapley effects are: they divide the variance and add up to
# it.

# %%
together = sim.load(
    "press_release",
    [
        "trial=none",
        "market=none",
        "sampling.draws=4096",
        "correlation=[{between: [vod.incidence, vod.severe_fraction], spearman: -0.4, "
        "source: 'assumption: who looks for mild cases finds more of them'}]",
    ],
)
asked = sim.ask(sim.simulate(together), "shapley", assumptions=together, target="severe_vod")
display(figures_for(asked)["shapley"])
