"""One HTTP request, as a client would make it."""

PORTS = {"http": 80, "https": 443}
OK = range(200, 400)  # statuses that count as an answer: success, and being sent elsewhere


class Url:
    """http://HOST[:PORT][/PATH] or https://...; the text itself."""

    ocf_type = fence_type = "string"
    wants = "a URL such as http://127.0.0.1:8404/health"

    def parse(self, text):
        from lbha.names import Host  # most resources have no URL

        try:
            scheme, host, port, _ = split(text)
            Host().parse(host)
        except ValueError:
            raise ValueError("is not %s" % self.wants)
        if not 0 < port < 65536 or any(c <= " " or c > "~" for c in text):
            raise ValueError("is not %s" % self.wants)
        return text

    def show(self, value):
        return value


def split(url):
    """(scheme, host, port, path) of a URL; ValueError when it is none."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    if scheme not in PORTS:
        raise ValueError("neither http nor https: %s" % url)
    place = rest.partition("/")[0].partition("?")[0]
    path = rest[len(place):]
    host, colon, port = place.rpartition(":")
    if not colon or place.endswith("]"):  # no port: at most the colons of an IPv6 address
        host, port = place, str(PORTS[scheme])
    return scheme, host.strip("[]"), _number(port), path if path[:1] == "/" else "/" + path


def _number(port):
    if not port.isdecimal():
        raise ValueError("not a port: %s" % port)
    return int(port)


def complaint(url, seconds):
    """A sentence when the URL gives no good answer within that time, or ""."""
    import http.client

    scheme, host, port, path = split(url)
    try:
        if scheme == "https":
            import ssl

            client = http.client.HTTPSConnection(host, port, timeout=seconds,
                                                 context=ssl._create_unverified_context())
        else:
            client = http.client.HTTPConnection(host, port, timeout=seconds)
        client.request("GET", path, headers={"User-Agent": "lbha"})
        status = client.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return "no answer from %s: %s" % (url, getattr(error, "strerror", None) or error)
    return "" if status in OK else "%s answers with status %d" % (url, status)
