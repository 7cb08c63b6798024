"""lbha pcsgen against the pcs and the Pacemaker of every suite, on files.

The truth is what pcs writes for the script's commands, and what crm_verify and the suite's
own schema say of the XML.
"""

from __future__ import annotations

import subprocess
import sys

import hypothesis
import pytest

from lbha.pcsgen import model, targets
from tests import making, paths, semantics
from tests.cluster.suite import Suite
from tests.unit.test_pcsgen_cluster import again
from tests.unit.test_pcsgen_random import SIGNS, clusters, values

SUITES = {"bullseye": "2.0", "bookworm": "2.1", "trixie": "3.0"}
# of systemd pcs asks D-Bus, which a file system alone has not: the lab has those
SHEETS = ("everything", "letters")


@pytest.fixture(scope="module", params=SUITES)
def suite(root, request):
    place = Suite(request.param)
    place.name = request.param
    yield place
    place.close()


def lbha(*arguments):
    """Run lbha pcsgen from the checkout; both outputs are in stdout."""
    return subprocess.run(
        [sys.executable, "-m", "lbha", "pcsgen", "--lang", "en", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
        env=dict(PYTHONPATH=":".join(map(str, [paths.LIBRARY] + sys.path)), PATH="/usr/bin"))


def generate(sheet, target, folder):
    """(XML, script) of a sheet, as bytes."""
    done = lbha(making.SHEETS / (sheet + ".csv"), "--offline", "--target", target, "-o", folder)
    assert done.returncode in (0, 2), done.stdout
    return (folder / (sheet + ".xml")).read_bytes(), (folder / (sheet + ".sh")).read_bytes()


def test_every_target_has_its_suite():
    assert sorted(SUITES.values()) == sorted(targets.TARGETS)


@pytest.mark.parametrize("sheet", SHEETS)
def test_script_and_xml_are_the_same_cluster(suite, tmp_path, sheet):
    if sheet == "letters" and targets.TARGETS[SUITES[suite.name]].ascii_only:
        with pytest.raises(AssertionError, match="outside ASCII"):
            generate(sheet, SUITES[suite.name], tmp_path)
        return
    xml, script = generate(sheet, SUITES[suite.name], tmp_path)
    script, _, further = script.partition(b"\n# further commands\n")
    said = suite.run("sh", suite.put("make.sh", script), "/shared/pcs.xml")
    assert "deprecat" not in said.lower()
    assert semantics.difference(suite.get("/shared/pcs.xml"), xml) == []
    # a value is a value, never a command
    suite.run("sh", "-c", "test ! -e /tmp/owned")
    if further:
        runs_further_commands(suite, further)


def runs_further_commands(suite, further):
    """ADDITIONAL_CONFIG, in the script alone, works on the script's file."""
    suite.run("sh", suite.put("further.sh", b"set -eu\ncib=/shared/pcs.xml\n" + further))
    made = suite.get("/shared/pcs.xml")
    assert b'name="is-managed" value="true"' in made and b"<tag " in made


@pytest.mark.parametrize("sheet", ["everything", "guide"])
def test_pacemaker_accepts_the_xml(suite, tmp_path, sheet):
    xml, _ = generate(sheet, SUITES[suite.name], tmp_path)
    path = suite.put("cib.xml", xml)
    schema = "/usr/share/pacemaker/%s.rng" % targets.TARGETS[SUITES[suite.name]].schema
    suite.run("xmllint", "--noout", "--relaxng", schema, path)
    said = suite.run("crm_verify", "--verbose", "--xml-file", path, check=False)
    assert "error" not in said.lower(), said


def test_pacemaker_accepts_random_clusters(suite):
    target = SUITES[suite.name]
    checked = []

    @hypothesis.settings(max_examples=15)
    @hypothesis.given(clusters(values(SIGNS)) if targets.TARGETS[target].ascii_only
                      else clusters())
    def check(cluster):
        # without fence devices Pacemaker would say no more than that there are none
        cluster.properties.append(model.Setting("stonith-enabled", "false"))
        made = again(cluster, target)
        said = suite.run("crm_verify", "--verbose", "--xml-file",
                         suite.put("random.xml", made.xml), check=False)
        assert "error" not in said.lower(), said + made.xml.decode()
        checked.append(made)

    check()
    assert checked
