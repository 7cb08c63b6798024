"""Held monitors: a recurring monitor that waits for the failure instead of asking for it.

Pacemaker repeats a monitor at its interval.  A monitor that finds everything well may stay
and wait for an event (a process ends, a message of the kernel), and return the moment it
comes: the cluster then knows within a tenth of a second, without a daemon of ours.

When a monitor may stay: only if the one before it ended by itself just an interval ago, with
the same parameters, and no probe came in between.  The first monitor after a start, reload,
cleanup or change of configuration therefore answers at once, which Pacemaker waits for
before it ends a transition.  Everything that cancels a monitor in flight (stop, refresh,
standby) kills it; the run then leaves no stamp and the next one answers at once again.  A
cleanup between two runs kills nobody, but it sends a probe.
"""

import posix as os
import select
import time

from lbha import host

PYTHON_PIDFD = getattr(os, "pidfd_open", None)  # Python 3.9
SYS_PIDFD_OPEN = 434  # every architecture; Linux 5.3
LONGEST = 60          # seconds; a probe waits until the monitor in flight is done
LAST_RESORT = 0.05    # seconds between looks where the kernel gives no event
SLACK = 0.3           # seconds after the interval in which the next run counts as the next


class Run:
    """One run of a recurring monitor, as files in the state folder tell it.

    run-PID              "PID START" while it lives; a killed run leaves it behind
    stamp-INTERVAL-LEVEL "TIME DIGEST", when and with what parameters the last run that came
                         to its own end did so; taken away by the next one

    stays -- whether the next run may stay, and needs a stamp
    """

    def __init__(self, folder, call, stays=True):
        self.folder = folder
        self.interval = call.interval
        self.name = "run-%d" % os.getpid()
        self.stamp = "stamp-%d-%d" % (round(call.interval * 1000), call.level)
        self.digest = _digest(call) if stays else None
        self.follows = stays and self._follows((folder.read(self.stamp) or "").split())
        folder.remove(self.stamp)
        for name, _ in _runs(folder, living=False):
            folder.remove(name)
        folder.write(self.name, host.process(os.getpid()).key)

    def _follows(self, words):
        if len(words) != 2 or words[1] != self.digest:
            return False
        try:
            pause = time.monotonic() - float(words[0])
        except ValueError:
            return False
        return self.interval <= pause <= self.interval + SLACK

    def end(self):
        """Say that this run came to its end, unless a stop has done so meanwhile."""
        if self.digest and self.folder.read(self.name) is not None:
            self.folder.write(self.stamp, "%.3f %s" % (time.monotonic(), self.digest))
        self.folder.remove(self.name)


def _digest(call):
    """What the caller gave, as a short text."""
    import zlib

    raw = sorted(call.raw.items()) + sorted(call.meta.items())
    return "%08x" % zlib.crc32(repr(raw).encode("utf-8", "replace"))


def _runs(folder, living):
    """(file, Process) of the runs that live, or (file, None) of those that were killed."""
    for name in folder.names():
        if name.startswith("run-"):
            process = host.find_process(folder.read(name))
            if bool(process) == living:
                yield name, process


def forget_runs(folder):
    """Let the next monitor answer at once: it may be the first of a new operation."""
    folder.remove(*[name for name in folder.names() if name.startswith("stamp-")])


def end_runs(folder, deadline):
    """End every monitor of the instance that still lives, and wait until it is gone.

    A monitor whose executor was killed lives on as an orphan; it must never bring back
    what stop takes away, and neither must a child of it.
    """
    for name, process in _runs(folder, living=True):
        if process.pid != os.getpid():
            process.kill()
            deadline.wait(lambda: not process.alive, "an older monitor to end")
        folder.remove(name)
    for name, _ in _runs(folder, living=False):
        folder.remove(name)
    folder.sweep()
    forget_runs(folder)


def longest(setting, call):
    """Seconds that a monitor may stay, by the `hold` parameter and the operation."""
    if not call.is_recurring or call.meta.get("notify") == "true":
        return 0.0  # notifications queue behind a monitor in flight
    if setting == "auto":
        return min(LONGEST, call.timeout / 2) if call.timeout and call.timeout >= 20 else 0.0
    return setting


class ProcessExit:
    """The end of a process, as an event source."""

    def __init__(self, process):
        self.process = process
        self.fd = _pidfd(process.pid)
        if self.fd is not None and not process.alive:
            os.close(self.fd)  # the pid went to somebody else in between
            self.fd = None

    def happened(self):
        """Whether the process has ended."""
        return not self.process.alive

    def close(self):
        """Give the descriptor back."""
        if self.fd is not None:
            os.close(self.fd)


def wait(sources, seconds):
    """Sleep until a source has news; True then, False when the time is over.

    A source has `fd`, readable when something happened (None where the kernel cannot tell),
    and `happened()`, whether that is news.  One that works by the clock as well has `due`,
    the time.monotonic() of its next step, and takes it when asked whether it `happened`.
    Raises ReaderGone when nobody would read our answer any more.
    """
    poll = select.poll()
    for fd in (1, 2):
        poll.register(fd, 0)  # POLLERR and POLLHUP come unasked: the executor is gone
    by_fd = {source.fd: source for source in sources if source.fd is not None}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    end = time.monotonic() + seconds
    while True:
        if any([source.happened() for source in sources if _due(source) <= time.monotonic()]):
            return True
        now = time.monotonic()
        if now >= end:
            return False
        until = min([end] + [now + LAST_RESORT if source.fd is None else _due(source)
                             for source in sources])
        events = poll.poll(max(1, int((until - now) * 1000)))
        if any(fd in (1, 2) for fd, _ in events):
            raise ReaderGone()
        if any([_is_news(by_fd[fd]) for fd, _ in events]):
            return True


def _due(source):
    """When a source is to be asked, event or not."""
    return 0 if source.fd is None else getattr(source, "due", float("inf"))


def _is_news(source):
    """Whether an event of a source is news."""
    return not hasattr(source, "due") or source.happened()


def is_orphan():
    """Whether nobody would read our answer any more, as in `wait`."""
    poll = select.poll()
    for fd in (1, 2):
        poll.register(fd, 0)
    return bool(poll.poll(0))


class ReaderGone(Exception):
    """The executor that asked for this monitor does not live any more."""


def _pidfd(pid):
    """A descriptor that becomes readable when the process ends, or None."""
    try:
        if PYTHON_PIDFD:
            return PYTHON_PIDFD(pid)
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(SYS_PIDFD_OPEN, pid, 0)
        return fd if fd >= 0 else None
    except OSError:
        return None  # an older kernel, or the process is gone: `happened` tells
