"""Changes of addresses and links, as they happen: an event source (lbha.hold).

What changed, the tables of the kernel tell (lbha.netlink); here is only that something did.
"""

import errno
import select
from _struct import pack

from lbha import bpf
from lbha.netlink import ADDRESS, BUFFER, HEADER, LINK, RTNETLINK, failed, open_socket

# multicast groups of rtnetlink(7), as bits of nl_groups
GROUP_LINK, GROUP_IPV4_IFADDR, GROUP_IPV6_IFADDR = 0x1, 0x10, 0x100
INDEX = HEADER.size + 4   # of a link's index in its message


class Events:
    """Changes of what these groups tell.

    groups -- GROUP_* bits
    steps  -- a program of lbha.bpf that passes those that matter; None: all do
    All raise Failed.
    """

    def __init__(self, groups, steps=None):
        self._socket = open_socket(RTNETLINK, groups)
        self._socket.setblocking(False)
        try:
            if steps:
                bpf.attach(self._socket, steps)
        except OSError as error:
            raise failed(RTNETLINK, error)
        self.fd = self._socket.fileno()

    def happened(self):
        """Whether anything changed since the last question."""
        news = False
        while True:
            try:
                self._socket.recv(BUFFER)
            except BlockingIOError:
                return news
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # more happened than the socket could hold
                    raise failed(RTNETLINK, error)
            news = True

    def wait(self, seconds):
        """Sleep until something changes, at most `seconds`."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.poll(max(1, int(seconds * 1000)))
        self.happened()

    def close(self):
        """Hear no more."""
        self._socket.close()


def of_address(ip, index):
    """Events of one address (bytes), wherever it comes or goes, and of one link.

    On a node with two hundred addresses only the one that it concerns wakes up.
    """
    return Events(GROUP_LINK | (GROUP_IPV4_IFADDR if len(ip) == 4 else GROUP_IPV6_IFADDR),
                  _concerning(ip, index))


def _concerning(ip, index):
    """Passes what tells of this address, or of the link with this index."""
    steps = [(bpf.LOAD_HALF, 4)]  # nlmsg_type
    for layout, label in ((ADDRESS, "address"), (LINK, "link")):
        for kind in (layout.new, layout.delete):
            steps.append((bpf.EQUALS, _as_loaded("=H", kind), label, None))
    steps += [(bpf.RETURN, bpf.DROP), "link"]
    steps += bpf.equals(pack("=i", index), INDEX, "other")
    steps += [(bpf.RETURN, bpf.PASS), "address"]
    # our end is IFA_LOCAL; IPv6 has only IFA_ADDRESS where there is no peer
    for name in ("local", "address"):
        steps += [(bpf.SET_X, ADDRESS.by_name[name][0]),
                  (bpf.SET_A, HEADER.size + ADDRESS.header.size),
                  (bpf.LOAD_WORD, bpf.NETLINK_ATTRIBUTE),
                  (bpf.EQUALS, 0, None, "found")]
    steps += [(bpf.RETURN, bpf.DROP), "found", (bpf.A_TO_X, 0)]
    steps += bpf.equals(ip, 4, "other", bpf.LOAD_WORD_AT_X)
    return steps + [(bpf.RETURN, bpf.PASS), "other", (bpf.RETURN, bpf.DROP)]


def _as_loaded(form, number):
    # netlink speaks the machine's byte order, a filter loads as the network's
    return int.from_bytes(pack(form, number), "big")
