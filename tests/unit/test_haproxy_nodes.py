"""Who the nodes are: asked for again when the cluster was configured anew, or after a while."""

import pytest

from lbha import cluster, configuration
from lbha.deadline import Deadline
from lbha.haproxy import peers
from lbha.state import Folder


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Asks with the age that an answer may have; the times that the cluster was asked."""
    monkeypatch.setattr(configuration, "FILE", str(tmp_path / "cib.xml"))
    times = []

    def members(deadline):
        times.append(1)
        return [cluster.Member("node01", ["192.168.10.1"])]

    monkeypatch.setattr(cluster, "members", members)
    monkeypatch.setattr(cluster, "node_settings", lambda name, deadline: {})
    folder = Folder("haproxy", "haproxy", str(tmp_path / "run"))

    def ask(oldest):
        assert peers.section(folder, "lbha", 1024, {}, oldest, Deadline(5)) == (
            "\npeers lbha\n    peer node01 192.168.10.1:1024\n")
        return len(times)

    return ask


def configure(tmp_path):
    """Pacemaker renames a new file each time."""
    (tmp_path / "new").write_text("<cib/>")
    (tmp_path / "new").rename(tmp_path / "cib.xml")


def test_an_answer_is_good_for_a_while(asked):
    assert asked(60) == 1 and asked(60) == 1
    assert asked(0) == 2


def test_another_configuration_may_have_other_nodes(asked, tmp_path):
    configure(tmp_path)
    assert asked(60) == 1
    configure(tmp_path)
    assert asked(None) == 1, "a start in a recovery is quick"
    assert asked(60) == 2 and asked(60) == 2
