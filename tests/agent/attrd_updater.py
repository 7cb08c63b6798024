"""A stand-in for Pacemaker's attrd_updater where no cluster runs.

It takes the same options, keeps the attributes of one node in a file, and logs every call
as a line.  A query answers as in 2.0.5: a deleted attribute is known still, and empty.
The cluster level runs the same agents against the real one.
"""
import getopt
import sys

FILE = "@FILE@"
options, _ = getopt.getopt(sys.argv[1:], "n:U:B:d:DQN:", [
    "name=", "update=", "update-both=", "delay=", "delete", "query", "node="])
given = dict(options)
name = given["--name"]
try:
    lines = open(FILE).read().splitlines()
except FileNotFoundError:
    lines = []
now = {}
for line in lines:
    verb, key, value = line.split("\t")[:3]
    if verb == "delete":
        now[key] = ""
    else:
        now[key] = value
if "--query" in given:
    if name not in now:
        sys.exit(105)  # CRM_EX_NOSUCH
    print('name="%s" host="%s" value="%s"' % (name, given.get("--node", "here"), now[name]))
    sys.exit(0)
if "--delete" in given:
    line = "delete\t%s\t\t%s" % (name, given.get("--delay", ""))
else:
    value = given.get("--update", given.get("--update-both"))
    line = "set\t%s\t%s\t%s" % (name, value, given.get("--delay", ""))
with open(FILE, "a") as out:
    out.write(line + "\n")
