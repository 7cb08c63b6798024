"""Options of a fence agent, from lines and from the command line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lbha import options, spec, values
from lbha.errors import WrongParameter
from lbha.render import fence_xml

DECLARATION = spec.Declaration("fence", "fence_x", "x", (), (
    spec.Parameter("ip", values.Text(), "a", "b", required=True, aliases=("ipaddr",), flag="a"),
    spec.Parameter("password", values.Text(), "a", "b", aliases=("passwd",), flag="p",
                   secret=True),
    spec.Parameter("username", values.Text(), "a", "b", flag="l", verbatim=True),
    spec.Parameter("power_wait", values.Seconds(), "a", "b", default=0),
    spec.Parameter("lanplus", values.Boolean(), "a", "b", default=True, flag="P"),
), ())


def lines(*texts):
    return options.from_lines(DECLARATION, "\n".join(texts).encode())


def test_names_aliases_and_both_spellings():
    found, warnings = lines("ipaddr=10.0.0.1", "power-wait=3", " lanplus =0", "passwd=x")
    assert found == {"ip": "10.0.0.1", "power_wait": "3", "lanplus": "0", "password": "x"}
    assert warnings == []


def test_comments_and_empty_lines_are_skipped_and_the_last_wins():
    assert lines("", "# ip=1", "ip=2", "   ", "ipaddr=3") == ({"ip": "3"}, [])


def test_unknown_names_are_told_once_and_those_of_pacemaker_never():
    found, warnings = lines("nodename=node01", "nodeid=1", "colour=blue", "colour=red", "ip=1")
    assert found == {"ip": "1"}
    assert warnings == ["ignored, no such option: colour"]


def test_a_warning_tells_some_of_many_names():
    _, warnings = lines(*("n%d=1" % number for number in range(20000)))
    assert warnings == ["ignored, no such option: n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and "
                        "19990 more"]
    assert lines(*("n%d=1" % number for number in range(10)))[1][0].endswith("n8, n9")


@pytest.mark.parametrize("line", ["half of a secret", "=half", "password", "ip"])
def test_a_line_without_a_name_and_a_value_is_told_and_not_shown(line):
    assert lines("password=one", line, line) == (
        {"password": "one"}, ["ignored: a line without NAME=VALUE"])


@pytest.mark.parametrize("value, text", [
    (" 10.0.0.1 \t\r", "10.0.0.1"), ('"10.0.0.1"\r', "10.0.0.1"), ('" a "', " a "),
    ('"', '"'), ('""', ""), ('"a', '"a'), ('"a" "b"', '"a" "b"'), ("'a'", "'a'"), (" ", ""),
])
def test_what_is_around_a_value_is_no_part_of_it(value, text):
    assert lines("ip=" + value)[0] == {"ip": text}


@pytest.mark.parametrize("name", ["password", "passwd", "username"])
@pytest.mark.parametrize("value", [' a ', '"a"', "a\r", "\r", " ", '" '])
def test_of_a_secret_and_a_user_only_the_end_of_the_line_is_dropped(name, value):
    declared = "username" if name == "username" else "password"
    assert lines("%s=%s\r" % (name, value))[0] == {declared: value}
    kept = value[:-1] if value.endswith("\r") else value
    assert lines("%s=%s" % (name, value))[0] == {declared: kept}


@given(st.text(st.characters(blacklist_characters="\n\r", blacklist_categories=("Cs",))))
def test_a_value_is_kept_as_it_stands(value):
    found, _ = lines("password=" + value, "ip=1")
    assert found["password"] == value


def test_a_value_that_is_not_utf_8_survives():
    found, _ = options.from_lines(DECLARATION, b"password=\xff\xfe\n")
    assert found["password"].encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_short_and_long_options():
    expected = {"ip": "10.0.0.1", "password": " a b ", "lanplus": "true", "power_wait": "3"}
    for arguments in (["-a", "10.0.0.1", "-p", " a b ", "-P", "--power-wait=3"],
                      ["--ip=10.0.0.1", "--password", " a b ", "--lanplus", "--power-wait", "3"],
                      ["--ipaddr=10.0.0.1", "--passwd= a b ", "-P", "--power-wait=3"]):
        assert options.from_arguments(DECLARATION, arguments) == expected


def test_disable_timeout_takes_an_argument_as_that_of_fence_ipmilan():
    declaration = spec.Declaration("fence", "fence_x", "x", (), options.COMMON, ())
    for words in (["--disable-timeout=true"], ["--disable-timeout", "true"]):
        given = options.from_arguments(declaration, words + ["-v"])
        assert given == {"disable_timeout": "true", "verbose": "true"}
        p, faults = declaration.parse(given)
        assert p.disable_timeout is True and not faults and not p.ignored
    for form in ('<getopt mixed="--disable-timeout=[true/false]"/>\n<content type="string"/>',
                 '<getopt mixed="-v, --verbose"/>\n<content type="boolean" default="0"/>'):
        assert form in fence_xml.render(declaration)


@pytest.mark.parametrize("arguments, sentence", [
    (["--colour=blue"], "option --colour not recognized: see --help"),
    (["-a"], "option -a requires argument: see --help"),
    (["-a", "1", "-p", "half", "secret"],
     "there is an argument that belongs to no option: see --help"),
])
def test_a_command_line_that_is_not_one(arguments, sentence):
    with pytest.raises(WrongParameter) as caught:
        options.from_arguments(DECLARATION, arguments)
    assert caught.value.reason == sentence
