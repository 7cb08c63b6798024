"""A stand-in for Pacemaker's and corosync's programs that tell who the nodes are.

Each is this file under its own name.  FILE.nodes is JSON: {node: {"addresses": [...],
"settings": {permanent node attribute: value}, "runs": [resources], "failures": [operations],
"online": true}};
without it there is no cluster.  FILE.cib is what cibadmin answers to an XPath; empty: there
is no such object.  The answers are cut down from real ones of 2.0.5.
"""
import json
import os
import sys

FILE = "@FILE@"
if "--xpath" in sys.argv and os.path.exists(FILE + ".cib"):
    print(open(FILE + ".cib").read() or sys.exit(105))
    sys.exit(0)
try:
    NODES = json.load(open(FILE + ".nodes"))
except FileNotFoundError:
    sys.exit("Could not connect to the cluster")


def say(text, *values):
    print(text % values)


def corosync_cmapctl():
    for number, name in enumerate(NODES):
        prefix = "nodelist.node.%d." % number
        say("%sname (str) = %s", prefix, name)
        for link, address in enumerate(NODES[name].get("addresses", [])):
            say("%sring%d_addr (str) = %s", prefix, link, address)


def cibadmin():
    say("<nodes>")
    for number, name in enumerate(NODES):
        say('<node id="%d" uname="%s"><instance_attributes id="n%d">', number, name, number)
        for key, value in NODES[name].get("settings", {}).items():
            say('<nvpair id="n%d-%s" name="%s" value="%s"/>', number, key, key, value)
        say("</instance_attributes></node>")
    say("</nodes>")


def crm_mon():
    say('<pacemaker-result api-version="2.3"><nodes>')
    for name in NODES:
        say('<node name="%s" online="%s" standby="false" standby_onfail="false" '
            'pending="false" unclean="false"/>', name,
            "true" if NODES[name].get("online", True) else "false")
    say("</nodes><resources>")
    for name in NODES:
        for resource in NODES[name].get("runs", ()):
            say('<resource id="%s" role="Started" active="true" orphaned="false" '
                'failed="false"><node name="%s"/></resource>', resource, name)
    say("</resources><failures>")
    for name in NODES:
        for operation in NODES[name].get("failures", ()):
            say('<failure op_key="%s" node="%s" exitstatus="error" exitcode="1"/>',
                operation, name)
    say('</failures><status code="0" message="OK"/></pacemaker-result>')


def crm_node():
    say("%s", os.environ.get("OCF_RESKEY_CRM_meta_on_node", "node01"))


PROGRAMS = {"corosync-cmapctl": corosync_cmapctl, "cibadmin": cibadmin, "crm_mon": crm_mon,
            "crm_node": crm_node}
if __name__ == "__main__":
    PROGRAMS[os.path.basename(sys.argv[0])]()
