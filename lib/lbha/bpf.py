"""Filters in the kernel: what a socket does not ask for wakes nobody.

Classic BPF as in linux/filter.h and the kernel's Documentation/networking/filter.rst.  A
filter is said as cases.  A case is a list of fields, and a field is (offset, bytes): what
the packet must have there.
"""

import _socket
from struct import Struct

INSTRUCTION = Struct("=HBBI")       # struct sock_filter: code, jump if true, if false, number
SOCK_FPROG = Struct("@HP")          # instructions, and where they are
SO_ATTACH_FILTER = 26
LOAD = {4: 0x20, 2: 0x28, 1: 0x30}  # BPF_LD | BPF_ABS of so many bytes
JUMP, JUMP_IF_EQUAL, RETURN = 0x05, 0x15, 0x06
# offsets that are no place in the packet
NETWORK_HEADER, LINK_HEADER = -0x100000, -0x200000
DEVICE, TAGGED = -0x1000 + 8, -0x1000 + 48  # index; whether it has a VLAN tag still: 4 bytes


def attach(socket, cases, unless, length):
    """Let a socket get only packets that fit one of the cases, and not all of `unless`.

    cases  -- lists of fields; unless -- a list of fields
    length -- bytes that are kept of a packet
    Raises OSError.
    """
    import array  # the one cheap way to learn where bytes are

    program = array.array("B", assemble(cases, unless, length))
    address, size = program.buffer_info()
    socket.setsockopt(_socket.SOL_SOCKET, SO_ATTACH_FILTER,
                      SOCK_FPROG.pack(size // INSTRUCTION.size, address))


def assemble(cases, unless, length):
    """The bytes of the program; see `attach`."""
    # every part jumps to its own end when a field differs, and goes on when all are as said
    exception = _compare(unless, 1) + [(RETURN, 0, 0, 0), (RETURN, 0, 0, length)]
    program = [(RETURN, 0, 0, 0)] + exception
    for case in reversed(cases):
        # to the exception lies everything between: the later cases, and their refusal
        program = (_compare(case, 1) + [(JUMP, 0, 0, len(program) - len(exception))]
                   + program)
    return b"".join(INSTRUCTION.pack(code, true, false, number & 0xffffffff)
                    for code, true, false, number in program)


def _compare(fields, skip):
    """Instructions that go on when all fields are as said; else they skip what is left of
    them and `skip` instructions more."""
    words = [word for field in fields for word in _words(*field)]
    program = []
    for done, (size, offset, number) in enumerate(words, 1):
        program.append((LOAD[size], 0, 0, offset))
        program.append((JUMP_IF_EQUAL, 0, 2 * (len(words) - done) + skip, number))
    return program


def _words(offset, wanted):
    """A field in what one instruction can load: (size, offset, number)."""
    while wanted:
        size = next(size for size in (4, 2, 1) if size <= len(wanted))
        yield size, offset, int.from_bytes(wanted[:size], "big")
        offset, wanted = offset + size, wanted[size:]
