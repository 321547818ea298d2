# What takes long enough to be asked for by name; all else is run.py's.
.PHONY: bench verify-engine
bench:
	python3 run.py bench
verify-engine:
	python3 run.py verify-engine
