"""The cluster that a sheet describes, as plain records in the order of the sheet.

All values are text, in the canonical words of the format: Promoted, INFINITY, true.  Read
from a sheet they are Cells, which compare like text and know their place.
"""


class Record:
    """A few named fields; equal when those are."""

    FIELDS = ()

    def __init__(self, *values, **named):
        for name, value in zip(self.FIELDS, values):
            setattr(self, name, value)
        for name in self.FIELDS[len(values):]:
            setattr(self, name, named.pop(name, ""))
        if named or len(values) > len(self.FIELDS):
            raise TypeError("%s has no %s" % (type(self).__name__, sorted(named) or "so many"))

    def __eq__(self, other):
        return type(self) is type(other) and all(
            getattr(self, name) == getattr(other, name) for name in self.FIELDS)

    def texts(self):
        """Every text in it, and in what it holds."""
        return _texts([getattr(self, name) for name in self.FIELDS])

    def __hash__(self):
        return hash(type(self).__name__)

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join(
            "%s=%r" % (name, getattr(self, name)) for name in self.FIELDS))


class Setting(Record):
    """A name and its value."""

    FIELDS = ("name", "value")


class NodeSetting(Record):
    """An attribute or a capacity (type) of a node."""

    FIELDS = ("node", "type", "name", "value")


class Operation(Record):
    """An operation: its name, and Settings of its attributes (timeout, interval, ...)."""

    FIELDS = ("name", "attributes")

    def get(self, name, default=""):
        """The value of an attribute."""
        return value(self.attributes, name, default)


class Resource(Record):
    """A resource of any kind, with what it holds.

    kind        -- Primitive, Stonith, Group, Clone or Promotable
    children    -- Resources
    meta        -- Settings, of any kind of resource
    standard, provider, type, options, utilization, operations
                -- of a Primitive or a Stonith (standard and provider are "" there)
    """

    FIELDS = ("kind", "id", "children", "meta", "standard", "provider", "type", "options",
              "utilization", "operations")

    def __init__(self, *values, **named):
        super().__init__(*values, **named)
        for name in ("children", "meta", "options", "utilization", "operations"):
            setattr(self, name, getattr(self, name) or [])

    @property
    def is_leaf(self):
        """Whether it runs something itself."""
        return self.kind in ("Primitive", "Stonith")

    @property
    def agent(self):
        """ocf:heartbeat:IPaddr2, systemd:haproxy, stonith:fence_ipmilan."""
        words = ("stonith",) if self.kind == "Stonith" else (self.standard, self.provider)
        return ":".join(word for word in words + (self.type,) if word)

    def walk(self):
        """It, and all that it holds, from the outside in."""
        yield self
        for child in self.children:
            yield from child.walk()


class Level(Record):
    """A fence device on a level of a node."""

    FIELDS = ("node", "device", "index")


class Location(Record):
    """A resource prefers or avoids (verb) a node; the score has no sign."""

    FIELDS = ("resource", "verb", "node", "score")

    @property
    def signed(self):
        """The score as Pacemaker has it."""
        return "-" + self.score if self.verb == "avoids" and self.score != "0" else self.score


class Rule(Record):
    """A location by Expressions on node attributes, joined by `joint` (and, or, "")."""

    FIELDS = ("resource", "score", "joint", "role", "expressions")


class Expression(Record):
    """attribute operation value; a value may begin with its type ("integer 5")."""

    FIELDS = ("attribute", "operation", "value")
    TYPES = ("string", "integer", "number", "version")

    @property
    def typed(self):
        """(type or "", value)."""
        kind, blank, rest = self.value.partition(" ")
        return (kind, rest.strip()) if blank and kind in self.TYPES else ("", self.value)


class Colocation(Record):
    """`resource` runs where `other` runs."""

    FIELDS = ("resource", "other", "score", "role", "other_role")


class Order(Record):
    """One action before another; start where both are blank."""

    FIELDS = ("first", "then", "kind", "first_action", "then_action", "symmetrical")

    @property
    def actions(self):
        """(action of the first, action of the other)."""
        return self.first_action or "start", self.then_action or "start"


class Alert(Record):
    """A program that is told of events, with Recipients."""

    FIELDS = ("path", "options", "meta", "recipients")


class Recipient(Record):
    """Whom an alert tells."""

    FIELDS = ("value", "options", "meta")


class Cluster(Record):
    """Everything; each field is a list.  `commands` are raw text for the script alone."""

    FIELDS = ("nodes", "properties", "resource_defaults", "operation_defaults", "resources",
              "levels", "locations", "rules", "colocations", "orders", "alerts", "commands")

    def __init__(self, *values, **named):
        super().__init__(*values, **named)
        for name in self.FIELDS:
            setattr(self, name, getattr(self, name) or [])

    def texts(self):
        """Every text that goes into the CIB."""
        return _texts([getattr(self, name) for name in self.FIELDS if name != "commands"])

    def all_resources(self):
        """Every resource, from the outside in, in the order of the sheet."""
        for resource in self.resources:
            yield from resource.walk()

    def leaves(self):
        """Every Primitive and Stonith."""
        return [resource for resource in self.all_resources() if resource.is_leaf]

    def by_id(self):
        """{id: Resource}."""
        return {resource.id: resource for resource in self.all_resources()}

    def parents(self):
        """{id: the Resource that holds it}."""
        return {child.id: resource for resource in self.all_resources()
                for child in resource.children}


def _texts(found):
    for one in found:
        if isinstance(one, Record):
            yield from one.texts()
        elif isinstance(one, list):
            yield from _texts(one)
        else:
            yield one


def value(settings, name, default=""):
    """The value of a Setting in a list of them."""
    for setting in settings:
        if setting.name == name:
            return setting.value
    return default
