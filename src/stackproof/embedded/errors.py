"""What can go wrong inside the embedded AWS."""

from stackproof.errors import EngineError


class EmbeddedError(EngineError):
    """The embedded AWS met something that it cannot emulate faithfully; it stops rather than guess."""


class UnsupportedProperty(EmbeddedError):
    """A template names a property, or a value of one, that the embedded AWS would not keep."""


class AwsError(Exception):
    """An AWS error answer: `code` and `message` as the service gives them, `status` the HTTP status."""

    def __init__(self, code: str, message: str, *, status: int = 400, fields: dict[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})


class ProcessKilled(BaseException):
    """The process that made a call dies here. Not an `Exception`, so that no handler of the process can catch it;
    every later call of the same process dies too, so that no clean-up has an effect outside it."""
