"""Measurements: ratios in one run on one machine, never timed tests. `python -m bench` runs all of them."""
