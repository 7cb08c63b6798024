"""Server states that an operator set, and how many servers are up.

Maintenance, drain and weights are set on the socket or on the statistics page and are gone
with the process.  What deviates from the configuration is noted as {"BACKEND/SERVER": what},
where `what` is "maint", "drain", "ready" (a server that the configuration disables),
"weight:N", or a mode and a weight with a comma between.

HAProxy does not tell who set a mode: an agent-check's word is carried over as an operator's
is, as if the process had gone on, and the agent takes it back as it would have.  Weights of
servers with an agent-check or from DNS are not noted: they are told anew all the time.
"""

from lbha.haproxy import admin
from lbha.spec import shorten

MODES = ("maint", "drain", "ready")
WEIGHTS = frozenset(map(str, range(257)))  # SRV_UWGHT_MAX (HAProxy, types/server.h)
# what HAProxy allows in names (configuration manual, section 4 "Proxies")
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")
LONGEST = 128  # bytes of a sentence: what Pacemaker keeps of a reason


# ---------------------------------------------------------------- what an operator changed

def changed(states):
    """{"BACKEND/SERVER": what} of the servers that are not as configured.

    states -- of admin.states
    """
    found = {}
    for key, state in states.items():
        mode = state.mode if state.mode != state.configured else None
        lighter = state.weight != state.own_weight and not state.steered
        what = _what(mode, str(state.weight) if lighter else None)
        if what:
            found["/".join(key)] = what
    return found


def show(changes):
    """One line, sorted: "web/web01=maint web/web02=weight:5"."""
    return " ".join("%s=%s" % item for item in sorted(changes.items()))


def parse(line):
    """What `show` wrote, as `changed` gave it; words that it cannot have written are left
    out, for they become commands."""
    pairs = (word.rpartition("=") for word in line.split())
    return {name: what for name, _, what in pairs
            if _is_name(name) and what and what == _what(*_read(what))}


def _is_name(text):
    parts = text.split("/")
    return len(parts) == 2 and all(part and NAME.issuperset(part) for part in parts)


def _what(mode, weight):
    """The text of a mode and a weight (text), each None when it is as configured."""
    return ",".join(filter(None, (mode, weight and "weight:" + weight)))


def _read(what):
    """The (mode, weight) of a text, as far as it has them."""
    mode = weight = None
    for word in what.split(","):
        name, _, value = word.partition(":")
        if word in MODES:
            mode = word
        elif name == "weight" and value in WEIGHTS:
            weight = value
    return mode, weight


def difference(here, there, node):
    """A sentence that names the first server whose changes differ, or None.

    here, there -- as of `changed`, on this node and on the other
    node        -- the other's name
    """
    for name in sorted(set(here) | set(there)):
        if here.get(name) != there.get(name):
            return shorten("%s is %s here and %s on %s" % (
                _short_name(name), _in_words(here.get(name)), _in_words(there.get(name)), node),
                LONGEST)
    return None


def _short_name(name):
    return "/".join(shorten(part, 24) for part in name.split("/"))


def _in_words(what):
    return (what or "as configured").replace(",", " ").replace("weight:", "at weight ")


# ---------------------------------------------------------------------------- bringing back

def restore(path, wanted, timeout):
    """Bring the process behind a socket to the wanted changes, and to no other ones.

    path    -- of its admin socket
    wanted  -- as of `changed`
    timeout -- seconds for each answer
    Returns (done, failed): {name: what} that was set, {name: why} that is not so now.
    Raises OSError when HAProxy is silent or gone.
    """
    if not wanted:
        return {}, {}
    before = _states(path, timeout)
    commands = _commands(before, wanted)
    # one command, one answer: what HAProxy says to several at once is hard to tell apart
    said = {name: admin.ask(path, command, timeout) for name, command in commands}
    after = _states(path, timeout) if commands else before
    failed = {name: "no such server" for name in wanted if name not in before}
    for name, _ in _commands(after, wanted):
        words = said.get(name, "").replace("'", '"')
        failed[name] = shorten(words, LONGEST) or "HAProxy did not take it"
    return {name: wanted[name] for name in said if name not in failed}, failed


def _states(path, timeout):
    found = admin.states(admin.ask(path, "show servers state", timeout))
    return {"/".join(key): state for key, state in found.items()}


def _commands(states, wanted):
    """The (name, command) pairs that lead from the states to what is wanted."""
    commands = []
    for name in sorted(set(wanted) & set(states)):
        mode, weight = _read(wanted[name])
        state = states[name]
        if mode and mode != state.mode:
            commands.append((name, "set server %s state %s" % (name, mode)))
        if weight and weight != str(state.weight) and not state.steered:
            commands.append((name, "set server %s weight %s" % (name, weight)))
    return commands


# ---------------------------------------------------------------------------------- how many

def score(servers):
    """(how many are up, how much they weigh together) of admin.servers."""
    up = [server for server in servers if server.up]
    return len(up), sum(server.weight for server in up)


def shortage(servers, least):
    """A sentence about the first backend with fewer than `least` servers up, or None.

    A backend whose servers are all up lacks none, however few they are.
    """
    backends = {}
    for server in servers:
        backends.setdefault(server.backend, []).append(server)
    for backend in sorted(backends):
        total = len(backends[backend])
        down = [server for server in backends[backend] if not server.up]
        if down and total - len(down) < least:
            return _tell("backend %s has %d of %d servers up, wanted %d: " % (
                shorten(backend, 24), total - len(down), total, least), down)
    return None


def _tell(beginning, down):
    """The sentence to its end, with all who are down or as many as there is room for."""
    groups = {}
    for server in down:
        groups.setdefault(_condition(server), []).append(server.name)
    whole = beginning + ", ".join(
        "%s %s %s" % (" and ".join(filter(None, (", ".join(names[:-1]), names[-1]))),
                      "is" if len(names) == 1 else "are", condition)
        for condition, names in groups.items())
    if len(whole) <= LONGEST:
        return whole
    for named in range(min(len(down) - 1, LONGEST), 0, -1):
        names = ", ".join(shorten(server.name, 24) for server in down[:named])
        shorter = "%s%s and %d more are not up" % (beginning, names, len(down) - named)
        if len(shorter) <= LONGEST:
            return shorter
    return shorten(whole, LONGEST)


def _condition(server):
    """Why it is not up."""
    served = server.status.split(" ")[0] in ("UP", "no")  # "no check"
    return "without weight" if served else server.status
