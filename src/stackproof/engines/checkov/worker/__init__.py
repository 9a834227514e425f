"""Judges rendered templates with checkov's own checks; run by the Python of checkov's environment, never by ours.

Standard library and checkov only. It reads one JSON line a request and answers with one: first

    {"checks": [id], "custom": folder or null, "thresholds": {...}, "unknown": prefix}
    -> {"version": text, "checks": {id: [resource type or pattern]}, "problems": [sentence]}

then for each template

    {"key": text, "resources": {logical id: resource}}
    -> {"key": text, "seen": [logical id], "results": [[check, logical id, outcome, [evaluated key], message]],
        "problems": [sentence]}

Why not checkov's Runner: importing it, and with it every framework that checkov knows, takes most of its time. Here the
check classes, their registry and their way of running are checkov's; what the Runner does before (parse, render
references) is done by our resolver already, but for the few things in `document`. A test holds both to one result.
"""
