"""JSON that every reader takes."""

import json
import re
from typing import Any

_HALVES = re.compile("[\ud800-\udfff]")


def written(data: Any) -> str:
    """JSON data as an indented text, ASCII only, with a line end. Halves of surrogate pairs, which strict readers
    refuse, become U+FFFD."""
    text = json.dumps(_whole(data), indent=2, allow_nan=False)
    return text.replace("##", "\\u0023#") + "\n"  # else a build server takes ##vso[...] in a log for a command


def _whole(data: Any) -> Any:
    match data:
        case str():
            return _HALVES.sub("\ufffd", data)
        case dict():
            return {_HALVES.sub("\ufffd", key): _whole(value) for key, value in data.items()}
        case list():
            return [_whole(value) for value in data]
        case _:
            return data
