"""Standard input as a caller may leave it; the other streams are tested with the runtimes."""

import os
import subprocess
import sys

from tests import paths

BEGIN = "import os, sys, threading; sys.path.insert(0, %r)\n" % str(paths.LIBRARY)
READ = """
from lbha import errors, streams
try:
    print(streams.read_input())
except errors.LocalFault as fault:
    print(fault.reason)
"""
LATE = """
reader, writer = os.pipe()
os.set_blocking(reader, False)
os.dup2(reader, 0)
def write():
    os.write(writer, b"action=status")
    os.close(writer)
threading.Timer(0.2, write).start()
"""


def output(program, stdin=subprocess.DEVNULL):
    """What a program writes."""
    done = subprocess.run([sys.executable, "-IS", "-c", BEGIN + program + READ], stdin=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.decode().strip()


def test_input_that_comes_late_and_does_not_block():
    assert output(LATE) == "b'action=status'"


def test_input_that_cannot_be_read():
    fd = os.open(os.devnull, os.O_WRONLY)
    try:
        assert output("", fd) == "standard input cannot be read: Bad file descriptor"
    finally:
        os.close(fd)
