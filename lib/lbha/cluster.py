"""What the agents tell the cluster, and ask it: node attributes, membership, what runs where.

Through Pacemaker's own programs, 2.0.5 to 3.0, and corosync-cmapctl(8) of corosync 3.  The
success of attrd_updater(8) means only that the attribute daemon took the update; the write to
the CIB follows when the dampening is over.
"""

from lbha import env
from lbha.errors import Failed, LocalFault

# attrd_updater reads there which node an agent speaks for; on a remote node the daemon's own
# node is another one
NODE = "OCF_RESKEY_CRM_meta_on_node"
NO_SUCH_OBJECT = (105,)        # CRM_EX_NOSUCH of cibadmin(8)
NO_SUCH_ATTRIBUTE = (105, 78)  # CRM_EX_NOSUCH; what Pacemaker 3.0.0 says instead: CRM_EX_CONFIG


# -------------------------------------------------------------------- transient attributes

def set_attribute(name, value, deadline, dampen=None, private=False):
    """Set a transient attribute of this node.

    dampen  -- seconds that the attribute daemon waits for further changes (float);
               None leaves what is set. Raises Failed, NotInstalled, DeadlineReached.
    private -- keep it out of the CIB, where every change makes the scheduler run; whoever
               sets or deletes it first decides that for the attribute's whole life
    """
    if dampen is None:
        _attrd(name, ["--update=%s" % value] + _private(private), deadline)
    else:
        # --update-both: --update alone never changes the dampening of a known attribute
        _attrd(name, ["--update-both=%s" % value] + _delay(dampen) + _private(private), deadline)


def delete_attribute(name, deadline, dampen=None, private=False):
    """Delete a transient attribute of this node; it is fine when there is none."""
    _attrd(name, ["--delete"] + _delay(dampen) + _private(private), deadline)


def get_attribute(name, deadline):
    """The value of this node's transient attribute, or None when it has none.

    What the attribute daemon holds, which the CIB may get later.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    result = _attrd(name, ["--query"], deadline, fine=(0,) + NO_SUCH_ATTRIBUTE)
    # name="NAME" host="NODE" value="VALUE"; a deleted one is known still, with value=""
    value = result.out.partition(' value="')[2].rpartition('"')[0]
    return value or None


def get_attributes(name, deadline):
    """The values of a transient attribute on all nodes: {node: value}, without empty ones.

    What this node's attribute daemon holds, private attributes too. Pacemaker 3.0 puts a
    backslash before a quotation mark in a value.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    result = _attrd(name, ["--query", "--all"], deadline, fine=(0,) + NO_SUCH_ATTRIBUTE)
    values = {}
    # a value may have lines of its own, so the name is what separates two of them
    for entry in ("\n" + result.out).split('\nname="%s" host="' % name)[1:]:
        node, _, rest = entry.partition('" value="')
        value = rest.rpartition('"')[0]
        if value:
            values[node] = value
    return values


def get_written_attribute(name, node, deadline):
    """The value of a transient attribute of a node as the CIB has it, or None.

    What location rules see: it can be missing there while the attribute daemon has it, as
    after the death of pacemaker-execd 2.0.5.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    path = "/cib/status/node_state[@uname='%s']/transient_attributes" % node
    result = _run("cibadmin", ["--query", "--local", "--xpath", path], deadline)
    if result.code in NO_SUCH_OBJECT:
        return None
    if result.code:
        raise Failed("cibadmin cannot read the attributes of %s: %s" % (node, result.last_line))
    for element, given in _elements(result.out, "cibadmin"):
        if element[-1] == "nvpair" and given.get("name") == name:
            return given.get("value") or None
    return None


def write_attributes(deadline):
    """Have the attribute daemon write what it holds to the CIB again.

    Raises Failed, NotInstalled, DeadlineReached.
    """
    result = _run("attrd_updater", ["--refresh"], deadline)
    if result.code:
        raise Failed("the attribute daemon does not write: %s" % result.last_line)


def _run(name, arguments, deadline, **options):
    """Run one of the cluster's programs: a lbha.proc.Result."""
    from lbha import proc  # most monitors run none

    package = "corosync" if name.startswith("corosync") else "pacemaker"
    return proc.run([proc.need(name, package)] + arguments, deadline, **options)


def _private(private):
    return ["--private"] if private else []


def _delay(seconds):
    return [] if seconds is None else ["--delay", "%dms" % round(seconds * 1000)]


def _attrd(name, arguments, deadline, fine=(0,)):
    node = env.own().get(NODE)
    result = _run("attrd_updater", ["--name", name] + arguments, deadline,
                  environment={NODE: node} if node else None)
    if result.code not in fine:
        raise Failed("the attribute daemon refused %s: %s" % (name, result.last_line))
    return result


# ------------------------------------------------------------------------------ membership

class Member:
    """A node that corosync is configured with, online or not.

    name      -- as Pacemaker calls it
    addresses -- of its links in their order, as corosync.conf has them: addresses or names
    """

    __slots__ = ("name", "addresses")

    def __init__(self, name, addresses):
        self.name, self.addresses = name, addresses


def local_node(call, deadline):
    """The cluster's name of the node that `call` (a lbha.env.Call) is about.

    Pacemaker names it to every action; by hand its controller is asked.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    named = call.meta.get("on_node")
    if named:
        return named
    result = _run("crm_node", ["--name"], deadline)
    if result.code or not result.out.strip():
        raise Failed("crm_node does not know the name of this node: %s" % result.last_line)
    return result.out.strip()


def members(deadline):
    """The nodes of corosync's nodelist, sorted by name: a list of Member.

    Raises Failed (corosync does not answer or has no nodelist), LocalFault (a node without
    a name: whom nobody can name is not left out in silence), NotInstalled, DeadlineReached.
    """
    result = _run("corosync-cmapctl", ["nodelist."], deadline)
    if result.code and result.err.strip():
        raise Failed("corosync does not answer: %s" % result.last_line)
    nodes = _nodelist(result.out)
    if not nodes:  # then the exit code is 1, without a word
        raise Failed("corosync has no nodelist: wanted one in corosync.conf")
    return sorted((_member(keys) for keys in nodes.values()), key=lambda member: member.name)


def _nodelist(text):
    """{position: {key: value}} of lines such as nodelist.node.0.name (str) = node01."""
    nodes = {}
    for line in text.splitlines():
        path, _, value = line.partition(" = ")
        words = path.partition(" ")[0].split(".")
        if words[:2] == ["nodelist", "node"] and len(words) == 4:
            nodes.setdefault(words[2], {})[words[3]] = value.strip()
    return nodes


def _member(keys):
    links = sorted(key for key in keys if key.startswith("ring") and key.endswith("_addr"))
    addresses = [keys[link] for link in links]
    # as corosync_node_name() of Pacemaker: the name, or the first link's when that is a name
    name = keys.get("name") or keys.get("ring0_addr", "")
    if not name or _is_address(name):
        raise LocalFault("corosync node %s (%s) has no name: wanted one in the nodelist of "
                         "corosync.conf" % (keys.get("nodeid", "?"), ", ".join(addresses)))
    return Member(name, addresses)


def _is_address(text):
    import _socket

    for family in (_socket.AF_INET, _socket.AF_INET6):
        try:
            _socket.inet_pton(family, text)
            return True
        except OSError:
            continue
    return False


# -------------------------------------------------------------------- what Pacemaker knows

def node_settings(name, deadline):
    """The values of a permanent node attribute (pcs node attribute NODE NAME=VALUE) on the
    nodes that have it: {node: value}, without empty ones.

    Raises Failed, NotInstalled, DeadlineReached.
    """
    result = _run("cibadmin", ["--query", "--scope", "nodes"], deadline)
    if result.code:
        raise Failed("cibadmin cannot read the attributes of the nodes: %s" % result.last_line)
    settings, node = {}, None
    for path, given in _elements(result.out, "cibadmin"):
        if path[-1] == "node":
            node = given.get("uname")
        # a node has pairs of other kinds too: its utilization
        elif path[-2:] == ["instance_attributes", "nvpair"] and given.get("name") == name:
            settings[node] = given.get("value")
    return {node: value for node, value in settings.items() if node and value}


def running_on(resource, deadline):
    """The names of the nodes that serve with a resource, as a set.

    A node counts when it is ready (`candidates`), an instance when it is started, not failed
    and still configured.

    resource -- the primitive's id, or an instance of its clone; all instances count
    Raises Failed, NotInstalled, DeadlineReached.
    """
    primitive = resource.split(":")[0]
    found, counts = set(), False
    elements = _status(deadline)
    for path, given in elements:
        if path[-1] == "resource":
            counts = given.get("id", "").split(":")[0] == primitive and _is_started(given)
        elif path[-2:] == ["resource", "node"] and counts:
            found.add(given.get("name"))
    return _ready(elements) & found


def candidates(resource, deadline):
    """The names of the nodes where a resource could be started, as a set: ready, and without
    a start of it that failed there, which bans it (start-failure-is-fatal) as long as
    Pacemaker remembers.

    A node is ready that is online, and neither pending, in standby nor about to be fenced.
    Raises Failed, NotInstalled, DeadlineReached.
    """
    elements = _status(deadline)
    failed = {given.get("node") for path, given in elements
              if path[-1] == "failure" and given.get("op_key") == resource + "_start_0"}
    return _ready(elements) - failed


def _status(deadline):
    """The (path, attributes) of crm_mon's elements."""
    result = _run("crm_mon", ["--one-shot", "--output-as=xml"], deadline)
    elements = _elements(result.out, "crm_mon")
    for path, given in elements:
        if path[-1] == "status" and given.get("code") != "0":
            raise Failed("crm_mon cannot tell what runs where: %s" % given.get("message"))
    return elements


def _ready(elements):
    return {given.get("name") for path, given in elements
            if path[-2:] == ["nodes", "node"] and _is_ready(given)}


def _is_ready(node):
    return _has(node, "online") and not _has(
        node, "pending", "standby", "standby_onfail", "unclean")


def _is_started(instance):
    # while a start or a stop is under way the instance is "active" already, or still
    return (_has(instance, "active") and instance.get("role") not in ("Starting", "Stopping")
            and not _has(instance, "failed", "orphaned", "removed"))


def _has(given, *flags):
    return any(given.get(flag) == "true" for flag in flags)


def _elements(text, program):
    """A list for each element of an XML text in its order: (path, attributes).

    path -- the names of the elements from the root to this one
    """
    import pyexpat  # a tenth of a millisecond; the `xml` package around it is not needed

    found, path = [], []

    def begin(name, attributes):
        path.append(name)
        found.append((list(path), attributes))

    parser = pyexpat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: path.pop()
    try:
        parser.Parse(text, True)
    except pyexpat.ExpatError as error:
        raise Failed("%s did not answer with XML: %s" % (program, error))
    return found
