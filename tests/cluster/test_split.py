"""The nodes lose sight of each other: exactly one is fenced, and the service goes on."""

from tests.lab import guide


def cut(lab, verb):
    """Cut or restore both rings."""
    for name in lab.nodes:
        for ring in ("ring1", "ring2"):
            getattr(lab.network, verb)("%s-%s" % (ring, name))


def test_the_node_without_the_address_wins(lab):
    active = lab.cluster.status().started("vip")[0]
    passive = next(name for name in lab.nodes if name != active)
    before = len(lab.power_log.events())
    with lab.meter() as client:
        cut(lab, "cut")
        try:
            lab.cluster.wait("the VIP is on " + passive,
                             lambda status: status.started("vip") == [passive], 60)
            lab.nodes[active].wait_booted()
        finally:
            cut(lab, "restore")
    events = lab.power_log.events()[before:]
    assert [(event.node, event.event) for event in events] == [
        (active, "off asked"), (active, "off"), (active, "on asked"), (active, "on")]
    print(client.report)
    assert client.report.longest_outage < 5
    lab.cluster.start_node(lab.nodes[active])
    guide.wait_settled(lab.cluster, 60)
    lab.cluster.pcs("stonith", "history", "cleanup")
