"""A private place for an agent: own network, own /run/lbha, own attrd_updater.

A holder process keeps the namespaces; everything in it is ended by pid when it closes.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ATTRD = pathlib.Path(__file__).with_name("attrd_updater.py")
HOLDER = """
import os, signal, sys
print("ready", flush=True)
signal.pause()
"""


class Namespace:
    """Network and mount namespaces of one test.

    folder -- a directory of the test's own, visible inside and outside
    """

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lbha-test-"))
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private",
             sys.executable, "-c", HOLDER],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.children = []
        assert self.holder.stdout.readline() == b"ready\n"
        self.ip("link", "set", "lo", "up")
        os.makedirs("/run/lbha", mode=0o700, exist_ok=True)  # a mount point needs to exist
        self.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", "/run/lbha"])
        self._own_programs()

    def _own_programs(self):
        """The host's programs, and an attrd_updater that keeps a file."""
        upper, work = self.folder / "sbin", self.folder / "work"
        upper.mkdir()
        work.mkdir()
        program = upper / "attrd_updater"
        program.write_text("#!%s -I\n%s" % (sys.executable, ATTRD.read_text()
                                            .replace("@FILE@", str(self.attributes))))
        program.chmod(0o755)
        self.run(["mount", "-t", "overlay", "overlay", "-o",
                  "lowerdir=/usr/sbin,upperdir=%s,workdir=%s" % (upper, work), "/usr/sbin"])

    @property
    def attributes(self):
        """The file with what attrd_updater was told, a line a call."""
        return self.folder / "attributes"

    def enter(self, argv):
        """The command line that runs `argv` inside."""
        return ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", "--",
                *map(str, argv)]

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
        mine = os.readlink("/proc/%d/ns/net" % self.holder.pid)
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != self.holder.pid:
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
        with contextlib.suppress(OSError):
            os.rmdir("/run/lbha")
