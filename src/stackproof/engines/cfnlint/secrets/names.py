"""What a name says: `DB_PASSWORD` and `ApiKey` hold secrets; `PASSWORD_POLICY`, `SECRET_ARN` and `TOKEN_TTL_SECONDS` don't."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PASSWORDS = frozenset("password passwords passwd pwd passphrase passcode pass pgpassword dbpassword userpassword".split())
_SECRETS = frozenset("secret secrets credential credentials token apikey privatekey accesstoken authtoken".split())
_KEYS = frozenset("api private secret encryption signing auth account master shared access license webhook hmac".split())

# Last words that make of a secret something said about it, or the place where it is kept.
_ABOUT = frozenset(
    """
    age alg algorithm alias arn arns attribute attributes audience bucket budget cache chars charset claim class column
    config configuration cost count days dir directory duration enabled disabled endpoint endpoints expiration expires
    expiry exists extension field fields file filename format generator handler header headers hint host hours id ids
    identifier index interval issuer jsonkey kind label length level limit location manager map max method millis min
    minutes mode ms name names namespace number owner param parameter parameters params path paths pattern period policies
    policy port prefix price profile provider reference ref regex region required requirements reset role rotation scope
    scopes seconds size source stage status store strategy suffix table template time timeout timestamp topic ttl type
    types unit units uri uris url urls usage used username user users validation validator validity version versions window
    """.split()
)
# Words anywhere that make of it a number, a switch or something public.
_ELSEWHERE = frozenset(
    "max min num per public enable disable require allow use is has generate manage rotate client-request next continuation "
    "idempotency pagination csrf sort partition tokens".split()
)
_IDEMPOTENCY = frozenset({"clienttoken", "clientrequesttoken", "requesttoken", "taskToken".lower()})


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in any notation, in lower case: ("db", "password") of DB_PASSWORD, dbPassword and db-password."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65536)
def says_about(name: str) -> bool:
    """Whether a name speaks about a secret, or of its place, rather than holding one (SecretArn, TokenUrl)."""
    found = words(name)
    return bool(found) and (
        found[-1] in _ABOUT or not _ELSEWHERE.isdisjoint(found) or "".join(found) in _IDEMPOTENCY
    )


@lru_cache(maxsize=65536)
def says_password(name: str) -> bool:
    """Whether what the name holds is a password, so that any literal at all is a secret."""
    return not says_about(name) and not _PASSWORDS.isdisjoint(words(name))


@lru_cache(maxsize=65536)
def says_secret(name: str) -> bool:
    """Whether what the name holds is a secret of any kind."""
    found = words(name)
    if says_about(name):
        return False
    if not _PASSWORDS.isdisjoint(found) or not _SECRETS.isdisjoint(found):
        return True
    return any(first in _KEYS and second == "key" for first, second in zip(found, found[1:], strict=False))
