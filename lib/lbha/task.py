"""A piece of our own work in a child process, for what may hang where nothing can end it.

getaddrinfo(3) waits for its servers as long as it likes, and a file system that does not
answer keeps a process in the kernel; the agent itself must get away from either.
"""

import _signal
import posix as os
import select
import time

PIECE = 65536  # bytes that are read at once
REAP = 0.1     # seconds that a child may take to end, when it is done or was killed


class Task:
    """A function that runs in a child process; its answer is a text.

    function -- called without arguments; returns a str. What it raises is its own affair: the
                answer is then empty.
    seconds  -- after which the child ends itself, should nobody be left to do it
    fd       -- readable when the answer has begun
    Raises OSError when there are no descriptors, no memory or no processes left.
    """

    def __init__(self, function, seconds):
        self.fd, theirs = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(self.fd)
            os.close(theirs)
            raise
        if not self.pid:
            _work(function, theirs, seconds)
        os.close(theirs)

    def answer(self, seconds):
        """The text, or None when it is not there within that many seconds."""
        end, pieces = time.monotonic() + seconds, []
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while True:
            left = max(end - time.monotonic(), REAP if pieces else 0)
            if not poll.poll(int(left * 1000) + 1):
                return None
            piece = os.read(self.fd, PIECE)
            if not piece:
                return b"".join(pieces).decode("utf-8", "replace")
            pieces.append(piece)

    def happened(self):
        """Whether the answer has begun, for a held monitor."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        return bool(poll.poll(0))

    def close(self):
        """End the child. One that hangs in the kernel is left to init."""
        os.close(self.fd)
        os.kill(self.pid, 9)  # a zombie at the most: it is ours, the pid cannot be another's
        end = time.monotonic() + REAP
        while not os.waitpid(self.pid, os.WNOHANG)[0] and time.monotonic() < end:
            select.poll().poll(1)


def _work(function, out, seconds):
    """In the child: say the answer, and end."""
    try:
        # should our parent be killed, nobody else would end us
        _signal.signal(_signal.SIGALRM, _signal.SIG_DFL)
        _signal.setitimer(_signal.ITIMER_REAL, seconds + 1)
        os.write(out, function().encode("utf-8", "surrogateescape"))
    finally:
        os._exit(0)
