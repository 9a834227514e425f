"""KMS, called directly by code."""

from stackproof.embedded.errors import EmbeddedError
from stackproof.embedded.iam.operations.entry import Entry, Service, View, constant

_CALLER = ("kms:CallerAccount", "kms:ViaService")
_CRYPTO = (
    *_CALLER,
    "kms:EncryptionAlgorithm",
    "kms:EncryptionContext:${EncryptionContextKey}",
    "kms:EncryptionContextKeys",
)


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
        _entry("Decrypt", _CRYPTO),
        _entry("Encrypt", _CRYPTO),
        _entry("GenerateDataKey", _CRYPTO),
        _entry("DescribeKey", _CALLER),
    ),
    resources={"key": _key},
    keys={
        "kms:CallerAccount": lambda _: None,  # the caller's, not the call's: context.py supplies it
        "kms:ViaService": lambda _: None,  # a direct call comes through no service
        "kms:EncryptionAlgorithm": constant("SYMMETRIC_DEFAULT"),
        "kms:EncryptionContext:${EncryptionContextKey}": lambda view: view.parameters.get("EncryptionContext", {}),
        "kms:EncryptionContextKeys": lambda view: list(view.parameters.get("EncryptionContext", {})) or None,
    },
    unmodelled=frozenset(
        {
            "kms:KeyOrigin",
            "kms:KeySpec",
            "kms:KeyUsage",
            "kms:MultiRegion",
            "kms:MultiRegionKeyType",
            "kms:RequestAlias",
            "kms:RecipientAttestation:ImageSha384",
            "kms:RecipientAttestation:NitroTPMPCR*",
            "kms:RecipientAttestation:PCR*",
            "kms:ResourceAliases",
        }
    ),
)
