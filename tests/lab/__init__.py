"""A real Pacemaker cluster on one machine, for tests, benchmarks and the demo.

    python3 -m tests.lab up | status | shell NODE | down

``lab.Lab`` is the same from Python. The parts, each in the module of its name:

    lab       the whole, up and down again      cluster   the guide's pcs commands
    node      one cluster node: a booted Debian status    what the cluster says of itself
    network   the bridges, cables, stations     bmc       an IPMI controller per node
    root      the Debian file system of a node  power     the switch behind the controller
    web       the two web servers               client    the client that measures outages
    visitors  a thousand, and who served each   downloads long ones, every byte checked
    sticky    the stick tables of HAProxy       original  the guide's cluster as it was

Everything of a lab lives in one cgroup and in network, mount and process
namespaces that exist only as long as processes in that cgroup do: when the
cgroup is killed, the kernel takes interfaces, namespaces and mounts with it.
"""
