"""The declaration of an agent: said once, read by everything.

From it come validation, the meta-data of both dialects, usage, the man page and the tables
of the README (lbha.render).
"""

from lbha.errors import WrongParameter


class Parameter:
    """One parameter.

    name       -- as in the cluster's configuration
    type       -- one of lbha.values: parses, and says what it wants
    short      -- a phrase
    long       -- sentences; every one tells the reader something
    default    -- the value when none is given, already of the type (None: no default)
    required   -- whether the agent cannot work without it
    unique     -- no two resources of the agent may have the same value
    reloadable -- whether a change is applied without a restart
    secret     -- never shown: not in logs, reasons, state or the command lines of children
    aliases    -- older names that are accepted too
    flag       -- its letter on the command line of a fence agent
    minor      -- a fault in it must not keep the work from being done
    verbatim   -- blanks and quotes around it are meant, as those of a secret are
    """

    __slots__ = ("name", "type", "short", "long", "default", "required", "unique",
                 "reloadable", "secret", "aliases", "flag", "minor", "verbatim")

    def __init__(self, name, type, short, long, default=None, required=False, unique=False,
                 reloadable=False, secret=False, aliases=(), flag=None,
                 minor=False, verbatim=False):
        self.name, self.type, self.short, self.long = name, type, short, long
        self.default, self.required, self.unique = default, required, unique
        self.reloadable, self.secret = reloadable, secret
        self.aliases, self.flag, self.minor = aliases, flag, minor
        self.verbatim = verbatim

    def parse(self, text):
        """The value of `text`; WrongParameter when the type refuses it."""
        try:
            return self.type.parse(text)
        except ValueError as error:
            around = " with blanks around it" if text != text.strip() else ""
            shown = "(secret)" if self.secret else '"%s"%s' % (shorten(text), around)
            raise WrongParameter("%s=%s %s" % (self.name, shown, error))

    @property
    def shown_default(self):
        """The default as text, or None."""
        return None if self.default is None else self.type.show(self.default)


class Action:
    """One action, with what Pacemaker should use when nothing else is configured.

    timeout, interval, depth -- seconds, seconds and OCF_CHECK_LEVEL (integers)
    attributes               -- further attributes in the meta-data (pairs)
    """

    __slots__ = ("name", "timeout", "interval", "depth", "attributes")

    def __init__(self, name, timeout=None, interval=None, depth=None, attributes=()):
        self.name, self.timeout, self.interval, self.depth = name, timeout, interval, depth
        self.attributes = attributes


class Declaration:
    """An agent: its name, texts, parameters and actions.

    kind     -- "ocf" or "fence": which dialect of meta-data it speaks
    name     -- file name of the agent
    short    -- a phrase; long -- a tuple of paragraphs
    examples -- (sentence, command) pairs for the man page
    """

    def __init__(self, kind, name, short, long, parameters, actions, examples=()):
        self.kind, self.name, self.short, self.long = kind, name, short, long
        self.parameters, self.actions, self.examples = parameters, actions, examples

    @property
    def reloadable(self):
        """Whether `reload` may be advertised in the 1.0 form.

        Pacemaker 2.0.5 then reloads on a change of *every* parameter that is not unique,
        so all of those have to be reloadable.
        """
        return self.action("reload") is not None and all(
            p.reloadable or p.unique for p in self.parameters)

    def action(self, name):
        """The first declared action of that name, or None."""
        for action in self.actions:
            if action.name == name:
                return action
        return None

    def parse(self, raw):
        """Values and faults of raw parameters (name -> text).

        A parameter at fault has its default in the values: stop and monitor go on with
        what they can know, start raises the first fault.  Those of minor parameters are
        only in the values, as `ignored`.  An empty text is no value.
        """
        values, faults = Values(), []
        for parameter in self.parameters:
            value = parameter.default
            given = [name for name in (parameter.name,) + parameter.aliases if raw.get(name)]
            if given:
                try:
                    value = parameter.parse(raw[given[0]])
                    values.given.add(parameter.name)
                except WrongParameter as fault:
                    (values.ignored if parameter.minor else faults).append(fault)
            elif parameter.required:
                faults.append(WrongParameter("%s is missing: wanted %s"
                                             % (parameter.name, parameter.type.wants)))
            setattr(values, parameter.name, value)
        return values, faults


class Values:
    """Parsed parameters as attributes.

    given   -- the names that were set
    ignored -- faults of minor parameters (WrongParameter)
    """

    def __init__(self):
        self.given, self.ignored = set(), []


def shorten(text, longest=40):
    """`text` on one line, cut in the middle of nowhere but never beyond `longest`."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest - 3] + "..."
