"""The client factory: one client a service, retries only where a repetition does no harm."""

import logging

import pytest

from batchflow import clients


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    clients.patient.cache_clear()
    clients.once.cache_clear()


def test_clients_are_made_once_and_have_timeouts() -> None:
    client = clients.patient("dynamodb")
    assert clients.patient("dynamodb") is client
    config = client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


def test_a_submission_is_never_repeated_by_the_client() -> None:
    assert clients.once("batch").meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


@pytest.mark.parametrize(
    "name", ["boto3", "botocore.endpoint", "botocore.auth", "botocore.parsers", "urllib3.connectionpool"]
)
def test_the_sdk_says_nothing_of_requests_and_tokens_when_the_function_logs_at_debug(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda sets the root logger to the function's level."""
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    logging.getLogger(name).manager._clear_cache()  # type: ignore[attr-defined]
    assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
