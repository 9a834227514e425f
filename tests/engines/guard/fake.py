"""A program that answers as cfn-guard does, with one fault put into it: a Python file, so nothing hangs on timing."""

import sys
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, re, signal, sys, time

if sys.argv[1:] == ["--version"]:
    {on_version}
    print({version!r})
    sys.exit(0)

calls = open({calls!r}, "a")
payload = json.load(sys.stdin)
print(len(payload["data"]) - 1, file=calls, flush=True)
names = [re.search(r"^rule (\\w+)", text, re.M)[1] for text in payload["rules"]]
reports = [
    dict(name=f"DATA_STDIN[{{index}}]", status="SKIP", compliant=[], not_compliant=[], not_applicable=list(names))
    for index, _ in enumerate(payload["data"], 1)
]
code = 0
{fault}
print(json.dumps(reports))
sys.exit(code)
"""


def fake(folder: Path, fault: str = "", *, version: str = "cfn-guard 3.1.1", on_version: str = "pass") -> Path:
    """The program. `fault` is Python that may change `reports`, print and exit; it knows `payload` and `names`."""
    path = folder / "cfn-guard"
    path.write_text(
        _PROGRAM.format(
            python=sys.executable, version=version, on_version=on_version, calls=str(folder / "calls"), fault=fault
        ),
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def calls(folder: Path) -> list[int]:
    """How many documents each call had, the canary aside."""
    path = folder / "calls"
    return [int(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []
