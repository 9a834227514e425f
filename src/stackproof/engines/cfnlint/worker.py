"""The worker: reads jobs, one JSON object a line, and answers each with one line. Run by `session`, never by hand.

It first says which cfn-lint it has, then takes the rules, then jobs until its input ends. What cfn-lint prints goes to
the error stream, so that an answer is all that the output holds.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

_COLLECT_AFTER = 200_000  # new objects; cfn-lint makes hundreds of thousands a template, nearly none of them in cycles


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes our input
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    gc.disable()
    try:
        from stackproof.engines.cfnlint.linter import Linter

        linter = Linter(fast="--plain" not in sys.argv[1:])
    except Exception as error:  # noqa: BLE001  the engine boundary: it must be told, whatever it is
        _answer(answers, {"error": f"cfn-lint does not start: {_said(error)}; install stackproof[gate] anew"})
        return
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(_COLLECT_AFTER, 20, 100)
    from cfnlint.version import __version__

    _answer(answers, {"version": __version__})
    for line in sys.stdin:
        _answer(answers, _serve(linter, json.loads(line)))


def _serve(linter: Any, job: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if "expected" in job:
            linter.load_own(Path(job["rules"]) if job["rules"] else None, job["expected"])
            return {"loaded": linter.evaluated(job["expected"]), "own": linter.own}
        return {"id": job["id"], **linter.lint(job)}
    except Exception as error:  # noqa: BLE001  the engine boundary
        said = _said(error)
        return {
            "id": job.get("id"),
            "error": said if "expected" in job else f"cfn-lint failed on this template: {said}",
        }


def _said(error: Exception) -> str:
    return str(error) if type(error).__name__ == "LoadError" else f"{type(error).__name__}: {error}"


def _answer(answers: TextIO, answer: Mapping[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
