"""Files that may hold passwords: for their owner only, and there as a whole or not at all."""

import os

from lbha.pcsgen.messages import Fault

MODE = 0o600


def write(files):
    """Write {path: bytes}; Fault, and none of them changed, when one cannot be written.
    """
    for path in files:
        if os.path.isdir(path):
            raise Fault("is-directory", path=path)
        # a device or a pipe would be replaced, not written to
        special = os.path.exists(path) and not os.path.isfile(path)
        if special or os.path.dirname(os.path.abspath(path)) == "/dev":
            raise Fault("special-file", path=path)
    ready, path = [], None
    try:
        for path, data in files.items():
            ready.append((_beside(path, data), path))
        while ready:
            temporary, path = ready[0]
            os.replace(temporary, path)
            ready.pop(0)
    except OSError as error:
        raise Fault("file", path=path, error=error)
    finally:
        for temporary, _ in ready:
            os.unlink(temporary)


def _beside(path, data):
    # a finished file of another name in the same directory
    temporary = "%s.%d.new" % (path, os.getpid())
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError:
        os.unlink(temporary)
        raise
    return temporary
