"""Meta-data against the standards' own schemas, as the distribution has them."""

import os
import pathlib
import subprocess

import pytest

from tests import declarations, paths

KEPT = paths.CHECKOUT / "build/standards"


def standard(package, path):
    """A file of a Debian package: the installed one, or from the package downloaded."""
    installed = pathlib.Path("/") / path
    if installed.exists():
        return installed
    unpacked = KEPT / package
    if not (unpacked / path).exists():
        unpacked.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=unpacked, check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        archive, = unpacked.glob(package + "_*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive, unpacked], check=True)
    return unpacked / path


def meta_data(name, **environment):
    """What the agent itself writes."""
    action = ["-o", "metadata"] if name in declarations.FENCE_AGENTS else ["meta-data"]
    return subprocess.run([paths.agent(name), *action], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, **environment)).stdout


def validate(document, *arguments):
    """Let xmllint validate, without the network."""
    done = subprocess.run(["xmllint", "--nonet", "--noout", *map(str, arguments), "-"],
                          input=document, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_the_1_0_form_keeps_to_the_dtd_that_ocf_tester_uses(name):
    dtd = standard("resource-agents", "usr/share/resource-agents/ra-api-1.dtd")
    document = meta_data(name)
    assert b"<!DOCTYPE" in document
    validate(document.replace(b'"ra-api-1.dtd"', b'"%s"' % os.fsencode(dtd)), "--valid")


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_the_1_1_form_keeps_to_the_schema_of_1_1_that_pcs_uses(name):
    schema = standard("pcs", "usr/share/pcs/data/ocf-1.1.rng")
    modern = meta_data(name, OCF_RA_VERSION_MAJOR="1", OCF_RA_VERSION_MINOR="1")
    assert b"<version>1.1<" in modern
    validate(modern, "--relaxng", schema)


@pytest.mark.parametrize("name", declarations.FENCE_AGENTS)
def test_fence_meta_data_keeps_to_the_fence_agents_schema(name):
    schema = standard("fence-agents", "usr/share/cluster/relaxng/metadata.rng")
    validate(meta_data(name), "--relaxng", schema)


@pytest.mark.parametrize("name", declarations.AGENTS)
def test_the_man_page_is_good_roff(name):
    action = ["-o", "manpage"] if name in declarations.FENCE_AGENTS else ["manpage"]
    page = subprocess.run([paths.agent(name), *action], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, check=True).stdout
    shown = subprocess.run(["man", "--warnings", "--local-file", "-"], input=page,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                                "MANWIDTH": "80"})
    assert shown.stderr == b"" and shown.returncode == 0
    assert b"PARAMETERS" in shown.stdout


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_meta_data_needs_no_program_of_the_node(name):
    # ocf-tester's way to play a node on which nothing is installed
    assert meta_data(name, OCF_TESTER_FAIL_HAVE_BINARY="1") == meta_data(name)
