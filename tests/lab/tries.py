"""Single HTTP requests on connections of their own, many followed at once."""

from __future__ import annotations

import select
import socket
import time
from typing import Optional

OK = "ok"


class Try:
    """One connection on its way; `outcome` is empty until it has ended.

    number -- which try of its request this is, from 1
    source -- the address to come from, if it matters
    header -- lines to add to the request, each with its end
    """

    def __init__(self, address: str, began: float, number: int, source: str = "",
                 header: str = ""):
        self.began = began
        self.number = number
        self.source = source
        self.since = time.monotonic()
        self.outcome = ""
        self.answer = b""
        self.events = select.EPOLLOUT
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.request = (f"GET / HTTP/1.1\r\nHost: {address}\r\n{header}"
                        "Connection: close\r\n\r\n").encode()
        try:
            if source:
                self.socket.bind((source, 0))
            self.socket.connect((address, 80))
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(error)

    def go_on(self) -> None:
        """The socket is ready: send the request, or read of the answer what is there."""
        try:
            if self.events == select.EPOLLOUT:
                self.socket.send(self.request)  # the first few bytes always fit
                self.events = select.EPOLLIN
                return
            piece = self.socket.recv(4096)
        except OSError as error:
            self.end(error)
            return
        self.answer += piece
        if not piece:
            self.end()

    def end(self, error: Optional[OSError] = None) -> None:
        self.socket.close()
        status = self.answer[9:12].decode("latin-1")
        if isinstance(error, ConnectionRefusedError):
            self.outcome = "refused"
        elif isinstance(error, TimeoutError):
            self.outcome = "timeout"
        elif error is not None:
            self.outcome = (error.strerror or str(error)).lower()
        elif not self.answer:
            self.outcome = "closed without an answer"
        else:
            self.outcome = OK if status == "200" else f"status {status}"

    @property
    def server(self) -> str:
        if self.outcome != OK:
            return ""
        return self.answer.rpartition(b"\r\n\r\n")[2].decode("latin-1").strip()


class Tries:
    """All tries under way; `len` is their number.

    timeout -- seconds that each may take, from connecting to the whole answer
    """

    def __init__(self, timeout: float):
        self.timeout = timeout
        self.epoll = select.epoll()
        self.under_way: dict[int, Try] = {}
        self.ended: list[Try] = []  # before anybody could follow them

    def __len__(self) -> int:
        return len(self.under_way) + len(self.ended)

    def begin(self, one: Try) -> None:
        if one.outcome:
            self.ended.append(one)
        else:
            self.under_way[one.socket.fileno()] = one
            self.epoll.register(one.socket, one.events)

    def follow(self, seconds: float) -> list[Try]:
        """Wait at most `seconds` for something to happen; those that have ended since."""
        for descriptor, _ in self.epoll.poll(0 if self.ended else max(0.0, seconds)):
            one = self.under_way[descriptor]
            one.go_on()
            if not one.outcome:
                self.epoll.modify(descriptor, one.events)
        now = time.monotonic()
        ended, self.ended = self.ended, []
        for descriptor, one in list(self.under_way.items()):
            if not one.outcome and now - one.since > self.timeout:
                one.end(TimeoutError())  # closing a socket takes it out of the epoll
            if one.outcome:
                del self.under_way[descriptor]
                ended.append(one)
        return ended
