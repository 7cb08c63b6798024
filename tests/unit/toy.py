"""A resource agent over files, to see what the runtime makes of it.

The world is a directory: `up` runs, `half` is left of something, `look` holds what a person
should look at.  A file raise-VERB holds the class and the sentence of an error of
lbha.errors that the verb raises; sleep-VERB holds seconds; a file stubborn keeps stop from
doing anything; with a file fatal a reload ends it.  Every verb adds its name to `verbs`.
With `pid` the thing runs as long as that process does.
"""

import os
import sys
import time

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../lib"))

from lbha import errors, hold, host, ocf, spec, state, values  # noqa: E402

DECLARATION = spec.Declaration(
    "ocf", "toy", "A toy", ("It plays.", "It has <no> \"purpose\" & is 'small'."),
    parameters=(
        spec.Parameter("world", values.Path(), "Where it plays", "A directory.",
                       reloadable=True),
        spec.Parameter("speed", values.Integer(1, 9), "How fast", "Faster is faster.",
                       default=1, reloadable=True),
        spec.Parameter("fuse", values.Text(), "One of its kind", "No two toys share it.",
                       unique=True),
        ocf.HOLD, ocf.DEGRADED_CODE),
    actions=(spec.Action("start", timeout=20), spec.Action("stop", timeout=20),
             spec.Action("monitor", timeout=20, interval=10, depth=0),
             spec.Action("reload", timeout=20), spec.Action("validate-all", timeout=20),
             spec.Action("meta-data", timeout=5)))


class Toy(ocf.ResourceAgent):
    """The agent."""

    declaration = DECLARATION

    def path(self, name):
        """A file of the world."""
        return os.path.join(self.p.world, name)

    def text(self, name):
        """Its text, or None."""
        try:
            with open(self.path(name)) as file:
                return file.read()
        except FileNotFoundError:
            return None

    def play(self, verb):
        """What every verb does first."""
        with open(self.path("verbs"), "a") as file:
            file.write(verb + "\n")
        word = verb.replace("_", "-")
        time.sleep(float(self.text("sleep-" + word) or 0))
        kind, _, sentence = (self.text("raise-" + word) or "").partition(" ")
        if kind:
            raise getattr(errors, kind, ZeroDivisionError)(sentence)

    def process(self):
        """The process it depends on, or None."""
        return host.find_process(self.text("pid"))

    def validate(self):
        self.play("validate")

    def find(self):
        self.play("find")
        if self.text("half") is not None:
            return ocf.partial("half of it is there")
        if self.text("up") is None or (self.text("pid") and not self.process()):
            return ocf.absent("it is not up")
        return ocf.running()

    def start(self):
        self.play("start")
        with open(self.path("streams"), "w") as file:
            for fd in (0, 1, 2):
                file.write(os.readlink("/proc/self/fd/%d" % fd) + "\n")
        with open(self.path("up"), "w"):
            pass

    def adopt(self):
        self.play("adopt")

    def stop(self):
        self.play("stop")
        for name in ("up", "half"):
            if self.text(name) is not None and self.text("stubborn") is None:
                os.unlink(self.path(name))

    def after_stop(self):
        self.play("after_stop")

    def restore(self):
        self.play("restore")

    def observe(self):
        self.play("observe")
        return self.text("look")

    def sources(self):
        process = self.process()
        return [hold.ProcessExit(process)] if process else []

    def reload(self):
        if self.text("fatal") is not None:
            os.unlink(self.path("up"))
        self.play("reload")


def main():
    """Run it as Pacemaker would, with its state beside its world and any user's rights."""
    state.ROOT = os.environ["OCF_RESKEY_world"] + "/state"
    host.is_root = lambda: True
    ocf.main(Toy)


if __name__ == "__main__":
    main()
