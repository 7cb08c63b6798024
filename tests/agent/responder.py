"""A host that answers ICMP echo requests in its own way; run inside a namespace.

    responder.py ADDRESS=HABIT ...

Every request to one of the addresses becomes a line "ADDRESS IDENTIFIER SEQUENCE" on stdout.
The kernel must have been told to leave echo requests alone.  Independent of lbha.icmp.
"""

import select
import socket
import struct
import sys
import threading

ELSEWHERE = {4: "127.0.0.99", 6: "fd00::99"}
SLOW = 0.3  # seconds
seen = {}


def main():
    habits = dict(word.split("=") for word in sys.argv[1:])
    v4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    v6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    print("ready", flush=True)
    while True:
        for sock in select.select([v4, v6], [], [])[0]:
            if sock is v4:
                packet, peer = v4.recvfrom(2000)
                address, message = socket.inet_ntoa(packet[16:20]), packet[20:]
            else:
                message, control, _, peer = v6.recvmsg(2000, 200)
                address = socket.inet_ntop(socket.AF_INET6, control[0][2][:16])
            if message[0] == (8 if sock is v4 else 128) and address in habits:
                answer(4 if sock is v4 else 6, address, habits[address], message, peer)


def answer(version, address, habit, message, peer):
    print(address, *struct.unpack("!HH", message[4:8]), flush=True)
    seen[address] = seen.get(address, 0) + 1
    if habit == "silent" or habit == "third" and seen[address] < 3:
        return
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    protocol = socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6
    with socket.socket(family, socket.SOCK_RAW, protocol) as out:
        out.bind((ELSEWHERE[version] if habit == "sender" else address, 0))
        if habit == "slow":
            threading.Timer(SLOW, out.dup().sendto, (reply(version, habit, message), peer)).start()
            return
        for _ in range(3 if habit == "thrice" else 1):
            out.sendto(reply(version, habit, message), peer)


def reply(version, habit, message):
    """The echo reply to a request, spoilt as the habit says."""
    identifier, sequence = struct.unpack("!HH", message[4:8])
    kind, payload = (0 if version == 4 else 129), message[8:]
    if habit == "identifier":
        identifier ^= 1
    elif habit == "sequence":
        sequence ^= 1
    elif habit == "payload":
        payload = payload[:-1] + bytes([payload[-1] ^ 1])
    elif habit == "short":
        payload = payload[:-1]
    elif habit == "kind":
        kind = 14 if version == 4 else 1  # timestamp reply, destination unreachable
    packet = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence) + payload
    if version == 4:  # of ICMPv6 the kernel writes the checksum
        right = ones_sum(packet) ^ 0xffff
        packet = packet[:2] + struct.pack("!H", right ^ (habit == "checksum")) + packet[4:]
    return packet


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    return total % 0xffff or (0xffff if total else 0)


main()
