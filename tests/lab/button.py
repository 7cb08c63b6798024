"""A BMC's power button, as ipmi_sim presses it for each chassis command:

    button.py SOCKET get power | set power 0|1 | set reset 1

A script of its own, and with next to no imports, because it is run so often.
"""

import _socket  # socket takes as long as all the rest
import sys


def main():
    path, *request = sys.argv[1:]
    client = _socket.socket(_socket.AF_UNIX)
    client.connect(path)
    client.send(" ".join(request).encode())
    said = b"".join(iter(lambda: client.recv(1024), b"")).decode()
    if said[:1] != "0":  # ipmi_sim makes completion code 0xff of it
        sys.exit(said[1:] or "the chassis is gone")
    if said[1:]:
        print(said[1:])


if __name__ == "__main__":
    main()
