"""lbha: highly available load balancers on Pacemaker.

The common library of the agents.  A module imports only what stands before it here:

    codes  errors                what can be said to the cluster, and why
    values  spec                 parameters and actions, declared once
    render                       meta-data, usage, man pages, tables from a declaration
    streams  env  options        what the caller gave: descriptors and signals, environment,
                                 options
    log  deadline                where lines go, and the time there is
    proc  task  host  state      processes, this node, what start recorded
    bpf                          filters in the kernel, of what a socket hears
    netlink  events  netns       links, addresses and routes of the kernel; namespaces
    routes  address              where an address belongs, and where it is
    sockets                      who listens, and who is connected
    icmp  names                  echo requests, and the addresses of names
    arp  ndp                     packets that announce an address or ask for it
    announce                     telling the neighbours of an address
    cluster  turn                node attributes, membership, and one node at a time
    claims                       who else has an address
    finding  degraded            what was found, and works-but-look
    hold  configuration          monitors that wait, and what they make way for
    reach                        which hosts this node reaches
    haproxy  vip                 HAProxy; a virtual address: launched, watched, taken away
    actions                      what each action of a resource agent does
    packages                     of the distribution, beside the standard library
    secret  power  ipmi  talk    passwords, power proven, what IPMI says, and how
    ocf  fence                   the runtimes of resource and fence agents
    agents                       what each agent declares, and its verbs
    pcsgen                       sheets that describe a cluster, to and from its CIB
    __main__                     the lbha command

Nothing is imported here: an agent pays at every call for each module it loads.  That is
why those that its monitor loads take the C halves of Python's own (posix for os, _socket,
_struct, _stat, _signal): the other halves would cost 1 to 4 ms, by version.
"""

__version__ = "0.1.0"
