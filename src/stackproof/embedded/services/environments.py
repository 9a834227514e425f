"""Which container serves a function. What a container is to the outside is plain data and saved with a session; the
loaded modules are not, so they are loaded anew when a session goes back to a container that is gone."""

import io
import shutil
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.embedded.services.container import Container, Place
from stackproof.embedded.services.runtime import environment
from stackproof.embedded.services.settings import Settings
from stackproof.embedded.world import World, models


@dataclass(kw_only=True)
class _State:
    """Each function's container, if it has one."""

    places: dict[str, Place] = field(default_factory=dict)
    made: int = 0


class Environments:
    """Makes containers and throws them away."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._containers: dict[str, Container] = {}
        self._unpacked: dict[str, Path] = {}
        world.stack.callback(self._remove_folders)

    def take(self, settings: Settings, *, busy: set[str]) -> Container:
        """The container for an invocation: the function's own if it still fits and is not busy, else a new one."""
        place = self._state().places.get(settings.name)
        if place is None or place.fingerprint != settings.fingerprint or place.session in busy:
            place = self._new_place(settings)
            self._state().places[settings.name] = place
        container = self._containers.get(place.session)
        if container is None or place.cold or container.place.fingerprint != place.fingerprint:
            container = self._load(settings, place)
            self._containers[place.session] = container
        container.place = place
        return container

    def throw_away(self, settings: Settings, container: Container) -> None:
        """The container serves no more; the function starts cold next time."""
        self._containers.pop(container.place.session, None)
        place = self._state().places.get(settings.name)
        if place is not None and place.session == container.place.session:
            del self._state().places[settings.name]

    def _state(self) -> _State:
        return self._world.state("functions.containers", _State)

    def _new_place(self, settings: Settings) -> Place:
        state = self._state()
        state.made += 1
        session = f"{settings.name}/{state.made}"
        return Place(
            session=session,
            credentials=self._world.identities.issue(settings.role, session),
            fingerprint=settings.fingerprint,
            stream=f"{self._world.clock.now():%Y/%m/%d}/[$LATEST]{self._world.ids.hex(32)}",
        )

    def _load(self, settings: Settings, place: Place) -> Container:
        root = self._unpack(settings)
        given = environment(settings, place.stream, root, self._world.account.region)
        return Container(
            place=place,
            root=root,
            handler=settings.handler,
            environment={**given, **settings.environment},
            loader=models(),
        )

    def _unpack(self, settings: Settings) -> Path:
        if settings.code_hash not in self._unpacked:
            folder = Path(tempfile.mkdtemp(prefix="stackproof-function-"))
            with zipfile.ZipFile(io.BytesIO(settings.code)) as artifact:
                artifact.extractall(folder / "task")
            self._unpacked[settings.code_hash] = folder / "task"
        return self._unpacked[settings.code_hash]

    def _remove_folders(self) -> None:
        for folder in self._unpacked.values():
            shutil.rmtree(folder.parent, ignore_errors=True)
        self._unpacked.clear()
