"""The one family of errors a user may see: each says what is wrong, where, and how to mend it."""


class StackproofError(Exception):
    """Base of every error that stackproof raises on purpose; the command line prints its text, never a traceback."""

    exit_code = 2


class EngineError(StackproofError):
    """A part of stackproof itself failed or met something it does not know; nothing was proven (exit code 3)."""

    exit_code = 3
