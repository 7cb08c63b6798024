"""Everything that is said to people, in English and in Japanese.

A field `likely` that is not blank adds what was probably meant; one that is an OSError says
what the system says.
"""

import errno

from lbha.errors import LocalFault

LANGUAGES = ("en", "ja")
LIKELY = ("; did you mean %s?", "（%s の誤りではありませんか）")

TEXTS = {
    "error": ("error", "エラー"),
    "warning": ("warning", "警告"),
    # the grid
    "empty-sheet": ("there is no table: a keyword such as RESOURCES is wanted in column B",
                    "表がありません。B列に RESOURCES などのキーワードが必要です"),
    "before-keyword": ("this stands before the first keyword; wanted one in column B",
                       "最初のキーワードより前に値があります。B列にキーワードが必要です"),
    "unknown-keyword": ("{found} is no keyword; what follows it is not read",
                        "{found} はキーワードではありません。以降の行は読みません"),
    "misspelt-keyword": ("{found} is no keyword", "{found} はキーワードではありません"),
    "part-missing": ("{keyword} has no part here; wanted {wanted} in column B",
                     "{keyword} の中の区分がありません。B列に {wanted} のどれかが必要です"),
    "unknown-column": ("{keyword} has no column {found}, which is left out; it has {wanted}",
                       "{keyword} に {found} という列はありません（無視します）。使える列: {wanted}"),
    "column-twice": ("the column {found} is there twice", "列 {found} が二つあります"),
    "column-missing": ("{keyword} lacks the column {name} in its header row",
                       "{keyword} の見出し行に列 {name} がありません"),
    "control-character": ("the character with number {found} cannot stand in a cluster's"
                          " configuration", "文字番号 {found} の制御文字は使えません"),
    "formula-fault": ("{found}: a formula without a value; wanted the value itself",
                      "{found}: 数式の値がありません。値そのものを書いてください"),
    "not-ascii": ("this has letters outside ASCII, which Pacemaker 2.0 garbles",
                  "ASCII以外の文字があります。Pacemaker 2.0 では文字化けします"),
    "continues-comment": ("{name} is blank and goes on with what stands above the comment;"
                          " was the first row of this one commented out?",
                          "{name} が空欄なので、コメント行より上の内容の続きになります。"
                          "最初の行までコメントにしていませんか"),
    # cells
    "blank": ("{name} must not be blank", "{name} は空欄にできません"),
    "not-one-of": ("{found} is not one of {wanted}", "{found} は使えません。使える値: {wanted}"),
    "no-score": ("{found} is no score; wanted a whole number, INFINITY or -INFINITY",
                 "{found} はスコアではありません。整数、INFINITY、-INFINITY のどれかが必要です"),
    "no-id": ("{found} is no id; wanted letters, digits, _ - and ., a letter or _ first",
              "{found} はIDに使えません。英数字と _ - . で、先頭は英字か _ にします"),
    "word-of-pcs": ("{found} cannot be an id: it is a word of pcs", "{found} はpcsの予約語なので"
                    "IDに使えません"),
    "no-node": ("{found} is no name of a node; wanted letters, digits, _ - . and :",
                "{found} はノード名に使えません。英数字と _ - . : を使います"),
    "no-name": ("{found} is no name; wanted no blanks, quotes, =, <, > and &, and"
                " no - first", "{found} は項目名に使えません。空白、引用符、= < > & と、"
                "先頭の - は使えません"),
    "no-duration": ("{found} is no time; wanted one such as 10s, 500ms or 2min",
                    "{found} は時間ではありません。10s、500ms、2min のように書きます"),
    "no-level": ("{found} is no level; wanted a number from 1 to {most}",
                 "{found} は順位ではありません。1 から {most} までの数が必要です"),
    "no-path": ("{found} is no absolute path", "{found} は絶対パスではありません"),
    "no-agent": ("{found} is no name of an agent", "{found} はエージェント名に使えません"),
    "dash": ("- is taken for a blank {name}", "{name} の - は空欄とみなします"),
    "ignored": ("{name} has no effect here", "ここの {name} は使われません"),
    "nothing-set": ("{type} sets nothing: name and value are blank",
                    "{type} の項目名と設定値が空欄です（無視します）"),
    "name-twice": ("{name} is set twice; the later one counts",
                   "{name} が二度設定されています。後のものを使います"),
    # resources
    "item-missing": ("resourceItem is blank", "resourceItem が空欄です"),
    "item-twice": ("resourceItem is there twice in this row",
                   "一つの行に resourceItem が二つあります"),
    "too-deep": ("this is more than one column right of what is to hold it",
                 "一つ上の要素より二列以上右にあります"),
    "cannot-hold": ("{kind} {id} cannot hold a {found}; it can hold: {wanted}",
                    "{kind} {id} に {found} は入れられません。入れられるもの: {wanted}"),
    "holds-nothing": ("{kind} {id} holds nothing", "{kind} {id} の中に何もありません"),
    "holds-two": ("{kind} {id} can hold one resource or one group only",
                  "{kind} {id} に入れられるリソースまたはグループは一つだけです"),
    "id-twice": ("{id} is there already, in {earlier}", "{id} は {earlier} にもあります"),
    "not-in-resources": ("{id} is not in RESOURCES", "{id} は RESOURCES にありません"),
    "not-described": ("{id} has no table {keyword}", "{id} の {keyword} の表がありません"),
    "described-twice": ("{id} has a table already, in {earlier}",
                        "{id} の表は {earlier} にもあります"),
    "other-kind": ("{id} is a {kind} in RESOURCES, not a {keyword}",
                   "{id} は RESOURCES では {kind} で、{keyword} ではありません"),
    "no-head": ("{keyword} has no row P that says what it is",
                "{keyword} に P の行がありません"),
    "second-head": ("{keyword} says a second time what it is; wanted a table of its own",
                    "一つの {keyword} の中に P が二つあります。表を分けてください"),
    "class-assumed": ("class is blank: taken for {agent}",
                      "class が空欄です。{agent} とみなします"),
    "no-provider": ("{standard} has no providers, found {found}",
                    "{standard} にプロバイダはありません（{found}）"),
    "unknown-attribute": ("an operation has no {found}; it has {wanted}",
                          "動作に {found} はありません。使える列: {wanted}"),
    "operation-twice": ("{name} every {interval} is there already; intervals of one operation"
                        " must differ", "間隔 {interval} の {name} がもうあります。"
                        "同じ動作の間隔は別々にしてください"),
    "promotable-is-a-kind": ("{id} is made promotable in RESOURCES, by its kind",
                             "{id} の promotable は RESOURCES の種類で決まります"),
    "unknown-parameter": ("{agent} has no parameter {name}",
                          "{agent} にパラメータ {name} はありません"),
    "parameter-missing": ("{id} lacks the parameter {name}, which {agent} cannot do without",
                          "{id} に {agent} の必須パラメータ {name} がありません"),
    # constraints
    "joint-missing": ("bool_op is blank in a rule of several conditions; wanted {wanted}",
                      "条件が複数あるのに bool_op が空欄です。使える値: {wanted}"),
    "negative": ("{verb} with a negative score: taken for {other} {score}",
                 "{verb} のスコアが負です。{other} {score} とみなします"),
    "in-a-clone": ("{id} is in {clone}; a constraint is about the clone: {clone}",
                   "{id} は {clone} の中にあります。制約には {clone} を書いてください"),
    "prefers-and-avoids": ("{id} both prefers and avoids {node}",
                           "{id} が {node} を好み、かつ避けています"),
    "location-twice": ("{id} has two scores on {node}; the later one, {score}, counts",
                       "{id} の {node} へのスコアが二つあります。後の {score} を使います"),
    "rule-twice": ("the same rule of {id} is there already; it is left out",
                   "{id} に同じ条件がもうあります（無視します）"),
    "with-itself": ("{id} is to run with itself", "{id} と自分自身を同じ場所に置いています"),
    "two-scores": ("{id} with {other} has the score {first} and also {second}",
                   "{id} と {other} のスコアが {first} と {second} の両方になっています"),
    "colocation-twice": ("{id} with {other} is there already",
                         "{id} と {other} の組がもうあります"),
    "after-itself": ("{id} is to come after itself", "{id} が自分自身の後になっています"),
    "order-twice": ("the order of {first} and {then} is there already",
                    "{first} と {then} の順序がもうあります"),
    "circle": ("these wait for each other: {path}", "互いに待ち合っています: {path}"),
    "no-device": ("{id} is no Stonith of RESOURCES", "{id} は RESOURCES の Stonith ではありません"),
    "level-twice": ("{id} is there already for {node}", "{node} に {id} がもうあります"),
    "fence-group": ("{id} holds fence devices, which pcs {pcs} and newer discourage or refuse",
                    "{id} にフェンス機器が入っています。pcs {pcs} 以降では避けるべきか使えません"),
    "fences-itself": ("{id} may run on {node}, the node that it powers off; wanted a row"
                      " `{id} avoids {node}` in LOCATION_NODE",
                      "{id} が、自分の止める {node} で動くことがあります。LOCATION_NODE に"
                      " {id} avoids {node} を加えてください"),
    "unknown-node": ("no fence device is for {node}; they are for {wanted}",
                     "{node} を止めるフェンス機器がありません。あるのは: {wanted}"),
    # the cluster as a whole
    "unknown-property": ("Pacemaker has no property {name}",
                         "Pacemaker にプロパティ {name} はありません"),
    "not-set": ("{name} is set nowhere: wanted in RSC_DEFAULTS",
                "{name} がどこにもありません。RSC_DEFAULTS に書いてください"),
    "no-priority": ("{name} has no effect: no resource has the meta attribute priority",
                    "メタ属性 priority のリソースがないので {name} は効きません"),
    "ids-assumed": ("the ids of the nodes are not known here; assumed {ids}; compare with"
                    " `corosync-cmapctl nodelist`",
                    "ノードのIDが分からないので {ids} とします。`corosync-cmapctl nodelist` と"
                    "比べてください"),
    # alerts and commands
    "alert-twice": ("{path} has an alert already", "{path} の ALERT がもうあります"),
    "recipient-twice": ("{value} is told already", "宛先 {value} がもうあります"),
    "open-quote": ("a quotation mark is not closed", "引用符が閉じていません"),
    "script-only": ("ADDITIONAL_CONFIG goes into the script only; the XML is without it",
                    "ADDITIONAL_CONFIG はスクリプトだけに入ります。XMLには入りません"),
    # the schema, and a CIB that is read
    "schema": ("Pacemaker's schema {schema} refuses it: {reason}",
               "Pacemaker のスキーマ {schema} に合いません: {reason}"),
    "not-held": ("a sheet cannot hold {what}", "表に書けないもの: {what}"),
    # files
    "file": ("{path}: {error}", "{path}: {error}"),
    "is-workbook": ("{path} is a workbook: wanted a name that ends with .xlsx, or csv",
                    "{path} はブックです。名前を .xlsx で終わるものにするか、csvで保存してください"),
    "is-old-workbook": ("{path} is a workbook of the old kind: save it as xlsx or csv",
                        "{path} は旧形式のブックです。xlsxかcsvで保存してください"),
    "no-workbook": ("{path} is no xlsx workbook: {error}",
                    "{path} はxlsxのブックではありません: {error}"),
    "no-sheet": ("{path} has no sheet {name}; it has {wanted}",
                 "{path} に {name} というシートはありません。あるのは: {wanted}"),
    "too-large": ("{path} is no sheet that a person wrote: it has more than {most} MB",
                  "{path} は大きすぎます。{most} MBを超えています"),
    "no-commas": ("{path} has no commas: wanted comma-separated values",
                  "{path} にカンマがありません。カンマ区切りの形式が必要です"),
    "no-csv": ("{path} is no CSV: {error}", "{path} はCSVではありません: {error}"),
    "quote-not-closed": ("{path}: the row in line {line} has a quotation mark that is not closed",
                         "{path}: {line} 行目の引用符が閉じていません"),
    "no-encoding": ("{path}: no such encoding: {encoding}",
                    "{path}: {encoding} という文字コードはありません"),
    "not-encoded": ("{path}, line {line}: the text is not {wanted}",
                    "{path} の {line} 行目: 文字コードが {wanted} ではありません"),
    "no-xml": ("{path} is no XML: {error}", "{path} はXMLではありません: {error}"),
    "document-type": ("{path} is no CIB: it has a document type",
                      "{path} はCIBではありません。文書型宣言（DOCTYPE）があります"),
    "no-cib": ("{path} is no CIB: wanted <cib> with <configuration>",
               "{path} はCIBではありません。<configuration> を含む <cib> が必要です"),
    "schema-fault": ("schema {path} cannot be used: {error}",
                     "スキーマ {path} が使えません: {error}"),
    "is-directory": ("{path} is a directory: wanted a file",
                     "{path} はディレクトリです。ファイル名が必要です"),
    "special-file": ("{path} is no ordinary file: wanted another name",
                     "{path} は通常のファイルではありません。別の名前にしてください"),
    "exists": ("{path} exists: wanted another name, with --save",
               "{path} がすでにあります。--save で別の名前にしてください"),
    "same-files": ("{paths} must be different files", "{paths} は別々のファイルにしてください"),
    "no-directory": ("directory {path} is missing", "ディレクトリ {path} がありません"),
    "output-closed": ("standard output is closed", "標準出力が閉じています"),
    "output": ("standard output: {error}", "標準出力: {error}"),
    "no-lxml": ("library lxml is missing: install python3-lxml",
                "ライブラリ lxml がありません。python3-lxml をインストールしてください"),
    "no-openpyxl": ("library openpyxl, for xlsx files, is missing: install python3-openpyxl,"
                    " or use csv", "xlsxを読み書きするライブラリ openpyxl がありません。"
                    "python3-openpyxl をインストールするか、csvを使ってください"),
    # the command line
    "one-way": ("wanted one of SHEET, --example and --reverse",
                "SHEET、--example、--reverse のどれか一つが必要です"),
    "save-is-not-for-it": ("--save is for --example and --reverse; wanted -o, --xml or --sh",
                           "--save は --example と --reverse 用です。-o、--xml、--sh のどれかを"
                           "使ってください"),
    # ends
    "written": ("{files} written; push with: pcs cluster cib-push {xml} --config",
                "{files} を出力しました。反映: pcs cluster cib-push {xml} --config"),
    "refused": ("a cluster can be made of this sheet when these are mended:",
                "次の誤りを直せば、この表からクラスタを作れます:"),
    "sheet-written": ("{files} written", "{files} を出力しました"),
    "nothing-written": ("nothing is written", "何も出力していません"),
    "no-fault": ("no fault found", "誤りは見つかりませんでした"),
    "no-difference": ("a push would change nothing", "反映しても変わるものはありません"),
}

# what is said for an OSError in Japanese; others are told in the system's words
SYSTEM = {
    errno.ENOENT: "ファイルまたはディレクトリがありません",
    errno.EACCES: "権限がありません",
    errno.EPERM: "許可されていません",
    errno.EISDIR: "ディレクトリです",
    errno.ENOTDIR: "ディレクトリではありません",
    errno.ENOSPC: "空き容量がありません",
    errno.EROFS: "読み取り専用のファイルシステムです",
    errno.EIO: "入出力エラーです",
}
UNREADABLE = ("cannot be read", "読めません")


class Fault(LocalFault):
    """A fault with a sentence in every language: a key of TEXTS, and its fields."""

    def __init__(self, key, **fields):
        super().__init__(text(key, "en", **fields))
        self.key, self.fields = key, fields


def text(key, language, likely="", **fields):
    """The text of a key in "en" or "ja"."""
    number = LANGUAGES.index(language)
    for name, value in fields.items():
        if isinstance(value, OSError):
            fields[name] = (SYSTEM.get(value.errno) if number else None) \
                or value.strerror or UNREADABLE[number]
    found = TEXTS[key][number].format(**fields)
    return found + (LIKELY[number] % likely if likely else "")
