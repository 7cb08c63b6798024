"""The one exception of the lab."""


class LabError(Exception):
    """Something the lab needs is missing, failed, or did not happen in time.

    The text is one sentence for the person at the terminal; what a failed
    command printed may follow it on lines of its own.
    """
