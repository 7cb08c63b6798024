"""One HAProxy of ours: its files, its processes, and how it is launched.

It runs in master-worker mode and is known by the file that only ours have on the command
line; a reload is a second launch that takes the listening sockets over from the first
(HAProxy management guide, sections 3 "Starting HAProxy", -x and -sf, and 4).
"""

import _socket
import posix as os
import select
import time

from lbha import host
from lbha.haproxy import admin

OWN_CONFIG = """# written by ocf:lbha:haproxy; changes are lost
global
    stats socket %s mode 600 level admin expose-fd listeners
    # shared by all sockets; with the default of 10 a few idle clients would silence ours
    stats maxconn 1000
%s"""
LONGEST_SOCKET = 95  # bytes: sun_path without the ".PID.tmp" that HAProxy adds meanwhile
TRIES = 3            # questions without an answer until a worker counts as hung
PACE = 0.5           # of a question's time after which the next one is put beside it
SIGKILL = 9


class Silent(Exception):
    """HAProxy takes connections on its socket and does not answer."""


class Unreachable(Exception):
    """Nobody listens on the socket; the text says what the kernel said."""


class Instance:
    """The processes and files of one resource.

    folder -- the lbha.state.Folder of the resource
    """

    def __init__(self, folder):
        self.folder = folder
        self.own_config = folder.path + "/own.cfg"
        self.socket = folder.path + "/admin.sock"

    # ------------------------------------------------------------------------ processes

    def processes(self):
        """Every process of this instance: only ours have our file on the command line."""
        return [process for process in host.processes_with(self.own_config)
                if self.owns(process)]

    def owns(self, process):
        """Whether a Process is HAProxy of this instance."""
        return {"-W", "-f", self.own_config}.issubset(process.argv) and process.is_ours

    def masters(self):
        """The master processes: that of now, and those whose last clients are not done."""
        ours = self.processes()
        pids = {process.pid for process in ours}
        return [process for process in ours if process.parent not in pids]

    def signal(self, number):
        """Signal all processes, and end a launch that is not done."""
        launching = self.launching
        if launching:
            launching.signal(SIGKILL)
        for process in self.processes():
            process.signal(number)

    @staticmethod
    def missed_reload(master):
        """Whether the last reload that somebody asked a master for, by SIGUSR2, failed.

        It then goes on as it was and keeps the news in its environment: since 2.5 as a number
        among what it knows of its processes, before that by the mode it is in (HAProxy,
        src/mworker.c, src/haproxy.c; seen with 2.2, 2.6 and 3.0).
        """
        for variable in host.environment(master):
            if variable.startswith("HAPROXY_PROCESSES=") and "failedreloads=" in variable:
                mine = [entry for entry in variable.split("|") if entry.startswith("type=m;")]
                return not any(";failedreloads=0;" in entry for entry in mine)
        return "HAPROXY_MWORKER_WAIT_ONLY=1" in host.environment(master)

    # --------------------------------------------------------------------------- socket

    def ask(self, command, timeout):
        """What the worker answers; OSError when it does not."""
        return admin.ask(self.socket, command, timeout)

    def worker(self, timeout):
        """The Process that answers on the socket, or None when it is gone by then.

        timeout -- seconds for each of TRIES, which begin PACE of it apart.
        Raises Silent, Unreachable.
        """
        # one that is being replaced may answer, and have ended by then: the next one answers
        return self._answering(timeout) or self._answering(timeout)

    def _answering(self, timeout):
        tries, began = [], time.monotonic()
        try:
            for left in reversed(range(TRIES)):
                self._try(tries)
                answered = _first_readable(tries, timeout * (PACE if left else 1))
                if answered:
                    pid = admin.info(admin.read(answered, timeout)).get("Pid", "")
                    return host.process(int(pid)) if pid.isdecimal() else None
        except _socket.timeout:
            pass  # it began to answer, and came to no end
        except FileNotFoundError:
            raise Unreachable("%s is missing" % self.socket)
        except OSError as error:
            raise Unreachable(error.strerror)
        finally:
            for client in tries:
                client.close()
        raise Silent("the worker of HAProxy is silent on its socket for %.2g s"
                     % (time.monotonic() - began))

    def _try(self, tries):
        try:
            tries.append(admin.put(self.socket, "show info"))
        except BlockingIOError:
            return  # the backlog of a worker that accepts nothing is full

    def is_hung(self, timeout):
        """Whether a polite signal would be lost on it: no answer for `timeout` seconds."""
        try:
            self.ask("show info", timeout)
        except (BlockingIOError, _socket.timeout):
            return True
        except OSError:
            return False  # gone, or on its way
        return False

    # --------------------------------------------------------------------------- launch

    def config(self, peers):
        """The text of our own configuration file; peers is a section or empty."""
        return OWN_CONFIG % (self.socket, peers)

    def configured_peers(self):
        """{node: address as text} of the peers section that was written."""
        lines = [line.split() for line in (self.folder.read("own.cfg") or "").splitlines()]
        return {words[1]: words[2].rpartition(":")[0].strip("[]")
                for words in lines if words[:1] == ["peer"]}

    def check(self, words, deadline):
        """Have HAProxy read its configuration; a proc.Result.

        No -q: with it HAProxy keeps to itself what it silently leaves out.
        """
        from lbha import proc  # not for a monitor

        return proc.run([words[0], "-c"] + words[1:], deadline)

    def launch(self, words, replaced, stop, deadline):
        """Run HAProxy; with `replaced` (masters, as Process) it takes over from them.

        words -- program, configuration files, further arguments; no modes
        stop  -- whether it tells them to take no more clients, as soon as it serves
        Returns the proc.Result of the parent, which ends when the worker serves; what went
        to its standard error is in `err`.
        """
        from lbha import proc

        command = [words[0], "-W", "-D"] + words[1:]
        if replaced:
            command += ["-x", self.socket]
        if stop:
            command += ["-sf"] + [str(process.pid) for process in replaced]
        output = self.folder.append_to("output.new")
        try:
            # -D: a session of its own, so that it survives the end of our process group.
            # Its descriptors 1 and 2 are for life: a file, for a pipe would break with us.
            # A reload goes on when the monitor that began it is cancelled; a start does not.
            result = proc.run(command, deadline, output=output,
                              announce=self._note if replaced else None)
        finally:
            os.close(output)
            self.folder.remove("launching")
        result.err = self.folder.read("output.new") or ""
        if result.code == 0:
            self.folder.rename("output.new", "output")
        return result

    def _note(self, pid):
        process = host.process(pid)
        if process:
            self.folder.write("launching", process.key)

    @property
    def launching(self):
        """The Process of a launch that has not come to its end, or None."""
        return host.find_process(self.folder.read("launching"))


def _first_readable(clients, seconds):
    """The first of these sockets with an answer, None when there is none in that time."""
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN)
    ready = [fd for fd, _ in poll.poll(int(seconds * 1000) + 1)]
    return next((client for client in clients if client.fileno() in ready), None)
