#!/bin/sh
# Makes the cluster of guide.csv, as in guide.xml, with pcs 0.12 (Pacemaker 3.0):
#   sh SCRIPT [CIB-FILE]; then: pcs cluster cib-push CIB-FILE --config
set -eu
umask 077
cib=${1:-guide.pcs.xml}
case $cib in /*) ;; *) cib=./$cib ;; esac
cibadmin --empty > "$cib"

# properties
pcs -f "$cib" property set priority-fencing-delay=10s

# defaults
pcs -f "$cib" resource defaults update resource-stickiness=200 migration-threshold=1

# resources
pcs -f "$cib" resource create ipaddr ocf:heartbeat:IPaddr2 \
    ip=192.168.1.10 nic=eno2 cidr_netmask=24 \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=10s on-fail=restart \
    stop timeout=60s on-fail=fence interval=0s \
    --no-default-ops
pcs -f "$cib" resource create haproxy systemd:haproxy \
    op start timeout=100s on-fail=restart interval=0s \
    monitor timeout=60s interval=10s on-fail=restart \
    stop timeout=100s on-fail=fence interval=0s \
    --no-default-ops
pcs -f "$cib" resource group add haproxy-group ipaddr haproxy
pcs -f "$cib" resource meta haproxy-group priority=1
pcs -f "$cib" resource create ping ocf:pacemaker:ping \
    name=ping-status host_list=192.168.1.1 attempts=2 timeout=2 debug=true \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=10s on-fail=restart \
    stop timeout=60s on-fail=fence interval=0s \
    --no-default-ops
pcs -f "$cib" resource clone ping ping-clone
pcs -f "$cib" stonith create fence1-ipmilan fence_ipmilan \
    pcmk_host_list=node01 ip=192.168.0.111 username=pacemaker password=ipmipass1 lanplus=1 \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=3600s on-fail=restart \
    stop timeout=60s on-fail=ignore interval=0s
pcs -f "$cib" stonith create fence2-ipmilan fence_ipmilan \
    pcmk_host_list=node02 ip=192.168.0.112 username=pacemaker password=ipmipass1 lanplus=1 \
    op start timeout=60s on-fail=restart interval=0s \
    monitor timeout=60s interval=3600s on-fail=restart \
    stop timeout=60s on-fail=ignore interval=0s

# constraints
pcs -f "$cib" constraint location haproxy-group prefers node01=200
pcs -f "$cib" constraint location haproxy-group prefers node02=100
pcs -f "$cib" constraint location fence1-ipmilan avoids node01=INFINITY
pcs -f "$cib" constraint location fence2-ipmilan avoids node02=INFINITY
pcs -f "$cib" constraint location haproxy-group rule score=-INFINITY 'ping-status lt 1 or not_defined ping-status'
pcs -f "$cib" constraint colocation add haproxy-group with ping-clone score=INFINITY
pcs -f "$cib" constraint order start ping-clone then start haproxy-group symmetrical=false
