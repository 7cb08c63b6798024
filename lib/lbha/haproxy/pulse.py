"""Whether the worker still answers: a light question between the whole looks of a monitor."""

import select
import time

from lbha.haproxy import admin

EVERY = 1.0    # seconds between two questions
BRIEF = 0.05   # seconds for the answer: what takes longer is for a whole look to judge


class Pulse:
    """The voice of a worker, as an event source (lbha.hold).

    Each question goes out on a connection that was made at the one before and waited since:
    the kernel breaks it the moment the worker ends.  Where it has no pidfd, that is the event;
    and a worker ends with its master (HAProxy, src/mworker.c, mworker_accept_wrapper).

    path  -- of its socket
    pid   -- of the worker that is to answer
    every -- seconds between two questions; infinite for none but after an event
    Raises OSError when there are no descriptors or no memory left.
    """

    def __init__(self, path, pid, every=EVERY):
        self._path, self._line, self._every = path, b"\nPid: %d\n" % pid, every
        self._poll, self._client = select.epoll(), None
        self.fd = self._poll.fileno()
        self._connect()

    def happened(self):
        """Ask when it is time; whether it is gone, silent, or another one."""
        if self._client and self._poll.poll(0):
            # it ended; or it waits no longer for a question (stats timeout), which says nothing
            self._close()
            self._connect()
        elif time.monotonic() < self.due:
            return False
        answers = self._client is not None and self._asked()
        self._close()
        self._connect()
        return not answers

    def _asked(self):
        """Whether it answers, and at once; all that is asked for is in the first piece."""
        try:
            admin.send(self._client, "show info")
            return bool(self._poll.poll(BRIEF)) and self._line in self._client.recv(4096)
        except OSError:
            return False

    def _connect(self):
        self.due = time.monotonic() + self._every
        try:
            self._client = admin.connect(self._path)
        except OSError:
            return  # that is told when it is time to ask
        self._poll.register(self._client, select.EPOLLIN)

    def _close(self):
        if self._client:
            self._client.close()
            self._client = None

    def close(self):
        """Give the descriptors back."""
        self._close()
        self._poll.close()
