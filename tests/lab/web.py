"""The web servers behind HAProxy: each answers every request with its own name.

As a program:  python3 -m tests.lab.web NAME ADDRESS
"""

from __future__ import annotations

import socketserver
import sys
from pathlib import Path

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
        program = [sys.executable, "-m", __name__, self.name, self.address]
        self.server.start(self.station.enter(program),
                          env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])})
        wait(f"{self.name} listens", lambda: "listening" in self.server.output(), 10, interval=0.01,
             state=self.server.output)

    def stop(self) -> None:
        """Die as the guide's `killall -s 9 httpd` does: its port refuses."""
        self.server.stop()


class Answer(socketserver.StreamRequestHandler):
    """One request a connection; http.server would cost ten times the processor."""

    timeout = 5

    def handle(self) -> None:
        if not self.rfile.readline():
            return  # a health check connects and goes away
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        body = self.server.label.encode() + b"\n"
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )


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
