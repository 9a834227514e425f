"""KMS, called directly by code."""

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.operations.entry import Entry, Service, View, constant

_CRYPTO = ("kms:CallerAccount", "kms:EncryptionAlgorithm", "kms:EncryptionContext:${EncryptionContextKey}")
_CONTEXT_KEYS = "kms:EncryptionContextKeys"


def _entry(action: str, keys: tuple[str, ...]) -> Entry:
    return Entry(operation=action, action=f"kms:{action}", resource="key", keys=keys)


def _key(view: View) -> str:
    given = view.required("KeyId")
    arn = view.deployed.key_arn(given)
    if arn is None:
        raise EmbeddedError(f"{view.operation} with the AWS managed key {given} is not emulated.")
    return arn


KMS = Service(
    name="kms",
    entries=(
        _entry("Decrypt", (*_CRYPTO, _CONTEXT_KEYS)),
        _entry("Encrypt", (*_CRYPTO, _CONTEXT_KEYS)),
        _entry("GenerateDataKey", (*_CRYPTO, _CONTEXT_KEYS)),
        _entry("DescribeKey", ("kms:CallerAccount",)),
    ),
    resources={"key": _key},
    keys={
        "kms:CallerAccount": lambda _: None,  # the caller's, not the call's: context.py supplies it
        "kms:EncryptionAlgorithm": constant("SYMMETRIC_DEFAULT"),
        "kms:EncryptionContext:${EncryptionContextKey}": lambda view: view.parameters.get("EncryptionContext", {}),
        _CONTEXT_KEYS: lambda view: list(view.parameters.get("EncryptionContext", {})) or None,
    },
    unmodelled=frozenset(
        {
            "kms:RequestAlias",
            "kms:RecipientAttestation:ImageSha384",
            "kms:RecipientAttestation:NitroTPMPCR*",
            "kms:RecipientAttestation:PCR*",
            "aws:ResourceTag/${TagKey}",
            "kms:ResourceAliases",
        }
    ),
)
