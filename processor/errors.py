"""What can go wrong, and the exit code that each of these means (sysexits.h, where it has one)."""

from __future__ import annotations

PROCESSED = 0
BAD_FILE = 65
"""The file is rejected: trying again would change nothing."""
TERMINATED = 143
"""128 + SIGTERM, as a shell would say."""


class ProcessorError(Exception):
    """A run that could not be finished. Its text is shown to the user: no account numbers, no raw lines."""

    exit_code = 70


class UsageError(ProcessorError):
    """Wrong arguments or missing settings."""

    exit_code = 64


class InputError(ProcessorError):
    """The input does not exist or may not be read."""

    exit_code = 66


class OutputError(ProcessorError):
    """Results cannot be written."""

    exit_code = 73


class TemporaryError(ProcessorError):
    """Something that may work the next time."""

    exit_code = 75


class Terminated(BaseException):
    """SIGTERM arrived. Not an Exception, so that only the top of the program and clean-ups see it."""
