"""Telling the neighbours where an address is now.

IPv4: gratuitous ARP in both forms (lbha.arp).  IPv6: unsolicited Neighbor Advertisements
(lbha.ndp).  One announcement is one packet of each form.

The first announcement is sent by the caller, at once.  The rest of the burst, and a second
burst for those who were not listening yet (a switch port that learns, a host that boots), by
a child that is recorded and that `end` ends, and sees gone, before the address may be taken
away.
"""

import _socket
import errno
import fcntl
import posix as os
import time

from lbha import host, netlink, streams
from lbha.deadline import nap
from lbha.errors import Error

RECORD = "announcer"     # file in the state folder: "PID START"
SECOND_BURST = 5.0       # seconds after the first announcement
PACE = 0.005             # seconds between two announcements on one device
PATIENCE = 60.0          # seconds that an announcer waits for carrier and detection
DETECTION = 0.1          # seconds between two looks whether duplicates are looked for still
KERNEL_SECONDS = 5.0     # for an answer of the kernel
ARPHRD_ETHER = 1
RTM_F_FIB_MATCH = 0x2000  # linux/rtnetlink.h: the entry of the table, not what it leads to
RTN_LOCAL = 2
# what keeps a packet from leaving that may leave later: the device is down, its queue full
LATER = (errno.ENETDOWN, errno.ENOBUFS)
MOST_DESCRIPTORS = 1024


class Announcer:
    """Announces one address on one device.

    link -- the Message of the device; ip -- the address (bytes)
    """

    def __init__(self, link, ip):
        self.link, self.ip = link, ip
        self.frames = _frames(link, ip)
        self._socket = None

    def announce(self, folder, count, interval, log):
        """One announcement now, the rest of two bursts by a child; see `send` and `repeat`.

        What goes wrong is logged: nothing of it fails a start.
        """
        if count < 1 or not self.frames:
            return
        try:
            self.send()
        except OSError as error:
            if error.errno not in LATER:
                log.warning("cannot announce on %s: %s" % (self.link.name, error.strerror))
        try:
            self.repeat(folder, count, interval, log)
        except OSError as error:  # no descriptors, no memory or no processes left
            log.warning("cannot announce on %s any more: %s"
                        % (self.link.name, error.strerror))

    def send(self):
        """One announcement. Raises OSError when the device takes nothing."""
        if self.frames and not self._socket:
            self._socket = _open(self.link.name)
        for frame in self.frames:
            self._socket.send(frame)

    def repeat(self, folder, count, interval, log):
        """What is left of two bursts of `count` announcements, by a child in the background.

        interval -- seconds between two announcements (float)
        The child ends by itself when the address or the device is gone.
        The caller holds the lock of the instance.  The child has a share of it and gives
        that up only when its record is written: whoever gets the lock finds the record,
        even if the caller was killed. Returns when the child has come that far.
        Raises OSError.
        """
        from lbha import events  # noqa: F401  here, for the files may change under the child

        news, held = os.pipe()
        try:
            child = os.fork()
        except OSError:
            os.close(news)
            os.close(held)
            raise
        if child:
            self.close()
            os.close(held)
            os.read(news, 1)  # ends when nobody holds the other end
            os.close(news)
            return
        try:
            os.setsid()
            folder.write(RECORD, host.process(os.getpid()).key)
            self._let_go()
            self._repeat(count, interval)
        except (OSError, Error) as error:
            log.warning("cannot announce on %s any more: %s" % (self.link.name, error))
        finally:
            os._exit(0)

    def close(self):
        """Send no more."""
        if self._socket:
            self._socket.close()
            self._socket = None

    def _let_go(self):
        """Give up every descriptor: the lock, the caller's pipe, and the executor's, which
        the executor reads to their end."""
        null = os.open(streams.NULL, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        # the kernel lets whoever closes a packet socket last wait for all processors
        # (net/packet/af_packet.c: synchronize_net), 5 to 10 ms: the caller must not be that
        kept = self._socket.fileno() if self._socket else 2
        os.closerange(3, kept)
        os.closerange(kept + 1, MOST_DESCRIPTORS)
        self.close()

    # ------------------------------------------------------------------------ in the child

    def _repeat(self, count, interval):
        kernel = netlink.Netlink(KERNEL_SECONDS)
        patience = time.monotonic() + PATIENCE
        pauses = _pauses(count, interval)
        if not netlink.IFF_RUNNING & self.link.flags:
            pauses = [0.0] + pauses  # nobody has heard the first one
        while pauses:
            due = time.monotonic() + pauses.pop(0)
            while time.monotonic() < due:
                nap(due - time.monotonic())
            if self._await_carrier(kernel, patience):
                pauses = _pauses(count, interval)
            usable = self._announce_in_turn(kernel)
            if usable is False:
                return
            if usable is None and time.monotonic() < patience:
                pauses = [DETECTION] + _pauses(count, interval)

    def _await_carrier(self, kernel, patience):
        """Whether the carrier was missed; at most until `patience` (a time)."""
        from lbha import events

        missed, changes = False, events.Events(events.GROUP_LINK)
        try:
            while True:
                link = kernel.get(netlink.LINK, index=self.link.index)  # or Refused: gone
                left = patience - time.monotonic()
                if link.flags & netlink.IFF_RUNNING or left <= 0:
                    break
                missed = True
                changes.wait(left)
        finally:
            changes.close()
        if link.mac != self.link.mac:  # a bond may change it along with the port
            self.frames = _frames(link, self.ip)
        self.link = link
        return missed

    def _announce_in_turn(self, kernel):
        """One announcement when the address is usable; see `_is_usable`."""
        turn = _Turn(self.link.name)
        try:
            turn.wait()
            usable = _is_usable(kernel, self.link.index, self.ip)
            if usable:
                self._try_to_send()
                nap(PACE)
            return usable
        finally:
            turn.end()

    def _try_to_send(self):
        try:
            self.send()
        except OSError as error:
            if error.errno not in LATER:
                raise


class _Turn:
    """The turn to announce on a device: many addresses of one do not flood its neighbours.

    It is the flock(2) of a file that comes and goes with the device and that every network
    namespace has for itself; nobody else locks it.
    """

    def __init__(self, device):
        try:
            self._fd = os.open("/proc/sys/net/ipv4/conf/%s/arp_notify" % device, os.O_RDONLY)
        except OSError:
            self._fd = None  # the device just went: nobody has to wait

    def wait(self):
        """Wait for it as long as it takes."""
        if self._fd is not None:
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def take(self):
        """Whether it is ours now."""
        try:
            if self._fd is not None:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end(self):
        """The next one."""
        if self._fd is not None:
            os.close(self._fd)


def refresh(link, ip, count, deadline):
    """Announce an address again that is held, and which the caller has just seen.

    link, ip -- as in Announcer; count -- announcements, sent at the device's pace
    The caller holds the lock of the instance, or a stop might be over before.
    Raises OSError when the device takes nothing, DeadlineReached when other addresses of the
    device took the time.
    """
    announcer = Announcer(link, ip)
    if not announcer.frames:
        return
    turn, waited_for = _Turn(link.name), "the turn to announce on %s" % link.name
    try:
        for _ in range(count):
            deadline.wait(turn.take, waited_for, pause=PACE)
            deadline.check(waited_for)
            announcer.send()
            nap(PACE)
    finally:
        turn.end()
        announcer.close()


def goes_on(folder):
    """Whether the announcer of this instance is at work."""
    return host.find_process(folder.read(RECORD)) is not None


def end(folder, deadline):
    """End the announcer of this instance, and wait until it is gone. DeadlineReached."""
    process = host.find_process(folder.read(RECORD))
    if process:
        process.signal(9)
        deadline.wait(lambda: not process.alive, "the announcer to end", pause=0.001)


def _pauses(count, interval):
    """Seconds before each announcement of two bursts but the first one."""
    burst = [interval] * (count - 1)
    return burst + [max(interval, SECOND_BURST - sum(burst))] + burst


def _open(device):
    # protocol 0: this socket only sends
    made = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
    made.bind((device, 0))
    return made


def _is_usable(kernel, device, ip):
    """Whether an address is on a device: True, False, or None while its duplicates are still
    looked for.

    One question: a dump would tell of all addresses, and hundreds of announcers may ask.
    """
    try:
        if len(ip) == 4:
            return _is_local(kernel, device, ip) or _is_listed(kernel, device, ip)
        found = kernel.get(netlink.ADDRESS, family=_socket.AF_INET6, index=device, address=ip)
    except netlink.Refused:  # no such address
        return False
    return None if found.flags & netlink.IFA_F_TENTATIVE else True


def _is_local(kernel, device, ip):
    """Whether the routes say that an IPv4 address is on a device."""
    try:
        found = kernel.get(netlink.ROUTE, family=_socket.AF_INET, prefix=32,
                           flags=RTM_F_FIB_MATCH, destination=ip)
    except netlink.Refused:  # nothing leads there
        return False
    return found.type == RTN_LOCAL and (found.prefix, found.device) == (32, device)


def _is_listed(kernel, device, ip):
    """As `_is_local`, by a dump: a rule may lead elsewhere, or another device have it too."""
    return any((found.index, found.local) == (device, ip)
               for found in kernel.dump(netlink.ADDRESS, family=_socket.AF_INET))


def _frames(link, ip):
    """The frames of one announcement; none where a device has no neighbours to tell."""
    if not has_neighbours(link):
        return ()
    if len(ip) == 4:
        from lbha import arp

        return arp.announcements(link.mac, ip)
    from lbha import ndp

    forwarding = host.read("/proc/sys/net/ipv6/conf/%s/forwarding" % link.name) or b"0"
    return (ndp.advertisement(link.mac, ip, forwarding.strip() != b"0"),)


def has_neighbours(link):
    """Whether there is ARP and Neighbor Discovery on a device (a Message)."""
    return link.type == ARPHRD_ETHER and not link.flags & (netlink.IFF_LOOPBACK
                                                           | netlink.IFF_NOARP)
