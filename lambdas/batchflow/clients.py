"""AWS clients from a cached factory, with explicit timeouts and retries.

They are made on first use and kept for the life of the container. `patient` retries in botocore's standard mode, which
is for requests that may be repeated. `once` never repeats: SubmitJob has no client token, so that a repeated request
whose first answer was lost would be a second job.

The SDK's own debug lines hold whole requests and answers, session tokens among them. Lambda sets the root logger to the
function's log level, so they would be in the logs at DEBUG: they are kept out whatever the level.
"""

import logging
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 5
SDK_LOGGERS = ("boto3", "botocore", "s3transfer", "urllib3")

for _name in SDK_LOGGERS:
    logging.getLogger(_name).setLevel(logging.INFO)


def _config(attempts: int) -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )


@cache
def patient(service: str) -> Any:
    """Return the client of a service for requests that may be repeated."""
    return boto3.client(service, config=_config(ATTEMPTS))


@cache
def once(service: str) -> Any:
    """Return the client of a service for requests that must not be repeated unseen."""
    return boto3.client(service, config=_config(1))
