"""Properties of the cluster that Pacemaker 2.0.5 to 3.0 and pcs know.

From the meta-data of pacemaker-schedulerd, pacemaker-controld and pacemaker-based; pcs wants
--force for any other, and for a time below a second.
"""

KNOWN = frozenset("""
batch-limit cluster-delay cluster-ipc-limit cluster-recheck-interval
concurrent-fencing dc-deadtime election-timeout enable-acl enable-startup-probes
fence-reaction join-finalization-timeout join-integration-timeout load-threshold
maintenance-mode migration-limit no-quorum-policy node-action-limit node-health-base
node-health-green node-health-red node-health-strategy node-health-yellow pe-error-series-max
pe-input-series-max pe-warn-series-max placement-strategy priority-fencing-delay
shutdown-escalation shutdown-lock shutdown-lock-limit start-failure-is-fatal startup-fencing
stonith-action stonith-enabled stonith-max-attempts stonith-timeout stonith-watchdog-timeout
stop-all-resources stop-orphan-actions stop-orphan-resources symmetric-cluster
transition-delay
""".split())

SUBSECONDS = "ms", "msec", "us", "usec"  # units of Pacemaker that pcs takes for mistakes


def need_force(name, value):
    """Whether pcs sets a property only with --force."""
    return name not in KNOWN or value.endswith(SUBSECONDS)
