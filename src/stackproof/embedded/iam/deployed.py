"""What the policies and the keys are, read from the deployed state at every question (moto's backends, in process)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.batch.models import batch_backends
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import dynamodb_backends
from moto.ecr.models import ecr_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.world import Account

Document = str | bytes | Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A role as deployed: its unique id, its tags and its policies (name or ARN -> document)."""

    unique_id: str
    tags: Mapping[str, str]
    policies: Mapping[str, Document]


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """A customer-managed or AWS-managed key that guards something: `key` is its ARN, None for the managed one.
    `context` is the encryption context that the service passes to KMS."""

    key: str | None
    context: Mapping[str, str] = field(default_factory=dict)


class Deployed:
    """Look-ups in one account and region. Nothing is cached here, so that a change is seen at once."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def _backend(self, backends: BackendDict[Any], region: str | None = None) -> Any:
        return backends[self.account.id][region or self.account.region]

    def identity(self, role_arn: str) -> Identity | None:
        """The role of this ARN, if there is one."""
        for role in self._backend(iam_backends, self.account.partition).roles.values():
            if role.arn == role_arn:
                if role.permissions_boundary_arn:
                    raise EmbeddedError(f"{role_arn} has a permissions boundary, which is not emulated.")
                managed = {policy.arn: _default_document(policy) for policy in role.managed_policies.values()}
                tags = {tag["Key"]: tag["Value"] for tag in _tag_list(role.tags)}
                return Identity(unique_id=role.id, tags=tags, policies={**role.policies, **managed})
        return None

    def resource_policy(self, resource: str) -> Document | None:
        """The policy of the resource that an ARN names (an object's is its bucket's), None when it has none."""
        if resource == "*":
            return None
        service, name = resource.split(":")[2], resource.split(":", 5)[5]
        match service:
            case "s3":
                bucket = self.bucket(name.split("/")[0])
                return bucket.policy if bucket else None
            case "sqs":
                queue = self._backend(sqs_backends).queues.get(name)
                return queue.policy or None if queue else None
            case "sns":
                topic = self._backend(sns_backends).topics.get(resource)
                return topic.policy or None if topic else None
            case "kms":
                key = self._backend(kms_backends).keys.get(name.removeprefix("key/"))
                return key.policy if key else None
            case "lambda":
                return self._function_policy(resource)
            case "iam":
                return self._trust_policy(resource)
            case "dynamodb":
                policy = self._backend(dynamodb_backends).resource_policies.get("/".join(resource.split("/")[:2]))
                return policy.policy_doc if policy else None
            case "ecr":
                repository = self._backend(ecr_backends).repositories.get(name.removeprefix("repository/"))
                return repository.policy if repository else None
            case "events":
                bus = self._backend(events_backends).event_buses.get(name.removeprefix("event-bus/"))
                return bus.policy if bus else None
        return None

    def _trust_policy(self, role_arn: str) -> Document | None:
        for role in self._backend(iam_backends, self.account.partition).roles.values():
            if role.arn == role_arn:
                document: Document = role.assume_role_policy_document
                return document or None
        return None

    def _function_policy(self, resource: str) -> Document | None:
        _, _, qualifier = resource.split(":", 6)[6].partition(":")
        function = self._backend(lambda_backends)._lambdas.get_arn(resource.removesuffix(f":{qualifier}"))
        if function is None or not function.policy.statements:
            return None
        if qualifier:
            raise EmbeddedError(f"The policy of the qualified function {resource} is not emulated.")
        return {"Version": "2012-10-17", "Statement": function.policy.statements}

    def bucket(self, name: str) -> FakeBucket | None:
        """A bucket of this account."""
        buckets: dict[str, FakeBucket] = self._backend(s3_backends, self.account.partition).buckets
        return buckets.get(name)

    def object(self, bucket: str, key: str, version: str | None) -> FakeKey | None:
        """An object or one version of it; None when it is not there (a delete marker is nothing)."""
        found = self.bucket(bucket)
        if found is None:
            return None
        versions = found.keys.getlist(key, default=[]) if version else [found.keys.get(key)]
        for candidate in versions:
            if isinstance(candidate, FakeKey) and (version is None or str(candidate.version_id) == version):
                return candidate
        return None

    def default_encryption(self, bucket: str) -> tuple[str, str | None, bool]:
        """A bucket's default: algorithm, key as given, whether it uses a bucket key."""
        found = self.bucket(bucket)
        rule = found.encryption["Rule"] if found and found.encryption else {}
        rule = rule[0] if isinstance(rule, list) else rule
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        bucket_key = str(rule.get("BucketKeyEnabled", False)).lower() == "true"
        return default.get("SSEAlgorithm", "AES256"), default.get("KMSMasterKeyID"), bucket_key

    def table_key(self, table: str) -> str | None:
        """The customer key of a table as it was given, None when AWS owns it."""
        found = self._backend(dynamodb_backends).tables.get(table)
        specification = (found.sse_specification if found else None) or {}
        key = specification.get("KMSMasterKeyId") if specification.get("Enabled") else None
        return str(key) if key else None

    def hash_key(self, table: str, index: str | None) -> str | None:
        """The name of the partition key of a table or index, None when there is no such thing."""
        found = self._backend(dynamodb_backends).tables.get(table)
        if found is None:
            return None
        if index is None:
            return str(found.hash_key_attr)
        for candidate in (*found.global_indexes, *found.indexes):
            if candidate.name == index:
                return next(str(k["AttributeName"]) for k in candidate.schema if k["KeyType"] == "HASH")
        return None

    def queue_key(self, name: str) -> str | None:
        """The key of a queue as it was given."""
        queue = self._backend(sqs_backends).queues.get(name)
        return str(queue.kms_master_key_id) if queue and queue.kms_master_key_id else None

    def topic_key(self, arn: str) -> str | None:
        """The key of a topic as it was given."""
        topic = self._backend(sns_backends).topics.get(arn)
        return str(topic.kms_master_key_id) if topic and topic.kms_master_key_id else None

    def job_definition(self, name: str) -> str | None:
        """The ARN, with revision, of the newest active revision of a job definition (else of the newest)."""
        found = [d for d in self._backend(batch_backends)._job_definitions.values() if d.name == name]
        newest = max(found, key=lambda d: (d.status == "ACTIVE", int(d.revision)), default=None)
        return str(newest.arn) if newest else None

    def key_arn(self, key: str) -> str | None:
        """The ARN of a customer key given by id, ARN or alias; None for a key that AWS manages.

        Raises: EmbeddedError when there is no such key in this account and region.
        """
        if key.split(":")[-1].startswith("alias/aws/"):
            return None
        backend = self._backend(kms_backends)
        own = self.account.arn("kms", "")
        if key.startswith("arn:") and not key.startswith(own):
            raise EmbeddedError(f"The key {key} belongs to another account or region, which is not emulated.")
        found = backend.keys.get(backend.any_id_to_key_id(key.removeprefix(own)).removeprefix("key/"))
        if found is None:
            raise EmbeddedError(f"There is no key {key} in the embedded AWS.")
        managed = any(name.startswith("alias/aws/") for name in found.aliases)
        return None if managed else str(found.arn)


def _default_document(policy: Any) -> str:
    return next(str(v.document) for v in policy.versions if v.version_id == policy.default_version_id)


def _tag_list(tags: Any) -> list[dict[str, str]]:
    if isinstance(tags, dict):
        return [{"Key": k, "Value": v if isinstance(v, str) else v["Value"]} for k, v in tags.items()]
    return list(tags or [])


def as_text(document: Document) -> str:
    """One text of a document, to know it again."""
    if isinstance(document, bytes):
        return document.decode()
    return document if isinstance(document, str) else json.dumps(document, sort_keys=True)
