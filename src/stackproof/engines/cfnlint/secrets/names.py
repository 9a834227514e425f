"""What a name says: `DB_PASSWORD` and `ApiKey` hold secrets; `PASSWORD_POLICY`, `SECRET_ARN` and `TOKEN_TTL` don't."""

import re
from functools import lru_cache
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PASSWORDS = frozenset(
    "password passwords passwd pwd passphrase passcode pgpassword dbpassword userpassword sshpass".split()
)
_SECRETS = frozenset(
    """
    accesstoken apikey apikeys apisecret apitoken authtoken bearertoken clientsecret cred credential credentials
    creds privatekey secret secretkey secrets sharedsecret token
    """.split()
)
_KEYS = frozenset("access account api app auth hmac jwt license master private secret shared signing webhook".split())

# Last words that make of a secret something said about it, or the place where it is kept.
_ABOUT = frozenset(
    """
    age alg algorithm alias arn arns attribute attributes audience backend bucket budget cache characters chars
    charset claim class column config configuration cost count date days delimiter dir directory disabled domain
    driver duration enabled endpoint endpoints engine env environment error exists expiration expires expiry
    expression extension field fields file filename flag folder format function generator group handler header
    headers hint history host hours id identifier ids index interval issuer jsonkey kind label lambda length level
    limit loc location manager map max metadata method millis min minutes mode ms name names namespace number
    operation owner param parameter parameters params path paths pattern period policies policy port prefix price
    profile prompt protection provider queue recovery ref reference regex region registry required requirement
    requirements reset resource role rotation rule scheme scope scopes seconds selection separator service size
    source stack stage status stdin store strategy suffix table tag tags template test time timeout topic ttl type
    types unit units update uri uris url urls usage use used user username users validation validator validity var
    variable vault version versions window
    """.split()
)
# Words anywhere that make of it a number, a switch or something public.
_ELSEWHERE = frozenset(
    """
    allow avg continuation csrf disable enable generate has idempotency ignore include is manage max min next num
    pagination partition per public require rotate sort tokens total use using
    """.split()
)
_NO_SECRETS = frozenset({"clienttoken", "clientrequesttoken", "requesttoken", "tasktoken"})
_NO_SEPARATOR = re.compile(r"(?:password|passwd|secretkey|apikey|authtoken|accesstoken)$")


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in any notation, in lower case: ("db", "password") of DB_PASSWORD and dbPassword."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65536)
def says_about(name: str) -> bool:
    """Whether a name speaks about a secret, or of its place, rather than holding one (SecretArn, TokenUrl)."""
    found = [word for word in words(name) if not word.isdigit()]
    return bool(found) and (found[-1] in _ABOUT or not _ELSEWHERE.isdisjoint(found) or "".join(found) in _NO_SECRETS)


@lru_cache(maxsize=65536)
def says_password(name: str) -> bool:
    """Whether what the name holds is a password, so that any literal at all is a secret."""
    found = [word for word in words(name) if not word.isdigit()]
    if not found or says_about(name):
        return False
    return not _PASSWORDS.isdisjoint(found) or found[-1] == "pass" or found[-1].endswith(("password", "passwd"))


@lru_cache(maxsize=65536)
def says_secret(name: str) -> bool:
    """Whether what the name holds is a secret of any kind."""
    if says_about(name):
        return False
    found = words(name)
    if says_password(name) or not _SECRETS.isdisjoint(found) or any(map(_NO_SEPARATOR.search, found)):
        return True
    return any(first in _KEYS and second in ("key", "keys") for first, second in pairwise(found))


# Secrets that are values by themselves, and seldom looked up by name.
_VALUES = frozenset(
    """
    api auth client consumer cookie django encryption flask hmac jwt nextauth oauth session shared signing token
    webhook
    """.split()
)


@lru_cache(maxsize=65536)
def says_container(name: str) -> bool:
    """Whether the name may as well hold the name of a secret that is kept elsewhere (DB_SECRET, APP_CREDENTIALS)."""
    found = [word for word in words(name) if not word.isdigit()]
    containers = ("secret", "secrets", "credential", "credentials", "creds")
    return bool(found) and found[-1] in containers and _VALUES.isdisjoint(found)


_PERHAPS = frozenset("auth bearer cookie dsn hmac jwt key keys pat pem pin salt seed signature".split())
_DIGESTS = frozenset("commit digest etag fingerprint hash kms md5 revision sha sha1 sha256 thumbprint".split())


@lru_cache(maxsize=65536)
def may_hold_key(name: str) -> bool:
    """Whether a random value under this name is likely a key (ENCRYPTION_KEY, SALT), not a digest or an identifier."""
    found = words(name)
    return not says_about(name) and not _PERHAPS.isdisjoint(found) and _DIGESTS.isdisjoint(found)
