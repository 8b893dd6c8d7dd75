"""TFLite files whose parts lie in each other's place, or list more than the file holds."""

import struct
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.flatbuffer import Flatbuffer

WINDOWS = ["CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"]


def damaged(tflite: Any, data: bytes, message: str, **limits: int) -> None:
    path = tflite.folder / "made.tflite"
    path.write_bytes(data)
    with pytest.raises(mg.FormatError, match=message) as caught:
        mg.load(path, limits=mg.LoadLimits(**limits) if limits else None)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def two_layers(t: Any) -> bytes:
    """Two dense layers with 1,024 B of weights each."""
    first, second = b"\x02\x05" * 512, b"\x03\x07" * 512
    net = t.G(
        [
            t.T("x", (1, 32)),
            t.T("w", (32, 32), data=first),
            t.T("v", (32, 32), data=second),
            t.T("h", (1, 32)),
            t.T("y", (1, 32)),
        ],
        [t.O("FULLY_CONNECTED", [0, 1, -1], [3]), t.O("FULLY_CONNECTED", [3, 2, -1], [4])],
        [0],
        [4],
    )
    return bytes(t.write(net).read_bytes())


def pointed(data: bytes, which: int, places: int) -> bytes:
    """The weights of one layer begin so many bytes behind the beginning of the other ones."""
    file = Flatbuffer(bytearray(data))
    buffers = file.tables(file.root, 4)
    vectors = [file.target(table, 0) for table in buffers[1:3]]
    slot = file.field(buffers[1 + which], 0)
    target = vectors[1 - which] + places
    struct.pack_into("<I", file.data, slot, target - slot)
    if places:
        struct.pack_into("<I", file.data, target, 1024 - places)
    return bytes(file.data)


def behind(data: bytes) -> int:
    """The buffer whose weights another one, before it in the file, can refer to."""
    file = Flatbuffer(bytearray(data))
    first, second = (file.target(table, 0) for table in file.tables(file.root, 4)[1:3])
    return 0 if first < second else 1


def test_buffers_that_overlap(tflite: Any) -> None:
    data = two_layers(tflite)
    damaged(tflite, pointed(data, behind(data), 64), "buffers 1 and 2 overlap")


def test_buffers_in_one_place_count_once(tflite: Any) -> None:
    data = two_layers(tflite)
    path = tflite.folder / "made.tflite"
    assert mg.profile(path).flash.weights == 2048
    path.write_bytes(pointed(data, behind(data), 0))
    assert mg.profile(path).flash.weights == 1024


def relus(t: Any, count: int, inputs: int = 1) -> bytes:
    return bytes(
        t.write(
            t.G(
                [t.T(f"t{i}", (1, 4)) for i in range(count + 1)],
                [t.O("CUSTOM_OP", [i] * inputs, [i + 1]) for i in range(count)],
                [0],
                [count],
            )
        ).read_bytes()
    )


@pytest.mark.parametrize(("field", "name"), [(0, "tensors"), (3, "operators")])
def test_tables_that_are_listed_twice(tflite: Any, field: int, name: str) -> None:
    file = Flatbuffer(bytearray(relus(tflite, 4)))
    (graph,) = file.tables(file.root, 2)
    listed, first = file.tables(graph, field), file.target(graph, field) + 4
    struct.pack_into("<I", file.data, first, listed[1] - first)
    damaged(tflite, bytes(file.data), f"{name} lists what is listed elsewhere")


def test_more_than_the_limits(tflite: Any) -> None:
    data = relus(tflite, 50, 7)
    damaged(tflite, data, r"operators: 50, and the limit is 49; .*\(operators=", operators=49)
    # Tensors with their shapes, operators with inputs and outputs, and what the file lists itself.
    wanted = 51 * 3 + 50 * 9 + 2 + 1 + 1 + 1
    mg.load(tflite.folder / "made.tflite", limits=mg.LoadLimits(entries=wanted))
    damaged(tflite, data, "entries of its vectors: ", entries=wanted - 1)


@pytest.mark.parametrize("signature", [(-2, 4), (-1, -7), (-1, 400), (-1, 4, 4), (2, 4)], ids=repr)
def test_signatures_that_are_none(tflite: Any, signature: Any) -> None:
    t = tflite
    net = t.G([t.T("x", (1, 4), signature=signature), t.T("y", (1, 4))], [], [0], [0])
    damaged(t, t.write(net).read_bytes(), r"'x' has the shape \(1, 4\) and the signature")


@pytest.mark.parametrize("code", WINDOWS)
@pytest.mark.parametrize("steps", [(0, 1, 2), (-1, 1, 2), (1, 0, 2), (1, -3, -2)])
def test_windows_that_do_not_move(tflite: Any, code: str, steps: Any) -> None:
    """A kernel would divide by zero, or walk out of its data."""
    t = tflite
    stride, dilation, size = steps
    pools = code.endswith("POOL_2D")
    if code == "CONV_2D":
        numbers = {1: stride, 2: stride, 4: dilation, 5: dilation}
    elif code == "DEPTHWISE_CONV_2D":
        numbers = {1: stride, 2: stride, 3: 1, 5: dilation, 6: dilation}
    else:
        numbers = {1: stride, 2: stride, 3: size if dilation > 0 else dilation, 4: size}
    weight = (1, 1, 1, 2)
    tensors = [t.T("x", (1, 4, 4, 2)), t.T("w", weight, data=bytes(2)), t.T("y", (1, 4, 4, 2))]
    if code == "CONV_2D":
        tensors[1] = t.T("w", (2, 1, 1, 2), data=bytes(4))
    options = {slot: ("i32", number) for slot, number in numbers.items()}
    node = t.O(code, [0] if pools else [0, 1, -1], [2], options)
    net = t.G(tensors, [node], [0], [2])
    damaged(t, t.write(net).read_bytes(), rf"operator 'y' \({code}\): a window cannot ")


@pytest.mark.parametrize("step", [1, -1, 0])
def test_slices_that_lead_nowhere(tflite: Any, step: int) -> None:
    t = tflite
    numbers = [
        t.T(name, (1,), "int32", data=number.to_bytes(4, "little", signed=True))
        for name, number in (("begin", 0), ("end", 4), ("step", step))
    ]
    node = t.O("STRIDED_SLICE", [0, 1, 2, 3], [4], {0: ("i32", 1), 1: ("i32", 1)})
    net = t.G([t.T("x", (4,)), *numbers, t.T("y", (4,))], [node], [0], [4])
    if step:
        assert t.profile(net).memory.peak == 8
    else:
        said = r"operator 'y' \(STRIDED_SLICE\): a slice has the step 0"
        damaged(t, t.write(net).read_bytes(), said)


def test_windows_without_options_have_no_known_work(tflite: Any) -> None:
    t = tflite
    net = t.G(
        [t.T("x", (1, 4, 4, 2)), t.T("y", (1, 2, 2, 2))], [t.O("MAX_POOL_2D", [0], [1])], [0], [1]
    )
    profile = t.profile(net)
    assert profile.memory.peak == 32 + 8
    assert not profile.complete
