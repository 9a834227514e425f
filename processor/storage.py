"""The S3 calls of the job: read one object version, write an attempt's objects, publish one manifest.

They need s3:GetObjectVersion on the input, s3:PutObject on attempts/* and manifests/*, s3:GetObject on manifests/*,
and KMS through S3. No object is written in parts: nothing is ever left half uploaded, no right to abort is needed.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .errors import InputError, OutputError, TemporaryError

_PIECE = 4 << 20
_TRIES = 5
_FIRST_WAIT = 0.2
"""Seconds before the second try; doubled each time."""
_LARGEST_PUT = 5 << 30
"""Bytes that S3 takes in one PutObject."""
_ABSENT = {"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404", "MethodNotAllowed"}
_NOT_ALLOWED = {"AccessDenied", "403"}
_LOST_RACE = "PreconditionFailed"
_CONFLICT = "ConditionalRequestConflict"


class Storage:
    """Results and input of one job."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Storage:
        """With a client for the job's role; retries are botocore's standard ones."""
        config = Config(retries={"mode": "standard", "max_attempts": _TRIES}, connect_timeout=5, read_timeout=60)
        return cls(boto3.client("s3", config=config))

    def fetch(self, *, bucket: str, key: str, version_id: str, target: BinaryIO) -> int:
        """Copy one object version into `target`, going on where a broken connection stopped; returns its length.

        Raises InputError if the version is not there or may not be read, TemporaryError if it could not be had whole.
        """
        where = {"Bucket": bucket, "Key": key, "VersionId": version_id}
        received, expected = 0, None
        for wait in _waits():
            part = {"Range": f"bytes={received}-"} if received else {}
            try:
                answer = self._client.get_object(**where, **part)
                expected = received + int(answer["ContentLength"])
                for piece in answer["Body"].iter_chunks(_PIECE):
                    target.write(piece)
                    received += len(piece)
            except ClientError as error:
                raise _input_error(error) from error
            except BotoCoreError as error:
                _pause(wait, "reading the input", error)
                continue
            if received == expected:
                return received
            _pause(wait, "reading the input", f"{received} of {expected} bytes arrived")
        raise AssertionError("the last pause raises")

    def upload(self, *, bucket: str, key: str, path: Path) -> None:
        """Write one file as one object."""
        if path.stat().st_size > _LARGEST_PUT:
            raise OutputError(f"{path.name} is over 5 GiB, more than S3 takes in one request: split the input file")
        try:
            with path.open("rb") as body:
                self._client.put_object(Bucket=bucket, Key=key, Body=body)
        except (ClientError, BotoCoreError) as error:
            raise TemporaryError(f"writing {path.name} failed: {_describe(error)}") from error

    def publish(self, *, bucket: str, key: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest unless one is there; return the one that is there in the end.

        A refusal may be our own success whose answer was lost: the caller compares the attempt.
        """
        body = json.dumps(manifest, indent=2).encode()
        for wait in _waits():
            try:
                self._client.put_object(
                    Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
                )
                return manifest
            except ClientError as error:
                match error.response["Error"]["Code"]:
                    case code if code == _LOST_RACE:
                        return self._read_manifest(bucket, key)
                    case code if code == _CONFLICT:
                        _pause(wait, "publishing the manifest", error)
                    case _:
                        raise TemporaryError(f"publishing the manifest failed: {_describe(error)}") from error
            except BotoCoreError as error:
                _pause(wait, "publishing the manifest", error)
        raise AssertionError("the last pause raises")

    def _read_manifest(self, bucket: str, key: str) -> dict[str, Any]:
        try:
            document = json.loads(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError) as error:
            raise TemporaryError(f"the manifest of another attempt cannot be read: {_describe(error)}") from error
        except ValueError as error:
            raise TemporaryError("the manifest of another attempt is not JSON") from error
        if not isinstance(document, dict):
            raise TemporaryError("the manifest of another attempt is not a JSON object")
        return document


def _waits() -> list[float | None]:
    """Seconds to wait after each try; None after the last."""
    return [*(_FIRST_WAIT * 2**number for number in range(_TRIES - 1)), None]


def _pause(wait: float | None, doing: str, error: object) -> None:
    if wait is None:
        raise TemporaryError(f"{doing} failed {_TRIES} times: {_describe(error)}")
    time.sleep(wait)


def _input_error(error: ClientError) -> InputError | TemporaryError:
    code = error.response["Error"]["Code"]
    if code in _ABSENT:
        return InputError(f"the input version does not exist ({code})")
    if code in _NOT_ALLOWED:
        return InputError("the job's role may not read the input version (s3:GetObjectVersion, kms:Decrypt)")
    return TemporaryError(f"reading the input failed: {_describe(error)}")


def _describe(error: object) -> str:
    """An AWS error in a few words, without keys, accounts or signed addresses."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    return type(error).__name__ if isinstance(error, Exception) else str(error)
