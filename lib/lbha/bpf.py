"""Filters in the kernel: what a socket does not ask for wakes nobody.

Classic BPF, as in linux/filter.h and the kernel's Documentation/networking/filter.rst.  A
program is a list of steps: (INSTRUCTION, number), (EQUALS, number, label if so, label if
not), (JUMP, label), or a label (str), which names the place of the next step.  None as a label
is the next step.  Jumps go forward only.
"""

import _socket
from _struct import Struct

SOCK_FILTER = Struct("=HBBI")       # code, jump if true, if false, number
SOCK_FPROG = Struct("@HP")          # number of instructions, and where they are
SO_ATTACH_FILTER = 26
# instructions: A and X are the registers, the number is an offset in the packet ...
LOAD_WORD, LOAD_HALF, LOAD_BYTE = 0x20, 0x28, 0x30   # into A, as network byte order has it
LOAD_WORD_AT_X = 0x40                                # ... behind the place that X says
SIZES = ((4, 0x00), (2, 0x08), (1, 0x10))            # what makes a load one of fewer bytes
# ... or a value
SET_A, SET_X, A_TO_X, JUMP, EQUALS, RETURN = 0x00, 0x01, 0x07, 0x05, 0x15, 0x06
PASS, DROP = 0x7fffffff, 0          # bytes of the packet to keep
# offsets that are no place in the packet: what loads from there is told by the kernel
NETLINK_ATTRIBUTE = -0x1000 + 12    # A: where to begin, X: which number; 0 when there is none
PACKET_TYPE, DEVICE = -0x1000 + 4, -0x1000 + 8  # PACKET_* of packet(7); the index
NETWORK_HEADER, LINK_HEADER = -0x100000, -0x200000  # and an offset in that header


def attach(socket, steps):
    """Let a socket hear only what a program passes. Raises OSError."""
    program = assemble(steps)
    # CPython has the bytes at the end of the object, before a NUL that its size counts; array
    # and ctypes, which would say so, cost more than all else that a monitor imports
    address = id(program) + bytes.__basicsize__ - 1
    socket.setsockopt(_socket.SOL_SOCKET, SO_ATTACH_FILTER,
                      SOCK_FPROG.pack(len(program) // SOCK_FILTER.size, address))


def assemble(steps):
    """The bytes of a program."""
    labels, code = {}, []
    for step in steps:
        if isinstance(step, str):
            labels[step] = len(code)
        else:
            code.append(step)

    def distance(label, place):
        return labels[label] - place - 1 if label else 0

    program = []
    for place, (instruction, number, *targets) in enumerate(code):
        true, false = (distance(label, place) for label in targets or (None, None))
        if instruction == JUMP:
            number = distance(number, place)
        program.append(SOCK_FILTER.pack(instruction, true, false, number & 0xffffffff))
    return b"".join(program)


def equals(wanted, offset, other, load=LOAD_WORD):
    """Steps that go on when the packet has these bytes at an offset, and to the label `other`
    when it has not.

    load -- LOAD_WORD or LOAD_WORD_AT_X
    """
    steps = []
    while wanted:
        size, smaller = next(pair for pair in SIZES if pair[0] <= len(wanted))
        steps.append((load + smaller, offset))
        steps.append((EQUALS, int.from_bytes(wanted[:size], "big"), None, other))
        offset, wanted = offset + size, wanted[size:]
    return steps


def any_of(cases, exceptions=()):
    """A program that passes packets which fit one of the cases, and none of the exceptions.

    Either is a list of fields, all of which a packet must have; a field is (offset, bytes).
    """
    return (_try_each(cases, (JUMP, "fits")) + [(RETURN, DROP), "fits"]
            + _try_each(exceptions, (RETURN, DROP)) + [(RETURN, PASS)])


def _try_each(cases, verdict):
    """Steps that come to the verdict (a step) when one of the cases fits, or else go on."""
    steps = []
    for fields in cases:
        following = "behind %d %d" % (id(verdict), len(steps))
        for offset, wanted in fields:
            steps += equals(wanted, offset, following)
        steps += [verdict, following]
    return steps
