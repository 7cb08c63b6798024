"""ocf:lbha:haproxy -- HAProxy, on all nodes at once."""

import posix as os

from lbha import ocf
from lbha.errors import LocalFault, NotInstalled, WrongParameter
from lbha.haproxy.instance import LONGEST_SOCKET
from lbha.haproxy.peers import NodeAddress, section
from lbha.haproxy.request import Url
from lbha.haproxy.service import Service
from lbha.spec import Action, Declaration, Parameter, shorten
from lbha.values import Boolean, Choice, Integer, Name, Path, Seconds, Text, Words


def parameter(*arguments, **more):
    """A Parameter: `reload` applies a change of any of them in place."""
    return Parameter(*arguments, reloadable=True, **more)


DECLARATION = Declaration(
    "ocf", "haproxy", "HAProxy load balancer, active on every node",
    (
        "Runs HAProxy in master-worker mode. Meant to be cloned: HAProxy then serves on every "
        "node, and a virtual address (ocf:lbha:IPaddr2) decides which node the clients reach. "
        "With peers=auto the nodes share their stick tables, so that a client keeps its server "
        "when the address moves: say stick-table ... peers lbha in haproxy.cfg.",
        "The configuration is checked before it is used; the line that HAProxy complains about "
        "becomes the reason of the failure. The agent adds a small file of its own with an "
        "admin socket (mode 0600, in /run/lbha); the user's files and sockets stay as they are.",
        "A node without the virtual address can only bind it when net.ipv4.ip_nonlocal_bind "
        "(and net.ipv6.ip_nonlocal_bind) is 1: the package sets that. haproxy.service must be "
        "disabled: a start is refused while another process listens on a port of HAProxy.",
        "The monitor fails when the master or the worker process is gone, the worker is silent "
        "on its socket, or a listener of it is missing. A monitor that is held knows the first at "
        "once, asks the worker once a second, and looks at all the rest every five seconds (each "
        "second with reload_on_change or score_attribute). Servers, peers, HTTP answers and "
        "failed reloads never make it fail: the sentence is in the node attribute lbha-RESOURCE. "
        "Level 10 looks at servers and peers, level 20 also asks check_url.",
        "A change of parameters is applied by a reload: a new HAProxy takes over the listening "
        "sockets and the stick tables, the old one serves its clients to their end; one node "
        "at a time, the next only after the success of the one before. To reload by hand, "
        "change config_version: pcs resource update haproxy config_version=2. A file that "
        "HAProxy refuses leaves the old state serving.",
        "Maintenance, drain and weights that an operator sets on the statistics page or on a "
        "socket outlast a reload and a restart; a node where they differ says so.",
        "HAProxy 1.8 cannot show its peers: the agent then sees by their TCP connections "
        "whether they are there, and does not know whether the tables are in step.",
    ),
    parameters=(
        parameter(
            "conffile", Words(Path(), least=1),
            "HAProxy's configuration files",
            "Files, or directories whose *.cfg files are read in order, between blanks.",
            default=("/etc/haproxy/haproxy.cfg",)),
        parameter(
            "binpath", Path(),
            "HAProxy's program",
            "The program to run; it is asked what it can tell, its version is not looked at.",
            default="/usr/sbin/haproxy"),
        parameter(
            "options", Words(Text()),
            "Further arguments for HAProxy",
            "Words that are added to the command line, such as -dr or -n 20000.",
            default=()),
        parameter(
            "pidfile", Path(),
            "Where HAProxy writes the pid of its master",
            "For other programs: the agent never reads it. By default it is in the state "
            "directory under /run/lbha."),
        parameter(
            "peers", Choice("none", "auto"),
            "Whether the nodes share their stick tables",
            "With auto the agent writes a peers section with every node that the cluster is "
            "configured with, down or up, and names HAProxy as the cluster names the node "
            "(-L). A node that is added or removed is taken in by a reload. With none a peers "
            "section of the user's own works as it is.",
            default="none"),
        parameter(
            "peers_name", Name(),
            "Name of that peers section",
            "What a stick table says after its keyword peers.",
            default="lbha"),
        parameter(
            "peers_port", Integer(1, 65535),
            "TCP port of the peers",
            "Every node listens there; only the other nodes should reach it. A reload that "
            "changes it, or the own address of a node, loses the tables: the old HAProxy "
            "hands them over at the old place.",
            default=1024),
        parameter(
            "peers_addresses", Words(NodeAddress()),
            "Addresses of the peers",
            "Between blanks. A node that is not named here has its node attribute "
            "lbha-peers-address, or else its first address in corosync.conf. Who is no node of "
            "the cluster is left out, and a monitor of level 10 says so.",
            default=()),
        parameter(
            "socket_timeout", Seconds(0.1, 60),
            "How long the worker may take to answer on its socket",
            "A hung worker still accepts connections, so the monitor asks it and waits this "
            "long for the answer. It puts up to three questions, each half of that time after the "
            "one before; when none is answered in its time, the monitor fails.",
            default=1.0),
        parameter(
            "min_servers", Integer(0),
            "Servers that a backend should have up",
            "A backend with fewer is told in the node attribute lbha-RESOURCE by monitors of "
            "level 10 and above; 0 never tells.",
            default=1),
        parameter(
            "check_url", Url(),
            "What a monitor of level 20 asks for",
            "A URL that this node's HAProxy answers on an address that each node has. An "
            "answer with a status from 200 to 399 is a good one; certificates are not judged."),
        parameter(
            "reload_on_change", Boolean(),
            "Whether changed files are a reason to reload",
            "Configuration files and watch_files that have changed, and have then been left "
            "alone for two seconds, are checked and loaded.",
            default=False),
        parameter(
            "watch_files", Words(Path()),
            "Further files that HAProxy reads",
            "Certificates, maps, error files, and directories of them, between blanks.",
            default=()),
        parameter(
            "max_old_workers", Integer(1, 100),
            "Old workers that may still serve",
            "A reload leaves the old worker serving its clients. With this many of them the "
            "next reload waits, says so, and then does all that has changed at once.",
            default=5),
        parameter(
            "config_version", Text(),
            "Any text; a change reloads HAProxy",
            "The way to ask for a reload: on all nodes, one after another."),
        parameter(
            "drain", Seconds(0, 3600),
            "Time that a stop gives to clients being served",
            "HAProxy takes no new clients then. It ends in time for the timeout of the stop, "
            "which should be longer than this.",
            default=0.0),
        parameter(
            "score_attribute", Name(),
            "Node attribute with the servers that are up",
            "For location rules: the address should be where more servers are seen."),
        parameter(
            "score_of", Choice("servers", "weight"),
            "What score_attribute counts",
            "The servers that are up, or their weights.",
            default="servers"),
        parameter(
            "score_dampen", Seconds(0, 3600),
            "How long a count must stay until it is published",
            "So that a server that comes and goes moves nothing.",
            default=15.0),
        ocf.HOLD,
        ocf.DEGRADED_CODE,
    ),
    actions=(
        Action("start", timeout=60),
        Action("stop", timeout=60),
        Action("monitor", timeout=120, interval=1, depth=20),
        Action("reload", timeout=60),
        Action("validate-all", timeout=20),
        Action("meta-data", timeout=5),
    ),
    examples=(
        ("HAProxy on every node, with shared stick tables",
         "pcs resource create haproxy ocf:lbha:haproxy peers=auto \\\n"
         "    clone interleave=true"),
        ("Reload it by hand, one node after another",
         "pcs resource update haproxy config_version=2"),
    ))

NODES_EVERY = 300.0  # seconds between two looks at who the nodes are, unless that was changed
ASIDE = 2.0          # seconds for the attribute daemon, or the lock, beside the matter


class HAProxy(ocf.ResourceAgent):
    """One HAProxy: a master process and its worker, known by the file only ours have."""

    declaration = DECLARATION

    def __init__(self, *call):
        super().__init__(*call)
        self.service = Service(self)
        self._node = self._watch = None

    def validate(self):
        from lbha import proc

        path, name = self.service.instance.socket, self.call.instance
        if len(path) > LONGEST_SOCKET:
            raise WrongParameter("the resource name %s is too long for the path of a socket: "
                                 "wanted at most %d characters" % (
                                     shorten(name), LONGEST_SOCKET - len(path) + len(name)))
        if proc.find(self.p.binpath) is None:
            raise NotInstalled("binpath=%s is missing or not a program: install haproxy"
                               % self.p.binpath)
        for path in self.p.conffile:
            if not os.access(path, os.F_OK):
                raise NotInstalled("conffile=%s does not exist on this node" % path)
        if self.call.action == "validate-all":  # the others have HAProxy read it anyway
            self.service.judge(self.service.instance.check(
                [self.p.binpath] + self._files() + list(self.p.options), self.deadline))

    def find(self):
        return self.service.find()

    def start(self):
        from lbha.haproxy.reload import Wanted

        self.service.start(Wanted(self))

    def adopt(self):
        self.service.adopt()

    def stop(self):
        self.service.stop(self.p.drain)

    def restore(self):
        from lbha.haproxy.score import Score

        with self.folder.lock(self.deadline.within(ASIDE)):
            Score(self.folder, self.deadline).restore()

    def after_stop(self):
        from lbha.haproxy.score import Score

        Score(self.folder, self.deadline).stop()
        if self.record["shared"]:
            from lbha import cluster

            cluster.delete_attribute(self.attribute("servers"), self.deadline.within(ASIDE),
                                     private=True)
        if self.record["turn"]:
            from lbha.haproxy.reload import Reload

            Reload(self).end_turn()
        self.folder.remove("own.cfg", "own.new", "haproxy.pid", "admin.sock", "output",
                           "output.new", "launching", "checks", "files")
        self.remove_pidfile(self.record["pidfile"])

    @property
    def watch(self):
        """The looks of this monitor; a recovery, which stops and starts, does without."""
        if self._watch is None:
            from lbha.haproxy.watch import Watch

            self._watch = Watch(self)
        return self._watch

    def observe(self):
        return self.watch.look()

    @property
    def pause(self):
        return self.watch.pause

    def sources(self):
        return self.watch.sources()

    def reload(self):
        from lbha.haproxy.reload import Reload

        self.folder.remove("checks")  # their answers are about what was configured before
        return Reload(self).now()

    # ------------------------------------------------------------------ what is to be run

    @property
    def node(self):
        """The cluster's name of this node."""
        if self._node is None:
            from lbha import cluster

            self._node = cluster.local_node(self.call, self.deadline)
        return self._node

    def attribute(self, name):
        """The name of a node attribute of this resource."""
        return "lbha-%s-%s" % (self.call.instance, name)

    @property
    def pidfile(self):
        """Where HAProxy writes its master's pid, for others: we never read it."""
        return self.p.pidfile or self.folder.path + "/haproxy.pid"

    def own_config(self):
        """The text of our own configuration file."""
        if self.p.peers == "none":
            return self.service.instance.config("")
        # a start in a recovery must be quick: the next monitor asks again who the nodes are
        oldest = {"start": None, "monitor": NODES_EVERY}.get(self.call.action, 0)
        return self.service.instance.config(section(
            self.folder, self.p.peers_name, self.p.peers_port, dict(self.p.peers_addresses),
            oldest, self.deadline))

    def launch_words(self):
        """Program, configuration files and further arguments."""
        local = ["-L", self.node] if self.p.peers == "auto" else []
        return ([self.p.binpath, "-p", self.pidfile] + local + self._files()
                + ["-f", self.service.instance.own_config] + list(self.p.options))

    def _files(self):
        return [word for path in self.p.conffile for word in ("-f", path)]

    def watched_paths(self):
        """What HAProxy reads, for lbha.haproxy.files.signature: (path, suffix) of its
        configuration, and of other files."""
        return ([(path, ".cfg") for path in self.p.conffile],
                [(path, "") for path in self.p.watch_files])

    def remove_pidfile(self, path):
        """The user's own one, as HAProxy leaves it behind."""
        if path and not path.startswith(self.folder.path):
            try:
                os.unlink(path)
            except FileNotFoundError:
                return
            except OSError as error:
                raise LocalFault("cannot remove pidfile=%s: %s" % (path, error.strerror))
