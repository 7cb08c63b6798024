"""The format of the sheet: keywords in column B, and the columns below each.

The names are the format's own; the letters are where the usual layout has them (a reader
goes by the names alone).
"""

from lbha.pcsgen import targets

ATTRIBUTE_TYPES = ("attribute", "utilization")
KINDS = ("Primitive", "Stonith", "Group", "Clone", "Promotable")
VERBS = ("prefers", "avoids")
JOINTS = ("and", "or")
COMPARISONS = ("eq", "ne", "lt", "gt", "lte", "gte")
DEFINED = ("defined", "not_defined")
ORDER_KINDS = ("Optional", "Mandatory", "Serialize")
ACTIONS = ("start", "promote", "demote", "stop")
BOOLEANS = ("true", "false")
CLASSES = ("ocf", "systemd", "service", "lsb", "upstart", "nagios")
ON_FAIL = ("block", "demote", "fence", "ignore", "restart", "restart-container", "standby",
           "stop")
SCORES = ("INFINITY", "-INFINITY")
# of an operation, besides its name: what pcs takes
OPERATION_ATTRIBUTES = ("timeout", "interval", "on-fail", "role", "start-delay", "enabled",
                        "record-pending", "interval-origin", "description", "OCF_CHECK_LEVEL")


class Column:
    """A column of a table.

    name    -- in the header row
    letter  -- where the usual layout has it
    caption -- (English, Japanese), for the comment row below the header
    needed  -- the header row must have it
    choices -- words to choose from; "free" when others are allowed too
    """

    def __init__(self, name, letter, caption, needed=True, choices=(), free=False):
        self.name, self.letter, self.caption = name, letter, caption
        self.needed, self.choices, self.free = needed, choices, free


class Table:
    """A keyword with its columns, or with its parts P, A, O, R (each a Table)."""

    def __init__(self, keyword, title, columns=(), parts=()):
        self.keyword, self.title = keyword, title
        self.columns = columns
        self.parts = {part.keyword: part for part in parts}

    def column(self, name):
        """The column of that name (letter case does not matter), or None."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        return None


_NAME = ("item", "項目名")
_VALUE = ("value", "設定値")
_KIND = ("kind of setting", "設定の種類")


def _pair():
    return (Column("name", "C", _NAME), Column("value", "E", _VALUE))


def _settings(*types):
    return Table("A", ("settings", "設定"), (
        Column("type", "C", _KIND, choices=types), Column("name", "D", _NAME),
        Column("value", "F", _VALUE)))


def _operations(*further):
    return Table("O", ("operations", "動作"), (
        Column("type", "C", ("operation", "動作の名前"),
               choices=("start", "stop", "monitor", "promote", "demote", "notify"), free=True),
        Column("timeout", "D", ("time limit", "時間の上限"), False),
        Column("interval", "F", ("repeated every", "繰り返す間隔"), False),
        Column("on-fail", "H", ("when it fails", "失敗したとき"), False, ON_FAIL)) + further)


TABLES = (
    Table("NODE", ("Nodes: attributes and capacity", "ノードの属性と容量"), (
        Column("uname", "C", ("node", "ノード")),
        Column("type", "E", _KIND, choices=ATTRIBUTE_TYPES),
        Column("name", "G", _NAME), Column("value", "I", _VALUE))),
    Table("PROPERTY", ("Properties of the cluster", "クラスタ全体の設定"), _pair()),
    Table("RSC_DEFAULTS", ("Defaults of all resources", "全リソースの既定値"), _pair()),
    Table("OP_DEFAULTS", ("Defaults of all operations", "全動作の既定値"), _pair()),
    Table("RESOURCES", ("Resources, and what holds what", "リソースの一覧と入れ子"), (
        Column("resourceItem", "C", ("resource; what it holds stands one column further right",
                                     "リソース（中身は一つ右の列に）"), choices=KINDS),
        Column("id", "F", ("id", "ID")))),
    Table("RSC_ATTRIBUTES", ("Meta attributes of groups and clones", "グループとクローンのメタ属性"),
          (Column("id", "C", ("id", "ID")), Column("name", "E", _NAME),
           Column("value", "H", _VALUE))),
    Table("STONITH_LEVEL", ("Order of the fence devices of a node", "フェンス機器を使う順序"), (
        Column("node", "C", ("node to be fenced", "止められるノード")),
        Column("id", "E", ("fence device", "フェンス機器のID")),
        Column("level", "H", ("level, from 1", "順位（1から）")))),
    Table("PRIMITIVE", ("A resource", "リソースの詳細"), parts=(
        Table("P", ("agent", "エージェント"), (
            Column("id", "C", ("id", "ID")),
            Column("class", "E", ("class", "クラス"), False, CLASSES),
            Column("provider", "G", ("provider", "プロバイダ"), False),
            Column("type", "I", ("agent", "エージェント名")))),
        _settings("options", "meta", "utilization"),
        _operations(Column("role", "J", ("in the role", "対象の役割"), False, targets.ROLES),
                    Column("start-delay", "L", ("first wait", "最初に待つ時間"), False)))),
    Table("STONITH", ("A fence device", "フェンス機器の詳細"), parts=(
        Table("P", ("agent", "エージェント"), (
            Column("id", "C", ("id", "ID")),
            Column("type", "E", ("fence agent", "フェンスエージェント名")))),
        _settings("options", "meta", "utilization"), _operations())),
    Table("LOCATION_NODE", ("Which node a resource likes", "リソースの置き場所（ノード指定）"), (
        Column("rsc", "C", ("resource", "リソースのID")),
        Column("prefers/avoids", "E", ("prefers or avoids", "好む・避ける"), choices=VERBS),
        Column("node", "G", ("node", "ノード")),
        Column("score", "I", ("score (none: INFINITY)", "スコア（空欄はINFINITY）"), False,
               SCORES, free=True))),
    Table("LOCATION_RULE", ("Which node a resource likes, by node attributes",
                            "リソースの置き場所（ノード属性の条件）"), (
        Column("rsc", "C", ("resource", "リソースのID")),
        Column("score", "E", ("score", "スコア"), choices=SCORES, free=True),
        Column("bool_op", "F", ("joins conditions", "条件のつなぎ方"), False, JOINTS),
        Column("attribute", "G", ("node attribute", "ノード属性")),
        Column("op", "I", ("comparison", "比べ方"), choices=COMPARISONS + DEFINED),
        Column("value", "J", ("with", "比べる値"), False),
        Column("role", "L", ("for the role", "対象の役割"), False, targets.ROLES))),
    Table("COLOCATION", ("What runs where something else runs", "同じノードに置くもの"), (
        Column("rsc", "C", ("resource", "リソースのID")),
        Column("with-rsc", "E", ("runs where this runs", "相手のリソースのID")),
        Column("score", "G", ("score", "スコア"), choices=SCORES, free=True),
        Column("rsc-role", "I", ("in the role", "リソースの役割"), False, targets.ROLES),
        Column("with-rsc-role", "K", ("with the role", "相手の役割"), False, targets.ROLES))),
    Table("ORDER", ("What starts before something else", "起動と停止の順序"), (
        Column("first-rsc", "C", ("first", "先のリソースのID")),
        Column("then-rsc", "E", ("then", "後のリソースのID")),
        Column("kind", "G", ("kind", "制約の強さ"), False, ORDER_KINDS),
        Column("first-action", "I", ("action of the first", "先の動作"), False, ACTIONS),
        Column("then-action", "K", ("action of the other", "後の動作"), False, ACTIONS),
        Column("symmetrical", "M", ("reverse when stopping", "停止は逆順にするか"), False,
               BOOLEANS))),
    Table("ALERT", ("A program that is told of events", "イベントを知らせるプログラム"), parts=(
        Table("P", ("program", "プログラム"), (Column("path", "C", ("path", "パス")),)),
        _settings("options", "meta"),
        Table("R", ("recipients", "宛先"), (Column("recipient", "C", ("recipient", "宛先")),)))),
    Table("ADDITIONAL_CONFIG", ("Further commands, for the script only",
                                "その他のコマンド（スクリプトのみ）"), (
        Column("config", "C", ("a command; pcs works on the script's CIB",
                               "コマンド（pcsはスクリプトのCIBに対して働く）")),)),
)
BY_KEYWORD = {table.keyword: table for table in TABLES}
