"""Declarations: parsing, faults, and what may be advertised."""

import pytest

from lbha import values
from lbha.errors import WrongParameter
from lbha.spec import Action, Declaration, Parameter, shorten


def declare(*parameters, **options):
    return Declaration("ocf", "toy", "A toy", ("It plays.",), parameters,
                       options.get("actions", ()))


PORT = Parameter("port", values.Integer(1, 65535), "Port", "The port.", default=80,
                 aliases=("p",))
NAME = Parameter("name", values.Name(), "Name", "The name.", required=True)
KEY = Parameter("key", values.Integer(), "Key", "The key.", secret=True)


def test_values_are_attributes_of_their_types():
    found, faults = declare(PORT, NAME).parse({"port": "8080", "name": "x"})
    assert (found.port, found.name, found.given, faults) == (8080, "x", {"port", "name"}, [])


def test_an_older_name_is_taken_and_the_own_name_wins():
    assert declare(PORT).parse({"p": "81"})[0].port == 81
    assert declare(PORT).parse({"p": "81", "port": "82"})[0].port == 82


@pytest.mark.parametrize("raw", [{}, {"port": ""}])
def test_nothing_and_an_empty_text_mean_the_default(raw):
    found, faults = declare(PORT).parse(raw)
    assert (found.port, found.given, faults) == (80, set(), [])


@pytest.mark.parametrize("raw", [{}, {"name": ""}])
def test_a_required_parameter_that_is_missing_is_a_fault(raw):
    found, faults = declare(NAME).parse(raw)
    assert found.name is None
    assert [str(fault) for fault in faults] == [
        "name is missing: wanted " + values.Name.wants]


def test_a_parameter_at_fault_has_its_default_and_the_others_their_values():
    found, faults = declare(PORT, NAME).parse({"port": "many", "name": "x"})
    assert (found.port, found.name, found.given) == (80, "x", {"name"})
    assert [type(fault) for fault in faults] == [WrongParameter]
    assert faults[0].reason == 'port="many" is not a whole number from 1 to 65535'


def test_a_parameter_that_nobody_declared_is_ignored():
    found, faults = declare(PORT).parse({"colour": "red"})
    assert not faults and not hasattr(found, "colour")


def test_a_secret_is_never_in_the_fault():
    _, faults = declare(KEY).parse({"key": "hunter2"})
    assert "hunter2" not in faults[0].reason and "key=(secret)" in faults[0].reason


@pytest.mark.parametrize("text", ("x ", " x", "x\n"))
def test_a_fault_tells_of_blanks_that_nobody_would_see(text):
    _, faults = declare(PORT).parse({"port": text})
    assert 'port="x" with blanks around it' in faults[0].reason


def test_a_long_text_is_shortened_in_the_fault():
    _, faults = declare(PORT).parse({"port": "9 " * 100})
    assert len(faults[0].reason) <= 128


@pytest.mark.parametrize("text, shown", [
    ("a  b\nc", "a b c"), ("x" * 40, "x" * 40), ("x" * 41, "x" * 37 + "...")])
def test_shorten(text, shown):
    assert shorten(text) == shown


def test_reload_is_advertised_only_when_every_parameter_that_is_not_unique_reloads():
    reload = (Action("reload", timeout=20),)
    live = Parameter("live", values.Text(), "L", "L.", reloadable=True)
    unique = Parameter("unique", values.Text(), "U", "U.", unique=True)
    assert declare(live, unique, actions=reload).reloadable
    assert not declare(live, PORT, actions=reload).reloadable
    assert not declare(live, unique).reloadable


def test_the_first_action_of_a_name():
    first, second = Action("monitor", depth=0), Action("monitor", depth=10)
    declared = declare(actions=(first, second))
    assert declared.action("monitor") is first and declared.action("play") is None


def test_the_default_shows_as_text():
    assert PORT.shown_default == "80" and NAME.shown_default is None


def test_a_fault_of_a_minor_parameter_is_kept_apart():
    port = Parameter("port", values.Integer(), "Port", "The port.", default=80, minor=True)
    found, faults = declare(port, KEY).parse({"port": "x", "key": "y"})
    assert found.port == 80 and len(faults) == 1 and "key=" in faults[0].reason
    assert [fault.reason for fault in found.ignored] == ['port="x" is not a whole number']
