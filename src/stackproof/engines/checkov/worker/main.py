"""The process: requests in, answers out."""

import json
import logging
import os
import signal
import sys

from .judge import Judge


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends us at once and without a traceback
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a check that prints does not break the answers
    logging.disable(logging.CRITICAL)
    judge: Judge | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if judge is None:
            judge = Judge(request)
            answer = judge.loaded
        else:
            answer = judge.template(request)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
