"""Process 1 of a node until systemd takes over: build the node's view, then exec.

Run by `unshare` in new mount, pid, uts, ipc, cgroup and network namespaces, as
    init.py NAME ROOT LOWER UPPER WORK INTERFACE...
Only the standard library and no package: it runs with `python3 -IS`.
"""

import ctypes
import os
import socket
import stat
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)

# mount(2) and umount2(2)
RDONLY, NOSUID, NODEV, NOEXEC = 1, 2, 4, 8
REMOUNT, BIND, MOVE = 32, 4096, 8192
DETACH = 2

DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9),
           "tty": (5, 0)}
DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}

# systemd asks what kind of container it is in; as "lxc" it leaves devices,
# the kernel's log and the clock alone.
ENVIRONMENT = {"container": "lxc",
               "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def checked(result, *what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), *what)


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)  # noqa: E731
    checked(LIBC.mount(encode(source), encode(target), encode(kind), ctypes.c_ulong(flags),
                       encode(data)), target)


def mount_all(root, lower, upper, work):
    """Everything below `root` that is not a file of the node's own disk."""
    mount("overlay", root, "overlay", 0,
          "lowerdir={},upperdir={},workdir={}".format(lower, upper, work))
    mount("proc", root + "/proc", "proc", NOSUID | NODEV | NOEXEC)
    mount("sysfs", root + "/sys", "sysfs", RDONLY | NOSUID | NODEV | NOEXEC)
    mount("cgroup2", root + "/sys/fs/cgroup", "cgroup2", NOSUID | NODEV | NOEXEC)
    mount("tmpfs", root + "/dev", "tmpfs", NOSUID, "mode=755")
    mount("tmpfs", root + "/run", "tmpfs", NOSUID | NODEV, "mode=755")
    mount("tmpfs", root + "/tmp", "tmpfs", NOSUID | NODEV, "mode=1777")


def make_devices(dev):
    os.umask(0)
    for name, (major, minor) in DEVICES.items():
        os.mknod(os.path.join(dev, name), stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, os.path.join(dev, name))
    for name in ("pts", "shm"):
        os.mkdir(os.path.join(dev, name), 0o755)
    os.umask(0o022)
    mount("devpts", dev + "/pts", "devpts", NOSUID | NOEXEC,
          "newinstance,ptmxmode=0666,mode=620,gid=5")
    mount("tmpfs", dev + "/shm", "tmpfs", NOSUID | NODEV, "mode=1777")


def protect_machine(proc):
    """Leave the node the settings that are its own and take away the machine's.

    Below /proc/sys only net is per namespace. Pacemaker's answer to being
    fenced is writing to sysrq-trigger, which would reset the machine.
    """
    mount(proc + "/sys/net", proc + "/tty", flags=BIND)
    mount(proc + "/sys", proc + "/sys", flags=BIND)
    mount(None, proc + "/sys", flags=BIND | REMOUNT | RDONLY)
    mount(proc + "/tty", proc + "/sys/net", flags=MOVE)
    if os.path.exists(proc + "/sysrq-trigger"):  # not every kernel has it
        mount("/dev/null", proc + "/sysrq-trigger", flags=BIND)


def wait_for_interfaces(net, names, seconds=10):
    """Cards are there before an operating system boots; the lab plugs them in meanwhile."""
    deadline = time.monotonic() + seconds

    def up(name):
        try:
            with open(os.path.join(net, name, "flags")) as flags:
                return int(flags.read(), 16) & 1
        except OSError:
            return False

    while not all(up(name) for name in names):
        if time.monotonic() > deadline:
            raise SystemExit("no interfaces {} after {} seconds".format(names, seconds))
        time.sleep(0.005)


def enter(root):
    """Make `root` the root directory and drop the machine's file systems."""
    os.chdir(root)
    checked(LIBC.pivot_root(b".", b"."), root)
    checked(LIBC.umount2(b".", DETACH), root)
    os.chdir("/")


def main():
    name, root, lower, upper, work, *interfaces = sys.argv[1:]
    mount_all(root, lower, upper, work)
    make_devices(root + "/dev")
    protect_machine(root + "/proc")
    socket.sethostname(name)
    wait_for_interfaces(root + "/sys/class/net", interfaces)
    enter(root)
    os.execve("/lib/systemd/systemd", ["systemd"], ENVIRONMENT)


if __name__ == "__main__":
    main()
