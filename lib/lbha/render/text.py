"""Text for the forms: escaping, and what a parameter says of itself."""

ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))


def escape(text):
    """`text` as XML character data or as an attribute's value.

    (xml.sax.saxutils would load urllib, http and ssl for these four replacements.)
    """
    for character, entity in ENTITIES:
        text = text.replace(character, entity)
    return text


def attributes(*pairs):
    """` name="value"` for every pair whose value is not None."""
    return "".join(' %s="%s"' % (name, escape(str(value)))
                   for name, value in pairs if value is not None)


def sentence(text):
    """`text` with a full stop."""
    return text if text.endswith((".", ":")) else text + "."


def allowed(parameter):
    """What a parameter takes, for people: type, default, whether it is needed."""
    parts = [parameter.type.wants]
    if parameter.shown_default not in (None, ""):
        parts.append("default %s" % parameter.shown_default)
    if parameter.required:
        parts.append("required")
    return "; ".join(parts)


def option(parameter):
    """The form of a parameter on the command line of a fence agent: -a, --ip=[ip]."""
    name = parameter.name.replace("_", "-")
    words = ["-" + parameter.flag] if parameter.flag else []
    takes_value = parameter.type.fence_type != "boolean"
    argument = getattr(parameter.type, "argument", parameter.name)
    words.append("--%s=[%s]" % (name, argument) if takes_value else "--" + name)
    return ", ".join(words)
