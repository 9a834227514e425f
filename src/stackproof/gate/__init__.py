"""The gate: gather templates and environments, run the engines side by side, join what they say to the catalogue."""
