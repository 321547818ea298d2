"""The science: transplants and the cohort, as functions of labelled arrays."""
