"""A piece of our own work in a child process, for what may hang where nothing can end it.

getaddrinfo(3) waits for its servers as long as it likes, and a file system that does not
answer keeps a process in the kernel; the agent itself must get away from either.
"""

import _signal
import posix as os
import select
import time

MOST = 65536   # bytes of an answer: what a pipe holds, so that it comes in one piece (pipe(7))
REAP = 0.1     # seconds that a killed child may take to end


class Task:
    """A function that runs in a child process; its answer is a text.

    function -- called without arguments; returns a str, of which MOST bytes are kept.
                What it raises is its own affair: the answer is then empty.
    seconds  -- after which the child ends itself, should nobody be left to do it
    fd       -- readable when the answer is there
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
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        if not poll.poll(int(seconds * 1000) + 1):
            return None
        return os.read(self.fd, MOST).decode("utf-8", "replace")

    def happened(self):
        """Whether the answer is there, for a held monitor."""
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
        os.write(out, function().encode("utf-8", "surrogateescape")[:MOST])
    finally:
        os._exit(0)
