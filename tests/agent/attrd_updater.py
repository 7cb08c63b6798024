"""A stand-in for Pacemaker's attrd_updater where no cluster runs.

It takes the same options, keeps attributes in a file, and logs every call as a line.  A query
answers as in 2.0.5: a deleted attribute is known still, and empty.  There is one node; or
several, when FILE.lags names them: a line "NODE SECONDS" for each.  Everything that is said
reaches a node so much later, itself included, and all of them in one order, as with corosync.
The cluster level runs the same agents against the real one.
"""
import fcntl
import getopt
import os
import sys
import time

FILE = "@FILE@"
options, _ = getopt.getopt(sys.argv[1:], "n:U:B:d:DQN:Ap", [
    "name=", "update=", "update-both=", "delay=", "delete", "query", "node=", "all", "private",
    "refresh"])
given = dict(options)
name = given.get("--name", "")
try:
    lags = dict(line.split() for line in open(FILE + ".lags"))
except FileNotFoundError:
    lags = {}
node = given.get("--node", os.environ.get("OCF_RESKEY_CRM_meta_on_node", "here"))
log = open(FILE, "a+")
fcntl.flock(log, fcntl.LOCK_EX)
log.seek(0)
lines = [line.split("\t") for line in log.read().splitlines()]
if "--query" in given:
    known = {}
    for verb, key, value, _, *said in lines:
        if said and float(said[1]) + float(lags[node]) > time.monotonic():
            break  # it has not reached this node, and nothing after it either
        if key == name:
            known[said[0] if said else node] = "" if verb == "delete" else value
    if not known:
        sys.exit(105)  # CRM_EX_NOSUCH
    for host in sorted(known) if "--all" in given else [node]:
        print('name="%s" host="%s" value="%s"' % (name, host, known.get(host, "")))
    sys.exit(0)
if "--refresh" in given:
    line = ["refresh", name, ""]
elif "--delete" in given:
    line = ["delete", name, ""]
else:
    line = ["set", name, given.get("--update", given.get("--update-both"))]
line.append(given.get("--delay", ""))
if lags:
    line += [node, str(time.monotonic())]
log.write("\t".join(line) + "\n")
