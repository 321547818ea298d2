# What takes long enough to be asked for by name; all else is run.py's.
.PHONY: verify-engine
verify-engine:
	python3 run.py verify-engine
