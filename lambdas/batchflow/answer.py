"""The answer to CloudFormation: one PUT to the pre-signed address that came with the request.

CloudFormation waits for it, an hour by default, so it is sent in every case, and tried more than once. The pre-signed
address allows no content type. The body may have 4096 bytes; only the reason can grow, so only that is cut.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 10
PAUSES = (0.5, 2.0)
"""Seconds between tries."""
REASON_LENGTH = 500
"""Characters; none takes more than six bytes, so that the rest has room enough."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a request."""

    physical_id: str
    reason: str = ""
    """Why it failed; empty for success."""


def body(request: Mapping[str, Any], answer: Answer) -> bytes:
    """Return the JSON document that CloudFormation expects."""
    content = {
        "Status": "FAILED" if answer.reason else "SUCCESS",
        "Reason": answer.reason[:REASON_LENGTH] or "done",
        "PhysicalResourceId": answer.physical_id,
        **{name: request.get(name, "") for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def send(request: Mapping[str, Any], answer: Answer) -> None:
    """Send the answer; the last error is raised if no try succeeds, so that Lambda invokes the function again."""
    put = urllib.request.Request(
        request["ResponseURL"], data=body(request, answer), method="PUT", headers={"Content-Type": ""}
    )
    for pause in (*PAUSES, None):
        try:
            with urllib.request.urlopen(put, timeout=TIMEOUT_SECONDS):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if final or pause is None:
                raise
            time.sleep(pause)
