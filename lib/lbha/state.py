"""What start recorded, and the lock of an instance.

Everything lives in /run/lbha/AGENT-INSTANCE/, root's alone, and every file is opened
relative to that directory and without following links.  /run is empty after a boot, as is
the node.
"""

import errno
import fcntl
import posix as os
import time
from _stat import S_IMODE, S_ISDIR

from lbha import host
from lbha.errors import DeadlineReached, LocalFault

ROOT = "/run/lbha"
RESERVE, RESERVED = "reserve", 32 << 10  # a file, and its bytes: a few small files need them
FULL = (errno.ENOSPC, errno.EDQUOT)


class Folder:
    """The directory of one instance.

    full      -- whether there was no room, not even the reserve, when something was written
    recovered -- whether there is room again since `keep_reserve` was called
    """

    full = recovered = False

    def __init__(self, agent, instance, root=None):
        if "/" in instance or instance.startswith(".") or "\0" in instance:
            raise LocalFault("resource name %r cannot be a file name" % instance)
        self.root = root or ROOT
        self.name = "%s-%s" % (agent, instance)
        self.path = "%s/%s" % (self.root, self.name)
        self._fd = None

    def open(self):
        """The descriptor of the directory, made when missing. Raises LocalFault."""
        if self._fd is None:
            root = _open_private(self.root, None)
            try:
                self._fd = _open_private(self.name, root)
            finally:
                os.close(root)
        return self._fd

    def exists(self):
        """Whether anything was ever kept for this instance since the boot."""
        if self._fd is not None:
            return True
        try:
            return S_ISDIR(os.stat(self.path).st_mode)
        except OSError:  # whoever opens it says what is wrong
            return False

    def read(self, name):
        """The text of a file, or None when there is none."""
        if not self.exists():
            return None
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK,
                         dir_fd=self.open())
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise self._fault("cannot read", name, error)
        try:
            return _read_all(fd).decode("utf-8", "surrogateescape")
        except OSError as error:
            raise self._fault("cannot read", name, error)
        finally:
            os.close(fd)

    def write(self, name, text):
        """Replace a file at once: readers see the old text or the new one."""
        try:
            try:
                self._replace(name, text)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self.remove(RESERVE)
                self._replace(name, text)
        except OSError as error:
            self.full = error.errno in FULL
            raise self._fault("cannot write", name, error)

    def _replace(self, name, text):
        folder = self.open()
        temporary = "tmp-%d" % os.getpid()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            fd = os.open(temporary, flags, 0o600, dir_fd=folder)
            try:
                data = text.encode("utf-8", "surrogateescape")
                while data:
                    data = data[os.write(fd, data):]
            finally:
                os.close(fd)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            self.remove(temporary)
            raise

    def keep_reserve(self):
        """Keep some room for `write` on a full disk; a sentence when there is none to keep."""
        try:
            if os.stat(RESERVE, dir_fd=self.open()).st_size:
                return None
        except LocalFault as fault:
            return fault.reason
        except OSError:
            pass  # spent, or not made yet
        try:
            self._replace(RESERVE, "." * RESERVED)
        except OSError as error:
            return self._fault("cannot write", "", error).reason
        self.recovered = True
        return None

    def append_to(self, name):
        """A descriptor that appends to a file, emptied first."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW
        try:
            return os.open(name, flags, 0o600, dir_fd=self.open())
        except OSError as error:
            raise self._fault("cannot write", name, error)

    def rename(self, name, other):
        """Give a file another name, in place of the one that has it."""
        try:
            os.rename(name, other, src_dir_fd=self.open(), dst_dir_fd=self.open())
        except OSError as error:
            raise self._fault("cannot rename", name, error)

    def remove(self, *names):
        """Remove files; those that are not there are fine."""
        if not self.exists():
            return
        for name in names:
            try:
                os.unlink(name, dir_fd=self.open())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._fault("cannot remove", name, error)

    def names(self):
        """The files in it."""
        try:
            return os.listdir(self.open()) if self.exists() else []
        except OSError as error:
            raise self._fault("cannot list", "", error)

    def sweep(self):
        """Remove what writers left that were killed half way."""
        for name in self.names():
            kind, _, pid = name.partition("-")
            if kind == "tmp" and not (pid.isdecimal() and host.process(int(pid))):
                self.remove(name)

    def lock(self, deadline):
        """Take the lock of the instance; it is held until `Lock.release` or our end."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            fd = os.open("lock", flags, 0o600, dir_fd=self.open())
        except OSError as error:
            raise self._fault("cannot open", "lock", error)
        try:
            deadline.wait(lambda: _try_lock(fd), "another action of this resource to end")
            os.ftruncate(fd, 0)
            os.pwrite(fd, host.process(os.getpid()).key.encode(), 0)
        except OSError as error:
            if error.errno not in FULL:  # then it has no name in it
                os.close(fd)
                raise self._fault("cannot write", "lock", error)
        except DeadlineReached:
            os.close(fd)
            raise
        return Lock(fd)

    def lock_holder(self):
        """The Process that took the lock last, if it still lives, or None."""
        return host.find_process(self.read("lock"))

    def _fault(self, what, name, error):
        return LocalFault("%s %s/%s: %s" % (what, self.path, name, error.strerror))


class Lock:
    """A lock that is held."""

    def __init__(self, fd):
        self._fd = fd

    def release(self):
        """Let others act."""
        os.close(self._fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()


class Record:
    """What start did: names and texts, kept in a file of the folder.

    A record that a crash left half written cannot exist (Folder.write replaces the file),
    one from before the last boot neither (/run is new).  One that cannot be read, or
    is damaged, counts as empty: a stop must find its way without.

    fault -- the LocalFault that kept it from being read, or None
    """

    def __init__(self, folder, name="record"):
        self.folder, self.name = folder, name
        self.reload()

    def __getitem__(self, key):
        return self.values.get(key)

    def __bool__(self):
        return bool(self.values)

    def update(self, **values):
        """Set (or with None drop) values, and keep them."""
        for key, value in values.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = str(value)
        lines = ["%s=%s\n" % (key, _escape(self.values[key])) for key in sorted(self.values)]
        self.folder.write(self.name, "".join(lines))

    def age(self, key):
        """Seconds since the time.monotonic() kept under a key, see `elapsed`."""
        return elapsed(self[key])

    def reload(self):
        """Read again what others may have written."""
        self.values, self.fault = {}, None
        try:
            self.values = _parse(self.folder.read(self.name) or "")
        except LocalFault as fault:
            self.fault = fault

    def drop(self):
        """Forget everything."""
        self.values = {}
        self.folder.remove(self.name)


def elapsed(text):
    """Seconds since the time.monotonic() that a text says; infinite when it says none."""
    try:
        return max(0.0, time.monotonic() - float(text))  # kept as rounded, maybe up
    except (TypeError, ValueError):  # nothing, or not what we have written
        return float("inf")


def _parse(text):
    if "\0" in text:
        return {}  # damaged: no parameter, name or path can have one
    pairs = (line.partition("=") for line in text.split("\n") if "=" in line)
    return {key: _unescape(value) for key, _, value in pairs}


def _escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _unescape(text):
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n") for part in parts)


def _try_lock(fd):
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open_private(path, parent):
    """Open a directory that is root's alone; make it when it is missing."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        try:
            fd = os.open(path, flags, dir_fd=parent)
        except FileNotFoundError:
            _make_folder(path, parent)
            fd = os.open(path, flags, dir_fd=parent)
    except OSError as error:
        raise LocalFault("cannot open the state directory %s: %s" % (path, error.strerror))
    found = os.fstat(fd)
    if found.st_uid != os.geteuid() or S_IMODE(found.st_mode) & 0o022:
        os.close(fd)
        raise LocalFault("state directory %s belongs to or is writable for others" % path)
    return fd


def _make_folder(path, parent):
    try:
        os.mkdir(path, 0o700, dir_fd=parent)
    except FileExistsError:
        return  # another action was quicker: what it made is checked like any other


def _read_all(fd):
    chunks = []
    while True:
        chunk = os.read(fd, 65536)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
