"""Pacemaker's daemons that lose a node attribute when they end: are they still the same?

The attribute daemon forgets its node's attributes.  With the controller (which in 2.0.5 ends
when pacemaker-execd does) the node leaves the cluster for a moment, and the others erase
them.  Either is started again at once, so that only its process tells.
"""

from lbha import host, state

NAMES = ("pacemaker-attrd", "pacemaker-contr")  # the kernel keeps 15 characters
FILE = "daemons"
UNSETTLED = 60.0  # seconds after a start in which what was lost may still go, or come back


class Daemons:
    """As the file `FILE` knows them, so that they need not be looked for.

    folder -- lbha.state.Folder
    """

    def __init__(self, folder):
        self.note = state.Record(folder, FILE)

    def settled(self):
        """Whether both have been there for a while; False where they are not found, as on a
        remote node. LocalFault when who they are cannot be written down."""
        words = (self.note["processes"] or "").split()
        living = [host.find_process(" ".join(pair)) for pair in zip(words[::2], words[1::2])]
        if None in living or len(living) != len(NAMES):
            living = host.processes_called(NAMES)
            found = " ".join(process.key for process in living)
            if found != self.note["processes"]:
                self.note.update(processes=found)
        return (len(living) == len(NAMES)
                and all(process.age >= UNSETTLED for process in living))
