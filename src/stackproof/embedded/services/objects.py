"""S3 where moto is not faithful: policies are judged by our IAM alone, and every new version gets the default lock."""

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
        if call.service != "s3" or "IfNoneMatch" not in call.parameters:
            return
        if call.operation == "CopyObject":
            raise EmbeddedError("s3:CopyObject with IfNoneMatch is not emulated.")
        if call.operation in ("PutObject", "CompleteMultipartUpload") and call.parameters["IfNoneMatch"] != "*":
            text = "A header you provided implies functionality that is not implemented"
            raise AwsError("NotImplemented", text, status=501)

    def _lock(self, call: Call, answer: Answer) -> None:
        """moto locks what PutObject writes, but not what a multipart upload or a copy does."""
        if call.service != "s3" or call.operation not in ("CompleteMultipartUpload", "CopyObject") or answer.error:
            return
        backend = s3_backends[self._world.account.id][self._world.account.partition]
        bucket = backend.get_bucket(call.parameters["Bucket"])
        made = backend.get_object(call.parameters["Bucket"], call.parameters["Key"])
        if made is not None and bucket.has_default_lock and not made.lock_mode:
            made.lock_mode = bucket.default_lock_mode
            made.lock_until = bucket.default_retention()
