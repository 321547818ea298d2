"""The ways to forecast that are compared, from the plainest to the one that is shipped."""

from sim.calibration.forecast import Variant

DECLINE = "0.01 to 0.04"
"""Fall of the logarithm of a site's rate per month of its age, 5th to 95th percentile: chosen in `tune`."""

LATER_CV = 0.25
"""Coefficient of variation of the factor of all that comes after the data: chosen in `tune`."""

NAIVE = Variant("constant rates, first patient counted", is_first_evidence=True)
CONSTANT = Variant("constant rates")
DECLINING = Variant("declining rates", DECLINE)
COUNTS = Variant("default", DECLINE, LATER_CV)
DATES = Variant("default, dates used", DECLINE, LATER_CV, are_dates_known=True)
CONSTANT_PLAN = Variant("constant rates, openings known", are_openings_known=True)
DECLINING_PLAN = Variant("declining rates, openings known", DECLINE, are_openings_known=True)
COUNTS_PLAN = Variant("default, openings known", DECLINE, LATER_CV, are_openings_known=True)
DATES_PLAN = Variant("default, openings known, dates used", DECLINE, LATER_CV, False, True, True)

ALL = (NAIVE, CONSTANT, DECLINING, COUNTS, DATES, CONSTANT_PLAN, DECLINING_PLAN, COUNTS_PLAN, DATES_PLAN)
