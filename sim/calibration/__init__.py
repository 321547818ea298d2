"""Is enrolment forecast well? Forecasts made half-way through real trials, scored against what then happened."""
