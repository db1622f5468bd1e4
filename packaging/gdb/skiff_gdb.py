"""skiff_gdb: gdb prints skiff's values as the debug log and the scripts of the tests write them.

    gdb -x packaging/gdb/skiff_gdb.py --args build/skiff ...
    (gdb) source packaging/gdb/skiff_gdb.py          # in a gdb that runs already, or as a line of ~/.gdbinit

A LogPosition is `[t3 i7]`, an Entry `[t3 i7 hello]` (raft/describe.h has the same forms). A Message shows its envelope
and the one body that it has, a Result its value or its error. `print /r` shows the fields as they are.

The printers call no code of the program, so a core file suffices, and they do not need libstdc++'s own printers.
"""
import gdb
import gdb.printing

SHOWN_BYTES_MAX = 32  # a longer payload is shown by its size, as raft/describe.cc does


# ---- the standard library's values, as libstdc++ lays them out

def text_of(string):
    """A std::string as bytes."""
    length = int(string["_M_string_length"])
    if length == 0:
        return b""
    return gdb.selected_inferior().read_memory(int(string["_M_dataplus"]["_M_p"]), length).tobytes()


def active_of(variant):
    """The alternative that a std::variant holds; None if it holds none."""
    variant_type = variant.type.strip_typedefs()
    index = int(variant["_M_index"])
    if index >= 2 ** 8 - 1:  # std::variant_npos, in the byte that counts up to 255 alternatives
        return None
    # Every alternative begins at the address of the union.
    return variant["_M_u"].address.cast(variant_type.template_argument(index).pointer()).dereference()


# ---- the forms of raft/describe.cc

def describe_bytes(data):
    if not data:
        return "nothing"
    if len(data) <= SHOWN_BYTES_MAX and all(0x20 < byte <= 0x7E for byte in data):
        return data.decode("ascii")
    return "1 byte" if len(data) == 1 else f"{len(data)} bytes"


def describe_payload(payload):
    block = payload["block_"]
    if int(block) == 0:
        return "nothing"
    length, start = int(block["bytes"]), int(block) + block.type.target().sizeof
    return describe_bytes(gdb.selected_inferior().read_memory(start, length).tobytes() if length else b"")


def describe_position(position):
    term, index = int(position["term"]), int(position["index"])
    return "[start]" if term == 0 and index == 0 else f"[t{term} i{index}]"


def describe_entry(entry):
    kind = str(entry["kind"]).rpartition("::")[2]
    shown = {"no_op": "no-op", "command": describe_payload(entry["payload"])}
    return f"{describe_position(entry['position'])[:-1]} {shown.get(kind, kind)}]"


def describe_hard_state(hard_state):
    vote = int(hard_state["vote"])
    return f"t{int(hard_state['term'])}" + (f", vote for {vote}" if vote else "")


def describe_origin(origin):
    return f"node {int(origin['node'])}, incarnation {int(origin['incarnation'])}, write {int(origin['number'])}"


def describe_error(error):
    code = str(error["code"]).rpartition("::")[2]
    return f"{code}: {text_of(error['what']).decode(errors='backslashreplace')}"


# ---- printers

class InOneLine:
    """Prints a value by one of the forms above."""

    def __init__(self, describe, value):
        self.describe, self.value = describe, value

    def to_string(self):
        return self.describe(self.value)


class Message:
    """`1>2 t3 AppendEntries`, and the fields of that body."""

    def __init__(self, value):
        self.value, self.body = value, active_of(value["body"])

    def to_string(self):
        name = "no body" if self.body is None else self.body.type.strip_typedefs().name.rpartition("::")[2]
        return f"{int(self.value['from'])}>{int(self.value['to'])} t{int(self.value['term'])} {name}"

    def children(self):
        fields = [] if self.body is None else self.body.type.strip_typedefs().fields()
        return iter([(field.name, self.body[field]) for field in fields])


class Result:
    def __init__(self, value):
        self.value, self.holds = value, bool(value["m_has_val"])
        self.of = value.type.strip_typedefs().template_argument(0)

    def to_string(self):
        if not self.holds:
            return "error " + describe_error(self.value["m_unexpect"]["m_val"])
        return "done" if self.of.code == gdb.TYPE_CODE_VOID else "value"

    def children(self):
        is_shown = self.holds and self.of.code != gdb.TYPE_CODE_VOID
        return iter([("value", self.value["m_val"])] if is_shown else [])


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("skiff")

    def one_line(name, types, describe):
        collection.add_printer(name, types, lambda value: InOneLine(describe, value))

    one_line("LogPosition", r"^skiff::raft::LogPosition$", describe_position)
    one_line("Entry", r"^skiff::raft::Entry$", describe_entry)
    one_line("HardState", r"^skiff::raft::HardState$", describe_hard_state)
    one_line("Payload", r"^skiff::raft::Payload$", describe_payload)
    one_line("Origin", r"^skiff::store::Origin$", describe_origin)
    one_line("Error", r"^skiff::Error$", describe_error)
    collection.add_printer("Message", r"^skiff::raft::Message$", Message)
    collection.add_printer("Result", r"^skiff::Result<.*>$", Result)
    return collection


def register(objfile):
    """Registers with the program itself, and not with every library that it loads."""
    if objfile.filename == gdb.current_progspace().filename:
        gdb.printing.register_pretty_printer(objfile, printers(), replace=True)


for known in gdb.objfiles():
    register(known)
gdb.events.new_objfile.connect(lambda event: register(event.new_objfile))
