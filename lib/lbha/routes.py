"""Which device and prefix an address belongs to, by the routes of the node.

Only connected routes decide: those of the main table that reach their destination without a
gateway.  A default route leads everywhere and so says nothing about an address.
"""

import _socket

from lbha import netlink


# rtnetlink(7), rtm_protocol: who made a route; the names of /etc/iproute2/rt_protos
PROTOCOLS = {
    "redirect": 1, "kernel": 2, "boot": 3, "static": 4, "gated": 8, "ra": 9, "mrt": 10,
    "zebra": 11, "bird": 12, "dnrouted": 13, "xorp": 14, "ntk": 15, "dhcp": 16,
    "keepalived": 18, "babel": 42, "bgp": 186, "isis": 187, "ospf": 188, "rip": 189,
    "eigrp": 192}


def connected(conversation, family):
    """The connected routes of the node, a list of lbha.netlink Messages."""
    return [route for route in conversation.dump(netlink.ROUTE, family=family)
            if _is_connected(route)]


def best(routes, packed):
    """The route that an address (bytes) belongs to, or None.

    The longest prefix wins, and among equals the lowest metric, as when the kernel routes.
    """
    covering = [route for route in routes if covers(route, packed)]
    if not covering:
        return None
    return min(covering, key=lambda route: (-route.prefix, route.metric or 0))


def covers(route, packed):
    """Whether an address (bytes) lies in the destination of a route."""
    host_bits = len(packed) * 8 - route.prefix
    return (len(route.destination) == len(packed)
            and _number(route.destination) >> host_bits == _number(packed) >> host_bits)


def is_of_a_copy(route, packed):
    """Whether a route is there because the address (bytes) itself is, and so says nothing
    about where it belongs: the kernel makes one for each IPv6 address of full length."""
    return (route.protocol == PROTOCOLS["kernel"] and route.destination == packed
            and route.prefix == len(packed) * 8)


def describe(routes):
    """The routes as people write them, the candidates in a reason."""
    named = ["%s/%d %s" % (_socket.inet_ntop(route.family, route.destination),
                           route.prefix, netlink.device_name(route.device)) for route in routes]
    return ", ".join(named) or "none"


def _is_connected(route):
    # RTA_TABLE has the number whole, the header only its low byte
    table = route.low_table if route.table is None else route.table
    return (table == netlink.RT_TABLE_MAIN and route.type == netlink.RTN_UNICAST
            and route.prefix > 0 and route.destination is not None
            and route.device is not None and route.gateway is None and route.via is None)


def _number(packed):
    return int.from_bytes(packed, "big")
