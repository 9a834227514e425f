"""What a value looks like: keys and tokens of known services, private keys, credentials in URLs and in settings.

Sources of the shapes are the services' own documents (key prefixes are public so that scanners can know them). In a
text, `${...}` stands for what an intrinsic function or the shell puts there, and is no literal.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from stackproof.engines.cfnlint.secrets.names import may_hold_key, says_container, says_password

_KNOWN = {
    "an AWS access key id": r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a JSON web token": r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "a GitHub token": r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})",
    "a GitLab token": r"(?<!\w)gl(?:pat|dt|rt|cbt|ptt)-[\w-]{20,}",
    "a Slack token": r"(?<!\w)xox[abeoprs]-(?:[A-Za-z0-9]+-)+[A-Za-z0-9]{8,}",
    "a Slack webhook": r"https://hooks\.slack\.com/(?:services|workflows)/T\w+/[A-Z]\w+/\w{8,}",
    "a Stripe key": r"(?<!\w)(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}",
    "a Google API key": r"(?<![\w-])AIza[\w-]{35}(?![\w-])",
    "a Google OAuth secret": r"(?<![\w-])GOCSPX-[\w-]{28}(?![\w-])",
    "a SendGrid key": r"(?<!\w)SG\.[\w-]{22}\.[\w-]{43}",
    "a Mailchimp key": r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\d)",
    "an npm token": r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)",
    "a PyPI token": r"(?<!\w)pypi-AgE[\w-]{50,}",
    "an API key of a language model": r"(?<![\w-])sk-(?:[a-z]{3,8}\d{0,2}-){0,2}[\w-]{0,80}?[A-Za-z0-9]{24,}",
    "an Azure storage key": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "a Vault token": r"(?<!\w)hv[sb]\.[\w-]{24,}",
    "a Databricks token": r"(?<!\w)dapi[0-9a-f]{32}(?!\w)",
    "a DigitalOcean token": r"(?<!\w)do[opr]_v1_[0-9a-f]{64}",
    "a Docker Hub token": r"(?<!\w)dckr_pat_[\w-]{27,}",
    "a Grafana token": r"(?<!\w)gl(?:sa|c)_[A-Za-z0-9+/=_]{32,}",
    "a New Relic key": r"(?<!\w)NRAK-[A-Z0-9]{27}(?!\w)",
    "a Shopify token": r"(?<!\w)shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}(?!\w)",
    "a Twilio key": r"(?<!\w)SK[0-9a-f]{32}(?!\w)",
}
_SHAPES = {kind: re.compile(pattern) for kind, pattern in _KNOWN.items()}
_COMMANDS = {
    "a password in a URL": r"(?<![\w+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@'\"]*:(?P<secret>[^\s/@'\"]+)@",
    "a password given to chpasswd": r"\w:(?P<secret>[^\s'\":]+)[\"']?\s*\|\s*(?:sudo\s+)?chpasswd",
    "a password given to a client": r"\bmysql(?:dump|admin|import)?\b[^\n|;&]*?\s-p(?P<secret>[^\s'\"]+)",
    "a password of curl": r"\bcurl\b[^\n|;&]*?\s(?:-u|--user)[ =]?[\"']?[^\s:'\"$]*:(?P<secret>[^\s'\"]+)",
    "a password in PowerShell": r"\bConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<secret>[^'\"]+)",
    "a password of sshpass": r"\bsshpass\s+-p\s*[\"']?(?P<secret>[^\s'\"]+)",
    "an authorization": r"\bAuthorization[\"']?\s*[:=]\s*[\"']?(?:Bearer|Basic|token)\s+(?P<secret>[^\s'\"]{8,})",
}
_IN_COMMANDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _COMMANDS.items()}
_AWS_SECRET = re.compile(r"(?<![\w/+=.-])[A-Za-z0-9/+]{40}(?![\w/+=-])")
RESOLVED = re.compile(r"\{\{\s*resolve:(?:[^{}]|\$\{[^}]*\})*\}\}")
PLACEHOLDER = re.compile(
    RESOLVED.pattern + r"|\$\{[^}]*\}|\{\{[^}]*\}\}|\$\([^)]*\)|`[^`]*`|\$\w+|%\w+%|<[\w -]+>"
    r"|Ref::[\w-]+"
)
_NOT_SECRET = frozenset(
    """true false yes no on off none null nil undefined enabled disabled required optional auto default string str text
    basic bearer static dynamic aws kms iam env stdin prompt file in is and or the for to with of a an self""".split()
)
_REFERENCE = re.compile(
    r"(?:arn:|https?://(?![^/\s]*:[^/\s]*@)|s3://|ssm:|file:|/[\w.-]+/|(?:\.{0,2}/[\w.-]+)+$|\$\(|`|projects/"
    r"|AQICA[\w+/=]{40,}|ENC\[|vault:v\d)",
    re.IGNORECASE,
)
_NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_/.][A-Za-z0-9]+)+")
_CALLED_SECRET = re.compile(
    r"(?:[A-Za-z0-9]+[-_.]){2,}(?:secrets?|credentials?|creds)|[A-Za-z0-9]*[a-z0-9](?:Secrets?|Credentials?)|[A-Z]+(?:_[A-Z]+)+"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/\n]{16,}={0,2}\s*")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A secret in a text: what it is, and the text of the secret itself, which must not be shown."""

    kind: str
    secret: str


def known(text: str) -> Iterator[Hit]:
    """Secrets that their shape alone gives away. One that is made of placeholders has them as its `secret`."""
    for kind, shape in _SHAPES.items():
        for found in shape.finditer(text):
            yield Hit(kind=kind, secret=found.group())
    for kind, shape in _IN_COMMANDS.items():
        for found in shape.finditer(text):
            yield Hit(kind=kind, secret=found["secret"])
    for found in _AWS_SECRET.finditer(text):
        if _looks_generated(found.group()):
            yield Hit(kind="an AWS secret access key", secret=found.group())


def _looks_generated(text: str) -> bool:
    """Whether 40 characters are as mixed as AWS's generator makes them; paths and names of that length are not."""
    kinds = ["A" if c.isupper() else "a" if c.islower() else "0" if c.isdigit() else "+" for c in text]
    changes = sum(1 for one, other in pairwise(kinds) if one != other)
    return {"A", "a", "0"} <= set(kinds) and changes >= 14 and entropy(text) > 4.2


def is_secret(name: str, value: str) -> bool:
    """Whether a value is a literal secret, given a name that says it holds one (or that may hold a key)."""
    text = value.strip()
    if not literal(text) or text.lower() in _NOT_SECRET or _REFERENCE.match(text):
        return False
    if says_password(name):
        return True
    if len(text) < (6 if text.replace(".", "").isdigit() else 4):
        return False
    return not (says_container(name) and names_a_secret(text))


def is_key(name: str, value: str) -> bool:
    """Whether a value is random under a name that may hold a key, though it does not say that it is secret."""
    return may_hold_key(name) and is_random(value.strip()) and not _REFERENCE.match(value.strip())


def literal(text: str) -> bool:
    """Whether anything but placeholders is in a text."""
    return any(character.isalnum() for character in PLACEHOLDER.sub("", text))


def names_a_secret(text: str) -> bool:
    """Whether a text is the name of a secret (prod/db/credentials, app-secret, ${Stack}-db), not one."""
    plain = PLACEHOLDER.sub("x", text)
    if is_random(re.sub(r"[-_/.]", "", plain)):
        return False
    if plain != text and _NAME_LIKE.fullmatch(plain):
        return True
    return bool(_NAME_LIKE.fullmatch(plain) and "/" in plain) or bool(_CALLED_SECRET.fullmatch(plain))


def entropy(text: str) -> float:
    """Bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def is_random(text: str) -> bool:
    """Whether a text is as irregular as a generated key: long, of mixed characters, of high entropy (bits a character:
    3 for hexadecimal digits, 4 else, as a rule of thumb of secret scanners; names of 20 characters stay below)."""
    if len(text) < 20 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", text):
        return False
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return False
    return entropy(text) > (3 if re.fullmatch(r"[0-9a-fA-F]+", text) else 4)


def decoded(text: str) -> str | None:
    """The text that a literal in Base64 holds, None where it is none."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        plain = base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return plain if all(character.isprintable() or character.isspace() for character in plain) else None
