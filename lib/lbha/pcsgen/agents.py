"""What agents say of themselves: which operations they want, and which parameters they take.

An agent that is installed here is asked, as pcs would ask it; otherwise a small table knows
the operations of the agents that such clusters are made of.
"""

import os

from lbha import proc
from lbha.deadline import Deadline
from lbha.errors import Error
from lbha.pcsgen import libraries, model, resources
from lbha.pcsgen.words import ID, OLD_ROLES

OCF_ROOT = "/usr/lib/ocf"
FENCE_FOLDER = "/usr/sbin"
PATIENCE = 10.0  # seconds for one agent's meta-data
# what pcs leaves out of a resource
NO_OPERATIONS = ("meta-data", "status", "validate-all")
ATTRIBUTES = ("timeout", "interval", "role", "start-delay")

# agent -> (operation, timeout, interval) that it wants; None: it wants no more than a monitor
KNOWN = {
    "ocf:heartbeat:IPaddr2": (("monitor", "20s", "10s"), ("start", "20s", None),
                              ("stop", "20s", None)),
    "ocf:heartbeat:Filesystem": (("monitor", "40s", "20s"), ("start", "60s", None),
                                 ("stop", "60s", None)),
    "ocf:pacemaker:ping": (("monitor", "60s", "10s"), ("start", "60s", None),
                           ("stop", "20s", None)),
    "ocf:lbha:IPaddr2": (("monitor", "120s", "1s"), ("start", "20s", None),
                         ("stop", "20s", None)),
    "ocf:lbha:ping": (("monitor", "120s", "1s"), ("reload", "60s", None),
                      ("start", "60s", None), ("stop", "20s", None)),
    "ocf:lbha:haproxy": (("monitor", "120s", "1s"), ("reload", "60s", None),
                         ("start", "60s", None), ("stop", "60s", None)),
}
KNOWN_LEVELS = {"ocf:lbha:haproxy": "20"}  # OCF_CHECK_LEVEL of the monitor
# pcs's own for units of systemd, which advertise nothing
SYSTEMD = (("monitor", "100s", "60s"), ("start", "100s", None), ("stop", "100s", None))


class Agent:
    """operations (model.Operations); parameters and required (names; None: not known)."""

    def __init__(self, operations, parameters=None, required=()):
        self.operations, self.parameters, self.required = operations, parameters, required


class Agents:
    """The agents, each asked once.

    installed -- whether the agents of this machine are asked at all
    root      -- of the file system that they are in
    """

    def __init__(self, installed=True, root="/"):
        self.installed, self.root = installed, root
        self.asked = {}

    def get(self, resource):
        """The Agent of a Resource."""
        name = resource.agent
        if name not in self.asked:
            self.asked[name] = self._ask(resource) if self.installed else None
        return self.asked[name] or _known(name)

    def complete(self, cluster):
        """Give every resource the operations that its agent wants and the sheet leaves out,
        as pcs does, and every operation its interval."""
        for resource in cluster.leaves():
            named = {operation.name for operation in resource.operations}
            for operation in self.get(resource).operations:
                if operation.name not in named and (
                        resource.kind == "Primitive" or operation.name == "monitor"):
                    resource.operations.append(model.Operation(
                        operation.name, list(operation.attributes)))
            for operation in resource.operations:
                if not operation.get("interval"):
                    operation.attributes.append(model.Setting(
                        "interval", resources.default_interval(operation.name)))

    def _ask(self, resource):
        # a sheet says which program this is: nothing outside the agents' own folders
        if not all(ID.match(word) for word in (resource.provider or "_", resource.type)):
            return None
        if resource.kind == "Stonith" and resource.type.startswith("fence_"):
            argv = [os.path.join(self.root, FENCE_FOLDER[1:], resource.type), "-o", "metadata"]
        elif resource.standard == "ocf":
            argv = [os.path.join(self.root, OCF_ROOT[1:], "resource.d", resource.provider,
                                 resource.type), "meta-data"]
        else:
            return None
        if not os.access(argv[0], os.X_OK):
            return None
        etree = libraries.etree()
        try:
            done = proc.run(argv, Deadline(PATIENCE), environment={
                "OCF_ROOT": os.path.join(self.root, OCF_ROOT[1:])})
            document = etree.fromstring(done.raw, etree.XMLParser(
                resolve_entities=False, no_network=True, load_dtd=False))
        except (Error, etree.XMLSyntaxError):
            return None  # as good as not installed: pcs will say what is wrong with it
        return _described(document)


def _known(name):
    if name.startswith("systemd:"):
        wanted = SYSTEMD
    else:
        wanted = KNOWN.get(name, ())
    operations = [model.Operation(operation, _attributes(
        (("timeout", timeout), ("interval", interval),
         ("OCF_CHECK_LEVEL", KNOWN_LEVELS.get(name) if operation == "monitor" else None))))
        for operation, timeout, interval in wanted]
    return Agent(operations or [model.Operation("monitor", [])])


def _described(document):
    operations = []
    for action in document.iterfind("actions/action"):
        if action.get("name") in NO_OPERATIONS or not action.get("name"):
            continue
        attributes = _attributes((name, action.get(name)) for name in ATTRIBUTES)
        if action.get("depth", "0") != "0":
            attributes.append(model.Setting("OCF_CHECK_LEVEL", action.get("depth")))
        operations.append(model.Operation(action.get("name"), attributes))
    if not any(operation.name == "monitor" for operation in operations):
        operations.append(model.Operation("monitor", []))
    parameters = list(document.iterfind("parameters/parameter"))
    return Agent(operations, {one.get("name") for one in parameters},
                 {one.get("name") for one in parameters
                  if one.get("required") == "1" and one.get("deprecated") != "1"})


def _attributes(pairs):
    return [model.Setting(name, OLD_ROLES.get(value.lower(), value) if name == "role" else value)
            for name, value in pairs if value]
