"""The files that HAProxy reads, and how they are now."""

import posix as os
import zlib

from lbha.errors import LocalFault

FILE_TYPE, FOLDER, REGULAR = 0o170000, 0o040000, 0o100000  # of st_mode; inode(7)
STAT = 1.0  # seconds that a file system may take to say how its files are


def is_folder(path):
    """Whether there is a directory."""
    return _type(path) == FOLDER


def is_file(path):
    """Whether there is a file that can be read to an end."""
    return _type(path) == REGULAR


def _type(path):
    try:
        return os.stat(path).st_mode & FILE_TYPE
    except OSError:
        return None


def signature(paths, apart=True):
    """How the files are: names, sizes, times, not contents; a word for each path, of two
    digests, "PATH=FACTS".

    paths -- (path, suffix): files, or directories whose entries with that suffix count
    apart -- look in a process of its own: whoever waits in the kernel for a file system that
             does not answer cannot even be killed
    Raises LocalFault when it does not answer then.
    """
    return _look(paths) if not apart or not paths else _apart(paths)


def _apart(paths):
    from lbha.task import Task

    try:
        task = Task(lambda: _look(paths), STAT)
    except OSError as error:
        raise LocalFault("cannot look at the configuration: %s" % error.strerror)
    try:
        answer = task.answer(STAT)
    finally:
        task.close()
    if not answer:
        raise LocalFault("%s cannot be looked at: its file system does not answer within %.3g s"
                         % (paths[0][0], STAT))
    return answer


def _look(paths):
    return " ".join("%s=%s" % (digest(pair), digest(_facts(*pair))) for pair in paths)


def _facts(path, suffix):
    try:
        # the time of a folder would also tell of files that do not count
        names = sorted("%s/%s" % (path.rstrip("/"), name) for name in os.listdir(path)
                       if name.endswith(suffix)) if is_folder(path) else [path]
    except OSError as error:
        yield "%s %d" % (path, error.errno)
        return
    for name in names:
        try:
            found = os.stat(name)
        except OSError as error:
            yield "%s %d" % (name, error.errno)
        else:
            yield "%s %d %d %d" % (name, found.st_size, found.st_mtime_ns, found.st_ino)


def digest(texts):
    """A short word that stands for texts."""
    return "%08x" % zlib.crc32("\0".join(texts).encode("utf-8", "surrogateescape"))
