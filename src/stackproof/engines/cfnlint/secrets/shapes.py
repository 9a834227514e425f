"""What a value looks like: keys and tokens of known services, private keys, credentials in URLs and in settings.

Sources of the shapes are the services' own documents (key prefixes are public so that scanners can know them). In a text,
`${...}` stands for what an intrinsic function puts there, and is no literal.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stackproof.engines.cfnlint.secrets.names import says_password, says_secret

_KNOWN = {
    "an AWS access key id": r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    "a JSON web token": r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}",
    "a GitHub token": r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})",
    "a GitLab token": r"(?<!\w)glpat-[\w-]{20,}",
    "a Slack token": r"(?<!\w)xox[abeoprs]-(?:[A-Za-z0-9]+-)+[A-Za-z0-9]{8,}",
    "a Slack webhook": r"https://hooks\.slack\.com/(?:services|workflows)/T\w+/[A-Z]\w+/\w{8,}",
    "a Stripe key": r"(?<!\w)(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",
    "a Google API key": r"(?<![\w-])AIza[\w-]{35}(?![\w-])",
    "a SendGrid key": r"(?<!\w)SG\.[\w-]{22}\.[\w-]{43}",
    "an npm token": r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)",
    "a PyPI token": r"(?<!\w)pypi-AgE[\w-]{50,}",
    "an API key of a language model": r"(?<![\w-])sk-(?:ant-|proj-)?[\w-]*[A-Za-z0-9]{24,}",
    "an Azure storage key": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "a Vault token": r"(?<!\w)hv[sb]\.[\w-]{24,}",
    "a Databricks token": r"(?<!\w)dapi[0-9a-f]{32}(?!\w)",
    "a DigitalOcean token": r"(?<!\w)dop_v1_[0-9a-f]{64}",
    "a Twilio key": r"(?<!\w)SK[0-9a-f]{32}(?!\w)",
}
_SHAPES = {kind: re.compile(pattern) for kind, pattern in _KNOWN.items()}
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:(?P<secret>[^\s/@'\"]+)@", re.IGNORECASE)
_SETTING = re.compile(
    r"""(?<![\w$.\\-])(?P<quote>["']?)(?:--?)?(?P<name>[A-Za-z][\w.-]*?)(?P=quote)\\?["']?
        (?:\s*[=:]\s*|(?<=[a-z])\s+(?=\S))
        (?P<value>\\?"[^"\n]*"|'[^'\n]*'|[^\s;,&"'|<>)\]}]+)""",
    re.VERBOSE,
)
_DECLARED = re.compile(r"\s*[=:]\s*$")
_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\{\{[^}]*\}\}|\$\([^)]*\)|`[^`]*`|\$\w+|%\w+%|<[\w -]+>")
_NOT_SECRET = frozenset(
    """true false yes no on off none null nil undefined enabled disabled required optional auto default string str text
    basic bearer static dynamic aws kms iam env stdin prompt file in is and or the for to with of a an self""".split()
)
_REFERENCE = re.compile(r"(?:arn:|https?://(?![^/\s]*:[^/\s]*@)|s3://|ssm:|/[\w.-]+/|\$|projects/)", re.IGNORECASE)
_NAME_LIKE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_/.][A-Za-z0-9]+)+")
_BASE64 = re.compile(r"[A-Za-z0-9+/\n]{40,}={0,2}\s*")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A secret in a text: what it is, and the text of the secret itself, which must not be shown."""

    kind: str
    secret: str


def known(text: str) -> Iterator[Hit]:
    """Secrets that their shape alone gives away."""
    for kind, shape in _SHAPES.items():
        for found in shape.finditer(text):
            yield Hit(kind=kind, secret=found.group())
    for found in _URL.finditer(text):
        if literal(found["secret"]):
            yield Hit(kind="a password in a URL", secret=found["secret"])


def settings(text: str) -> Iterator[Hit]:
    """Secrets in a text of settings or commands: `password=x`, `"apiKey": "x"`, `--token x`, `export SECRET='x'`."""
    for found in _SETTING.finditer(text):
        name, value = found["name"], found["value"].strip("\\\"'")
        between = text[found.end("name") : found.start("value")]
        if not _DECLARED.search(between.strip("\\\"'") + " ") and not found.group().startswith(("-", '"-', "'-")):
            continue
        if says_secret(name) and is_secret(name, value):
            yield Hit(kind=f"a value of {name}", secret=value)


def is_secret(name: str, value: str) -> bool:
    """Whether a value is a literal secret, given a name that says it holds one."""
    text = value.strip()
    if not literal(text) or text.lower() in _NOT_SECRET or _REFERENCE.match(text):
        return False
    if says_password(name):
        return True
    if text.replace(".", "").isdigit() or len(text) < 4:
        return False
    return not _is_a_name(text)


def literal(text: str) -> bool:
    """Whether anything but placeholders is in a text."""
    return any(character.isalnum() for character in _PLACEHOLDER.sub("", text))


def is_random(text: str) -> bool:
    """Whether a text is as irregular as a generated key: long, of mixed characters, of high entropy (bits a character:
    3 for hexadecimal digits, 4 else, as a rule of thumb of secret scanners; names of 20 characters stay below)."""
    if len(text) < 20 or not re.fullmatch(r"[A-Za-z0-9+/=_-]+", text):
        return False
    if not (re.search(r"\d", text) and re.search(r"[A-Za-z]", text)):
        return False
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    return bits > (3 if re.fullmatch(r"[0-9a-fA-F]+", text) else 4)


def _is_a_name(text: str) -> bool:
    """Whether a text is the name of a secret (prod/db/credentials, app-secret), not one."""
    plain = _PLACEHOLDER.sub("x", text)
    return bool(_NAME_LIKE.fullmatch(plain)) and not is_random(re.sub(r"[-_/.]", "", plain))


def decoded(text: str) -> str | None:
    """The text that a literal in Base64 holds, None where it is none."""
    if not _BASE64.fullmatch(text):
        return None
    try:
        plain = base64.b64decode("".join(text.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    return plain if plain.isprintable() or "\n" in plain else None
