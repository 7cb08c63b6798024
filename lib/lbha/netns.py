"""Named network namespaces (ip-netns(8)), entered by the agent itself.

ip(8) would also put another /sys in place, and hide the cgroups with it.  What an agent opens
inside (sockets, conversations with the kernel) stays in the namespace when it is left, and
/proc/sys/net is that of the namespace for as long as it is inside.
"""

import errno
import posix as os

from lbha.errors import LocalFault, NoPrivilege

FOLDER = "/run/netns"
CLONE_NEWNET = 0x40000000
PYTHON_SETNS = getattr(os, "setns", None)  # Python 3.12


class Namespace:
    """A network namespace, for `with`; inside another `with` of the same it has no effect.

    name -- in /run/netns; empty: that of this process
    key  -- its identity when it was used last, as `identity` told it, or None. The name may
            be gone, or another's, while processes keep the namespace itself alive.
    `with` yields whether it exists; only then does it enter. LocalFault, NoPrivilege.
    """

    def __init__(self, name, key=None):
        self.name, self.key = name or "", key
        self._depth, self._home = 0, None

    def __enter__(self):
        if self._depth or not self.name:
            self._depth += 1
            return True
        fd = self._open()
        if fd is None:
            return False
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY)
        try:
            self.key = _identity(os.fstat(fd))
            _enter(fd, self.name)
        except BaseException:
            self._forget_home()
            raise
        finally:
            os.close(fd)
        self._depth = 1
        return True

    def __exit__(self, *_):
        if not self._depth:
            return
        self._depth -= 1
        if not self._depth and self._home is not None:
            _enter(self._home, "of the agent")
            self._forget_home()

    def _forget_home(self):
        os.close(self._home)
        self._home = None

    def _open(self):
        """A descriptor of the namespace, or None when there is no such any more."""
        fd = _open("%s/%s" % (FOLDER, self.name))
        if fd is not None and self.key in (None, _identity(os.fstat(fd))):
            return fd
        if fd is not None:
            os.close(fd)
        return self._open_by_process() if self.key else None

    def _open_by_process(self):
        """As `_open`, of a namespace that lost its name: through a process that lives in it."""
        for pid in os.listdir("/proc"):
            path = "/proc/%s/ns/net" % pid
            try:
                if pid.isdigit() and _identity(os.stat(path)) == self.key:
                    return os.open(path, os.O_RDONLY)
            except OSError:
                continue  # it ended meanwhile
        return None


def names():
    """The names of all, a list."""
    try:
        return os.listdir(FOLDER)
    except OSError:  # nobody has made one yet
        return []


def _open(path):
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise LocalFault("cannot open %s: %s" % (path, error.strerror))
    if os.fstat(fd).st_dev != os.stat("/proc/self/ns/net").st_dev:
        os.close(fd)  # an empty file: what `ip netns` mounted on it is gone
        return None
    return fd


def _identity(found):
    return "%d:%d" % (found.st_dev, found.st_ino)


def _enter(fd, name):
    try:
        if PYTHON_SETNS:
            PYTHON_SETNS(fd, CLONE_NEWNET)
        else:
            _call_setns(fd)
    except OSError as error:
        if error.errno == errno.EPERM:
            raise NoPrivilege("may not enter the network namespace %s" % name)
        raise LocalFault("cannot enter the network namespace %s: %s" % (name, error.strerror))


def _call_setns(fd):
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
