"""What LVS asks of an address: its copy on the loopback device, and no use as a source."""

import _socket
import errno

from lbha import netlink, values
from lbha.address import Place, describe
from lbha.errors import Failed
from lbha.netlink import ADDRESS_LABEL, Refused


class Loopback:
    """The copy of an IPv4 address that a real server of LVS has on its loopback device.

    Start of the address records and removes it, stop puts it back.
    The record has it as `loopback`: "INDEX PREFIX SCOPE LABEL".
    """

    def __init__(self, agent, addresses):
        self.agent, self.addresses = agent, addresses

    def without(self, copies, place):
        """The copies that are not such ones; the Place itself may be on that device."""
        return [copy for copy in copies if not self._is_one(copy, place)]

    def take(self, copies, place):
        """Remove those among these copies. Raises Failed."""
        if not self.agent.p.lvs_support:
            return
        for copy in copies:
            if not self._is_one(copy, place):
                continue
            self.agent.record.update(loopback="%d %d %d %s" % (
                copy.index, copy.prefix, copy.scope, (copy.label or "").partition(":")[2]))
            self.addresses.remove([copy])
            self.agent.log.info("%s waits for the stop" % describe(copy))

    def put_back(self, ip):
        """Add what `take` removed. Raises Failed."""
        words = (self.agent.record["loopback"] or "").split(" ")
        if len(words) != 4 or not all(word.isdecimal() for word in words[:3]):
            return
        index, prefix, scope = map(int, words[:3])
        place = Place(ip, index, netlink.device_name(index), prefix, words[3] or None)
        self.addresses.add(place, self.addresses.link(index), scope=scope)
        self.agent.log.info("put %s back" % place)

    def _is_one(self, copy, place):
        return (copy.family == _socket.AF_INET and place and copy.index != place.index
                and self.addresses.is_loopback(copy.index))


class SourceLabel:
    """The label of an IPv6 address that keeps it from being chosen as a source.

    RFC 6724 section 5 rule 6: a source with the label of the destination goes before others.
    The record has ours as `addrlabel`: "NUMBER ADDRESS".
    """

    def __init__(self, agent, addresses):
        self.agent, self.addresses = agent, addresses

    def set(self, ip):
        """Label the address, unless somebody did; it serves without as well."""
        p, record = self.agent.p, self.agent.record
        if ip.family != _socket.AF_INET6 or not p.lvs_ipv6_addrlabel:
            return
        number, before = p.lvs_ipv6_addrlabel_value, record["addrlabel"]
        if before and before.partition(" ")[2] != str(ip):
            try:
                self.drop()  # an earlier start's, of another address
            except Failed as error:
                self.agent.log.warning(error.reason)
            before = None
        record.update(addrlabel="%d %s" % (number, ip))
        try:
            self.addresses.kernel.add(ADDRESS_LABEL, **self._message(number, ip))
        except Refused as error:
            if error.errno != errno.EEXIST:
                self.agent.log.warning("cannot set the address label of %s: %s" % (ip, error))
            record.update(addrlabel=before)  # ours from an earlier start, or not ours

    def drop(self):
        """Take our label away; one that is gone is fine. Raises Failed."""
        number, _, text = (self.agent.record["addrlabel"] or "").partition(" ")
        try:
            message = self._message(int(number), values.IP(text))
        except ValueError:
            return
        try:
            self.addresses.kernel.delete(ADDRESS_LABEL, **message)
        except Refused as error:
            if error.errno not in (errno.ESRCH, errno.ENOENT):
                raise Failed("cannot remove the address label of %s: %s" % (text, error))

    def _message(self, number, ip):
        return {"family": ip.family, "prefix": ip.bits, "address": ip.packed, "label": number}
