"""One execution environment of a Python function: its unpacked code, its own modules, environment, logging and output.

Functions of one artifact share names (`batchflow.clients`), so each container keeps its own copies of the artifact's
modules and lays them over `sys.modules` only while it runs. What the session installed (boto3, Powertools) is shared,
but not what two processes would not share: the default session of boto3, the logging tree, the standard streams.
"""

import importlib
import io
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import boto3
import botocore.session
from botocore.loaders import Loader

from stackproof.embedded.errors import EmbeddedError, ProcessKilled
from stackproof.embedded.identity import Credentials

TASK_ROOT = "/var/task"
_LEVELS = {"TRACE": 0, "DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "CRITICAL": 50, "FATAL": 50}


class InitError(Exception):
    """The container could not load its handler; `kind` is Lambda's error type."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, trace or []


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run of the handler ended: an answer (as JSON gives it back), an error, or the death of the process."""

    result: Any = None
    error: Mapping[str, Any] | None = None
    killed: bool = False
    broken: bool = False
    """The container cannot be used again."""


@dataclass(kw_only=True)
class Place:
    """What a container is to the outside: its session, credentials and log stream, and what it was made for."""

    session: str
    credentials: Credentials
    fingerprint: str
    stream: str
    cold: bool = True


@dataclass(kw_only=True)
class Container:
    """One execution environment. It serves any number of invocations, one after the other, until it is thrown away."""

    place: Place
    root: Path
    handler: str
    environment: Mapping[str, str]
    loader: Loader
    modules: dict[str, ModuleType] = field(default_factory=dict)
    output: io.StringIO = field(default_factory=io.StringIO)
    function: Callable[[Any, Any], Any] | None = None

    def __post_init__(self) -> None:
        self._own = {path.stem if path.suffix == ".py" else path.name for path in self.root.iterdir()}
        self._session = self._default_session()
        self._logging_root = logging.RootLogger(logging.WARNING)
        self._logging_manager = logging.Manager(self._logging_root)
        handler = logging.StreamHandler(self.output)
        handler.setFormatter(
            logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(message)s", "%Y-%m-%dT%H:%M:%S")
        )
        handler.formatter.converter = time.gmtime  # type: ignore[union-attr]
        self._logging_root.addHandler(handler)

    def run(self, event: Any, context: Any, *, trace_id: str, sleep: Callable[[float], None]) -> Ended:
        """Call the handler once, as a process of its own."""
        with self._process(trace_id, sleep):
            try:
                if self.function is None:
                    self.function = self._load()
                return Ended(result=json.loads(json.dumps(self.function(event, context))))
            except ProcessKilled:
                return Ended(killed=True, broken=True)
            except EmbeddedError:
                raise
            except InitError as error:
                return Ended(error=_payload(error.kind, error.message, error.trace), broken=True)
            except SystemExit as error:
                text = f"RequestId: {context.aws_request_id} Error: Runtime exited with error: exit status {error.code}"
                return Ended(error={"errorType": "Runtime.ExitError", "errorMessage": text}, broken=True)
            except Exception as error:  # noqa: BLE001  (the boundary to code that is not ours)
                return Ended(error=self._error(error))

    def take_output(self) -> list[str]:
        """The lines written since the last time; a traceback of ours is one entry, as in Lambda."""
        text = self.output.getvalue()
        self.output.seek(0)
        self.output.truncate(0)
        return text.splitlines()

    def _load(self) -> Callable[[Any, Any], Any]:
        name, _, attribute = self.handler.rpartition(".")
        try:
            module = importlib.import_module(name.replace("/", "."))
        except SyntaxError as error:
            text = (
                f"Syntax error in module '{name}': {error.msg} ({Path(error.filename or '').name}, line {error.lineno})"
            )
            raise InitError("Runtime.UserCodeSyntaxError", text) from None
        except ImportError as error:
            raise InitError("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from None
        except (EmbeddedError, ProcessKilled):
            raise
        except Exception as error:  # noqa: BLE001  (the boundary to code that is not ours)
            payload = self._error(error)
            raise InitError(payload["errorType"], payload["errorMessage"], payload["stackTrace"]) from None
        found = getattr(module, attribute, None)
        if not callable(found):
            raise InitError("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'")
        function: Callable[[Any, Any], Any] = found
        return function

    def _error(self, error: BaseException) -> dict[str, Any]:
        if isinstance(error, TypeError) and "is not JSON serializable" in str(error):
            return _payload("Runtime.MarshalError", f"Unable to marshal response: {error}", [])
        frames = traceback.extract_tb(error.__traceback__)
        own = [line for line in frames if line.filename != __file__]
        trace = [line.replace(str(self.root), TASK_ROOT) for line in traceback.format_list(own)]
        return _payload(type(error).__name__, str(error), trace)

    @contextmanager
    def _process(self, trace_id: str, sleep: Callable[[float], None]) -> Iterator[None]:
        environment = {**self.environment, **self.place.credentials.environment(), "_X_AMZN_TRACE_ID": trace_id}
        with ExitStack() as stack:
            enter = stack.enter_context
            enter(mock.patch.dict(os.environ, environment, clear=True))
            enter(mock.patch.object(sys, "path", [str(self.root), *sys.path]))
            enter(self._own_modules())
            enter(redirect_stdout(self.output))
            enter(redirect_stderr(self.output))
            enter(mock.patch.object(boto3, "DEFAULT_SESSION", self._session))
            enter(mock.patch.object(logging, "root", self._logging_root))
            enter(mock.patch.object(logging.Logger, "root", self._logging_root))
            enter(mock.patch.object(logging.Logger, "manager", self._logging_manager))
            enter(mock.patch("time.sleep", sleep))
            yield

    @contextmanager
    def _own_modules(self) -> Iterator[None]:
        outer = self._take_modules()
        sys.modules.update(self.modules)
        try:
            yield
        finally:
            self.modules = self._take_modules()
            sys.modules.update(outer)

    def _take_modules(self) -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name.partition(".")[0] in self._own]
        return {name: sys.modules.pop(name) for name in names}

    def _default_session(self) -> Any:
        """What `boto3.client` uses: made anew a container; the service models, which never change, are read once."""
        session = botocore.session.Session()
        session.set_config_variable("config_file", os.devnull)
        session.set_config_variable("credentials_file", os.devnull)
        session.register_component("data_loader", self.loader)
        return boto3.session.Session(botocore_session=session)


def _payload(kind: str, message: str, trace: list[str]) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "stackTrace": trace}


def kept(lines: list[str], *, level: str) -> list[str]:
    """The lines that Lambda's JSON log format lets through at an application log level; no level counts as INFO."""
    return [line for line in lines if _LEVELS.get(_level(line), 20) >= _LEVELS[level]]


def _level(line: str) -> str:
    try:
        data = json.loads(line)
    except ValueError:
        return "INFO"
    return str(data.get("level", "INFO")).upper() if isinstance(data, dict) else "INFO"
