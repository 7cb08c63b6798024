#!/bin/sh
# Makes the cluster of everything.csv, as in everything.xml, with pcs 0.10 (Pacemaker 2.0):
#   sh SCRIPT [CIB-FILE]; then: pcs cluster cib-push CIB-FILE --config
set -eu
umask 077
cib=${1:-everything.pcs.xml}
case $cib in /*) ;; *) cib=./$cib ;; esac
cibadmin --empty > "$cib"

# properties
pcs -f "$cib" property set priority-fencing-delay=10s
pcs -f "$cib" property set placement-strategy=balanced

# nodes
CIB_file="$cib" cibadmin --create --scope nodes --xml-text '<node id="1" uname="node01"/>'
CIB_file="$cib" cibadmin --create --scope nodes --xml-text '<node id="2" uname="node02"/>'
pcs -f "$cib" node attribute node01 'site=tokyo $HOME'
pcs -f "$cib" node attribute node01 'rack=a b'
pcs -f "$cib" node utilization node01 cpu=4
pcs -f "$cib" node utilization node02 cpu=2

# defaults
pcs -f "$cib" resource defaults update resource-stickiness=200 migration-threshold=3
pcs -f "$cib" resource op defaults update timeout=33s record-pending=true

# resources
pcs -f "$cib" resource create address ocf:heartbeat:IPaddr2 \
    ip=127.0.0.9 nic=lo cidr_netmask=8 \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=10s on-fail=restart start-delay=5s \
    stop timeout=60s on-fail=fence interval=0s \
    --no-default-ops
pcs -f "$cib" resource create d1 ocf:pacemaker:Dummy \
    'fake=it'"'"'s "here" \ $x *' \
    meta priority=7 target-role=Started \
    op monitor timeout=20s interval=10s \
    monitor timeout=21s interval=1min on-fail=standby OCF_CHECK_LEVEL=10 enabled=false record-pending=true \
    --no-default-ops
pcs -f "$cib" resource utilization d1 cpu=1
pcs -f "$cib" resource group add web address d1
pcs -f "$cib" resource meta web priority=5 'description=a "quoted" $(touch /tmp/owned) `word`'
pcs -f "$cib" resource create d2 ocf:pacemaker:Dummy op monitor interval=60s --no-default-ops
pcs -f "$cib" resource create d3 ocf:pacemaker:Dummy \
    op start interval=0s \
    monitor interval=60s \
    --no-default-ops
pcs -f "$cib" resource group add pair d2 d3
pcs -f "$cib" resource clone pair both
pcs -f "$cib" resource meta both interleave=true
pcs -f "$cib" resource create db ocf:pacemaker:Stateful \
    op monitor timeout=20s interval=10s on-fail=restart role=Slave \
    monitor timeout=20s interval=9s on-fail=demote role=Master \
    promote timeout=10s on-fail=restart interval=0s \
    demote timeout=10s on-fail=fence interval=0s \
    --no-default-ops
pcs -f "$cib" resource promotable db db-clone
pcs -f "$cib" resource meta db-clone notify=true promoted-max=1
pcs -f "$cib" resource create ping ocf:pacemaker:ping \
    name=ping-status 'host_list=192.168.1.1 192.168.1.2' \
    op monitor timeout=60s interval=10s \
    start timeout=60s interval=0s \
    stop timeout=20s interval=0s \
    --no-default-ops
pcs -f "$cib" resource clone ping ping-clone
pcs -f "$cib" resource create alone ocf:heartbeat:Dummy \
    meta priority=-3 \
    op monitor interval=60s \
    --no-default-ops
pcs -f "$cib" stonith create fence1 fence_ipmilan \
    pcmk_host_list=node01 ip=192.168.0.111 username=pacemaker 'password=p'"'"'a"s $s\w' \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=3600s on-fail=restart \
    stop timeout=60s on-fail=ignore interval=0s
pcs -f "$cib" stonith create fence2 fence_ipmilan \
    pcmk_host_list=node02 ip=192.168.0.112 \
    meta provides=unfencing \
    op monitor interval=60s
pcs -f "$cib" stonith create fence2b fence_ipmilan \
    pcmk_host_map=node02:7 ip=192.168.0.113 \
    op monitor timeout=60s interval=1h

# fencing levels
pcs -f "$cib" stonith level add 1 node01 fence1 --force
pcs -f "$cib" stonith level add 1 node02 fence2 fence2b --force
pcs -f "$cib" stonith level add 2 node02 fence1 --force

# constraints
pcs -f "$cib" constraint location web prefers node01=200
pcs -f "$cib" constraint location web prefers node02=100
pcs -f "$cib" constraint location alone avoids node01=50
pcs -f "$cib" constraint location alone prefers node02=INFINITY
pcs -f "$cib" constraint location fence1 avoids node01=INFINITY
pcs -f "$cib" constraint location fence2 avoids node02=INFINITY
pcs -f "$cib" constraint location fence2b avoids node02=INFINITY
pcs -f "$cib" constraint location web rule score=-INFINITY ping-status lt 1 or not_defined ping-status
CIB_file="$cib" cibadmin --create --scope constraints --xml-text '<rsc_location rsc="web" id="location-web-1"><rule id="location-web-1-rule" score="300"><expression id="location-web-1-rule-expr" operation="eq" attribute="site" value="tokyo $HOME"/></rule></rsc_location>'
pcs -f "$cib" constraint location db-clone rule role=master score=100 '#uname' eq node01 and ping-status gte integer 1
CIB_file="$cib" cibadmin --create --scope constraints --xml-text '<rsc_location rsc="db-clone" id="location-db-clone-1"><rule id="location-db-clone-1-rule" role="Slave" score="-50"><expression id="location-db-clone-1-rule-expr" operation="lt" attribute="version" type="version" value="1.2"/></rule></rsc_location>'
pcs -f "$cib" constraint location alone rule score=10 defined '#health-x'
pcs -f "$cib" constraint colocation add web with ping-clone score=INFINITY
pcs -f "$cib" constraint colocation add web with Master db-clone score=500
pcs -f "$cib" constraint colocation add alone with web score=-100
pcs -f "$cib" constraint order start ping-clone then start web symmetrical=false
pcs -f "$cib" constraint order promote db-clone then start web kind=Mandatory
pcs -f "$cib" constraint order stop web then start alone kind=Optional symmetrical=false
pcs -f "$cib" constraint order start both then start alone kind=Serialize
pcs -f "$cib" constraint order demote db-clone then start alone kind=Optional

# alerts
pcs -f "$cib" alert create path=/usr/share/pacemaker/alerts/alert_file.sh id=alert_1 \
    options 'debug_exec_order=a b' \
    meta timeout=10s
pcs -f "$cib" alert recipient add alert_1 'value=/var/log/alerts $x' id=alert_1-recipient \
    options one=1 \
    meta timeout=4s
pcs -f "$cib" alert recipient add alert_1 value=second id=alert_1-recipient-1
pcs -f "$cib" alert recipient add alert_1 value=third id=alert_1-recipient-2
pcs -f "$cib" alert create path=/bin/true id=alert_2

# further commands
pcs -f "$cib" resource meta alone is-managed=true
pcs -f "$cib" tag create some \
    alone web
