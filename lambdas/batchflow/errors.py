"""The errors of the flow: one family, so that a handler knows what it may collect and carry on from."""


class BatchflowError(Exception):
    """Base of all errors that this code raises on purpose."""


class SettingError(BatchflowError):
    """An environment variable is missing or malformed; the message names it."""


class EventError(BatchflowError):
    """An event that cannot be understood; the message says what is wrong with it and where."""


class StoreError(BatchflowError):
    """The tables refused a request, or hold something that should not be there."""


class DuplicateError(StoreError):
    """An item with this key exists already: somebody recorded the same thing before."""


class ConflictError(StoreError):
    """The record moved on since it was read: read it again and decide again."""


class ThrottledError(StoreError):
    """The tables are out of capacity; worth another try later."""


class ManifestError(BatchflowError):
    """A manifest exists but does not say what a manifest must say."""


class SubmissionError(BatchflowError):
    """AWS Batch did not take a job."""


class PartialFailure(BatchflowError):
    """Some of several items failed, all of which were tried; the message names each and its error."""

    def __init__(self, failures: dict[str, str]) -> None:
        shown = "; ".join(f"{name}: {error}" for name, error in list(failures.items())[:10])
        more = f"; and {len(failures) - 10} more" if len(failures) > 10 else ""
        super().__init__(f"{len(failures)} failed: {shown}{more}")
        self.failures = failures
