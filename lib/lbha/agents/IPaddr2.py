"""ocf:lbha:IPaddr2 -- a virtual IPv4 or IPv6 address."""

from lbha import address, ocf, values
from lbha.spec import Action, Declaration, Parameter
from lbha.values import Boolean, Either, Integer, Name, Seconds, Text
from lbha.vip.plan import LONGEST_LABEL
from lbha.vip.service import Service

DECLARATION = Declaration(
    "ocf", "IPaddr2", "Manages a virtual IPv4 or IPv6 address",
    (
        "Puts an address on a network device, tells the neighbours where it is now, and takes "
        "it away again. It takes the parameters of ocf:heartbeat:IPaddr2: change the provider, "
        "and the resource works as before.",
        "Start records what it did. Stop takes the address away from there, whatever became of "
        "the parameters, routes and names in the meantime, and from any other device that has "
        "it: a stopped address is nowhere on the node. (A link-local address is another one on "
        "every device.) The state of the address is read from the kernel (rtnetlink), and two "
        "notations of an address are the same address.",
        "An address that shares its subnet with others does not take them along when it is "
        "removed: before it removes the first IPv4 address of a subnet, the agent sets "
        "promote_secondaries of the device.",
        "A recurring monitor holds: it waits for the kernel to tell that the address or the "
        "carrier of its device is gone, and returns at once. While it waits it also hears other "
        "hosts that claim the address, answers them at most once in ten seconds, and tells who "
        "it is in the node attribute lbha-RESOURCE.",
        "A start without carrier succeeds, and the attribute says so: when the links of all "
        "nodes come back, the address serves, with nobody cleaning up.",
        "One address cannot be shared by the nodes of a clone (CLUSTERIP): the kernel dropped "
        "that. Clone ocf:lbha:haproxy, which is active everywhere, and keep one address beside "
        "it. A clone with unique_clone_address, or of an address on a loopback device, works.",
        "A held monitor is an interpreter that waits: 4 MB of memory each. Two hundred of them "
        "measured 0.8 GB, a fortieth of a processor, and half a second of it when the link "
        "of all changes; an address that comes or goes wakes only its own. Where that memory is "
        "missing say hold=0 with a longer interval: what is lost is then seen at the next one, "
        "other hosts' claims are not, and each poll costs an interpreter's start.",
    ),
    parameters=(
        Parameter(
            "ip", address.FloatingAddress(), "The address",
            "The virtual address, in any notation.",
            required=True, unique=True),
        Parameter(
            "nic", address.Device(), "Network device",
            "The device that gets the address; alternative names are fine. Without it, the "
            "connected route that fits the address best says which: the longest prefix, then "
            "the lowest metric; a default route never decides. An IPv6 link-local address "
            "needs it. A form such as eth0:web is a device and a label."),
        Parameter(
            "cidr_netmask", address.Prefix(), "Prefix length or netmask",
            "The prefix length of the address. Without it, that of the connected route that "
            "fits the address best.",
            aliases=("netmask",)),
        Parameter(
            "broadcast", Either("+", "-", of=values.Address()), "Broadcast address",
            "The broadcast address of an IPv4 address: + sets the host bits to one, - to zero. "
            "No use for IPv6 and for prefixes of 31 and 32.",
            default="+"),
        Parameter(
            "proto", address.RouteProtocol(), "Protocol of the routes that count",
            "Only connected routes of this protocol say where the address belongs, by a name "
            "such as kernel or static, or a number from 0 to 255."),
        Parameter(
            "metric", Integer(0, 0xffffffff), "Metric of the route to the prefix",
            "The route to the subnet that the kernel makes with the address gets this metric."),
        Parameter(
            "iflabel", Name(), "Label of the address",
            "The address is labelled DEVICE:LABEL, at most %d characters, for tools that still "
            "show labels as devices. IPv4 only: IPv6 addresses have no labels."
            % LONGEST_LABEL),
        Parameter(
            "network_namespace", address.NetworkNamespace(), "Network namespace",
            "The name of the network namespace (ip-netns(8)) that has the device. A stop takes "
            "the address away from the namespace that start recorded; with a namespace that is "
            "gone the address is gone."),
        Parameter(
            "check_link_status", Boolean(), "Fail when the link fails",
            "A monitor fails when the device had its carrier since start, and has been without "
            "it for link_delay. A start on the node where that just happened is refused, once, "
            "while the carrier is still missing and another node is there, so that the address "
            "moves. For Pacemaker that is a failed start: the node is banned until "
            "failure-timeout is over or somebody runs a cleanup, so set failure-timeout; with "
            "start-failure-is-fatal=false only migration-threshold makes the address move. "
            "By default a missing carrier is only told in the node attribute.",
            default=False),
        Parameter(
            "link_delay", Seconds(0, 60), "How long a link may be down",
            "With check_link_status: a carrier that comes back within this time is no failure. "
            "A monitor never waits longer than half of what is left of its timeout.",
            default=2.0),
        Parameter(
            "repair", Boolean(), "Put a removed address back",
            "When something else takes the address away from a device that is up, the monitor "
            "puts it back in place, announces it and logs it, instead of failing; three times a "
            "minute, after which it fails.",
            default=False),
        Parameter(
            "arp_interval", Integer(1, 60000), "Milliseconds between announcements",
            "The time between two announcements, in milliseconds.",
            default=200),
        Parameter(
            "arp_count", Integer(0, 1000), "Number of announcements",
            "How often the address is announced after start: for IPv4 with a gratuitous ARP "
            "request and reply each time, for IPv6 with an unsolicited Neighbor Advertisement. "
            "The first goes out at once, the others in the background, and some seconds later "
            "as many again, for who was not listening yet. 0 announces nothing.",
            default=5),
        Parameter(
            "arp_count_refresh", Integer(0, 1000), "Number of announcements of a refresh",
            "While the address is held, its monitor announces it again every 30 s, so often; "
            "IPv4 and IPv6. 0 does not.",
            default=0),
        Parameter(
            "arp_bg", Boolean(), "Announce in the background",
            "false: start only ends when the first burst is over. The default is true for IPv6 "
            "too: a start there has no reason to wait longer.",
            default=True),
        Parameter(
            "run_arping", Boolean(), "Ask before whether another host has the address",
            "Start then asks the neighbours first (IPv4: ARP probes; IPv6: as in duplicate "
            "address detection), for about a second, and fails when one has the address.",
            default=False),
        Parameter(
            "nodad", Boolean(), "No duplicate address detection",
            "An IPv6 address is used at once, without asking whether another host has it.",
            default=False),
        Parameter(
            "noprefixroute", Boolean(), "Add no route for the prefix",
            "The kernel then makes no route to the subnet of the address on the device.",
            default=False),
        Parameter(
            "preferred_lft", Either("forever", of=Integer(0, 0xfffffffe)),
            "Preferred lifetime in seconds",
            "How long the address is preferred as a source of new connections. With 0 the node "
            "answers on an IPv6 address but does not choose it for connections of its own; for "
            "IPv4 the kernel keeps it and chooses by other rules.",
            default="forever"),
        Parameter(
            "lvs_support", Boolean(), "Take the copy of the loopback device along",
            "For a director of LVS that is a real server too: start removes a copy of the IPv4 "
            "address from the loopback device, stop puts it back, and elsewhere it does not "
            "count as the address.",
            default=False),
        Parameter(
            "lvs_ipv6_addrlabel", Boolean(), "Do not use the IPv6 address as a source",
            "The address gets a label of its own (RFC 6724), so that the node does not choose "
            "it for connections it makes. Unlike on EL8 this is the default: connections with "
            "the virtual address as their source break when it moves.",
            default=True),
        Parameter(
            "lvs_ipv6_addrlabel_value", Integer(0, 0xfffffffe), "That label",
            "The number of the label for lvs_ipv6_addrlabel.",
            default=99),
        Parameter(
            "unique_clone_address", Boolean(), "Each instance of a clone has its own address",
            "The number of the instance is added to the address. The clone needs "
            "globally-unique=true.",
            default=False),
        Parameter(
            "flush_routes", Boolean(), "Accepted, without effect",
            "The kernel has had no cache of IPv4 routes since 3.6, and keeps that of IPv6 "
            "itself.",
            default=False),
        Parameter(
            "arp_sender", Text(), "Accepted, without effect",
            "The agent sends its announcements itself."),
        Parameter(
            "send_arp_opts", Text(), "Accepted, without effect",
            "Nothing is left to choose: requests and replies are both sent."),
        Parameter(
            "mac", Text(), "Accepted, without effect",
            "It was the shared MAC address of a load-sharing clone, which the kernel dropped."),
        Parameter(
            "clusterip_hash", Text(), "Accepted, without effect",
            "As for mac."),
        ocf.HOLD,
        ocf.DEGRADED_CODE,
    ),
    actions=(
        Action("start", timeout=20),
        Action("stop", timeout=20),
        Action("monitor", timeout=120, interval=1, depth=0),
        Action("validate-all", timeout=20),
        Action("meta-data", timeout=5),
    ),
    examples=(
        ("An address with everything said:",
         "pcs resource create vip ocf:lbha:IPaddr2 ip=192.168.1.10 nic=eno2 "
         "cidr_netmask=24"),
        ("An IPv6 address; device and prefix are those of the connected route:",
         "pcs resource create vip6 ocf:lbha:IPaddr2 ip=2001:db8::10"),
        ("One of hundreds, each asked every ten seconds:",
         "pcs resource create vip200 ocf:lbha:IPaddr2 ip=192.168.1.200 hold=0 \\\n"
         "    op monitor interval=10s timeout=20s"),
    ))


class IPaddr2(ocf.ResourceAgent):
    """The address of one resource."""

    declaration = DECLARATION

    def __init__(self, *call):
        super().__init__(*call)
        self.service = Service(self)

    def validate(self):
        self.service.validate()

    def find(self):
        return self.service.find()

    def start(self):
        self.service.change.start()

    def adopt(self):
        self.service.change.adopt()

    def stop(self):
        self.service.change.stop()

    def after_stop(self):
        self.service.change.after_stop()

    def observe(self):
        return self.service.watch.observe()

    def sources(self):
        return self.service.watch.sources()

    @property
    def pause(self):
        return self.service.watch.pause
