"""Types of parameters: each parses text, says what it wants, and names itself in meta-data.

A type has
    parse(text)     the value, or ValueError; the message completes `NAME="TEXT" `
    show(value)     the text that parses to `value`
    wants           what is allowed, for people
    ocf_type        content type in OCF meta-data: string, integer or boolean, which the
                    DTD of OCF 1.0 and the schema of 1.1 both know (there is no common
                    type for durations and choices)
    fence_type      content type in fence meta-data: also second and select
"""

import _socket  # the C half of `socket`: a tenth of the import time, and all we use

TRUE = ("1", "yes", "true", "on", "y", "t")
FALSE = ("0", "no", "false", "off", "n", "f")


class Text:
    """Any text on one line."""

    ocf_type = fence_type = "string"
    wants = "a text on one line"

    def parse(self, text):
        if "\n" in text or "\0" in text:
            raise ValueError("is not %s" % self.wants)
        return text

    def show(self, value):
        return str(value)


class Name(Text):
    """One word that is safe in file names, attribute names and configuration files."""

    wants = "a word of letters, digits, '_', '-' and '.'"
    LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

    def parse(self, text):
        if not text or not all(c in self.LETTERS for c in text) or text[0] in "-.":
            raise ValueError("is not %s" % self.wants)
        return text


class Path(Text):
    """An absolute path."""

    wants = "an absolute path"

    def parse(self, text):
        text = super().parse(text)
        if not text.startswith("/"):
            raise ValueError("is not %s" % self.wants)
        return text


class Words(Text):
    """Words between blanks, each of type `of`; at least `least` of them. A tuple."""

    def __init__(self, of=None, least=0):
        self.of = of or Text()
        self.least = least
        self.wants = "words between blanks" + (
            "" if self.of.wants == Text.wants else ", each " + self.of.wants)

    def parse(self, text):
        words = tuple(self.of.parse(word) for word in super(Words, self).parse(text).split())
        if len(words) < self.least:
            raise ValueError("is too short: wanted at least %d words" % self.least)
        return words

    def show(self, value):
        return " ".join(self.of.show(word) for word in value)


class Integer:
    """A whole number from `low` to `high` (None: no bound)."""

    ocf_type = fence_type = "integer"

    def __init__(self, low=None, high=None):
        self.low, self.high = low, high
        self.wants = "a whole number" + between(low, high)

    def parse(self, text):
        digits = text[1:] if text[:1] in ("-", "+") else text
        if not _is_decimal(digits):
            raise ValueError("is not %s" % self.wants)
        value = int(text)
        if outside(value, self.low, self.high):
            raise ValueError("is not %s" % self.wants)
        return value

    def show(self, value):
        return str(value)


class Boolean:
    """Yes or no, in the words that OCF agents accept."""

    ocf_type = fence_type = "boolean"
    wants = "one of true, false (also 1/0, yes/no, on/off)"

    def parse(self, text):
        word = text.lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        raise ValueError("is not %s" % self.wants)

    def show(self, value):
        return "true" if value else "false"


class Seconds:
    """A duration, to the microsecond; the value is seconds (float).

    Units: ms, s (default), m, min, h.
    """

    ocf_type, fence_type = "string", "second"
    ETERNITY = float("inf")  # what float() makes of a few hundred digits
    UNITS = (("ms", 0.001), ("msec", 0.001), ("sec", 1), ("s", 1), ("min", 60), ("m", 60),
             ("h", 3600), ("hr", 3600), ("", 1))

    def __init__(self, low=0, high=None):
        self.low, self.high = low, high
        self.wants = "a duration such as 500ms, 10s or 2m" + between(low, high, " s")

    def parse(self, text):
        value = self._seconds(text.strip().lower())
        if value is None or outside(value, self.low, self.high):
            raise ValueError("is not %s" % self.wants)
        return value

    def _seconds(self, text):
        for unit, factor in self.UNITS:
            number = text[:len(text) - len(unit)].strip()
            if text.endswith(unit) and _is_decimal(number.replace(".", "", 1)):
                value = round(float(number) * factor, 6)
                return value if value < self.ETERNITY else None
        return None

    def show(self, value):
        if 0 < value < 1:
            return _short("%.3f" % (value * 1000)) + "ms"
        return _short("%.6f" % value) + "s"


class Choice:
    """One of the given words; letter case does not matter."""

    ocf_type, fence_type = "string", "select"

    def __init__(self, *options):
        self.options = options
        self.wants = "one of " + ", ".join(options)

    def parse(self, text):
        if text.lower() not in self.options:
            raise ValueError("is not %s" % self.wants)
        return text.lower()

    def show(self, value):
        return value


class Either:
    """One of the given words, or a value of type `of`."""

    def __init__(self, *words, of):
        self.words, self.of = words, of
        self.ocf_type, self.fence_type = "string", "string"
        self.wants = "%s or %s" % (", ".join(words), of.wants)

    def parse(self, text):
        if text.lower() in self.words:
            return text.lower()
        try:
            return self.of.parse(text)
        except ValueError:
            raise ValueError("is not %s" % self.wants)

    def show(self, value):
        return value if value in self.words else self.of.show(value)


class Address:
    """An IPv4 or IPv6 address without prefix; the value is an IP."""

    ocf_type = fence_type = "string"
    wants = "an IPv4 or IPv6 address"

    def parse(self, text):
        try:
            return IP(text)
        except ValueError:
            raise ValueError("is not %s" % self.wants)

    def show(self, value):
        return value.text


class IP:
    """An address as the kernel has it: equal when its bytes are.

    family -- AF_INET or AF_INET6
    packed -- 4 or 16 bytes, network order
    text   -- the canonical notation
    """

    __slots__ = ("family", "packed", "text")

    def __init__(self, text):
        self.family = _socket.AF_INET6 if ":" in text else _socket.AF_INET
        try:
            # inet_pton takes neither leading zeros nor short forms nor zones
            self.packed = _socket.inet_pton(self.family, text)
        except (OSError, ValueError):
            raise ValueError("not an address: %s" % text)
        self.text = _socket.inet_ntop(self.family, self.packed)

    @classmethod
    def from_packed(cls, packed):
        """The address of 4 or 16 bytes."""
        family = _socket.AF_INET if len(packed) == 4 else _socket.AF_INET6
        return cls(_socket.inet_ntop(family, bytes(packed)))

    @property
    def bits(self):
        """Length of the address in bits."""
        return len(self.packed) * 8

    def __eq__(self, other):
        return isinstance(other, IP) and self.packed == other.packed

    def __hash__(self):
        return hash(self.packed)

    def __str__(self):
        return self.text

    def __repr__(self):
        return "IP(%r)" % self.text


def between(low, high, unit=""):
    """The end of a sentence that states the bounds."""
    if low is None and high is None:
        return ""
    if high is None:
        return ", at least %s%s" % (low, unit)
    if low is None:
        return ", at most %s%s" % (high, unit)
    return " from %s to %s%s" % (low, high, unit)


def outside(value, low, high):
    """Whether `value` is out of the bounds."""
    return (low is not None and value < low) or (high is not None and value > high)


def _short(number):
    # a decimal number without the zeros at its end
    return number.rstrip("0").rstrip(".")


def _is_decimal(digits):
    # str.isdigit() alone also takes digits of other scripts, and superscripts
    return bool(digits) and all(c in "0123456789" for c in digits)
