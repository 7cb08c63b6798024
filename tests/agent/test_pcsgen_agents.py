"""What lbha pcsgen learns from agents that are installed: the checkout's own, and others."""

import shutil

import pytest

from lbha.pcsgen import agents
from tests import declarations, making, paths

SHEET = """
RSC_DEFAULTS
 | name | value
 | resource-stickiness | 200
 | migration-threshold | 3
RESOURCES
 | resourceItem | id
 | Primitive | a
PRIMITIVE
P | id | class | provider | type
 | a | ocf | lbha | %s
A | type | name | value
 | options | %s | 192.168.1.10
"""
OTHER = """#!/bin/sh
cat <<EOF
<resource-agent name="other"><parameters><parameter name="x"/></parameters>
<actions><action name="start" timeout="7"/><action name="monitor" timeout="8s" depth="10"
 interval="9s" role="Slave"/><action name="meta-data" timeout="5"/></actions></resource-agent>
EOF
touch "MARK"
"""


@pytest.fixture
def installed(tmp_path):
    """The agents of the checkout where the package would put them."""
    folder = tmp_path / "root/usr/lib/ocf/resource.d/lbha"
    folder.mkdir(parents=True)
    for name in declarations.RESOURCE_AGENTS:
        shutil.copy(paths.agent(name), folder)
    (folder.parent / "lib").symlink_to(paths.LIBRARY)
    sbin = tmp_path / "root/usr/sbin"
    sbin.mkdir()
    for name in declarations.FENCE_AGENTS:
        (sbin / name).symlink_to(paths.agent(name))
    return agents.Agents(root=str(tmp_path / "root"))


def made(installed, *words):
    return making.make_rows(making.rows(SHEET % words), known=installed)


def test_a_parameter_that_the_agent_does_not_take(installed):
    note, missing = made(installed, "IPaddr2", "ipp").report.notes
    assert (note.key, note.fields["likely"], note.cell.row) == ("unknown-parameter", "ip", 11)
    assert (missing.key, missing.fields["name"]) == ("parameter-missing", "ip")
    assert made(installed, "IPaddr2", "ip").said() == []
    # an agent that is not installed takes anything
    assert made(installed, "nothing", "ipp").said() == []


@pytest.mark.parametrize("name", declarations.RESOURCE_AGENTS)
def test_the_table_knows_what_our_agents_want(installed, name):
    resource = made(installed, name, "x").cluster.leaves()[0]
    asked, known = installed.get(resource), agents.Agents(installed=False).get(resource)
    assert asked.parameters and known.parameters is None

    def told(agent):
        return {(one.name,) + tuple(sorted((setting.name, setting.value)
                                           for setting in one.attributes))
                for one in agent.operations}

    assert told(asked) == told(known)


def test_a_fence_agent_takes_what_the_fencer_gives_it(installed):
    text = SHEET.replace("Primitive", "Stonith").replace("PRIMITIVE", "STONITH").replace(
        "class | provider | type", "type").replace("ocf | lbha | %s", "fence_pyipmi")
    rows = making.rows(text % "ip" + " | | pcmk_host_list | n1\n | | pcmk_reboot_action | off\n"
                       "LOCATION_NODE\n | rsc | prefers/avoids | node\n | a | avoids | n1\n")
    assert making.make_rows(rows, known=installed).said() == []
    rows = making.rows(text % "ipaddress")
    assert [key for _, key in making.make_rows(rows, known=installed).said()] == [
        "unknown-parameter"]


def test_other_agents_are_asked_and_only_in_their_folder(installed, tmp_path):
    marks = []
    for place in ("usr/lib/ocf/resource.d/lbha/other", "other"):
        path = tmp_path / "root" / place
        marks.append(path.with_name("ran"))
        path.write_text(OTHER.replace("MARK", str(marks[-1])))
        path.chmod(0o755)
    outside = made(installed, "../../../../../other", "x")
    assert [key for _, key in outside.said()] == ["no-agent"]
    document = made(installed, "other", "x").document
    assert marks[0].exists() and not marks[1].exists()
    assert [dict(op.attrib) for op in document.iter("op")] == [
        {"name": "start", "timeout": "7", "interval": "0s", "id": "a-start-interval-0s"},
        {"name": "monitor", "timeout": "8s", "interval": "9s", "role": "Slave",
         "id": "a-monitor-interval-9s"}]
    assert [pair.get("value") for pair in document.iter("nvpair")
            if pair.get("name") == "OCF_CHECK_LEVEL"] == ["10"]


@pytest.mark.parametrize("text", ["#!/bin/sh\necho no xml", "#!/bin/sh\nexit 1", "junk"])
def test_an_agent_that_says_nothing_of_use_is_as_good_as_not_installed(installed, tmp_path, text):
    path = tmp_path / "root/usr/lib/ocf/resource.d/lbha/other"
    path.write_text(text)
    path.chmod(0o755)
    assert made(installed, "other", "x").said() == []
