"""When jobs are tried again."""

import re
from collections.abc import Iterator
from typing import Any

from _batch import JobCheck
from _rules import Fault, is_unknown, mapping, number, sequence, shown, text, threshold

# What AWS Batch takes: at most five entries, and patterns of these characters that may end with an asterisk.
# (API EvaluateOnExit)
_MOST = 5
_PATTERNS = {"OnExitCode": r"\d*\*?", "OnReason": r"[\w.:\s]*\*?", "OnStatusReason": r"[\w.:\s]*\*?"}
# What it says when a host is lost. (AWS Batch, Automated job retries)
_LOST_HOST = {"OnStatusReason": "Host EC2 (instance i-0123456789abcdef0) terminated.", "OnReason": "", "OnExitCode": ""}
_EXITED = {"OnStatusReason": "Essential container in task exited", "OnReason": ""}
# The next attempt has no more memory. (ECS, Stopped task errors)
_OUT_OF_MEMORY = {
    **_EXITED,
    "OnReason": "OutOfMemoryError: Container killed due to memory usage",
    "OnExitCode": "137",
}


class BatchRetry(JobCheck):
    """Jobs are tried again after a lost host, and not after an exit code that stays."""

    check_id = "CKV_STACKPROOF_BATCH_RETRY"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Attempts that are no retry, entries that AWS Batch refuses, and decisions that come out wrong."""
        at = "Properties/RetryStrategy"
        strategy = mapping(properties.get("RetryStrategy"))
        attempts = number(strategy.get("Attempts"))
        most = threshold("resilience", "job_attempts_at_most")
        if attempts is None or not 2 <= attempts <= most:
            said = f"Attempts is {shown(strategy.get('Attempts'))}; a job that is retried has 2 to {most}"
            yield Fault(key=f"{at}/Attempts", text=said, value=strategy.get("Attempts"))
        entries = strategy.get("EvaluateOnExit")
        if is_unknown(entries) or not sequence(entries):
            said = "no EvaluateOnExit: whatever ended the job, the same is tried again"
            yield Fault(key=f"{at}/EvaluateOnExit", text=said, value=entries)
            return
        refused = list(_refused(entries, f"{at}/EvaluateOnExit"))
        yield from refused
        if not refused:
            yield from _decisions(entries, f"{at}/EvaluateOnExit", on_hosts=_on_hosts(properties))


def _on_hosts(properties: dict[str, Any]) -> bool:
    """Whether jobs run on instances that AWS Batch reports as lost: neither on Fargate nor in pods."""
    return "EksProperties" not in properties and "FARGATE" not in sequence(properties.get("PlatformCapabilities"))


def _refused(entries: list[Any], at: str) -> Iterator[Fault]:
    if len(entries) > _MOST:
        yield Fault(key=at, text=f"{len(entries)} entries in EvaluateOnExit; AWS Batch takes {_MOST}")
    for index, item in enumerate(entries):
        entry, key = mapping(item), f"{at}/[{index}]"
        action = entry.get("Action")
        if not isinstance(action, str) or action.upper() not in ("EXIT", "RETRY"):
            yield Fault(key=f"{key}/Action", text=f"Action is {shown(action)}; EXIT or RETRY", value=action)
        if not entry.keys() & _PATTERNS.keys():
            yield Fault(key=key, text="an entry without a condition (OnExitCode, OnReason, OnStatusReason)")
        for name, allowed in _PATTERNS.items():
            pattern = _pattern(entry, name)
            if name in entry and (not pattern or not re.fullmatch(allowed, pattern, re.ASCII)):
                said = f"{name} is {shown(entry[name])}, which AWS Batch refuses: an asterisk only at the end"
                yield Fault(key=f"{key}/{name}", text=said, value=entry[name])


def _decisions(entries: list[dict[str, Any]], at: str, *, on_hosts: bool) -> Iterator[Fault]:
    stays = [code for entry in entries if (code := _exit_code(entry)) is not None and _action(entry) == "EXIT"]
    if not any(_decided(entries, {**_EXITED, "OnExitCode": code}) == "EXIT" for code in stays or ["65"]):
        yield Fault(key=at, text="no exit code ends the job for good: bad data is tried again as if it could turn good")
    if _decided(entries, _OUT_OF_MEMORY) == "RETRY":
        said = 'a job that ran out of memory is tried again with the same memory (OnReason: "OutOfMemoryError*")'
        yield Fault(key=at, text=said)
    if not on_hosts:
        return
    if _decided(entries, _LOST_HOST) == "EXIT":
        yield Fault(key=at, text="a lost host ends the job: an entry that matches it too says EXIT first")
    elif not any(_action(entry) == "RETRY" and _matches(entry, _LOST_HOST) for entry in entries):
        yield Fault(key=at, text='no entry retries after a lost host (OnStatusReason: "Host EC2*")')


def _decided(entries: list[dict[str, Any]], ended: dict[str, str]) -> str:
    """The first entry that matches decides; without one AWS Batch tries again."""
    return next((_action(entry) for entry in entries if _matches(entry, ended)), "RETRY")


def _matches(entry: dict[str, Any], ended: dict[str, str]) -> bool:
    """All conditions of an entry must hold. A lost host has no exit code, so only `*` matches its absence."""
    conditions = {name: pattern for name in _PATTERNS if (pattern := _pattern(entry, name)) is not None}
    return all(
        ended[name].startswith(pattern[:-1]) if pattern.endswith("*") else ended[name] == pattern
        for name, pattern in conditions.items()
    )


def _action(entry: dict[str, Any]) -> str:
    return str(entry.get("Action")).upper()


def _exit_code(entry: dict[str, Any]) -> str | None:
    """An exit code that an entry's OnExitCode matches, None when it has none or matches all."""
    pattern = _pattern(entry, "OnExitCode")
    return pattern.rstrip("*") or None if pattern else None


def _pattern(entry: dict[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)


check = BatchRetry()
