"""What Lambda's Python runtime gives a function, and what its platform writes about an invocation."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stackproof.embedded.services.container import Ended, kept
from stackproof.embedded.services.settings import Settings


@dataclass(kw_only=True)
class LambdaContext:
    """The second argument of a handler."""

    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    remaining: Callable[[], float]
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function's timeout, on the session's clock."""
        return max(0, int(self.remaining() * 1000))


def environment(settings: Settings, stream: str, root: Path, region: str) -> dict[str, str]:
    """What Lambda sets itself (Lambda, Defined runtime environment variables); HOME is an empty folder."""
    return {
        "_HANDLER": settings.handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory),
        "AWS_LAMBDA_FUNCTION_NAME": settings.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": settings.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": region,
        "HOME": str(root.parent),
        "LAMBDA_TASK_ROOT": str(root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
    }


class Report:
    """What Lambda's platform writes around the lines of the function."""

    def __init__(self, settings: Settings, output: list[str], request_id: str, seconds: float, cold: bool) -> None:
        self._settings, self._output, self._id, self._cold = settings, output, request_id, cold
        self._milliseconds = seconds * 1000

    def lines(self, ended: Ended) -> list[str]:
        """All lines of the invocation, the platform's among them."""
        output = [*self._output, *self._error(ended)]
        if self._settings.log_level is not None:
            record = {"requestId": self._id}
            metrics = {"durationMs": round(self._milliseconds, 3), "memorySizeMB": self._settings.memory}
            status = "success" if ended.error is None else "timeout" if "timed out" in str(ended.error) else "error"
            start = {"type": "platform.start", "record": {**record, "version": "$LATEST"}}
            report = {"type": "platform.report", "record": {**record, "status": status, "metrics": metrics}}
            return [json.dumps(start), *kept(output, level=self._settings.log_level), json.dumps(report)]
        billed = f"Billed Duration: {max(1, round(self._milliseconds))} ms\tMemory Size: {self._settings.memory} MB"
        report_line = (
            f"REPORT RequestId: {self._id}\tDuration: {self._milliseconds:.2f} ms\t{billed}\tMax Memory Used: 64 MB"
        )
        if self._cold:
            report_line += "\tInit Duration: 0.00 ms"
        return [f"START RequestId: {self._id} Version: $LATEST", *output, f"END RequestId: {self._id}", report_line]

    def _error(self, ended: Ended) -> list[str]:
        if ended.error is None:
            return []
        kind, message = ended.error["errorType"], ended.error["errorMessage"]
        if kind.startswith(("Runtime.Exit", "Sandbox.")):
            return [message]
        if self._settings.log_level is not None:
            return [json.dumps({"level": "ERROR", **ended.error})]
        trace = "".join(ended.error.get("stackTrace", []))
        return [
            f"[ERROR] {kind}: {message}" + (f"\nTraceback (most recent call last):\n{trace.rstrip()}" if trace else "")
        ]
