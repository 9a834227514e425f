"""Batch mode against S3: one version in, an attempt's objects and one manifest out, whoever comes first."""

from __future__ import annotations

import hashlib
import io
import json
import os
import runpy
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from processor import cli, storage
from processor.errors import InputError, TemporaryError
from processor.settings import JobSettings
from processor.storage import Storage

from .lines import DEBTOR, file_of, line

GOOD = file_of(line(1), line(2, currency="ZZZ"), line(3))
KEY = "incoming/a b+c/ü.csv"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TMPDIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(storage, "_FIRST_WAIT", 0)
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("inbox", "results"):
            client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        client.put_bucket_versioning(Bucket="inbox", VersioningConfiguration={"Status": "Enabled"})
        yield client
    assert list(tmp_path.iterdir()) == [], "scratch was not given back"


def put(s3: Any, data: bytes) -> str:
    return str(s3.put_object(Bucket="inbox", Key=KEY, Body=data)["VersionId"])


def settings(version: str, attempt: str = "1") -> dict[str, str]:
    return {
        "BATCH_ID": "b" * 64,
        "INPUT_BUCKET": "inbox",
        "INPUT_KEY": KEY,
        "INPUT_VERSION_ID": version,
        "RESULTS_BUCKET": "results",
        "AWS_BATCH_JOB_ID": "job",
        "AWS_BATCH_JOB_ATTEMPT": attempt,
    }


def run(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> int:
    """As AWS Batch starts it, in this process."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["processor"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("processor", run_name="__main__")
    return int(stop.value.code or 0)


def keys(s3: Any) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="results").get("Contents", [])]


def manifest(s3: Any) -> dict[str, Any]:
    return dict(json.loads(s3.get_object(Bucket="results", Key=f"manifests/{'b' * 64}.json")["Body"].read()))


def test_good_file(s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    version = put(s3, GOOD)
    put(s3, b"a later version that is none of this job's business")
    before = signal.getsignal(signal.SIGTERM)
    assert run(monkeypatch, settings(version)) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    prefix = f"attempts/{'b' * 64}/job-1/"
    names = ["accepted.parquet", "rejected.csv", "summary.json", "totals.parquet"]
    assert keys(s3) == [*(prefix + name for name in names), f"manifests/{'b' * 64}.json"]
    found = manifest(s3)
    for name, entry in found.pop("objects").items():
        body = s3.get_object(Bucket="results", Key=entry["key"])["Body"].read()
        assert entry == {"key": prefix + name, "sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    assert found.pop("seconds") >= 0
    assert found.pop("started_at") <= found.pop("finished_at")
    assert found == {
        "schema": "batchflow.manifest/1",
        "batch_id": "b" * 64,
        "outcome": "processed",
        "file_reason": None,
        "input": {"bucket": "inbox", "key": KEY, "version_id": version},
        "attempt": "job-1",
        "prefix": prefix,
        "lines": 3,
        "accepted": 2,
        "rejected": 1,
        "reasons": {"CURRENCY": 1},
        "control": {
            "declared": {"count": 3, "sum": "31.50"},
            "computed": {"count": 3, "sum": "31.5000"},
            "matches": True,
        },
        "sha256": hashlib.sha256(GOOD).hexdigest(),
    }
    logged = capsys.readouterr().err
    assert all(json.loads(entry)["level"] == "INFO" for entry in logged.splitlines())
    assert DEBTOR not in logged


def test_bad_file_publishes_no_accepted_rows(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = GOOD.replace(b"TRAILER,3,", b"TRAILER,4,")
    assert run(monkeypatch, settings(put(s3, data))) == 65
    found = manifest(s3)
    assert (found["outcome"], found["file_reason"]) == ("rejected", "TRAILER_COUNT")
    assert (found["lines"], found["accepted"], found["rejected"]) == (3, 2, 1)
    assert set(found["objects"]) == {"rejected.csv", "summary.json"}
    assert not [key for key in keys(s3) if "accepted" in key or "totals" in key]


@pytest.mark.parametrize(("data", "code"), [(GOOD, 0), (b"", 65)])
def test_first_attempt_to_publish_wins(s3: Any, monkeypatch: pytest.MonkeyPatch, data: bytes, code: int) -> None:
    version = put(s3, data)
    assert run(monkeypatch, settings(version, "1")) == code
    first = manifest(s3)
    assert run(monkeypatch, settings(version, "2")) == code
    assert manifest(s3) == first
    assert any("/job-2/" in key for key in keys(s3))


def test_exit_code_is_that_of_the_published_outcome(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"outcome": "rejected", "attempt": "other-1"}
    s3.put_object(Bucket="results", Key=f"manifests/{'b' * 64}.json", Body=json.dumps(other))
    assert run(monkeypatch, settings(put(s3, GOOD))) == 65
    assert manifest(s3) == other


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b'{"outcome": "?"}'])
def test_unreadable_manifest_is_retried(s3: Any, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    s3.put_object(Bucket="results", Key=f"manifests/{'b' * 64}.json", Body=body)
    assert run(monkeypatch, settings(put(s3, GOOD))) == 75


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment = settings("v")
    for name in (*environment, "AWS_BATCH_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    environment["INPUT_KEY"] = ""
    del environment["RESULTS_BUCKET"]
    assert run(monkeypatch, environment) == 64
    (entry,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert "INPUT_KEY, RESULTS_BUCKET" in entry["message"]


def test_missing_version(s3: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put(s3, GOOD)
    assert run(monkeypatch, settings("00000000-0000-0000-0000-000000000000")) == 66
    assert "Traceback" not in capsys.readouterr().err


def test_termination_leaves_nothing_behind(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    version = put(s3, GOOD)
    monkeypatch.setattr(Storage, "upload", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM))
    assert run(monkeypatch, settings(version)) == 143
    assert keys(s3) == []


class Client:
    """An S3 client whose answers are given beforehand: each a value to return or an error to raise."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.calls.append((name, parameters))
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Body:
    """A response body that breaks after some pieces."""

    def __init__(self, *pieces: bytes, breaks: bool = False) -> None:
        self.pieces, self.breaks = pieces, breaks

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        yield from self.pieces
        if self.breaks:
            raise ReadTimeoutError(endpoint_url="https://example.invalid")

    def read(self) -> bytes:
        return b"".join(self.pieces)


def refusal(code: str, operation: str = "PutObject") -> ClientError:
    return ClientError({"Error": {"Code": code}}, operation)


def fetch(client: Client) -> tuple[int, bytes]:
    target = io.BytesIO()
    return Storage(client).fetch(bucket="inbox", key="k", version_id="v", target=target), target.getvalue()


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_FIRST_WAIT", 0)


@pytest.mark.usefixtures("_no_waiting")
class TestStorage:
    def test_fetch_resumes_where_it_broke(self) -> None:
        client = Client(
            {"ContentLength": 6, "Body": Body(b"ab", breaks=True)},
            {"ContentLength": 4, "Body": Body(b"c")},
            {"ContentLength": 3, "Body": Body(b"def")},
        )
        assert fetch(client) == (6, b"abcdef")
        version = {"Bucket": "inbox", "Key": "k", "VersionId": "v"}
        assert client.calls == [
            ("get_object", version),
            ("get_object", {**version, "Range": "bytes=2-"}),
            ("get_object", {**version, "Range": "bytes=3-"}),
        ]

    def test_fetch_gives_up(self) -> None:
        with pytest.raises(TemporaryError, match="reading the input failed 5 times"):
            fetch(Client(*({"ContentLength": 6, "Body": Body(breaks=True)} for _ in range(5))))

    @pytest.mark.parametrize(
        ("code", "error"), [("NoSuchVersion", InputError), ("AccessDenied", InputError), ("SlowDown", TemporaryError)]
    )
    def test_fetch_errors(self, code: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            fetch(Client(refusal(code, "GetObject")))

    def test_publish_once(self) -> None:
        client = Client({})
        assert Storage(client).publish(bucket="results", key="m", manifest={"attempt": "1"}) == {"attempt": "1"}
        ((operation, parameters),) = client.calls
        assert (operation, parameters["IfNoneMatch"]) == ("put_object", "*")

    def test_conflict_is_tried_again(self) -> None:
        conflict = refusal("ConditionalRequestConflict")
        assert Storage(Client(conflict, conflict, {})).publish(bucket="r", key="m", manifest={"a": 1}) == {"a": 1}

    def test_conflicts_without_end(self) -> None:
        with pytest.raises(TemporaryError, match="publishing the manifest failed 5 times"):
            Storage(Client(*[refusal("ConditionalRequestConflict")] * 5)).publish(bucket="r", key="m", manifest={})

    def test_own_success_after_a_lost_answer(self) -> None:
        lost = ReadTimeoutError(endpoint_url="https://example.invalid")
        client = Client(lost, refusal("PreconditionFailed"), {"Body": Body(b'{"attempt": "1"}')})
        assert Storage(client).publish(bucket="r", key="m", manifest={"attempt": "1"}) == {"attempt": "1"}

    @pytest.mark.parametrize("code", ["AccessDenied", "InternalError"])
    def test_refused_writes(self, code: str, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.touch()
        with pytest.raises(TemporaryError, match=f"PutObject: {code}"):
            Storage(Client(refusal(code))).upload(bucket="r", key="k", path=path)
        with pytest.raises(TemporaryError, match=f"PutObject: {code}"):
            Storage(Client(refusal(code))).publish(bucket="r", key="m", manifest={})


def test_settings_say_where_results_go() -> None:
    job = JobSettings.read(settings("v"))
    assert (job.attempt, job.prefix) == ("job-1", f"attempts/{'b' * 64}/job-1/")
    assert job.manifest_key == f"manifests/{'b' * 64}.json"


class TestLocal:
    def test_results_appear_together(self, tmp_path: Path) -> None:
        (tmp_path / "in.csv").write_bytes(GOOD)
        assert cli.main(["--input", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out" / "deep")]) == 0
        names = sorted(path.name for path in (tmp_path / "out" / "deep").iterdir())
        assert names == ["accepted.parquet", "rejected.csv", "summary.json", "totals.parquet"]

    def test_results_of_an_earlier_run_go(self, tmp_path: Path) -> None:
        source, output = tmp_path / "in.csv", tmp_path / "out"
        source.write_bytes(GOOD)
        assert cli.main(["--input", str(source), "--output", str(output)]) == 0
        source.write_bytes(b"")
        assert cli.main(["--input", str(source), "--output", str(output)]) == 65
        assert sorted(path.name for path in output.iterdir()) == ["rejected.csv", "summary.json"]

    @pytest.mark.parametrize(
        ("arguments", "code", "message"),
        [
            (["--input", "{tmp}/none.csv", "--output", "{tmp}/out"], 66, "none.csv: no such file"),
            (["--input", "{tmp}", "--output", "{tmp}/out"], 66, "not a regular file"),
            (["--input", "/dev/null", "--output", "{tmp}/out"], 66, "not a regular file"),
            (["--input", "{tmp}/in.csv", "--output", "{tmp}/in.csv"], 73, "File exists"),
            (["--input", "{tmp}/in.csv"], 64, "go together"),
            (["--output", "{tmp}"], 64, "go together"),
            (["--frobnicate"], 64, "--help"),
        ],
    )
    def test_errors_are_one_line(
        self, arguments: list[str], code: int, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "in.csv").write_bytes(GOOD)
        assert cli.main([argument.format(tmp=tmp_path) for argument in arguments]) == code
        (entry,) = map(json.loads, capsys.readouterr().err.splitlines())
        assert (entry["level"], entry["exit_code"]) == ("ERROR", code)
        assert message in entry["message"]
