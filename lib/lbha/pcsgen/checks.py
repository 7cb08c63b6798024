"""What names nothing, and what a cluster should not be without: errors and warnings about a
sheet that was read, before anything is written."""

from lbha.pcsgen import contradictions, model, properties, words

HOLDERS = ("Clone", "Promotable")
INFINITY = "INFINITY"
STICKINESS = "resource-stickiness"
THRESHOLD = "migration-threshold"


def check(cluster, agents, target, report):
    """Everything that can be said offline.

    agents -- agents.Agents; target -- targets.Target
    """
    if target.ascii_only:
        letters(cluster, report)
    names_resources(cluster, report)
    levels(cluster, report)
    nodes(cluster, report)
    fence_groups(cluster, target, report)
    fences_itself(cluster, report)
    for resource in cluster.leaves():
        parameters(resource, agents.get(resource), agents.installed, report)
    known_properties(cluster, report)
    recommended(cluster, report)
    contradictions.check(cluster, report)


def letters(cluster, report):
    """Pacemaker 2.0 writes what is not ASCII into its CIB as garbage."""
    for text in cluster.texts():
        if any(ord(letter) > 127 for letter in text):
            report.error(text, "not-ascii")


def names_resources(cluster, report):
    """Constraints are about resources that exist, and not about what a clone holds."""
    known, parents = cluster.by_id(), cluster.parents()
    sure = not report.doubts(*known)  # otherwise a name may be that of the doubtful one
    named = [location.resource for location in cluster.locations]
    named += [rule.resource for rule in cluster.rules]
    for one in cluster.colocations:
        named += [one.resource, one.other]
    for order in cluster.orders:
        named += [order.first, order.then]
    for name in named:
        if name not in known:
            if sure:
                report.error(name, "not-in-resources", id=name,
                             likely=lambda: _likely(name, known, named))
            continue
        holder = parents.get(name)
        while holder and holder.kind not in HOLDERS:
            holder = parents.get(holder.id)
        if holder:
            report.error(name, "in-a-clone", id=name, clone=holder.id)


def _likely(name, known, named):
    # a slip of the pen; or the one group or clone that nothing speaks of; or what is alike
    unnamed = [one for one, resource in known.items()
               if not resource.is_leaf and one not in named]
    return (words.nearest(name, known, 0.8) or (unnamed[0] if len(unnamed) == 1 else "")
            or words.nearest(name, known))


def levels(cluster, report):
    """Levels use fence devices."""
    devices = {resource.id for resource in cluster.all_resources()
               if resource.kind in ("Stonith", "")}
    seen = set()
    for level in cluster.levels:
        if level.device not in devices and not report.doubts(*devices):
            report.error(level.device, "no-device", id=level.device,
                         likely=lambda: words.nearest(level.device, devices))
        key = (level.node, level.index, level.device)
        if key in seen and not report.doubts(level):
            report.error(level.device, "level-twice", id=level.device, node=level.node)
        seen.add(key)


def hosts(resource):
    """The nodes that a fence device is for: [Cell]; empty when that is not said."""
    listed = model.value(resource.options, "pcmk_host_list")
    mapped = model.value(resource.options, "pcmk_host_map")
    found = listed.replace(",", " ").replace(";", " ").split()
    return found + [pair.partition(":")[0] for pair in mapped.replace(";", " ").split()]


def nodes(cluster, report):
    """The names of nodes are those that the fence devices have."""
    devices = [one for one in cluster.leaves() if one.kind == "Stonith"]
    if report.doubts(*devices) or not all(map(hosts, devices)):
        return  # one of them may be for any node
    known = {host for one in devices for host in hosts(one)}
    if not known:
        return
    for record in cluster.locations + cluster.levels + cluster.nodes:
        if record.node not in known:
            report.warning(record.node, "unknown-node", node=record.node,
                           wanted=", ".join(sorted(known)))


def fence_groups(cluster, target, report):
    """Groups and clones of fence devices went out of use."""
    for resource in cluster.all_resources():
        held = [child for child in resource.children if child.kind == "Stonith"]
        if not held or target.fence_groups == "yes":
            continue
        say = report.error if target.fence_groups == "no" else report.warning
        say(resource.id, "fence-group", id=resource.id, pcs=target.pcs)


def fences_itself(cluster, report):
    """A device for one node runs on another."""
    known, parents = cluster.by_id(), cluster.parents()
    if report.doubts(*cluster.locations) or any(
            one.resource not in known for one in cluster.locations):
        return  # it may be the one that is wanted
    avoided = {(location.resource, location.node) for location in cluster.locations
               if location.signed == "-" + INFINITY}
    for resource in cluster.leaves():
        found = hosts(resource) if resource.kind == "Stonith" else []
        if len(found) != 1:
            continue
        holder = parents.get(resource.id)
        names = [resource.id] + ([holder.id] if holder else [])
        if not any((name, found[0]) in avoided for name in names):
            report.warning(resource.id, "fences-itself", id=resource.id, node=found[0])


def parameters(resource, agent, installed, report):
    """What the agent takes, when that is known here."""
    if not installed or agent.parameters is None:
        return
    given = {setting.name for setting in resource.options}
    sure = not report.doubts(*resource.options)
    fence = resource.kind == "Stonith"
    for setting in resource.options:
        if setting.name in agent.parameters or setting.name in ("trace_ra", "trace_file"):
            continue
        if fence and (setting.name.startswith("pcmk_") or setting.name in (
                "priority", "stonith-timeout", "provides")):
            continue
        report.error(setting.name, "unknown-parameter", name=setting.name,
                     agent=resource.agent,
                     likely=lambda: words.nearest(setting.name, agent.parameters))
    for name in sorted(agent.required - given) if sure else ():
        # the fencer itself says which node and what to do
        if not (fence and name in ("action", "port", "plug")):
            report.error(resource.id, "parameter-missing", name=name, id=resource.id,
                         agent=resource.agent)


def known_properties(cluster, report):
    """Properties that nobody reads are slips of the pen."""
    for setting in cluster.properties:
        if setting.name not in properties.KNOWN:
            report.warning(setting.name, "unknown-property", name=setting.name,
                           likely=lambda: words.nearest(setting.name, properties.KNOWN))


def recommended(cluster, report):
    """What such clusters are rarely right without."""
    if not cluster.leaves():
        return
    everything = [cluster.resource_defaults] + [
        resource.meta for resource in cluster.all_resources()]
    if any(report.doubts(*settings) for settings in everything):
        return
    for name in (STICKINESS, THRESHOLD):
        if not any(model.value(settings, name) for settings in everything):
            report.warning(None, "not-set", name=name)
    delay = model.value(cluster.properties, "priority-fencing-delay")
    if delay and delay not in ("0", "0s") and not any(
            model.value(settings, "priority", "0") != "0" for settings in everything):
        report.warning(delay, "no-priority", name="priority-fencing-delay")
