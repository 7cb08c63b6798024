"""Where requests leave from: an address of this node, or a device."""

import _socket

from lbha import values
from lbha.errors import NotInstalled

SO_BINDTODEVICE = 25  # asm-generic/socket.h
LONGEST_DEVICE = 15   # IFNAMSIZ - 1; the option takes no alternative names on older kernels


class Source:
    """An address or a device; neither: as the kernel routes.

    ip -- lbha.values.IP or None; device -- its name or None
    """

    __slots__ = ("ip", "device")

    def __init__(self, ip=None, device=None):
        self.ip, self.device = ip, device

    def bind(self, socket):
        """Have a socket send from here, if its family has such an address. Raises OSError."""
        if self.device:
            socket.setsockopt(_socket.SOL_SOCKET, SO_BINDTODEVICE, self.device.encode() + b"\0")
        elif self.ip and self.ip.family == socket.family:
            socket.bind((self.ip.text, 0))

    def check(self, seconds):
        """Raise NotInstalled when this node has no such address or device.

        seconds -- for an answer of the kernel
        """
        from lbha import netlink

        if self.device and netlink.device_index(self.device) is None:
            raise NotInstalled("source=%s: this node has no such device" % self.device)
        # a socket could be bound to any address where ip_nonlocal_bind is set
        if self.ip and not _has_address(self.ip, seconds):
            raise NotInstalled("source=%s: this node has no such address" % self.ip)


def _has_address(ip, seconds):
    """Whether this node has an address, on whatever device."""
    from lbha import address, netlink

    kernel = netlink.Netlink(seconds)
    try:
        return any(address.packed(copy) == ip.packed for copy in kernel.dump(netlink.ADDRESS))
    finally:
        kernel.close()


class AddressOrDevice(values.Text):
    """Parameter type; the value is a Source."""

    wants = "an address or the name of a network device"

    def parse(self, text):
        try:
            return Source(ip=values.IP(text))
        except ValueError:
            pass  # then it is a device
        if (not 0 < len(text) <= LONGEST_DEVICE or text[0].isdigit() and "." in text
                or any(c.isspace() or c in "/:\0" for c in text)):
            raise ValueError("is not %s" % self.wants)
        return Source(device=text)

    def show(self, value):
        return value.device or value.ip.text
