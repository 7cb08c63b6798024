"""Packages of the distribution; how an interpreter without them finds them is tested with
fence_pyipmi (tests/agent)."""

import inspect
import site
import subprocess
import sys

import pytest

from lbha import packages
from tests import paths

# what cryptography 3.2 (Enterprise Linux 8) and 38 do with inspect
EXAMINING = """
import inspect

if hasattr(inspect, "signature"):
    signature = inspect.signature

def verify_interface(interface, kind, *, check_annotations=False):
    raise AssertionError("examined")

def register_interface(interface, kind):
    verify_interface(interface, kind, check_annotations=True)
"""
ANNOTATED = EXAMINING + """
def strip_annotation(signature: inspect.Signature) -> inspect.Signature:
    pass
"""
MODERN = "import sys\n"


@pytest.fixture
def mains(monkeypatch):
    """How often site did all of its work."""
    calls = []
    monkeypatch.setattr(site, "main", lambda: calls.append("main"))
    return calls


def test_what_is_found_needs_nothing_more(mains):
    assert packages.load(lambda: "session") == "session" and mains == []


def test_what_is_not_found_is_looked_for_once_more(mains):
    errors = [ModuleNotFoundError("No module named 'x'")]

    def importing():
        if errors:
            raise errors.pop()
        return "session"

    assert packages.load(importing) == "session" and mains == ["main"]


@pytest.mark.parametrize("error, times", [(ModuleNotFoundError, 2), (ImportError, 1)])
def test_what_stays_missing_or_is_broken_is_told(mains, error, times):
    tried = []

    def importing():
        tried.append(1)
        raise error("x")

    with pytest.raises(error):
        packages.load(importing)
    assert len(tried) == times


def imported(tmp_path, utils, program):
    """What a program writes in an interpreter of its own, after cryptography was imported."""
    package = tmp_path / "cryptography"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "utils.py").write_text(utils)
    places = [str(tmp_path), str(paths.LIBRARY)]
    begin = "import sys; sys.path[:0] = %r; from lbha import packages\n" % (places,)
    done = subprocess.run([sys.executable, "-IS", "-c", begin + program],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.stderr == b""
    return done.stdout.decode().split()


IMPORT = "packages.import_cryptography(); from cryptography import utils\n"
IS_LOADED = "print('inspect' in sys.modules)\n"
IS_REAL = """
import inspect
print(inspect.__name__, inspect.isfunction(packages.load), type(inspect).__name__)
"""
REAL = ["inspect", "True", "module"]


def test_cryptography_does_not_examine_itself_and_loads_nothing_for_it(tmp_path):
    program = IMPORT + IS_LOADED + "utils.register_interface(object, int)\n" + IS_LOADED + IS_REAL
    assert imported(tmp_path, EXAMINING, program) == ["False", "False"] + REAL


@pytest.mark.parametrize("before", ["", "import inspect\n"])
def test_what_is_asked_of_inspect_afterwards_is_answered(tmp_path, before):
    program = before + IMPORT + "print(*utils.signature(packages.load).parameters)\n" + IS_REAL
    expected = list(inspect.signature(packages.load).parameters)
    assert imported(tmp_path, EXAMINING, program) == expected + REAL


def test_an_inspect_that_was_there_stays(tmp_path):
    program = "import inspect as first\n" + IMPORT + "print(sys.modules['inspect'] is first)"
    assert imported(tmp_path, EXAMINING, program) == ["True"]


def test_what_is_asked_of_inspect_during_the_import_is_answered(tmp_path):
    program = IMPORT + "utils.register_interface(object, int)\n" + IS_REAL
    program += "print(utils.strip_annotation.__annotations__['return'] is inspect.Signature)"
    assert imported(tmp_path, ANNOTATED, program) == REAL + ["True"]


def test_a_cryptography_that_does_not_examine_itself_is_left_as_it_is(tmp_path):
    program = IMPORT + "print(hasattr(utils, 'verify_interface'))\n" + IS_REAL
    assert imported(tmp_path, MODERN, program) == ["False"] + REAL


def test_a_cryptography_that_cannot_be_imported_leaves_inspect_as_it_is(tmp_path):
    program = "try: packages.import_cryptography()\nexcept ImportError as error: print(error)\n"
    assert imported(tmp_path, "raise ImportError('broken')", program + IS_REAL) == [
        "broken"] + REAL
