"""Open the board once after it has started, as a browser would: ``python tools/warm_up.py [address]``.

The first run of a fresh server imports everything and tells Streamlit which pages there are. Before it,
a link to a page shows Streamlit's English "Page not found" above the right page (a folder named
``pages`` beside app.py makes it look for pages in its old way first). Whoever starts the board runs
this right after; it waits until the server answers.
"""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

WAIT = 60.0


def wait_until_healthy(address: str, wait: float = WAIT) -> bool:
    """Whether the server at ``http://host:port`` answers within ``wait`` seconds."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False


def open_once(address: str, wait: float = WAIT) -> bool:
    """Run the first page in a session of its own and leave; whether it ran to its end."""
    stream = address.replace("http://", "ws://", 1) + "/_stcore/stream"
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    with connect(stream, subprotocols=["streamlit"], max_size=None, open_timeout=wait) as socket:  # type: ignore[list-item]
        socket.send(asked.SerializeToString())
        end = time.monotonic() + wait
        while time.monotonic() < end:
            said = ForwardMsg()
            said.ParseFromString(bytes(socket.recv(timeout=max(0.1, end - time.monotonic()))))  # type: ignore[arg-type]
            if said.WhichOneof("type") == "script_finished":
                return said.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
    return False


def main() -> int:
    """0 when the board is warm, 1 when it did not answer."""
    address = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501").rstrip("/")
    return 0 if wait_until_healthy(address) and open_once(address) else 1


if __name__ == "__main__":
    sys.exit(main())
