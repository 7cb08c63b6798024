"""The web servers behind HAProxy: each answers every request with its own name.

Only /download/SIZE/SECONDS is a long answer: SIZE bytes of `content`, spread
evenly over SECONDS.

As a program:  python3 -m tests.lab.web NAME ADDRESS
"""

from __future__ import annotations

import socketserver
import sys
import time

from .network import Station
from .place import Place
from .plan import WEB
from .wait import wait


class WebServer:
    """web01 or web02 in the service network."""

    def __init__(self, place: Place, name: str):
        self.name = name
        self.address = WEB[name]
        self.station = Station(place, name)
        self.server = self.station.daemon("http")

    def start(self) -> None:
        """Answer from now on; its station must be plugged in."""
        self.server.start(self.station.module(__name__, self.name, self.address))
        wait(f"{self.name} listens", lambda: "listening" in self.server.output(), 10, interval=0.01,
             state=self.server.output)

    def stop(self) -> None:
        """Die as the guide's `killall -s 9 httpd` does: its port refuses."""
        self.server.stop()


LINE = 16  # bytes of a line of `content`
PACE = 0.1  # seconds between two pieces of a download


def content(begin: int, end: int) -> bytes:
    """Bytes `begin` to `end` of every download: numbered lines, so that each place is known."""
    first = begin // LINE
    lines = b"".join(b"%015d\n" % number for number in range(first, -(-end // LINE)))
    return lines[begin - first * LINE:end - first * LINE]


class Answer(socketserver.StreamRequestHandler):
    """One request a connection; http.server would cost ten times the processor."""

    timeout = 5

    def handle(self) -> None:
        request = self.rfile.readline()
        if not request:
            return  # a health check connects and goes away
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        words = request.split()[1].split(b"/")
        if words[1] == b"download":
            self._stream(int(words[2]), float(words[3]))
        else:
            body = self.server.label.encode() + b"\n"
            self.wfile.write(self._head(len(body)) + body)

    def _head(self, size: int) -> bytes:
        return (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n" % size)

    def _stream(self, size: int, seconds: float) -> None:
        self.wfile.write(self._head(size))
        began = time.monotonic()
        sent = 0
        while sent < size:
            share = min(1.0, (time.monotonic() - began) / seconds)
            self.wfile.write(content(sent, int(size * share)))
            sent = int(size * share)
            time.sleep(PACE)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, name: str, address: str):
        super().__init__((address, 80), Answer)
        self.label = name

    def handle_error(self, request, client_address) -> None:
        """A client that goes away is no event here."""


def main() -> None:
    name, address = sys.argv[1:]
    with Server(name, address) as server:
        print("listening", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
