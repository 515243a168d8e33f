"""The board of a run as a process of its own on Ray, and how the others ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from causalspec.cluster.board import Answer, Board, Turn
from causalspec.cluster.stages import Asked, BoardGoneError
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime import RunFolder, Watcher

_Told = TypeVar("_Told")

PATIENCE = 5.0
"""So many seconds a question waits at most for an answer that is not to wait."""


class BoardActor:
    """A board that any process may ask; who has to wait is answered as soon as it need not."""

    def __init__(self, devices: Callable[[], list[int]]) -> None:
        self._devices = devices
        self._board: Board | None = None
        self._changed = asyncio.Event()

    async def devices(self) -> list[int]:
        """The numbers of the GPUs that are kept free for the run's own process."""
        return self._devices()

    async def serve(self, folder: str) -> None:
        """From now on the board is of the run in this folder."""
        self._board = Board(RunFolder(Path(folder)))

    async def find(self, process: int, name: str) -> Answer:
        return await self._settled(lambda: self._open.find(process, name))

    async def turn(
        self, process: int, depth: int, names: Sequence[str], *, skips: bool, joins: bool
    ) -> Turn | Answer:
        return await self._settled(
            lambda: self._open.turn(process, depth, names, skips=skips, joins=joins)
        )

    async def passed(self, name: str) -> None:
        self._tell(self._open.passed(name))

    async def leave(self, process: int, depth: int) -> None:
        self._tell(self._open.leave(process, depth))

    async def content(self, name: str) -> bytes | None:
        return self._open.content(name)

    async def receive(self, name: str, content: bytes) -> None:
        self._tell(self._open.receive(name, content))

    async def forget(self, name: str) -> None:
        self._open.forget(name)

    async def release(self, process: int) -> None:
        self._tell(self._open.release(process))

    @property
    def _open(self) -> Board:
        assert self._board is not None
        return self._board

    def _tell(self, _done: None) -> None:
        """Those who wait ask again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _settled(self, ask: Callable[[], _Told]) -> _Told:
        """The answer, as soon as it is not to wait, or when patience is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while True:
            answer, changed = ask(), self._changed
            left = until - loop.time()
            if not _is_to_wait(answer) or left <= 0:
                return answer
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), left)


def _is_to_wait(answer: object) -> bool:
    return answer is Answer.WAIT


class RemoteBoard:
    """A board in another process of the cluster."""

    def __init__(self, ray: Any, actor: Any) -> None:
        self._ray, self._actor = ray, actor

    def find(self, process: int, name: str) -> Answer:
        return self._ask(self._actor.find.remote(process, name))

    def turn(
        self, process: int, depth: int, names: Sequence[str], *, skips: bool, joins: bool
    ) -> Turn | Answer:
        asked = self._actor.turn.remote(process, depth, list(names), skips=skips, joins=joins)
        return self._ask(asked)

    def passed(self, name: str) -> None:
        self._ask(self._actor.passed.remote(name))

    def leave(self, process: int, depth: int) -> None:
        self._actor.leave.remote(process, depth)  # nothing depends on when it is known

    def content(self, name: str) -> bytes | None:
        return self._ask(self._actor.content.remote(name))

    def receive(self, name: str, content: bytes) -> None:
        self._ask(self._actor.receive.remote(name, content))

    def forget(self, name: str) -> None:
        self._ask(self._actor.forget.remote(name))

    def _ask(self, asked: Any) -> Any:
        try:
            return self._ray.get(asked)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ToolFailure):
                raise ToolFailure(str(error.cause), error.cause.help) from error
            raise
        except self._ray.exceptions.RayError as error:
            raise BoardGoneError from error


class OwnBoard:
    """The board as the run's own process asks it: where it is gone, the process goes on alone."""

    def __init__(self, remote: Asked, folder: RunFolder, watcher: Watcher) -> None:
        self._board: Asked = remote
        self._folder, self._watcher = folder, watcher

    def find(self, process: int, name: str) -> Answer:
        return self._ask(lambda board: board.find(process, name))

    def turn(
        self, process: int, depth: int, names: Sequence[str], *, skips: bool, joins: bool
    ) -> Turn | Answer:
        return self._ask(lambda board: board.turn(process, depth, names, skips=skips, joins=joins))

    def passed(self, name: str) -> None:
        self._ask(lambda board: board.passed(name))

    def leave(self, process: int, depth: int) -> None:
        self._ask(lambda board: board.leave(process, depth))

    def content(self, name: str) -> bytes | None:
        return self._ask(lambda board: board.content(name))

    def receive(self, name: str, content: bytes) -> None:
        self._ask(lambda board: board.receive(name, content))

    def forget(self, name: str) -> None:
        self._ask(lambda board: board.forget(name))

    def _ask(self, ask: Callable[[Asked], _Told]) -> _Told:
        try:
            return ask(self._board)
        except BoardGoneError:
            self._watcher.notice("the cluster is lost: the run goes on in this process alone")
            self._board = Board(self._folder)
            return ask(self._board)
