"""Wrong parameters: the contract's code and one clear sentence in the status."""

import pytest

CASES = {
    "a configuration file that is not there": (
        ["ocf:lbha:haproxy", "conffile=/etc/haproxy/nowhere.cfg"], 5, ["nowhere.cfg"]),
    "an address that is none": (
        ["ocf:lbha:IPaddr2", "ip=192.168.1.300", "nic=eno2", "cidr_netmask=24"], 6,
        ["192.168.1.300", "address"]),
    "a device that does not exist": (
        ["ocf:lbha:IPaddr2", "ip=192.168.1.78", "nic=eno9", "cidr_netmask=24"], 1, ["eno9"]),
    "an empty host list": (
        ["ocf:lbha:ping", "name=bad", "host_list= "], 6, ["host_list"]),
}


@pytest.mark.parametrize("case", CASES)
def test_start_fails_with_code_and_sentence(lab, case):
    words, code, wanted = CASES[case]
    lab.cluster.pcs("resource", "create", "bad", *words, "--force")
    try:
        status = lab.cluster.wait(
            "the failure is shown",
            lambda status: [f for f in status.failures if f.operation.startswith("bad_start")], 20)
        failure = [f for f in status.failures if f.operation.startswith("bad_start")][0]
        assert failure.code == code
        assert all(word in failure.reason for word in wanted), failure.reason
        shown = lab.cluster.pcs("status").out
        assert wanted[0] in shown
    finally:
        lab.cluster.pcs("resource", "delete", "bad", "--force")
    lab.cluster.wait("it is gone, and so is its failure", lambda status: (
        not status.active("bad") and not status.failures), 20)
    for node in lab.nodes.values():
        assert "192.168.1.78" not in node.run(["ip", "-o", "address"]).out


def test_a_name_that_does_not_resolve_is_told_while_ping_serves(lab):
    lab.cluster.pcs(
        "resource",
        "create",
        "bad",
        "ocf:lbha:ping",
        "name=bad",
        "host_list=192.168.1.1 nobody.invalid",
        "attempts=1",
        "timeout=1",
        "op",
        "monitor",
        "interval=2s",
        "timeout=20s",
    )
    try:
        lab.cluster.wait(
            "the attribute lbha-bad names the host", lambda status: any(
                "nobody.invalid" in attributes.get("lbha-bad", "")
                for attributes in status.attributes.values()), 40)
        assert lab.cluster.status().started("bad")
    finally:
        lab.cluster.pcs("resource", "delete", "bad", "--force")
    lab.cluster.wait("its attributes are gone", lambda status: not any(
        "lbha-bad" in attributes or "bad" in attributes
        for attributes in status.attributes.values()), 30)


@pytest.mark.parametrize("name, parameters, wanted", [
    ("mute", ["ip=192.168.0.199", "password=ipmipass1"], ["192.168.0.199", "does not answer"]),
    ("locked", ["ip=192.168.0.111", "password=wrong"], ["192.168.0.111", "password"]),
], ids=["a BMC that does not answer", "a wrong password"])
def test_fence_device_that_cannot_start(lab, name, parameters, wanted):
    """Pacemaker 2.0.5 shows no reason for fence devices: the sentence is in its log."""
    lab.cluster.pcs("stonith", "create", name, "fence_pyipmi", "pcmk_host_list=nobody",
                    "username=pacemaker", "lanplus=1", *parameters, "--force")
    try:
        lab.cluster.wait("the start has failed", lambda status: [
            f for f in status.failures if f.operation.startswith(name + "_start")], 60)
        logs = "".join(node.run(["cat", "/var/log/pacemaker/pacemaker.log"]).out
                       for node in lab.nodes.values())
        said = [line for line in logs.splitlines() if "stderr" in line]
        assert any(all(word in line for word in wanted) for line in said), said[-5:]
        assert "wrong" not in "".join(said).replace("wrong password", "")
    finally:
        lab.cluster.pcs("stonith", "delete", name, "--force")
    lab.cluster.wait("its failure is gone", lambda status: not status.failures, 20)
