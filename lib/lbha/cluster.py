"""What the agents tell the cluster, and ask it: transient node attributes.

Through Pacemaker's attrd_updater(8), 2.0.5 and later.  Its success means only that the
attribute daemon took the update; the write to the CIB follows when the dampening is over.
"""

import os

from lbha import proc
from lbha.errors import Failed

# attrd_updater reads there which node an agent speaks for; on a remote node the daemon's own
# node is another one
NODE = "OCF_RESKEY_CRM_meta_on_node"
NO_SUCH_ATTRIBUTE = 105  # CRM_EX_NOSUCH


def set_attribute(name, value, deadline, dampen=None):
    """Set a transient attribute of this node.

    dampen -- seconds that the attribute daemon waits for further changes (float);
              None leaves what is set. Raises Failed, NotInstalled, DeadlineReached.
    """
    if dampen is None:
        _attrd(name, ["--update=%s" % value], deadline)
    else:
        # --update-both: --update alone never changes the dampening of a known attribute
        _attrd(name, ["--update-both=%s" % value] + _delay(dampen), deadline)


def delete_attribute(name, deadline, dampen=None):
    """Delete a transient attribute of this node; it is fine when there is none."""
    _attrd(name, ["--delete"] + _delay(dampen), deadline)


def get_attribute(name, deadline):
    """The value of this node's transient attribute, or None when it has none.

    What the attribute daemon holds, which the CIB may get later.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    result = _attrd(name, ["--query"], deadline, fine=(0, NO_SUCH_ATTRIBUTE))
    # name="NAME" host="NODE" value="VALUE"; a deleted one is known still, with value=""
    value = result.out.partition(' value="')[2].rpartition('"')[0]
    return value or None


def _delay(seconds):
    return [] if seconds is None else ["--delay", "%dms" % round(seconds * 1000)]


def _attrd(name, arguments, deadline, fine=(0,)):
    program = proc.need("attrd_updater", "pacemaker")
    node = {NODE: os.environ[NODE]} if NODE in os.environ else None
    result = proc.run([program, "--name", name] + arguments, deadline, environment=node)
    if result.code not in fine:
        raise Failed("the attribute daemon refused %s: %s" % (name, result.last_line))
    return result
