"""A wire that fails, between an agent and its BMC: fault.py LISTEN BMC FAULT [NUMBER [SEED]]

LISTEN, BMC -- UDP ports on loopback
FAULT       -- what happens to packets; NUMBER is
    none             all is well
    loss PERCENT     each packet of either direction is lost with this probability
    delay SECONDS    of every packet, in both directions
    duplicate        every packet comes twice
    reorder          a packet waits until the next one has overtaken it, or 0.3 s
    mute N           from the N-th answer on nothing comes back; requests still arrive
    dead N           as mute, and requests arrive no more either
    garbage N        the N-th answer, and with -N every one from the N-th on, is noise; 0: all
    truncated N      of the same only the half comes
    operator         the BMC answers RAKP 1 for an administrator with "invalid role"
    full N           the BMC answers Open Session with "no free session" for N seconds
    full once        the same, but only the first
Prints "ready" first, then a line a packet.
"""
import heapq
import random
import select
import socket
import sys
import time

listen, bmc, fault = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
once = sys.argv[4:5] == ["once"]
number = float(sys.argv[4]) if len(sys.argv) > 4 and not once else 0
# payload types; IPMI 2.0, table 13-16
OPEN_SESSION, OPENED, RAKP_1, RAKP_2 = 0x10, 0x11, 0x12, 0x13
NO_RESOURCES, INVALID_ROLE = 0x01, 0x09  # status; table 13-15
ADMINISTRATOR = 4
chance = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(("127.0.0.1", listen))
backs, waiting, answers, refusals, began = {}, [], 0, 0, time.monotonic()


def later(seconds, send, packet):
    heapq.heappush(waiting, (time.monotonic() + seconds, random.random(), send, packet))


def carry(packet, send, is_answer):
    """Do to a packet what the fault says."""
    here = is_answer and (answers == number or number <= 0 and answers >= -number)
    if fault == "loss" and chance.random() * 100 < number:
        return "lost"
    if fault == "mute" and is_answer and answers >= number:
        return "lost"
    if fault == "dead" and answers >= number:
        return "lost"
    if fault == "garbage" and here:
        packet = packet[:4] + bytes(chance.randrange(256) for _ in packet[4:])
    if fault == "truncated" and here:
        packet = packet[:len(packet) // 2]
    if fault == "delay":
        later(number, send, packet)
    elif fault == "reorder" and chance.random() < 0.5:
        later(0.3, send, packet)
    else:
        send(packet)
        if fault == "duplicate":
            later(0.01, send, packet)
    return "carried"


def refusal(packet):
    """(payload type, status) of the answer to a request that is refused, or None."""
    if packet[4] != 6:
        return None
    if fault == "full" and packet[5] == OPEN_SESSION and (
            not refusals if once else time.monotonic() < began + number):
        return OPENED, NO_RESOURCES
    if fault == "operator" and packet[5] == RAKP_1 and packet[40] & 7 == ADMINISTRATOR:
        return RAKP_2, INVALID_ROLE
    return None


def refuse(packet, peer, kind, status):
    """Answer with a status, and the same begin that every answer has; 13.18 and 13.21."""
    body = packet[16:17] + bytes([status, 0, 0]) + packet[20:24]
    front.sendto(packet[:5] + bytes([kind]) + bytes(8) + bytes([len(body), 0]) + body, peer)


print("ready", flush=True)
while True:
    pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for ready in select.select([front, *backs.values()], [], [], pause)[0]:
        if ready is front:
            packet, peer = front.recvfrom(4096)
            if peer not in backs:
                backs[peer] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                backs[peer].connect(("127.0.0.1", bmc))
            refused = refusal(packet)
            if refused:
                refusals += 1
                refuse(packet, peer, *refused)
                print("request refused", flush=True)
                continue
            print("request", carry(packet, backs[peer].send, False), flush=True)
        else:
            try:
                packet = ready.recv(4096)
            except ConnectionRefusedError:
                continue
            peer = next(one for one, back in backs.items() if back is ready)
            answers += 1
            print("answer", answers, carry(
                packet, lambda data, peer=peer: front.sendto(data, peer), True), flush=True)
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, send, packet = heapq.heappop(waiting)
        send(packet)
