"""One call of a resource agent, as Pacemaker's environment describes it.

Source: OCF resource agent API 1.1, "Environment"; lib/services and daemons/execd of
Pacemaker 2.0.5.
"""

import posix
import sys

PREFIX = "OCF_RESKEY_"
META = "CRM_meta_"


class Call:
    """What is asked for.

    action   -- the name of the action
    instance -- OCF_RESOURCE_INSTANCE; the agent's own name when called by hand
    raw      -- parameter name -> text
    meta     -- name without `CRM_meta_` -> text
    interval -- of the operation, in seconds (float), or None
    timeout  -- of the operation, in seconds (float), or None
    level    -- OCF_CHECK_LEVEL (integer)
    modern   -- whether the caller speaks OCF 1.1
    """

    def __init__(self, action, environ, agent):
        self.action = action
        self.instance = environ.get("OCF_RESOURCE_INSTANCE") or agent
        self.agent = agent
        self.raw, self.meta = {}, {}
        for name, text in environ.items():
            if name.startswith(PREFIX):
                name = name[len(PREFIX):]
                if name.startswith(META):
                    self.meta[name[len(META):]] = text
                else:
                    self.raw[name] = text
        self.interval = milliseconds(self.meta.get("interval"))
        self.timeout = milliseconds(self.meta.get("timeout"))
        level = environ.get("OCF_CHECK_LEVEL") or self.raw.get("OCF_CHECK_LEVEL") or "0"
        self.level = number(level)
        self.modern = (number(environ.get("OCF_RA_VERSION_MAJOR")),
                       number(environ.get("OCF_RA_VERSION_MINOR"))) >= (1, 1)

    @property
    def is_probe(self):
        """Whether this monitor asks what is there, before anything was started.

        Pacemaker then leaves the interval out (seen with 2.0.5), or says 0; who calls by hand
        says nothing at all.
        """
        return self.action == "monitor" and not self.interval and bool(self.meta)

    @property
    def is_recurring(self):
        """Whether Pacemaker repeats this monitor by itself."""
        return self.action == "monitor" and bool(self.interval)


def own():
    """The environment that this process began with, name -> text, as os.environ has it."""
    coding = sys.getfilesystemencoding()
    return {name.decode(coding, "surrogateescape"): text.decode(coding, "surrogateescape")
            for name, text in posix.environ.items()}


def number(text):
    """The whole number in a text, 0 when there is none."""
    return int(text) if _is_number(text) else 0


def milliseconds(text):
    """Seconds (float) of a number of milliseconds, None when there is none."""
    return int(text) / 1000.0 if _is_number(text) else None


def _is_number(text):
    # str.isdigit() alone takes superscripts, which int() refuses
    return bool(text) and text.isdigit() and text.isdecimal()
