"""The example of lbha pcsgen in a running cluster."""

from tests import making
from tests.cluster.test_pcsgen import configuration
from tests.cluster.test_pcsgen_pcs import lbha


def test_the_example_is_the_cluster_of_the_readme(configured, tmp_path):
    assert lbha("--example", "csv", "--save", tmp_path / "example.csv").returncode == 0
    made = making.make(tmp_path / "example.csv")
    live = configured.cluster.member().run(["pcs", "cluster", "cib"]).out
    assert configuration(live.encode()) == configuration(made.xml)
