"""Where passwords come from, so that they need not stand in the cluster's configuration."""

import errno
import os

from lbha.errors import Failed, LocalFault, Unusable, WrongParameter

MOST = 4096  # bytes of a file that are read
# why a file cannot be read that nobody but a person mends
STAYS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
         errno.EACCES, errno.EPERM)

# of a core file: the kernel then writes none, nor gives one to the program that collects
# them, which a limit of 0 does not keep it from (core(5), "Piping core dumps to a program")
NO_CORE = 1


def forbid_core():
    """See that no core file will show what this process knows."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    limit = NO_CORE if hard == resource.RLIM_INFINITY else min(hard, NO_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def find(p, log, deadline):
    """The password that password_script, password_file or password gives; the first counts.

    p   -- parameters as attributes
    Any bytes may come, as os.fsdecode() gives them.  Raises WrongParameter, NotInstalled,
    LocalFault, Failed, DeadlineReached; nothing they say shows the password.
    """
    if p.password_script:
        return _from_script(p.password_script, deadline)
    if p.password_file:
        return _from_file(p.password_file, log)
    return p.password or ""


def _from_script(command, deadline):
    import shlex

    from lbha import proc

    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise WrongParameter("password_script: %s" % error)
    if not argv or not argv[0].startswith("/"):
        raise WrongParameter("password_script is not an absolute path with arguments")
    result = proc.run(argv, deadline)
    if result.code:
        raise Failed("password_script %s ended with code %d: wanted 0" % (argv[0], result.code))
    # a program may say more the next time
    return _first_line(result.raw, "password_script %s" % argv[0], LocalFault)


def _from_file(path, log):
    try:
        # what is no file (a pipe, say) must not keep us
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            mode, data = os.fstat(fd).st_mode, os.read(fd, MOST)
        finally:
            os.close(fd)
    except OSError as error:
        kind = Unusable if error.errno in STAYS else LocalFault
        raise kind("password_file %s: %s" % (path, error.strerror))
    if mode & 0o077:
        log.warning("password_file %s can be read by others than its owner" % path)
    return _first_line(data, "password_file %s" % path, Unusable)


def _first_line(data, source, fault):
    line = data.split(b"\n")[0].rstrip(b"\r")
    if not line:  # as likely a slip as not, and the device would only say that it is wrong
        raise fault("%s gives no password: its first line is empty" % source)
    return os.fsdecode(line)
