"""Settings and commands inside a text: `password=x`, `"apiKey": "x"`, `--token x`, `export SECRET='x'`."""

import re
from collections.abc import Iterator

from stackproof.engines.cfnlint.secrets.names import says_password, says_secret

_NAME = r"(?P<name>[A-Za-z][\w.-]{0,80}?)"
_VALUE = r"""(?P<value>\\?"(?:[^"\\\n]|\\[^"])*\\?"|'[^'\n]*'|(?:\$\{[^}\n]*\}|\{\{[^}\n]*\}\}|[^\s;,&"'|<>)\]}])+)"""
_ASSIGNED = re.compile(
    rf"""(?<![\w$.\\/-])(?P<open>\\?["']?)(?:--?)?{_NAME}\\?["']?[ \t]{{0,8}}"""
    rf"(?P<by>=>|:=|[=:])(?P<space>[ \t]{{0,8}}){_VALUE}"
)
_OPTION = re.compile(rf"(?<![\w$-])--?{_NAME}[\"']?\s+[\"']?(?!-){_VALUE}")
_POWERSHELL = re.compile(r"""(?<!["'\w])\$(?P<name>\w+)[ \t]*=[ \t]*(?P<value>'[^'\n]*'|"[^"\n]*")""")
_XML = re.compile(rf"<{_NAME}>(?P<value>[^<>\n]+)</")
_SETX = re.compile(rf"\b(?:setx|set|setenv|ENV|export|declare\s+-x)\s+{_NAME}\s+{_VALUE}", re.IGNORECASE)
_CODE = re.compile(
    r"(?:self|this|os|process|config|conf|settings|env|args|var|local|data|module|event|options|opts|params|secrets?"
    r"|credentials?|creds|app|request|req|boto3|client|response|resp|result|json|node|input|props|context|ctx)\b[.\[(]"
)


def settings(text: str) -> Iterator[tuple[str, str]]:
    """The names and values of settings whose names say that they are secret; values without their quotes."""
    seen: set[tuple[str, int]] = set()
    for pattern in (_ASSIGNED, _OPTION, _POWERSHELL, _XML, _SETX):
        for found in pattern.finditer(text):
            name, value = found["name"], found["value"]
            place = (name, found.start("value"))
            code = _is_code(name, value, text[found.end("value") :][:1])
            if place not in seen and says_secret(name) and not code and not _is_prose(found):
                seen.add(place)
                yield name, value.strip("\\\"'")


def _is_prose(found: re.Match[str]) -> bool:
    """Whether a colon is one of prose or of a list of scopes (`no token: exit`, `read token:refresh`), and none after a
    key: that starts its line or follows a bracket, a comma or a quote, and has a space or a quote behind the colon."""
    groups = found.groupdict()
    if groups.get("by") != ":" or groups["open"]:
        return False
    if not groups["space"] and groups["value"][0] not in "\\\"'" and not says_password(groups["name"]):
        return True
    before = found.string[max(0, found.start() - 8) : found.start()].rstrip(" \t")[-1:]
    return before.isalnum() or before in ("_", ".", ")")


def _is_code(name: str, value: str, following: str) -> bool:
    """Whether a value without quotes is an expression of a program: a call, an index, an attribute."""
    if value[:1] in ("\\", '"', "'"):
        return False
    if name.startswith(("self.", "this.")) and value.isidentifier():
        return True
    return following in ("(", "[") or bool(_CODE.match(value)) or "(" in value.lstrip("$(")
