"""A resource as Pacemaker would run it: environment in, exit code and reason out."""

import subprocess
import time

from tests import paths

OK, GENERIC, ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, NOT_RUNNING = range(8)
DEGRADED = 190
INTERPRETER = "/usr/bin/python3"
PREFIX = "ocf-exit-reason:"


class Outcome:
    """How an action ended: code, reason (or None), out, err, seconds."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds
        reasons = [line[len(PREFIX):] for line in err.splitlines() if line.startswith(PREFIX)]
        self.reason = reasons[-1] if reasons else None

    def __repr__(self):
        return "Outcome(%d, %r, %r)" % (self.code, self.reason, self.err)


class Resource:
    """One configured resource in a Namespace.

    agent      -- name of the agent
    parameters -- name -> text; may be changed between actions, as an administrator does
    node       -- the cluster's name of the node that it is on
    signals    -- that its actions inherit, as options of env(1)
    """

    signals = ()

    node = "node01"

    def __init__(self, namespace, agent, name=None, **parameters):
        self.namespace, self.agent, self.name = namespace, agent, name or agent
        self.parameters = parameters

    def environment(self, interval, timeout, level, meta):
        """What pacemaker-execd 2.0.5 sets."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1",
            "OCF_RA_VERSION_MINOR": "0", "OCF_RESOURCE_INSTANCE": self.name,
            "OCF_RESOURCE_TYPE": self.agent, "OCF_RESOURCE_PROVIDER": "lbha",
            "OCF_EXIT_REASON_PREFIX": PREFIX,
            "OCF_RESKEY_crm_feature_set": "3.7.1",
            "OCF_RESKEY_CRM_meta_timeout": str(int(timeout * 1000)),
            "OCF_RESKEY_CRM_meta_on_node": self.node,
        }
        if interval:  # a probe has none
            environment["OCF_RESKEY_CRM_meta_interval"] = str(int(interval * 1000))
        if level:
            environment["OCF_CHECK_LEVEL"] = str(level)
        environment.update(("OCF_RESKEY_" + key, str(value))
                           for key, value in self.parameters.items())
        environment.update(("OCF_RESKEY_CRM_meta_" + key, str(value))
                           for key, value in meta.items())
        return environment

    def popen(self, action, interval=None, timeout=20, level=0, **meta):
        """Start an action; the Popen, with pipes for stdout and stderr."""
        environment = self.environment(interval, timeout, level, meta)
        return self.namespace.popen(
            ["env", "-i", *self.signals, *("%s=%s" % pair for pair in environment.items()),
             INTERPRETER, "-IS", paths.agent(self.agent), action],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True, start_new_session=True)

    def call(self, action, interval=None, timeout=20, level=0, **meta):
        """Run an action to its end: an Outcome."""
        began = time.monotonic()
        child = self.popen(action, interval, timeout, level, **meta)
        out, err = child.communicate(timeout=timeout + 5)
        return Outcome(child.returncode, out, err, time.monotonic() - began)

    def start(self, **options):
        """The start action."""
        return self.call("start", **options)

    def stop(self, **options):
        """The stop action."""
        return self.call("stop", **options)

    def probe(self, **options):
        """A monitor before anything was started."""
        return self.call("monitor", interval=0, **options)

    def monitor(self, interval=10, **options):
        """A recurring monitor (hold=0 unless the parameters say otherwise)."""
        return self.call("monitor", interval=interval, **options)

    def reload(self, **options):
        """The reload action: parameters were changed."""
        return self.call("reload", **options)

    def validate(self, **options):
        """The validate-all action."""
        return self.call("validate-all", **options)
