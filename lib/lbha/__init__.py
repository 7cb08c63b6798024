"""lbha: highly available load balancers on Pacemaker.

The common library of the agents.  Lower modules never import higher ones:

    codes  errors            what can be said to the cluster, and why
    values  spec             parameters and actions, declared once
    render/                  meta-data, usage, man pages, tables from a declaration
    env  log  deadline       what the cluster gave this call
    proc  host  state        processes, this node, what start recorded
    cluster                  node attributes and membership
    hold                     monitors that wait for an event
    ocf  fence               the runtimes of resource and fence agents

Nothing is imported here: an agent pays at every call for each module it loads.
"""

__version__ = "0.1.0"
