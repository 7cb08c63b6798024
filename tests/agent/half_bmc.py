"""A BMC that lets a login begin and falls silent: half_bmc.py PORT auth|open|1.5

It answers Get Channel Authentication Capabilities and, with `open`, RMCP+ Open Session
(IPMI 2.0, 22.13 and 13.18), and nothing else.  With `1.5` it speaks no IPMI 2.0.
"""
import socket
import sys

RMCP = b"\x06\x00\xff\x07"


def checksum(data):
    return bytes([-sum(data) & 0xFF])


def capabilities(request):
    """The answer to a message in an IPMI 1.5 session header, or None."""
    message = request[14:]
    if message[5] != 0x38:
        return None
    head = bytes([message[3], 0x07 << 2])
    body = bytes([message[0], message[4], 0x38, 0x00,
                  0x01,  # channel
                  # the next but one byte counts, and says IPMI 2.0; or MD5 is all there is
                  *((0x04, 0x00, 0x00) if stage == "1.5" else (0x80, 0x00, 0x02)),
                  0, 0, 0, 0])
    answer = head + checksum(head) + body + checksum(body)
    return request[:13] + bytes([len(answer)]) + answer


def opened(request):
    """The answer to an RMCP+ Open Session Request, or None."""
    if request[5] != 0x10:
        return None
    message = request[16:]
    answer = message[:1] + b"\x00\x04\x00" + message[4:8] + b"\x01\x02\x03\x04" + message[8:]
    return RMCP + b"\x06\x11" + bytes(8) + bytes([len(answer), 0]) + answer


port, stage = int(sys.argv[1]), sys.argv[2]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", port))
print("ready", flush=True)
while True:
    packet, peer = server.recvfrom(2048)
    reply = None
    if packet[4] == 0x00:
        reply = capabilities(packet)
    elif packet[4] == 0x06 and stage == "open":
        reply = opened(packet)
    print("answered" if reply else "silent", flush=True)
    if reply:
        server.sendto(reply, peer)
