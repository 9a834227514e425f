"""S3 where moto is not faithful: policies are judged by our IAM alone, and every new version gets the default lock."""

from datetime import UTC, datetime
from typing import Any
from unittest import mock

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.seam import Answer, Call
from stackproof.embedded.world import World


class Objects:
    """Mends moto's S3 at the seam."""

    def __init__(self, world: World) -> None:
        self._world = world
        neutral = mock.patch.object(FakeBucket, "get_permission", return_value=PermissionResult.NEUTRAL)
        world.stack.enter_context(neutral)
        world.seam.intercept(self._check)
        world.seam.observe(self._lock)

    def _check(self, call: Call) -> None:
        if call.name == "s3:PutObjectRetention":
            self._check_retention(call)
        if call.name == "s3:CopyObject":
            self._check_copy(call)
        if call.name == "s3:PutBucketVersioning":
            self._check_versioning(call)
        if call.service != "s3" or "IfNoneMatch" not in call.parameters:
            return
        if call.operation in ("PutObject", "CompleteMultipartUpload") and call.parameters["IfNoneMatch"] != "*":
            text = "A header you provided implies functionality that is not implemented"
            raise AwsError("NotImplemented", text, status=501)

    def _check_copy(self, call: Call) -> None:
        if "IfNoneMatch" in call.parameters:
            raise EmbeddedError("s3:CopyObject with IfNoneMatch is not emulated.")
        bucket = self._backend().buckets.get(call.parameters["Bucket"])
        if bucket is not None and bucket.has_default_lock:
            raise EmbeddedError(f"s3:CopyObject to {bucket.name}, which locks its objects, is not emulated.")

    def _check_versioning(self, call: Call) -> None:
        bucket = self._backend().buckets.get(call.parameters["Bucket"])
        wanted = call.parameters.get("VersioningConfiguration", {}).get("Status")
        if bucket is not None and bucket.object_lock_enabled and wanted != "Enabled":
            text = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            raise AwsError("InvalidBucketState", text, status=409)

    def _check_retention(self, call: Call) -> None:
        """A retention can be made longer; shorter or weaker only in governance mode, with the bypass."""
        given = call.parameters
        found = self._backend().get_object(given["Bucket"], given["Key"], version_id=given.get("VersionId"))
        bypass = bool(given.get("BypassGovernanceRetention"))
        if found is None or not found.lock_mode or not found.is_locked(governance_bypass=bypass):
            return
        wanted = given.get("Retention", {})
        until = wanted.get("RetainUntilDate")
        longer = isinstance(until, datetime) and until.astimezone(UTC) >= _moment(found.lock_until)
        if not longer or wanted.get("Mode") not in (found.lock_mode, "COMPLIANCE"):
            text = "Access Denied because object protected by object lock."
            raise AwsError("AccessDenied", text, status=403)

    def _backend(self) -> Any:
        return s3_backends[self._world.account.id][self._world.account.partition]

    def _lock(self, call: Call, answer: Answer) -> None:
        """moto locks what PutObject writes, but not what a multipart upload does."""
        if call.name != "s3:CompleteMultipartUpload" or answer.error is not None:
            return
        backend = self._backend()
        bucket = backend.get_bucket(call.parameters["Bucket"])
        made = backend.get_object(call.parameters["Bucket"], call.parameters["Key"])
        if made is not None and bucket.has_default_lock and not made.lock_mode:
            made.lock_mode = bucket.default_lock_mode
            made.lock_until = bucket.default_retention()


def _moment(text: str) -> datetime:
    """The instant in moto's text; both forms that it writes end in Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
