"""Where the functions of custom resources put their answers: a loopback HTTP server, bounded in time and size."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any

_SOCKET_SECONDS = 10  # real time that a connection may stay silent


class AnswerServer:
    """Listens on 127.0.0.1 while it is open; each request id has its own address and takes one answer."""

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._answers: dict[str, dict[str, Any]] = {}
        self.refused = ""
        self._server = HTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "AnswerServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, request: str) -> str:
        """The address for the answer to a request."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/{request}"

    def answer(self, request: str) -> dict[str, Any] | None:
        """What was put there; None when nothing was."""
        return self._answers.get(request)

    def put(self, path: str, body: bytes) -> int:
        """Take an answer in; returns the HTTP status."""
        if len(body) > self._limit:
            self.refused = f"An answer of {len(body)} bytes was refused: at most {self._limit} are taken."
            return 413
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self.refused = "An answer was refused: it is no JSON object."
            return 400
        self._answers.setdefault(path.lstrip("/").partition("?")[0], answer)
        return 200


def _handler(server: AnswerServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SOCKET_SECONDS

        def do_PUT(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, 1_000_000))
            self.send_response(server.put(self.path, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    return Handler
