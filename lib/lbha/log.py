"""Logging the way the cluster stack expects.

Pacemaker tells its agents where to log in HA_* (and PCMK_*) variables: a syslog facility,
a log file, a debug level.  With none of them (called by hand) lines go to stderr.  One line
per decision, none per healthy monitor; secrets are never passed in here.
"""

import posix as os
import time

LEVELS = ("ERROR", "WARNING", "INFO", "DEBUG")


class Log:
    """Where lines go.

    tag     -- "agent(instance)"
    environ -- the environment with the HA_* variables
    """

    # the cluster's log is not ours to create: made by root, it would be closed to the
    # daemons that share it
    creates = 0

    def __init__(self, tag, environ):
        self.tag = tag
        self.facility = setting(environ, "LOGFACILITY", "logfacility")
        self.file = setting(environ, "LOGFILE", "logfile")
        self.verbose = (setting(environ, "debug") or "0") not in ("0", "no", "false", "off")

    def error(self, text):
        """What failed, and will not mend itself."""
        self.write(0, text)

    def warning(self, text):
        """What a person should look at."""
        self.write(1, text)

    def info(self, text):
        """A decision."""
        self.write(2, text)

    def debug(self, text):
        """For those who asked for it."""
        if self.verbose:
            self.write(3, text)

    def write(self, level, text):
        """One line, to every place that is configured; a log that fails stops nobody."""
        text = plain(text)
        line = "%s[%d]: %s: %s" % (self.tag, os.getpid(), LEVELS[level], text)
        if self.facility:
            self._to_syslog(level, text)
        if self.file:
            try:
                self._append(line)
            except OSError:
                to_stderr(line)  # no such file, or none of ours: say it somewhere at least
        if not self.facility and not self.file:
            to_stderr(line)

    def _to_syslog(self, level, text):
        import syslog

        facility = getattr(syslog, "LOG_" + self.facility.upper(), syslog.LOG_DAEMON)
        priority = (syslog.LOG_ERR, syslog.LOG_WARNING, syslog.LOG_INFO, syslog.LOG_DEBUG)
        syslog.openlog(self.tag, syslog.LOG_PID, facility)
        syslog.syslog(priority[level], "%s: %s" % (LEVELS[level], text))

    def _append(self, line):
        flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | self.creates
        fd = os.open(self.file, flags, 0o600)
        try:
            line = "%s %s\n" % (time.strftime("%b %d %H:%M:%S"), line)
            os.write(fd, line.encode("utf-8", "replace"))
        finally:
            os.close(fd)


def setting(environ, *names):
    """The first HA_ or PCMK_ variable of these names that means something."""
    for name in names:
        for prefix in ("HA_", "PCMK_"):
            value = environ.get(prefix + name)
            if value and value not in ("none", "/dev/null"):
                return value
    return None


def plain(text):
    """`text` on one line, without control characters and always encodable.

    Under the C locale of a daemon Python 3.6 hands UTF-8 over as single escaped bytes.
    """
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def to_stderr(line):
    """A line for whoever reads our stderr, if anybody still does."""
    try:
        os.write(2, line.encode("utf-8", "replace") + b"\n")
    except OSError:
        return  # the reader is gone: there is nowhere left to say it
