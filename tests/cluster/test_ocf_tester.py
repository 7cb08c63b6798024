"""The distribution's own ocf-tester, inside a node, on each resource agent."""

import pytest

PARAMETERS = {
    "haproxy": {"conffile": "/etc/haproxy/tester.cfg"},
    "IPaddr2": {"ip": "192.168.1.77", "nic": "eno2", "cidr_netmask": "24"},
    "ping": {"host_list": "192.168.1.1", "name": "tester"},
}
CONFIG = """
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend main
    bind 127.0.0.1:8099
"""


@pytest.mark.parametrize("agent", PARAMETERS)
def test_passes_without_an_error(lab, agent):
    node = lab.nodes["node02"]
    node.write("/etc/haproxy/tester.cfg", CONFIG.encode())
    options = [word for pair in PARAMETERS[agent].items() for word in ("-o", "%s=%s" % pair)]
    result = node.run(["ocf-tester", "-n", "tester", *options,
                       "/usr/lib/ocf/resource.d/lbha/" + agent], timeout=120, check=False)
    print(result.out, result.err)
    assert result.code == 0
    assert "passed all tests" in result.out
    assert "rror" not in result.out.replace("errors", "")
