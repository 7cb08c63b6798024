"""A BMC, of pyghmi, that answers with the completion codes it is told: code_bmc.py PORT

In JSON on standard input, for a test looks for the password on command lines:
    users -- {name: password}
    codes -- {request: [code, ...]} for the requests read, off, on and cycle; the last code is
             for ever, and a request that is not named is done (0)
The power is on at first; cycle leaves it off, as a BMC does that is slow to switch on again.
It takes cipher suite 3 whatever is proposed, and prints "ready", then a line a request.
"""
import json
import sys

from pyghmi.ipmi.bmc import Bmc

REQUESTS = {(0, 1): "read", (0, 2, 0): "off", (0, 2, 1): "on", (0, 2, 2): "cycle"}
told = json.load(sys.stdin)


class CodeBmc(Bmc):
    """Its node has power until it is told otherwise."""

    power, codes = 1, told["codes"]

    def handle_raw_request(self, request, session):
        data = request["data"][:1] if request["command"] == 2 else []
        name = REQUESTS[(request["netfn"], request["command"], *data)]
        print(name, flush=True)
        codes = self.codes.get(name, [0])
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        if name == "read" and not code:
            session.send_ipmi_response(data=[self.power, 0, 0])
            return
        if name != "read" and not code:
            CodeBmc.power = int(name == "on")
        session.send_ipmi_response(code=code)


bmc = CodeBmc(told["users"], port=int(sys.argv[1]))
print("ready", flush=True)
bmc.listen()
