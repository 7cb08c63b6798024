"""The one runner of child processes.

fork and execve with a list, a fixed environment and absolute paths: no shell ever sees a
value, and `subprocess`, which would be half of a monitor's time, is never imported.  A child
stays in our process group, so that Pacemaker's SIGKILL to the group ends it too.
"""

import _signal  # the C half of `signal`: its Python half only adds enums, at 4 ms
import errno
import posix as os
import select

from lbha import env
from lbha.errors import DeadlineReached, LocalFault, NotInstalled, Unusable

PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
ENVIRONMENT = {"PATH": ":".join(PATH), "LC_ALL": "C"}
MOST_OUTPUT = 1 << 20  # bytes kept per stream
LONGEST_PAUSE = 5      # ms between two looks whether a child has ended that we hear nothing of


class Result:
    """How a child ended: exit code (negative: a signal), and what it wrote.

    out, err -- as text; raw -- stdout as it came, for what need not be text
    """

    __slots__ = ("argv", "code", "out", "err", "raw")

    def __init__(self, argv, code, out, err, raw=b""):
        self.argv, self.code, self.out, self.err, self.raw = argv, code, out, err, raw

    @property
    def last_line(self):
        """The last thing it said, stderr before stdout: a reason, on one line."""
        for text in (self.err, self.out):
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1]
        return "exit code %d" % self.code


def find(name):
    """The absolute path of program `name`, or None."""
    if env.own().get("OCF_TESTER_FAIL_HAVE_BINARY"):
        return None  # ocf-tester plays a node without programs
    if name.startswith("/"):
        return name if os.access(name, os.X_OK) else None
    for folder in PATH:
        path = folder + "/" + name
        if os.access(path, os.X_OK):
            return path
    return None


def need(name, package=None):
    """The absolute path of program `name`; NotInstalled when it is missing."""
    path = find(name)
    if path is None:
        raise NotInstalled("program %s is missing%s"
                           % (name, ": install " + package if package else ""))
    return path


def run(argv, deadline, input=b"", output=None, environment=None, announce=None):
    """Run a program to its end and return its Result.

    argv        -- list of str; argv[0] is an absolute path
    deadline    -- a Deadline; the child is killed when it is reached
    input       -- bytes for its stdin
    output      -- a descriptor that gets stdout and stderr instead of us (a daemon keeps
                   it open for life, which a pipe would not survive)
    environment -- additions to the fixed environment
    announce    -- called with the child's pid before the program begins, to write down who
                   it is.  Such a child has a session of its own: it goes on when we are
                   killed.
    Raises NotInstalled (no such program), LocalFault (cannot be run), DeadlineReached.
    """
    child = _Child(argv, output, dict(ENVIRONMENT, **(environment or {})), bool(announce))
    try:
        if announce:
            announce(child.pid)
        child.check_exec()
        while not child.ended():
            if not deadline.left():
                raise DeadlineReached("%s did not end within %.3g s"
                                      % (argv[0].rpartition("/")[2], deadline.seconds))
            input = child.attend(input, deadline.left())
        return child.result()
    finally:
        child.close()


class _Child:
    """A child process and our ends of its pipes."""

    def __init__(self, argv, output, environment, apart):
        self.argv, self.status, self.apart = argv, None, apart
        # as bytes: the locale has no say in what a program is given
        words = [word.encode("utf-8", "surrogateescape") for word in argv]
        pipes = []
        try:
            while len(pipes) < (5 if output is None else 3):
                pipes.append(os.pipe())
            # `gate`: the child waits for it to close; `failure`: closed by exec, or the errno
            stdin, gate, failure = pipes[:3]
            out, err = pipes[3:] or ((None, output),) * 2
            self.pid = os.fork()
        except OSError as error:  # no descriptors, no memory or no processes left
            for reader, writer in pipes:
                os.close(reader)
                os.close(writer)
            raise LocalFault("cannot run %s: %s" % (argv[0], error.strerror))
        if not self.pid:
            _become(words, (stdin[0], out[1], err[1]), gate, failure[1], environment, apart)
        self.stdin, self.failure, self.out, self.err = stdin[1], failure[0], out[0], err[0]
        self.gate = gate[1]
        self.open = {fd for fd in (stdin[1], gate[1], failure[0], out[0], err[0])
                     if fd is not None}
        self.chunks = {self.out: [], self.err: []}
        self.sizes = {self.out: 0, self.err: 0}
        self.pause = 1
        theirs = (stdin[0], gate[0], failure[1]) + ((out[1], err[1]) if output is None else ())
        for fd in theirs:
            os.close(fd)
        for fd in self.open - {self.failure, self.gate}:
            os.set_blocking(fd, False)

    def check_exec(self):
        """Let the child become the program, and wait until it has."""
        os.write(self.gate, b"!")
        self._close(self.gate)
        code = os.read(self.failure, 16)
        self._close(self.failure)
        if not code:
            return
        if int(code) in (errno.ENOENT, errno.ENOTDIR):
            raise NotInstalled("program %s is missing" % self.argv[0])
        kind = Unusable if int(code) in (errno.EACCES, errno.ENOEXEC) else LocalFault
        raise kind("program %s cannot be run: %s" % (self.argv[0], os.strerror(int(code))))

    def ended(self):
        """Whether it has ended; reaps it."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is not None

    def attend(self, input, longest):
        """Feed and drain for a moment (at most `longest` seconds); what is left to feed."""
        poll = select.poll()
        for fd in tuple(self.open):
            if fd != self.stdin:
                poll.register(fd, select.POLLIN)
            elif input:
                poll.register(fd, select.POLLOUT)
            else:
                self._close(fd)
        # an end without output wakes nobody, so it is looked for
        for fd, _ in poll.poll(max(1, min(self.pause, int(longest * 1000)))):
            if fd == self.stdin:
                input = self._feed(input)
            else:
                self._drain(fd)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return input

    def result(self):
        """The Result; drains first what the ended child left in its pipes."""
        for fd in {self.out, self.err} & self.open:
            self._drain(fd)  # its own children may hold the pipe open: there may be no end
        signal = os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else None
        code = os.WEXITSTATUS(self.status) if signal is None else -signal
        out, err = (b"".join(self.chunks[fd]) for fd in (self.out, self.err))
        return Result(self.argv, code, out.decode("utf-8", "replace"),
                      err.decode("utf-8", "replace"), out)

    def close(self):
        """End what still runs, and close our ends."""
        if not self.ended():
            self._kill()
            os.waitpid(self.pid, 0)
        for fd in list(self.open):
            self._close(fd)

    def _kill(self):
        """SIGKILL, also for what it has started when it has a session of its own."""
        try:
            os.kill(-self.pid if self.apart else self.pid, 9)
        except ProcessLookupError:  # it has no session yet
            os.kill(self.pid, 9)

    def _feed(self, data):
        try:
            return data[os.write(self.stdin, data):]
        except BlockingIOError:
            return data
        except BrokenPipeError:
            return b""  # it does not want to read: its exit code says whether that is bad

    def _drain(self, fd):
        while True:
            try:
                chunk = os.read(fd, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self._close(fd)
                return
            if self.sizes[fd] < MOST_OUTPUT:
                self.chunks[fd].append(chunk)
                self.sizes[fd] += len(chunk)

    def _close(self, fd):
        self.open.discard(fd)
        os.close(fd)


def _become(argv, standard, gate, failure, environment, apart):
    """In the child: become the program, or say why not."""
    try:
        os.close(gate[1])
        if not os.read(gate[0], 1):
            return  # our parent died before it had written down who we are
        if apart:
            os.setsid()
        for number, fd in enumerate(standard):
            os.dup2(fd, number)
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)  # Python ignores it; exec keeps that
        os.execve(argv[0], argv, environment)
    except OSError as error:
        os.write(failure, str(error.errno).encode())
    except ValueError:  # a zero byte in a word
        os.write(failure, str(errno.EINVAL).encode())
    finally:
        os._exit(127)
