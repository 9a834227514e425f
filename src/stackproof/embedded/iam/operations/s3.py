"""S3. Permissions by operation: API Reference, section Permissions of each; a version id changes the action.

DeleteObjects is left out: it answers denials one by one, which is not emulated."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.operations.entry import Entry, Service, View, constant, parameter

_COMMON = ("s3:authType", "s3:signatureversion", "s3:ResourceAccount")
_WRITE = (
    *_COMMON,
    "s3:if-none-match",
    "s3:if-match",
    "s3:ObjectCreationOperation",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-acl",
    "s3:x-amz-storage-class",
    "s3:x-amz-copy-source",
    "s3:x-amz-metadata-directive",
    "s3:object-lock-mode",
    "s3:object-lock-retain-until-date",
    "s3:object-lock-legal-hold",
)
_LIST = (*_COMMON, "s3:prefix", "s3:delimiter", "s3:max-keys")


def _entry(
    operation: str, action: str, resource: str = "object", keys: tuple[str, ...] = _COMMON, when: str = ""
) -> Entry:
    return Entry(operation=operation, action=f"s3:{action}", resource=resource, keys=keys, when=when)


def _versioned(operation: str, action: str, version_action: str) -> tuple[Entry, Entry]:
    return (
        _entry(operation, action, when="!VersionId"),
        _entry(operation, version_action, keys=(*_COMMON, "s3:versionid"), when="VersionId"),
    )


def _upload(operation: str) -> tuple[Entry, ...]:
    return (
        _entry(operation, "PutObject", keys=_WRITE),
        _entry(operation, "PutObjectAcl", keys=(*_COMMON, "s3:x-amz-acl"), when="ACL"),
        _entry(operation, "PutObjectTagging", when="Tagging"),
        _entry(operation, "PutObjectRetention", keys=(*_COMMON, "s3:object-lock-mode"), when="ObjectLockMode"),
        _entry(operation, "PutObjectLegalHold", when="ObjectLockLegalHoldStatus"),
    )


_ENTRIES = (
    *_versioned("GetObject", "GetObject", "GetObjectVersion"),
    *_versioned("HeadObject", "GetObject", "GetObjectVersion"),
    *_versioned("GetObjectAttributes", "GetObject", "GetObjectVersion"),
    *_versioned("GetObjectAttributes", "GetObjectAttributes", "GetObjectVersionAttributes"),
    *_versioned("GetObjectTagging", "GetObjectTagging", "GetObjectVersionTagging"),
    *_versioned("PutObjectTagging", "PutObjectTagging", "PutObjectVersionTagging"),
    *_versioned("DeleteObject", "DeleteObject", "DeleteObjectVersion"),
    _entry("DeleteObject", "BypassGovernanceRetention", when="BypassGovernanceRetention"),
    *_upload("PutObject"),
    *_upload("CreateMultipartUpload"),
    *_upload("CopyObject"),
    *(
        Entry(operation="CopyObject.Source", action=e.action, resource=e.resource, keys=e.keys, when=e.when)
        for e in _versioned("GetObject", "GetObject", "GetObjectVersion")
    ),
    _entry("UploadPart", "PutObject", keys=(*_COMMON, "s3:ObjectCreationOperation")),
    _entry("CompleteMultipartUpload", "PutObject", keys=_WRITE),
    _entry("AbortMultipartUpload", "AbortMultipartUpload"),
    _entry("ListParts", "ListMultipartUploadParts"),
    _entry("GetObjectRetention", "GetObjectRetention"),
    _entry(
        "PutObjectRetention",
        "PutObjectRetention",
        keys=(*_COMMON, "s3:object-lock-mode", "s3:object-lock-retain-until-date"),
    ),
    _entry("PutObjectRetention", "BypassGovernanceRetention", when="BypassGovernanceRetention"),
    _entry("GetObjectLegalHold", "GetObjectLegalHold"),
    _entry("PutObjectLegalHold", "PutObjectLegalHold"),
    _entry("ListObjectsV2", "ListBucket", "bucket", _LIST),
    _entry("ListObjects", "ListBucket", "bucket", _LIST),
    _entry("HeadBucket", "ListBucket", "bucket"),
    _entry("ListObjectVersions", "ListBucketVersions", "bucket", _LIST),
    _entry("ListMultipartUploads", "ListBucketMultipartUploads", "bucket"),
    _entry("GetBucketLocation", "GetBucketLocation", "bucket"),
    _entry("GetBucketVersioning", "GetBucketVersioning", "bucket"),
    _entry("PutBucketVersioning", "PutBucketVersioning", "bucket"),
    _entry("GetBucketNotificationConfiguration", "GetBucketNotification", "bucket"),
    _entry("PutBucketNotificationConfiguration", "PutBucketNotification", "bucket"),
    _entry("GetBucketPolicy", "GetBucketPolicy", "bucket"),
    _entry("PutBucketPolicy", "PutBucketPolicy", "bucket"),
    _entry("DeleteBucketPolicy", "DeleteBucketPolicy", "bucket"),
    _entry("GetBucketEncryption", "GetEncryptionConfiguration", "bucket"),
    _entry("GetObjectLockConfiguration", "GetBucketObjectLockConfiguration", "bucket"),
    _entry("PutObjectLockConfiguration", "PutBucketObjectLockConfiguration", "bucket"),
    _entry("PutBucketLifecycleConfiguration", "PutLifecycleConfiguration", "bucket"),
    _entry("DeleteBucket", "DeleteBucket", "bucket"),
    _entry("ListBuckets", "ListAllMyBuckets", ""),
)


def copy_source(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Bucket, Key and, if named, VersionId of a CopySource (text or mapping)."""
    source = parameters["CopySource"]
    if isinstance(source, Mapping):
        return {name: str(value) for name, value in source.items()}
    path, _, version = unquote(str(source)).lstrip("/").partition("?versionId=")
    bucket, _, key = path.partition("/")
    return {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}


def _copy(parameters: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [("CopyObject.Source", copy_source(parameters)), ("CopyObject", parameters)]


def _bucket(view: View) -> str:
    name = view.required("Bucket")
    if name.startswith("arn:"):
        raise EmbeddedError(f"Access to {name} through an access point is not emulated.")
    return f"arn:{view.deployed.account.partition}:s3:::{name}"


def _copied_from(view: View) -> str | None:
    if "CopySource" not in view.parameters:
        return None
    source = copy_source(view.parameters)
    return f"/{source['Bucket']}/{source['Key']}"


def _creates(view: View) -> str:
    """API PutObject and "Enforce conditional writes": true where the call brings an object into being."""
    return str(view.operation in ("PutObject", "CopyObject", "CompleteMultipartUpload")).lower()


def _retention(view: View) -> Mapping[str, Any]:
    retention: Mapping[str, Any] = view.parameters.get("Retention", {})
    return retention


def _retain_until(view: View) -> str | None:
    given = view.parameters.get("ObjectLockRetainUntilDate") or _retention(view).get("RetainUntilDate")
    return None if given is None else str(given.isoformat() if hasattr(given, "isoformat") else given)


S3 = Service(
    name="s3",
    entries=_ENTRIES,
    resources={"bucket": _bucket, "object": lambda view: f"{_bucket(view)}/{view.required('Key')}"},
    keys={
        "s3:authType": constant("REST-HEADER"),
        "s3:signatureversion": constant("AWS4-HMAC-SHA256"),
        "s3:ResourceAccount": lambda view: view.deployed.account.id,
        "s3:versionid": parameter("VersionId"),
        "s3:prefix": parameter("Prefix"),
        "s3:delimiter": parameter("Delimiter"),
        "s3:max-keys": parameter("MaxKeys"),
        "s3:if-none-match": parameter("IfNoneMatch"),
        "s3:if-match": parameter("IfMatch"),
        "s3:ObjectCreationOperation": _creates,
        "s3:x-amz-server-side-encryption": parameter("ServerSideEncryption"),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": parameter("SSEKMSKeyId"),
        "s3:x-amz-acl": parameter("ACL"),
        "s3:x-amz-storage-class": parameter("StorageClass"),
        "s3:x-amz-copy-source": _copied_from,
        "s3:x-amz-metadata-directive": parameter("MetadataDirective"),
        "s3:object-lock-mode": lambda view: view.parameters.get("ObjectLockMode") or _retention(view).get("Mode"),
        "s3:object-lock-retain-until-date": _retain_until,
        "s3:object-lock-legal-hold": parameter("ObjectLockLegalHoldStatus"),
    },
    parts={"CopyObject": _copy},
    unmodelled=frozenset(
        {
            "s3:AccessGrantsInstanceArn",
            "s3:AccessPointNetworkOrigin",
            "s3:AccessPointTag/${TagKey}",
            "s3:BucketTag/${TagKey}",
            "s3:DataAccessPointAccount",
            "s3:DataAccessPointArn",
            "s3:ExistingObjectTag/<key>",
            "s3:RequestObjectTag/<key>",
            "s3:RequestObjectTagKeys",
            "s3:TlsVersion",
            "s3:signatureAge",
            "s3:if-match",
            "s3:object-lock-event-hold",
            "s3:object-lock-event-hold-duration-days",
            "s3:object-lock-legal-hold",
            "s3:object-lock-mode",
            "s3:object-lock-remaining-retention-days",
            "s3:object-lock-retain-until-date",
            "s3:x-amz-acl",
            "s3:x-amz-content-sha256",
            "s3:x-amz-copy-source",
            "s3:x-amz-grant-full-control",
            "s3:x-amz-grant-read",
            "s3:x-amz-grant-read-acp",
            "s3:x-amz-grant-write",
            "s3:x-amz-grant-write-acp",
            "s3:x-amz-metadata-directive",
            "s3:x-amz-object-annotation-directive",
            "s3:x-amz-server-side-encryption",
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            "s3:x-amz-server-side-encryption-customer-algorithm",
            "s3:x-amz-storage-class",
            "s3:x-amz-website-redirect-location",
        }
    ),
)
