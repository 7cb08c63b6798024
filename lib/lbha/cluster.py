"""What the agents tell the cluster, and ask it: transient node attributes.

Through Pacemaker's attrd_updater.  Its success means only that the attribute daemon took the
update; the write to the CIB follows when the dampening is over.
"""

from lbha import proc
from lbha.errors import Failed


def set_attribute(name, value, deadline, dampen=None):
    """Set a transient attribute of this node.

    dampen -- seconds that the attribute daemon waits for further changes (float);
              None leaves what is set. Raises Failed, NotInstalled, DeadlineReached.
    """
    if dampen is None:
        _attrd(["--name", name, "--update=%s" % value], deadline)
    else:
        # --update-both: --update alone never changes the dampening of a known attribute
        _attrd(["--name", name, "--update-both=%s" % value,
                "--delay", "%dms" % round(dampen * 1000)], deadline)


def delete_attribute(name, deadline, dampen=None):
    """Delete a transient attribute of this node; it is fine when there is none."""
    delay = [] if dampen is None else ["--delay", "%dms" % round(dampen * 1000)]
    _attrd(["--name", name, "--delete"] + delay, deadline)


def get_attribute(name, node, deadline):
    """The value of a node's transient attribute, or None when it has none."""
    result = _run(["--name", name, "--query", "--node", node], deadline)
    # name="NAME" host="NODE" value="VALUE"
    _, found, value = result.out.partition(' value="')
    return value.rpartition('"')[0] if not result.code and found else None


def _attrd(arguments, deadline):
    result = _run(arguments, deadline)
    if result.code:
        raise Failed("the attribute daemon refused %s: %s"
                     % (arguments[1], result.last_line))


def _run(arguments, deadline):
    return proc.run([proc.need("attrd_updater", "pacemaker")] + arguments, deadline)
