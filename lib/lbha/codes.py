"""Exit codes, and what Pacemaker does when it reads them.

Source: OCF resource agent API 1.1, "Exit status codes"; the reactions are those of
Pacemaker 2.0.5 (lib/pengine/unpack.c).
"""

OK = 0                # done, or running
GENERIC = 1           # soft: recovery on this node, counted against migration-threshold
ARGS = 2              # hard: the resource is banned from this node
UNIMPLEMENTED = 3     # the action is unknown
PERM = 4              # hard: banned from this node
INSTALLED = 5         # hard: banned from this node
CONFIGURED = 6        # fatal: the resource is stopped on every node
NOT_RUNNING = 7       # cleanly stopped
DEGRADED = 190        # running, listed among the failed actions until a cleanup

# Fence agents: FenceAgentAPI, "Agent Operations and Return Values".
FENCE_OK = 0
FENCE_FAILED = 1
FENCE_OFF = 2         # `status` only: the plug is off
