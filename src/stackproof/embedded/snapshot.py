"""Saving and restoring moto's state, so that a test starts from a deployed stack instead of deploying anew.

All backends go into one pickle, so that what they share stays shared. A reference to a backend itself is kept as a
name; locks are made anew; private keys and local functions, which never change, are kept as they are.
"""

import _thread
import io
import pickle
import threading
from types import FunctionType
from typing import Any
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from moto.core.base_backend import BackendDict, BaseBackend

Address = tuple[str, str, str]
_RLOCK = type(threading.RLock())
_LOCKS: tuple[type, ...] = (_thread.LockType, _RLOCK)
_KEYS: tuple[type, ...] = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)


class MotoSnapshot:
    """moto's state at one moment. `restore` may be called any number of times, in the process that took it."""

    def __init__(self, *, regions: set[str]) -> None:
        self._regions = regions | {"aws"}
        self._constants: list[Any] = []
        self._data = self._save()

    def restore(self) -> None:
        """Bring the saved state back; a service that was first used since is emptied."""
        live = _backends(self._regions)
        unpickler = _Unpickler(io.BytesIO(self._data), live, self._constants)
        saved: dict[Address, dict[str, Any]] = unpickler.load()
        for address, backend in live.items():
            if address in saved:
                backend.__dict__.clear()
                backend.__dict__.update(saved[address])
            else:
                backend.reset()

    def _save(self) -> bytes:
        live = _backends(self._regions)
        buffer = io.BytesIO()
        _Pickler(buffer, live, self._constants).dump({address: dict(b.__dict__) for address, b in live.items()})
        return buffer.getvalue()


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, backends: dict[Address, BaseBackend], constants: list[Any]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(backend): address for address, backend in backends.items()}
        self._constants = constants

    def persistent_id(self, obj: Any) -> Any:
        """Backends by name, constants by number."""
        if id(obj) in self._names:
            return "backend", self._names[id(obj)]
        local = isinstance(obj, FunctionType) and "<locals>" in obj.__qualname__
        if local or isinstance(obj, (*_KEYS, BackendDict)):
            self._constants.append(obj)
            return "constant", len(self._constants) - 1
        return None

    def reducer_override(self, obj: Any) -> Any:
        """Locks anew; weak dictionaries by their content."""
        if isinstance(obj, _LOCKS):
            return (threading.RLock if isinstance(obj, _RLOCK) else threading.Lock), ()
        if isinstance(obj, WeakValueDictionary):
            return WeakValueDictionary, (dict(obj),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, backends: dict[Address, BaseBackend], constants: list[Any]) -> None:
        super().__init__(file)
        self._backends = backends
        self._constants = constants

    def persistent_load(self, pid: Any) -> Any:
        """The live backend, or the constant, of that name."""
        kind, name = pid
        return self._backends[name] if kind == "backend" else self._constants[name]


def _backends(regions: set[str]) -> dict[Address, BaseBackend]:
    return {
        (service.service_name, account, region): backend
        for service in list(BackendDict._instances)  # type: ignore[misc]
        for account, region, backend in list(service.iter_backends())
        if region in regions
    }
