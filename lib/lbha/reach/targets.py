"""Hosts as a list names them: 10.0.0.1, 10.0.0.1*2, gw=10.0.0.1|10.0.0.2.

A word is a host, or several of which one is enough; what it counts may stand behind a star,
and a name for people before an equals sign.
"""

from lbha import names, values
from lbha.spec import shorten


class Target:
    """One word of the list.

    text   -- the word; name -- what to call it
    hosts  -- texts that names.Host accepts: the target is alive when one of them is
    weight -- what it counts
    """

    __slots__ = ("text", "name", "hosts", "weight")

    def __init__(self, text, name, hosts, weight):
        self.text, self.name, self.hosts, self.weight = text, name, hosts, weight


class TargetWord(values.Text):
    """Parameter type of one word; the value is a Target."""

    wants = "a host (also with a weight, a name, or several of which one is enough)"
    HOST, WEIGHT, NAME = names.Host(), values.Integer(1, 1000), values.Name()

    def parse(self, text):
        name, is_named, rest = text.rpartition("=")
        rest, is_weighted, weight = rest.partition("*")
        hosts = tuple(self.HOST.parse(host) for host in rest.split("|"))
        return Target(
            text, self._part(self.NAME, name, text) if is_named else rest, hosts,
            self._part(self.WEIGHT, weight, text) if is_weighted else 1)

    def show(self, value):
        return value.text

    @staticmethod
    def _part(kind, part, word):
        try:
            return kind.parse(part)
        except ValueError as error:
            raise ValueError('has "%s": "%s" %s' % (shorten(word, 20), shorten(part, 10), error))
