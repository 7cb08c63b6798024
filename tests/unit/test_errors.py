"""The contract's exit codes, cell by cell."""

import pytest

from lbha import codes, errors

ACTIONS = ("start", "stop", "monitor", "validate-all", "reload", "reload-agent")
CLASSES = sorted((kind for kind in vars(errors).values()
                  if isinstance(kind, type) and issubclass(kind, errors.Error)
                  and kind is not errors.Error), key=lambda kind: kind.__name__)

# situation: (start and validate-all, everything else)
CONTRACT = {
    "WrongParameter": (codes.CONFIGURED, codes.GENERIC),
    "NotInstalled": (codes.INSTALLED, codes.GENERIC),
    "LocalFault": (codes.GENERIC, codes.GENERIC),
    "Unusable": (codes.GENERIC, codes.GENERIC),
    "DeadlineReached": (codes.GENERIC, codes.GENERIC),
    "Failed": (codes.GENERIC, codes.GENERIC),
    "NoPrivilege": (codes.PERM, codes.PERM),
    "UnknownAction": (codes.UNIMPLEMENTED, codes.UNIMPLEMENTED),
}


def test_the_contract_has_every_class():
    assert sorted(CONTRACT) == [kind.__name__ for kind in CLASSES]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_exit_code(kind, action):
    strict, lenient = CONTRACT[kind.__name__]
    wanted = strict if action in ("start", "validate-all") else lenient
    assert errors.exit_code(kind("x"), action) == wanted


@pytest.mark.parametrize("action", ("stop", "monitor", "reload", "reload-agent"))
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_situation_bans_a_resource_that_may_be_serving(kind, action):
    if kind not in errors.ALWAYS_CODES:
        assert errors.exit_code(kind("x"), action) not in range(2, 7)


def test_an_agents_own_kind_counts_as_what_it_derives_from():
    class NoSuchDevice(errors.NotInstalled):
        pass

    assert errors.exit_code(NoSuchDevice("x"), "start") == codes.INSTALLED


def test_the_reason_is_one_line():
    assert errors.Failed("one\n two\t three ").reason == "one two three"


def test_the_tree_in_the_docstring_is_the_tree():
    for kind in CLASSES:
        assert "  %s " % kind.__name__ in errors.__doc__
