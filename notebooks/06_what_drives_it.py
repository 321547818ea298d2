# %% [markdown]
# # What drives it
#
# A forecast is one question. The next ones are always the same: what moves the answer, how much of the doubt each input
# makes, what must be true for the plan to hold, whether to wait for more evidence, and which study is worth its cost.
# All are asked of one run, on the same draws of the same patients.

# %%
# %matplotlib inline
import sim
from sim.views.sensitivity.parts import answers_text, picture

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
picture(asked, "tornado")

# %% [markdown]
# The same from the draws in hand: nothing is run, and the base is the mean of all draws. The ranks say which inputs go
# with the answer once the part of the others is taken out.

# %%
asked = sim.ask(run, "rank", target=value)
picture(asked, "rank")

# %% [markdown]
# ## How much of the doubt each input makes
#
# First-order indices are the shares that inputs make alone, total ones with all they do together with others. Of severe
# VOD four inputs and chance make the whole.

# %%
asked = sim.ask(run, "sobol", assumptions=assumptions, target="severe_vod", draws=4096)
picture(asked, "sobol")

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
picture(asked, "shapley")

# %% [markdown]
# ## What must be true
#
# The forecast read backwards: which conditions bring the value above 50 M, and how often it is met where they hold.

# %%
asked = sim.ask(run, "boxes", target=value, at_least=50e6)
print(answers_text(asked))
picture(asked, "boxes")

# %% [markdown]
# How likely several things come true together, on the same draws: a read-out by the end of June 2008 and a value above
# zero.

# %%
asked = sim.ask(run, "joint", events=["readout_date <= 2008-06-30", "net_present_value > 0"])
picture(asked, "joint")

# %% [markdown]
# What if the incidence lies where we hope? The draws in which it does are read again, nothing is run.

# %%
asked = sim.ask(run, "stress", target=value, given={"vod.incidence": "top 10%"})
picture(asked, "stress")

# %% [markdown]
# ## What it is worth to know more
#
# An investment of 82 M is a close call: a go is worth nearly nothing on average. So knowing more is worth most here,
# and the list says what to buy first.

# %%
asked = sim.ask(run, "information", decision={"cost": 82e6})
print(answers_text(asked))
picture(asked, "information")

# %% [markdown]
# What a study of your own would bring: so many charts, reviewed for so much each.

# %%
charts = {
    "kind": "chart_review",
    "of": "vod.incidence",
    "n": [50, 100, 200, 400, 800],
    "cost": {"fixed": 20000, "each": 100},
    "source": "assumption: two centres, their own charts",
}
asked = sim.ask(run, "information", decision={"cost": 82e6}, studies={"our charts": charts})
picture(asked, "studies")

# %% [markdown]
# ## At other values
#
# A grid asks the model at every combination of some values, on the same draws: the difference of two points is the
# values' alone.

# %%
over = {"vod.incidence.value": [0.05, 0.1, 0.15, 0.2], "vod.severe_fraction.value": [0.2, 0.3, 0.4]}
asked = sim.ask(run, "grid", assumptions=assumptions, target="severe_vod", over=over)
picture(asked, "grid")
