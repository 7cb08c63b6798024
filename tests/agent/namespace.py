"""A private place for an agent: own network, own /run/lbha, own programs of the cluster.

A holder process keeps the namespaces; everything in it is ended by pid when it closes.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ATTRD = pathlib.Path(__file__).with_name("attrd_updater.py")
MEMBERSHIP = pathlib.Path(__file__).with_name("membership.py")
PROGRAMS = {"attrd_updater": ATTRD, "corosync-cmapctl": MEMBERSHIP, "cibadmin": MEMBERSHIP,
            "crm_mon": MEMBERSHIP, "crm_node": MEMBERSHIP}
HOLDER = """
import os, signal, sys
print("ready", flush=True)
signal.pause()
"""


class Namespace:
    """Network and mount namespaces of one test.

    folder -- a directory of the test's own, visible inside and outside
    pid    -- of a process inside
    beside -- another Namespace: this is a second node of its cluster, with pids of its own,
              for the same resource would be known by the same path
    """

    def __init__(self, beside=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lbha-test-"))
        self.beside = beside
        self.kinds = ["--net", "--mount"] + (["--pid"] if beside else [])
        self.holder = subprocess.Popen(
            ["unshare", *self.kinds, "--propagation", "private",
             *(["--fork", "--kill-child", "--mount-proc"] if beside else []),
             sys.executable, "-c", HOLDER],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.children = []
        assert self.holder.stdout.readline() == b"ready\n"
        self.pid = self.holder.pid
        if beside:
            self.pid = int(pathlib.Path("/proc/%d/task/%d/children" % (
                self.pid, self.pid)).read_text())
        self.ip("link", "set", "lo", "up")
        self.mount_point = MountPoint("/run/lbha")
        self.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", "/run/lbha"])
        self._own_programs()

    def _own_programs(self):
        """The host's programs, and stand-ins for the cluster's that keep files."""
        upper, work = self.folder / "sbin", self.folder / "work"
        upper.mkdir()
        work.mkdir()
        for name, source in PROGRAMS.items():
            program = upper / name
            program.write_text("#!%s -I\n%s" % (sys.executable, source.read_text()
                                                .replace("@FILE@", str(self.attributes))))
            program.chmod(0o755)
        self.run(["mount", "-t", "overlay", "overlay", "-o",
                  "lowerdir=/usr/sbin,upperdir=%s,workdir=%s" % (upper, work), "/usr/sbin"])

    @property
    def attributes(self):
        """The file with what attrd_updater was told, a line a call."""
        return self.beside.attributes if self.beside else self.folder / "attributes"

    def attribute(self, name, node="node01"):
        """The value of a node attribute as attrd_updater was told; None: there is none."""
        value = None
        for line in self.attributes.read_text().splitlines() if self.attributes.exists() else ():
            verb, key, text, _, *said = line.split("\t")
            if key == name and said[:1] in ([], [node]):
                value = text if verb == "set" else None
        return value

    def enter(self, argv):
        """The command line that runs `argv` inside."""
        return ["nsenter", "--target", str(self.pid), *self.kinds, "--", *map(str, argv)]

    def run(self, argv, check=True, **options):
        """Run a program inside to its end."""
        return subprocess.run(self.enter(argv), check=check, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True, **options)

    def popen(self, argv, **options):
        """Start a program inside; it is ended with the namespace."""
        child = subprocess.Popen(self.enter(argv), **options)
        self.children.append(child)
        return child

    def ip(self, *arguments):
        """Run ip(8) inside; what it printed."""
        return self.run(["ip", *arguments]).stdout

    def veth(self, name, peer, *addresses):
        """A pair of links that are up, the first with these addresses."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", peer)
        for address in addresses:
            self.ip("address", "add", address, "dev", name, *(
                ["nodad"] if ":" in address else []))
        for link in (name, peer):
            self.ip("link", "set", link, "up")

    def pids(self):
        """The processes that live in this network namespace, but for the holder."""
        mine = os.readlink("/proc/%d/ns/net" % self.pid)
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) not in (self.pid, self.holder.pid):
                with contextlib.suppress(OSError):
                    if os.readlink("/proc/%s/ns/net" % entry) == mine:
                        found.append(int(entry))
        return found

    def close(self):
        """End everything inside, and remove the folder."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for child in self.children:
            child.wait()
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.mount_point.close()


class MountPoint:
    """A directory of the machine that exists as long as any process has one of these.

    Who removes a mount point unmounts it in every other namespace: the kernel allows that
    since 3.18, and a test beside this one would lose its files.
    """

    def __init__(self, path):
        self.path = path
        while True:
            with contextlib.suppress(FileExistsError):
                os.mkdir(path, 0o700)
            with contextlib.suppress(FileNotFoundError):
                self.lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                fcntl.flock(self.lock, fcntl.LOCK_SH)
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.stat(path), os.fstat(self.lock)):
                        return
                os.close(self.lock)  # somebody has removed it just now

    def close(self):
        """Remove it when nobody else has it."""
        with contextlib.suppress(OSError):  # somebody has, or something is in it
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rmdir(self.path)
        os.close(self.lock)
