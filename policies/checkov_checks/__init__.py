"""Checks for checkov, one a file with its cases beside it; `checkov --external-checks-dir` takes this folder too."""
