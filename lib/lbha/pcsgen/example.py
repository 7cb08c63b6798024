"""The cluster of the guide with our agents, as the README has it, to begin a sheet with."""

from lbha.pcsgen import messages, model
from lbha.pcsgen.writing import CAPTION, DATA, HEADER, TITLE, Line, lines

FIRST = ("# Environment definition for lbha pcsgen. Fill in the shaded cells; a row that begins"
         " with # is a comment.",
         "# lbha pcsgen の環境定義書です。色付きのセルに記入します。# で始まる行はコメントです。")
SPARE = 2  # blank rows for further entries below each table

# (keyword, first cell of the row) -> (English, Japanese)
REMARKS = {
    ("PROPERTY", "priority-fencing-delay"): (
        "the node with the address waits, so that two nodes never kill each other",
        "両ノードの相打ちを防ぐため、仮想IPのあるノードが待つ時間"),
    ("PROPERTY", "transition-delay"): (
        "news that belongs together is dealt with together",
        "関連する変化をまとめて処理するための待ち時間"),
    ("RSC_DEFAULTS", "resource-stickiness"): (
        "a resource stays where it is", "リソースが今の場所に留まる強さ"),
    ("RSC_DEFAULTS", "migration-threshold"): (
        "failures after which it moves", "移動するまでの故障回数"),
    ("RSC_DEFAULTS", "failure-timeout"): (
        "after which failures are forgotten", "故障回数を忘れるまでの時間"),
    ("RESOURCES", "haproxy-clone"): ("on every node", "全ノードで動かす"),
    ("RESOURCES", "vip"): ("where the clients go", "クライアントの接続先"),
    ("A", "ip"): ("edit: the address", "要編集：アドレス"),
    ("A", "nic"): ("edit: the network device", "要編集：ネットワークデバイス"),
    ("A", "host_list"): ("edit: the gateway", "要編集：ゲートウェイ"),
    ("A", "password"): ("edit: better, use password_file", "要編集：password_file も使えます"),
    ("A", "pcmk_host_list"): ("edit: the node it powers off", "要編集：電源を切るノード"),
    ("LOCATION_RULE", "vip"): (
        "prefers a node that reaches the gateway", "ゲートウェイに届くノードを好む"),
    ("ORDER", "haproxy-clone"): (
        "the address stays when HAProxy is started again",
        "HAProxyが再起動しても仮想IPは動かさない"),
}


def cluster():
    """The model.Cluster."""
    settings, operations = _settings, _operations
    made = model.Cluster(
        properties=settings(("priority-fencing-delay", "10s"),
                            ("transition-delay", "30ms")),
        resource_defaults=settings(("resource-stickiness", "200"),
                                   ("migration-threshold", "5"), ("failure-timeout", "120s")),
        resources=[
            model.Resource("Clone", "haproxy-clone", meta=settings(("interleave", "true")),
                           children=[_primitive("haproxy", "haproxy", settings(
                               ("peers", "auto")), operations(
                                   ("start", "60s", ""), ("monitor", "120s", "1s", "20"),
                                   ("reload", "60s", ""), ("stop", "60s", "")))]),
            model.Resource("Clone", "ping-clone", meta=settings(("interleave", "true")),
                           children=[_primitive("ping", "ping", settings(
                               ("name", "ping-status"), ("host_list", "192.168.1.1"),
                               ("attempts", "2"), ("timeout", "2")), operations(
                                   ("start", "60s", ""), ("monitor", "120s", "1s"),
                                   ("reload", "60s", ""), ("stop", "20s", "")))]),
            _primitive("vip", "IPaddr2", settings(
                ("ip", "192.168.1.10"), ("nic", "eno2"), ("cidr_netmask", "24"),
                ("check_link_status", "true"), ("link_delay", "0")), operations(
                    ("start", "20s", ""), ("monitor", "120s", "1s"), ("stop", "20s", "")),
                settings(("priority", "-10"))),
            _fence("fence1", "node01", "192.168.0.111"),
            _fence("fence2", "node02", "192.168.0.112")])
    _constraints(made)
    return made


def _constraints(made):
    made.colocations = [model.Colocation("vip", "haproxy-clone", "INFINITY")]
    made.orders = [model.Order("haproxy-clone", "vip", "Optional"),
                   model.Order("ping-clone", "haproxy-clone", symmetrical="false")]
    made.locations = [model.Location("vip", "prefers", "node01", "200"),
                      model.Location("vip", "prefers", "node02", "100"),
                      model.Location("fence1", "avoids", "node01", "INFINITY"),
                      model.Location("fence2", "avoids", "node02", "INFINITY")]
    made.rules = [model.Rule("vip", "500", "", "", [
        model.Expression("ping-status", "gte", "1")])]


def _primitive(name, agent, options, operations, meta=()):
    return model.Resource("Primitive", name, standard="ocf", provider="lbha", type=agent,
                          options=options, operations=operations, meta=list(meta))


def _fence(name, node, address):
    return model.Resource("Stonith", name, type="fence_pyipmi", options=_settings(
        ("pcmk_host_list", node), ("ip", address), ("username", "pacemaker"),
        ("password", "ipmipass1"), ("lanplus", "1")),
        operations=_operations(("monitor", "60s", "3600s")))


def _settings(*pairs):
    return [model.Setting(*pair) for pair in pairs]


def _operations(*rows):
    names = ("timeout", "interval", "OCF_CHECK_LEVEL")
    return [model.Operation(row[0], [model.Setting(name, value) for name, value in
                                     zip(names, row[1:]) if value]) for row in rows]


def sheet_lines(language, spare):
    """The Lines of the example; `spare`: with blank rows to fill in."""
    number = messages.LANGUAGES.index(language)
    remarks = {key: texts[number] for key, texts in REMARKS.items()}
    found = [Line(TITLE, {0: FIRST[number]})] + lines(cluster(), language, remarks)
    return list(_spared(found)) if spare else found


def _spared(found):
    part = ""
    for line, following in zip(found, found[1:] + [Line(TITLE)]):
        yield line
        if line.kind == HEADER:
            part = line.cells.get(1, "")
        # P says once what the table is about
        if line.kind in (CAPTION, DATA) and following.kind not in (CAPTION, DATA) and part != "P":
            for _ in range(SPARE):
                yield Line(DATA)
