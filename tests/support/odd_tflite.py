"""TFLite files with what converters rarely write: control flow, variables, attributes by hand."""

from support.tflite_writer import G, Node, T, tflite_bytes

HANDLE = {0: ("text", ""), 1: ("text", "counter")}


def _branch(name: str, units: int) -> G:
    """X of 4 -> dense layer of ``units`` -> dense layer of 4."""
    return G(
        [
            T("x", (1, 4)),
            T("w", (units, 4), data=bytes(4 * units)),
            T("h", (1, units)),
            T("v", (4, units), data=bytes(4 * units)),
            T("y", (1, 4)),
        ],
        [Node("FULLY_CONNECTED", [0, 1, -1], [2]), Node("FULLY_CONNECTED", [2, 3, -1], [4])],
        [0],
        [4],
        name,
    )


def _control() -> bytes:
    main = G(
        [T("c", (1,), "bool"), T("x", (1, 4)), T("y", (1, 4)), T("z", (1, 4))],
        [
            Node("IF", [0, 1], [2], {0: ("i32", 1), 1: ("i32", 2)}),
            Node("WHILE", [2], [3], {0: ("i32", 3), 1: ("i32", 1)}),
        ],
        [0, 1],
        [3],
    )
    goes_on = G(
        [T("x", (1, 4)), T("c", (1,), "bool")], [Node("CUSTOM_LESS", [0], [1])], [0], [1], "c"
    )
    return tflite_bytes(main, _branch("small", 3), _branch("large", 10), goes_on)


def variables() -> bytes:
    """A number that an inference reads adds to; a subgraph that is called once sets it to 0."""
    first = G(
        [T("h", (1,), "resource"), T("zero", (1, 12), "float32", data=bytes(48))],
        [Node("VAR_HANDLE", [], [0], dict(HANDLE)), Node("ASSIGN_VARIABLE", [0, 1], [])],
        [],
        [],
        "init",
    )
    main = G(
        [T("x", (1, 12), "float32"), T("h", (1,), "resource")]
        + [T(name, (1, 12), "float32") for name in ("old", "new")],
        [
            Node("CALL_ONCE", [], [], {0: ("i32", 1)}),
            Node("VAR_HANDLE", [], [1], dict(HANDLE)),
            Node("READ_VARIABLE", [1], [2]),
            Node("ADD", [0, 2], [3]),
            Node("ASSIGN_VARIABLE", [1, 3], []),
        ],
        [0],
        [3],
    )
    return tflite_bytes(main, first)


def _windows() -> bytes:
    step = ("i32", 1)
    conv = {1: step, 2: step, 4: step, 5: step}
    deep = {1: ("i32", 2), 2: ("i32", 2), 3: step, 5: step, 6: step}
    pool = {1: ("i32", 2), 2: ("i32", 2), 3: ("i32", 2), 4: ("i32", 2)}
    main = G(
        [
            T("x", (1, 8, 8, 4), signature=(-1, 8, 8, 4)),
            T("w", (8, 3, 3, 4), data=bytes(288), scales=[0.5] * 8),
            T("b", (8,), "int32", data=bytes(32)),
            T("h", (1, 8, 8, 8), scales=[0.1]),
            T("v", (1, 3, 3, 8), data=bytes(72)),
            T("i", (1, 4, 4, 8)),
            T("p", (1, 2, 2, 8)),
            T("to", (2,), "int32", data=bytes([1, 0, 0, 0, 32, 0, 0, 0])),
            T("r", (1, 32)),
            T("axes", (1,), "int32", data=bytes([1, 0, 0, 0])),
            T("y", (1,)),
        ],
        [
            Node("CONV_2D", [0, 1, 2], [3], conv),
            Node("DEPTHWISE_CONV_2D", [3, 4, -1], [5], deep),
            Node("MAX_POOL_2D", [5], [6], pool),
            Node("RESHAPE", [6, 7], [8]),
            Node("MEAN", [8, 9], [10]),
        ],
        [0],
        [10],
    )
    return tflite_bytes(main)


def _movement() -> bytes:
    """What copies elements to other places, by numbers that constants hold."""

    def numbers(name: str, *entries: int) -> T:
        data = b"".join(n.to_bytes(4, "little", signed=True) for n in entries)
        return T(name, (len(entries),), "int32", data=data)

    main = G(
        [
            T("x", (1, 8, 8, 4)),
            numbers("begin", 0, 1, 0, 0),
            numbers("end", 1, 7, 8, 4),
            numbers("strides", 1, 2, 1, 1),
            T("a", (1, 3, 8, 4)),
            numbers("size", 1, 2, -1, 3),
            T("b", (1, 2, 8, 3)),
            T("pads", (4, 2), "int32", data=bytes(12) + b"\1" + bytes(19)),
            T("c", (1, 3, 8, 3)),
            numbers("order", 0, 2, 1, 3),
            T("d", (1, 8, 3, 3)),
            T("e", (1, 8, 3, 6)),
            T("axis", (), "int32", data=b"\3\0\0\0"),
            T("f", (1, 8, 3, 3)),
            T("g", (1, 8, 3, 3)),
            numbers("rows", 0, 2, 2),
            T("h", (1, 3, 3, 3)),
            numbers("times", 1, 1, 2, 1),
            T("i", (1, 3, 6, 3)),
            numbers("turned", 2),
            T("y", (1, 3, 6, 3)),
        ],
        [
            Node("STRIDED_SLICE", [0, 1, 2, 3], [4], {0: ("i32", 0), 1: ("i32", 0)}),
            Node("SLICE", [4, 1, 5], [6]),
            Node("PAD", [6, 7], [8]),
            Node("TRANSPOSE", [8, 9], [10]),
            Node("CONCATENATION", [10, 10], [11], {0: ("i32", 3)}),
            Node("SPLIT", [12, 11], [13, 14], {0: ("i32", 2)}),
            Node("GATHER", [13, 15], [16], {0: ("i32", 1)}),
            Node("TILE", [16, 17], [18]),
            Node("REVERSE_V2", [18, 19], [20]),
        ],
        [0],
        [14, 20],
    )
    return tflite_bytes(main)


def odd_files() -> list[bytes]:
    """A file of each kind, several times, so that they are changed as often as ordinary ones."""
    return [make() for make in (_control, variables, _windows, _movement) for _ in range(4)]
