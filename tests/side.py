"""How the tests are dealt out to the processes that run them side by side."""

from xdist.scheduler import LoadScopeScheduling

# Files of the cluster level that share a lab, in two halves that take about as long; one
# that is not here needs none or brings up its own.
LABS = ("1_story address bad_input describe example fence haproxy held_monitor ocf_tester",
        "original ping reload_load score split sticky turn")
SHARED = {"tests/cluster/test_%s.py" % name: "lab %d" % number
          for number, names in enumerate(LABS, 1) for name in names.split()}


class Files(LoadScopeScheduling):
    """By the file, for what a file shares is made once, and in the order they are given."""

    def __init__(self, config, log):
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid):
        path = nodeid.partition("::")[0]
        return SHARED.get(path, path)
