"""People who click at the same moment: light clients that speak Streamlit's own protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

#: A page is quiet when nothing came for so long after a script finished.
QUIET = 0.4

#: Seconds after which answers that were not worked out ahead will not be.
LONGEST_WAIT = 120


@dataclass
class Viewer:
    """One session: what it was shown, the choices it can make, and what its boxes showed at first."""

    address: str
    socket: websockets.ClientConnection | None = None
    page: str = ""
    boxes: dict[str, tuple[str, list[str], str]] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str = "") -> float:
        """Connect and load a page; seconds until everything was sent."""
        self.socket = await websockets.connect(
            self.address.replace("http", "ws") + "/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            max_size=None,
            ping_interval=None,
        )
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_name = path
        return await self._ask(message)

    async def choose(self, label: str, value: str) -> float:
        """Pick an option of the select box with this label; seconds until everything was sent."""
        identity, _, fragment = self.boxes[label]
        message = BackMsg()
        message.rerun_script.page_script_hash = self.page
        message.rerun_script.fragment_id = fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id, state.string_value = identity, value
        return await self._ask(message)

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()

    async def _ask(self, message: BackMsg, limit: float = 120) -> float:
        assert self.socket is not None
        begun = last = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        finished = False
        while True:
            try:
                raw = await asyncio.wait_for(self.socket.recv(), QUIET if finished else limit)
            except TimeoutError:
                if not finished:
                    self.errors.append(f"no answer within {limit:.0f} s")
                return last - begun
            except websockets.ConnectionClosed as error:
                self.errors.append(f"disconnected: {error}")
                return last - begun
            answer = ForwardMsg()
            answer.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
            kind = answer.WhichOneof("type")
            if kind in ("delta", "script_finished"):
                last = time.perf_counter()
            if kind == "new_session":
                finished = False
            elif kind == "navigation":
                # The session's own message still names the start page when another was asked for.
                self.page = answer.navigation.page_script_hash
            elif kind == "delta":
                self._note(answer)
            elif kind == "script_finished":
                finished = True

    def _note(self, answer: ForwardMsg) -> None:
        element = answer.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "selectbox":
            box = element.selectbox
            self.boxes[box.label] = (box.id, list(box.options), answer.delta.fragment_id)
            self.shown.setdefault(box.label, box.options[box.default] if box.options else "")
        elif kind == "exception":
            self.errors.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "alert" and element.alert.format == Alert.ERROR:
            self.errors.append(element.alert.body)


@dataclass(frozen=True)
class Crowd:
    """What a crowd saw: seconds of every click, errors, MB per viewer that does nothing."""

    clicks: list[float]
    errors: list[str]


async def _crowd(viewers: Sequence[Viewer], label: str, path: str, rounds: int) -> Crowd:
    for viewer in viewers:
        await viewer.open(path)
    clicks: list[float] = []
    for turn in range(rounds):
        wanted = []
        for number, viewer in enumerate(viewers):
            options = viewer.boxes[label][1]
            wanted.append(viewer.choose(label, options[(number + turn + 1) % len(options)]))
        clicks += await asyncio.gather(*wanted)
    return Crowd(clicks, [error for viewer in viewers for error in viewer.errors])


def crowd(address: str, label: str, people: int, rounds: int, path: str = "") -> Crowd:
    """``people`` sessions that all change the select box ``label`` at the same moment, ``rounds`` times."""

    async def run() -> Crowd:
        viewers = [Viewer(address) for _ in range(people)]
        try:
            return await _crowd(viewers, label, path, rounds)
        finally:
            await asyncio.gather(*(viewer.close() for viewer in viewers))

    return asyncio.run(run())


def idle(address: str, people: int, memory: Callable[[], float | None], path: str = "", first: int = 3) -> float | None:
    """MB that each of ``people`` further sessions takes while it does nothing; ``memory`` tells MB now.

    The ``first`` sessions are not counted: they fill what all share.
    """

    async def run() -> float | None:
        viewers = [Viewer(address) for _ in range(first + people)]
        try:
            for viewer in viewers[:first]:
                await viewer.open(path)
            await asyncio.sleep(1)
            before = memory()
            for viewer in viewers[first:]:
                await viewer.open(path)
            await asyncio.sleep(1)
            after = memory()
        finally:
            await asyncio.gather(*(viewer.close() for viewer in viewers))
        return None if before is None or after is None else (after - before) / people

    return asyncio.run(run())


async def _filters(address: str, path: str, most: int, ready: Callable[[], bool]) -> tuple[list[float], list[str]]:
    viewer = Viewer(address)
    await viewer.open(path)
    async with asyncio.timeout(LONGEST_WAIT):
        while not ready():
            await asyncio.sleep(0.5)
    times = []
    # What redraws a panel alone is no filter of the page.
    labels = [label for label, (_, _, fragment) in viewer.boxes.items() if not fragment]
    for label in labels:
        rest = viewer.shown[label]
        for option in [o for o in viewer.boxes[label][1] if o != rest][:most]:
            times.append(await viewer.choose(label, option))
        await viewer.choose(label, rest)
    await viewer.close()
    return times, viewer.errors


def filters(address: str, path: str, most: int, ready: Callable[[], bool]) -> list[float]:
    """Seconds of a page for each of the first ``most`` options of every filter, one changed at a time.

    Begins when ``ready``, after the page was opened. RuntimeError where the page shows an error,
    TimeoutError where ``ready`` is never so.
    """
    times, errors = asyncio.run(_filters(address, path, most, ready))
    if errors:
        raise RuntimeError(f"the page {path} shows an error: {errors[0]}")
    return times
