"""Types of parameters: what they take, what they refuse, and how they show it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lbha import values

TYPES = {
    "Text": values.Text(),
    "Name": values.Name(),
    "Path": values.Path(),
    "Words": values.Words(),
    "Words of addresses": values.Words(values.Address(), least=1),
    "Integer": values.Integer(),
    "Integer with bounds": values.Integer(0, 32),
    "Boolean": values.Boolean(),
    "Seconds": values.Seconds(),
    "Seconds with bounds": values.Seconds(0.1, 60),
    "Choice": values.Choice("0", "190"),
    "Either": values.Either("auto", of=values.Seconds(0, 60)),
    "Address": values.Address(),
}
# what is near the edge of one type or another
PIECES = ("0", "1", "9" * 400, ".", "-", "+", ":", "::", "/", "s", "ms", "min", "auto", "true",
          " ", "\n", "\0", "%", "\u00b2", "\u0663", "\u00e9", "\udcff", "1.2.3.4", "fe80::1",
          "1e5", "nan", "inf", "_")
JUNK = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=5).map("".join))


@pytest.mark.parametrize("name", TYPES)
@given(text=JUNK)
def test_junk_is_refused_with_ValueError_or_shows_as_text_that_parses_back(name, text):
    kind = TYPES[name]
    try:
        value = kind.parse(text)
    except ValueError as error:
        assert str(error)
    else:
        assert kind.parse(kind.show(value)) == value


@given(number=st.integers())
def test_every_integer_survives(number):
    kind = values.Integer()
    assert kind.parse(kind.show(number)) == number


@given(low=st.integers(), high=st.integers(), number=st.integers())
def test_bounds_of_an_integer_are_kept(low, high, number):
    kind = values.Integer(low, high)
    if low <= number <= high:
        assert kind.parse(str(number)) == number
    else:
        with pytest.raises(ValueError, match="from %d to %d" % (low, high)):
            kind.parse(str(number))


@given(microseconds=st.integers(0, 10 ** 13))
@example(1234567000000)
@example(1234567)
@example(70000)
@example(1)
def test_every_duration_to_the_microsecond_survives(microseconds):
    kind = values.Seconds()
    value = kind.parse("%d.%06ds" % divmod(microseconds, 10 ** 6))
    assert kind.parse(kind.show(value)) == value == round(microseconds / 10 ** 6, 6)


@given(packed=st.one_of(st.binary(min_size=4, max_size=4),
                        st.binary(min_size=16, max_size=16)))
def test_every_address_survives(packed):
    address = values.IP.from_packed(packed)
    assert values.Address().parse(address.text) == address
    assert address.packed == packed
    assert address.bits == len(packed) * 8


@given(words=st.lists(st.text("abc/.-", min_size=1), min_size=1))
def test_words_survive(words):
    kind = values.Words()
    assert kind.parse(kind.show(words)) == tuple(words)


@pytest.mark.parametrize("text, seconds", [
    ("500ms", 0.5), ("10", 10), ("10s", 10), ("2m", 120), ("2min", 120), ("1h", 3600),
    ("1.5 s", 1.5), (" 3S ", 3), ("0", 0), ("5sec", 5), ("1hr", 3600), ("7msec", 0.007)])
def test_units_of_durations(text, seconds):
    assert values.Seconds().parse(text) == seconds


@pytest.mark.parametrize("text", [
    "", "s", "ten", "-1s", "1d", "1.2.3", "10us", ".", "\u00b2s", "9" * 400, "1e3", "inf"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError):
        values.Seconds().parse(text)


@pytest.mark.parametrize("seconds, text", [
    (0.0, "0s"), (0.5, "500ms"), (0.0005, "0.5ms"), (10.0, "10s"), (1.5, "1.5s"),
    (3600.0, "3600s")])
def test_how_durations_show(seconds, text):
    assert values.Seconds().show(seconds) == text


@pytest.mark.parametrize("text, value", [
    ("yes", True), ("TRUE", True), ("1", True), ("On", True),
    ("no", False), ("False", False), ("0", False), ("off", False)])
def test_booleans(text, value):
    assert values.Boolean().parse(text) is value


@pytest.mark.parametrize("text", [
    "192.168.001.10", "192.168.1", "1.2.3.4/24", "fe80::1%eth0", "1.2.3.4 ", "::ffff:1.2.3",
    "localhost", "", "1.2.3.4\0"])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="IPv4 or IPv6"):
        values.Address().parse(text)


def test_two_notations_of_one_address_are_equal():
    assert values.IP("2001:DB8:0::0001") == values.IP("2001:db8::1")
    assert values.IP("::1.2.3.4") != values.IP("1.2.3.4")
    assert len({values.IP("::1"), values.IP("0::1")}) == 1


@pytest.mark.parametrize("text", ["", "-x", ".hidden", "a/b", "a b", "a\n", "\u00e9", "a\u0663"])
def test_what_is_no_safe_word(text):
    with pytest.raises(ValueError):
        values.Name().parse(text)


def test_paths_are_absolute():
    assert values.Path().parse("/etc/x") == "/etc/x"
    with pytest.raises(ValueError, match="absolute"):
        values.Path().parse("etc/x")


def test_too_few_words():
    with pytest.raises(ValueError, match="at least 2"):
        values.Words(least=2).parse("one")


def test_either_says_both_what_it_takes():
    kind = values.Either("auto", of=values.Integer(1, 9))
    assert (kind.parse("AUTO"), kind.parse("7")) == ("auto", 7)
    with pytest.raises(ValueError, match="auto or a whole number from 1 to 9"):
        kind.parse("10")
