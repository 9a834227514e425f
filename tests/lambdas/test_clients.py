"""The client factory: one client a service, retries only where a repetition does no harm."""

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
