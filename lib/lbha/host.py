"""This node: its boot, its processes, its user.

A process is known by pid *and* start time: the kernel gives a pid to somebody else sooner
or later.  Everything is read from /proc, which the monitor path can afford.
"""

import errno
import posix as os
import time

PROC = "/proc"
BOOTTIME = 7      # time.CLOCK_BOOTTIME, which Python 3.6 does not name
_boot_id = None  # once read


class Process:
    """A process that existed when it was looked up.

    pid    -- its number
    start  -- its start, in clock ticks since boot (proc(5), /proc/PID/stat field 22)
    parent -- pid of its parent then
    state  -- the state letter then
    """

    __slots__ = ("pid", "start", "parent", "state")

    def __init__(self, pid, start, parent, state):
        self.pid, self.start, self.parent, self.state = pid, start, parent, state

    @property
    def key(self):
        """"PID START": what a record keeps."""
        return "%d %d" % (self.pid, self.start)

    @property
    def alive(self):
        """Whether this same process still runs; a zombie has ended."""
        return find_process(self.key) is not None

    @property
    def age(self):
        """Seconds since its start."""
        return time.clock_gettime(BOOTTIME) - self.start / os.sysconf("SC_CLK_TCK")

    @property
    def argv(self):
        """Its command line, a list of str; empty when it is gone."""
        data = read("%s/%d/cmdline" % (PROC, self.pid))
        return [] if not data else data.rstrip(b"\0").decode("utf-8", "replace").split("\0")

    @property
    def name(self):
        """What people call it: its systemd unit and program, "haproxy.service (haproxy, pid
        42)", or "haproxy (pid 42)" of one that systemd did not start by itself."""
        program = (read("%s/%d/comm" % (PROC, self.pid)) or b"?").decode("utf-8", "replace")
        groups = (read("%s/%d/cgroup" % (PROC, self.pid)) or b"").decode("utf-8", "replace")
        units = [line.rpartition("/")[2] for line in groups.splitlines()
                 if line.endswith(".service")]
        who = "%s (%s, pid %d)" if units else "%s%s (pid %d)"
        return who % (units[0] if units else "", program.strip(), self.pid)

    @property
    def is_ours(self):
        """Whether it lives in our pid namespace: /proc also shows those of containers,
        where the same command line means another thing."""
        try:
            return (os.readlink("%s/%d/ns/pid" % (PROC, self.pid))
                    == os.readlink(PROC + "/self/ns/pid"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False  # it ended, or is about to: each of these says so

    @property
    def children(self):
        """Its living children, a list of Process."""
        return [process for process in processes() if process.parent == self.pid]

    def signal(self, number):
        """Send a signal; False when it is gone already."""
        if not self.alive:
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        """SIGKILL, with its whole process group when it leads one; fine when it is gone."""
        if not self.alive:
            return
        try:
            if os.getpgid(self.pid) == self.pid:
                os.killpg(self.pid, 9)
            else:
                os.kill(self.pid, 9)
        except ProcessLookupError:
            return


def process(pid):
    """The Process of that pid, or None when there is none or only a zombie."""
    data = read("%s/%d/stat" % (PROC, pid))
    if not data:
        return None
    # the command in brackets may itself hold blanks and brackets
    fields = data[data.rindex(b")") + 2:].split()
    state = fields[0].decode()
    if state in ("Z", "X"):
        return None
    return Process(pid, int(fields[19]), int(fields[1]), state)


def find_process(key):
    """The Process of a record's "PID START", or None when that very one is gone."""
    words = (key or "").split()
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None
    found = process(int(words[0]))
    return found if found and found.start == int(words[1]) else None


def processes():
    """All living processes that /proc shows, a list."""
    pids = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    return [found for found in map(process, pids) if found]


def processes_with(word):
    """The living processes with that word (str) on their command lines, a list."""
    wanted = word.encode("utf-8", "surrogateescape")
    pids = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    found = [process(pid) for pid in pids
             if wanted in (read("%s/%d/cmdline" % (PROC, pid)) or b"").split(b"\0")]
    return [one for one in found if one]


def processes_called(names):
    """The living processes of our pid namespace with one of these names, a list.

    names -- as the kernel keeps them, the first 15 characters of the program's
    """
    wanted = [name.encode() for name in names]
    pids = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    found = [process(pid) for pid in pids
             if (read("%s/%d/comm" % (PROC, pid)) or b"").rstrip() in wanted]
    return [one for one in found if one and one.is_ours]


def environment(process):
    """The environment that a Process began with, a list of "NAME=VALUE"."""
    data = read("%s/%d/environ" % (PROC, process.pid)) or b""
    return data.decode("utf-8", "replace").split("\0")


def boot_id():
    """The identity of this boot."""
    global _boot_id
    if _boot_id is None:
        _boot_id = (read(PROC + "/sys/kernel/random/boot_id") or b"").decode().strip()
    return _boot_id


def sysctl(name):
    """The text of a kernel setting (dotted name), or None when the kernel has none."""
    data = read("%s/sys/%s" % (PROC, name.replace(".", "/")))
    return None if data is None else data.decode().strip()


def is_root():
    """Whether this process may do what agents do."""
    return os.geteuid() == 0


def read(path):
    """The bytes of a small file in /proc or /sys; None when it is not there (any more)."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESRCH):
            return None
        raise
    try:
        chunks = []
        while True:
            chunk = os.read(fd, 65536)
            if not chunk:
                return b"".join(chunks)
            chunks.append(chunk)
    except ProcessLookupError:
        return None  # it ended between open and read
    finally:
        os.close(fd)
