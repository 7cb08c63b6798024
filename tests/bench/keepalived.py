"""The rivals without a cluster: keepalived, by VRRP."""

from __future__ import annotations

from tests.lab.plan import GATEWAY, VIP
from tests.lab.wait import wait

from . import rivals

CONFIGURATION = """\
global_defs {{
    enable_script_security
    script_user root
    vrrp_version {version}
}}
vrrp_script haproxy {{
    script "{check}"
    interval 1
    timeout 1
}}
vrrp_script gateway {{
    script "/bin/ping -c 1 -W 1 {gateway}"
    interval 1
    timeout 2
    fall 2
}}
vrrp_instance lb {{
    state BACKUP
    nopreempt
    interface eno2
    virtual_router_id 51
    priority {priority}
    advert_int {advert}
    virtual_ipaddress {{
        {vip}/24
    }}
    virtual_ipaddress_excluded {{
{more}    }}
    track_script {{
        haproxy
        gateway
    }}
}}
"""
FILE = "/etc/keepalived/keepalived.conf"
OVERRIDE = "/etc/systemd/system/haproxy.service.d/bench.conf"
PROCESS = "/usr/bin/killall -0 haproxy"
SERVICES = ("haproxy.service", "keepalived.service")


class Keepalived(rivals.Rival):
    """VRRP with the adverts and the check script that most people have: one second each.

    A check that fails takes the VIP away; it looks for the process, and whether the gateway
    answers, which is more than most ask.

    restart -- whether systemd starts HAProxy again; Debian's unit says so, EL8's does not
    """

    name, title = "keepalived", "keepalived 1 s"
    group = "system.slice/keepalived.service"
    daemon = "keepalived"
    version, advert = 2, "1"
    check = PROCESS
    restart = "no"

    def set_up(self):
        self.lab.cluster.pcs("cluster", "stop", "--all", timeout=120)
        for node in self.nodes:
            node.write(OVERRIDE, f"[Service]\nRestart={self.restart}\n".encode())
            self._configure(node, [])
            node.run(["systemctl", "daemon-reload"])
            # so that they come back after a loss of power, as on any such machine
            node.run(["systemctl", "enable", "--now", *SERVICES], timeout=60)
        self.settle()

    def tear_down(self):
        for node in self.nodes:
            node.run(["systemctl", "disable", "--now", *SERVICES], timeout=60)
            node.run(["rm", "-f", OVERRIDE, FILE])
            node.run(["systemctl", "daemon-reload"])
        self.lab.cluster.start()

    def settle(self, seconds=120):
        def settled():
            return (len(self._holders()) == 1 and all(
                node.run(["systemctl", "is-active", *SERVICES], check=False).code == 0
                for node in self.nodes))

        wait("HAProxy and keepalived run everywhere, the VIP is on one node", settled, seconds)

    def _holders(self):
        return [node for node in self.nodes if rivals.holder([node])]

    def _configure(self, node, addresses):
        node.write(FILE, CONFIGURATION.format(
            version=self.version, advert=self.advert, check=self.check.format(node=node.name),
            priority=150 - 10 * self.nodes.index(node), gateway=GATEWAY, vip=VIP,
            more="".join(f"        {address}/32\n" for address in addresses)).encode())

    def standby(self, node):
        node.run(["systemctl", "stop", "keepalived.service"])

    def unstandby(self, node):
        node.run(["systemctl", "start", "keepalived.service"])

    def rejoin(self, node):
        """HAProxy that has died stays so; who runs the machine starts it again."""
        node.run(["systemctl", "reset-failed", *SERVICES], check=False)
        node.run(["systemctl", "start", *SERVICES], timeout=60)

    def add_addresses(self, addresses):
        # a holder that reads its file again keeps the VIP
        for node in self.nodes:
            self._configure(node, addresses)
            node.run(["systemctl", "reload", "keepalived.service"])
        last = f" {addresses[-1]}/" if addresses else f" {VIP}/"
        wait("the holder has all addresses", lambda: any(
            last in node.run(["ip", "-4", "-o", "address"]).out for node in self._holders()), 60)

    def remove_addresses(self, addresses):
        self.add_addresses([])


class Fast(Keepalived):
    """VRRPv3 can advertise ten times a second."""

    name, title = "keepalived-fast", "keepalived 100 ms"
    version, advert = 3, "0.1"


class Best(Fast):
    """The most that can be made of it: the check asks by HTTP, systemd starts HAProxy again."""

    name, title = "keepalived-best", "keepalived at its best"
    check = "/usr/bin/curl --silent --output /dev/null --max-time 1 http://{node}:10080/statspage"
    restart = "always"
