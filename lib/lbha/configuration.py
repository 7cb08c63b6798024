"""The cluster's configuration on this node's disk: the event that it changes.

An operation that was changed waits in Pacemaker's executor for the monitor in flight, which
is not cancelled before it: so a held monitor makes way for any change.

pacemaker-based writes each change of the configuration, and none of the status, to a new file
that it gives the name cib.xml (Pacemaker, daemons/based/based_io.c; seen with 2.0.5 to 3.0).
The kernel tells of renames by a signal (fcntl(2), F_NOTIFY): inotify(7) would take ctypes,
which costs a held monitor more than all its waiting.
"""

import _signal
import fcntl
import posix as os

FOLDER = "/var/lib/pacemaker/cib"
FILE = FOLDER + "/cib.xml"


class Configuration:
    """Changes of the cluster's configuration since it was made, as an event source.

    `fd` and `due` are for lbha.hold.wait; a node without Pacemaker has no such event.  Only
    one at a time: a process has one file descriptor that its signals wake.
    """

    due = float("inf")

    def __init__(self):
        self._written = identity()
        self.fd, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._folder = None
        try:
            self._folder = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            _signal.signal(_signal.SIGIO, _ignore)
            _signal.set_wakeup_fd(self._wake)
            fcntl.fcntl(self._folder, fcntl.F_NOTIFY, fcntl.DN_RENAME | fcntl.DN_MULTISHOT)
        except OSError:
            return  # no Pacemaker, or a kernel without: who looks again sees it as well

    @property
    def changed(self):
        """Whether another configuration has been written since."""
        return identity() != self._written

    def happened(self):
        """Whether what came in on `fd` is news."""
        try:
            os.read(self.fd, 64)
        except BlockingIOError:
            pass
        return self.changed

    def close(self):
        """Hear no more of it."""
        _signal.set_wakeup_fd(-1)
        for fd in (self._folder, self.fd, self._wake):
            if fd is not None:
                os.close(fd)


def _ignore(number, frame):
    """Of a signal that only has to wake somebody."""


def identity():
    """A word that tells one written configuration from another; "none" without one."""
    try:
        status = os.stat(FILE)
    except OSError:
        return "none"
    return "%d-%d" % (status.st_ino, status.st_mtime_ns)
