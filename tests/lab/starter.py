"""Start a program that outlives its caller: starter.py CGROUP RECORD LOG PROGRAM ARGUMENT...

A script of its own because a fork inside a multi-threaded caller is not safe.
It leaves the caller's session, joins the cgroup and replaces itself by the
program, so that pid and start time in RECORD are those of the program.
"""

import os
import sys


def main() -> None:
    cgroup, record, log, *argv = sys.argv[1:]
    if os.fork():
        os._exit(0)  # orphaned, the program is reaped by the machine's init
    os.setsid()
    with open(os.path.join(cgroup, "cgroup.procs"), "w") as procs:
        procs.write("0")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
    os.dup2(1, 2)
    with open("/proc/self/stat") as stat:
        started = stat.read().rpartition(")")[2].split()[19]
    with open(record + ".new", "w") as new:
        new.write("{} {}\n".format(os.getpid(), started))
    os.rename(record + ".new", record)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main()
