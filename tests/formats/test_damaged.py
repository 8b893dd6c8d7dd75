"""Damaged files: a profile or one error of the library, never anything else and never for long."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.calls import counted_calls

import mcugraph as mg
from mcugraph.formats.dims import Bindings
from mcugraph.formats.onnx.importer import load_onnx
from mcugraph.formats.tflite.importer import load_tflite
from mcugraph.ir import Graph

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"
FILES = ["siamese_int8.tflite", "shufflenet_float.tflite", "siamese.onnx", "tight_arena.onnx"]
DATA = {name: (MODELS / name).read_bytes() for name in FILES}

# A damaged file is refused or counted at once: an intact one takes 5,000 to 50,000 calls.
CALLS = 2_000_000


def load(name: str, data: bytes) -> Graph:
    """As ``mg.load``, without the way through a file."""
    if data[4:8] == b"TFL3":
        return load_tflite(name, data, Bindings(name, None))
    return load_onnx(name, data, Bindings(name, None))


def survives(name: str, data: bytes) -> bool:
    """Whether the bytes give a profile; otherwise they have to give a one-line error."""
    refusal = None
    try:
        with counted_calls(CALLS):
            mg.profile(load(name, data)).to_dict()
    except mg.McuGraphError as error:
        refusal = str(error)
    assert refusal is None or refusal.startswith(f"{name}: ")
    return refusal is None


@pytest.mark.parametrize("name", FILES)
def test_truncations(name: str) -> None:
    data = DATA[name]
    cuts = {*range(0, 64), *range(64, len(data), max(len(data) // 150, 1))}
    assert survives(name, data)
    # Some ends can be missed: padding behind the last weight, or a last field.
    lost = [cut for cut in sorted(cuts) if survives(name, data[:cut])]
    assert all(cut > len(data) * 0.9 for cut in lost)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("seed", range(120))
def test_flipped_bytes(name: str, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(DATA[name])
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        # The structure of a flatbuffer lies at both ends, that of ONNX between the weights.
        data[chance.randrange(len(data))] = chance.randrange(256)
    survives(name, bytes(data))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("seed", range(1000, 2500))
def test_many_flipped_bytes(name: str, seed: int) -> None:
    test_flipped_bytes(name, seed)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_flipped_bits(name: str, place: float, bit: int) -> None:
    data = bytearray(DATA[name])
    data[int(place * len(data))] ^= 1 << bit
    survives(name, bytes(data))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=40)
@given(start=st.floats(0, 1), length=st.integers(1, 64), fill=st.sampled_from([0, 1, 127, 255]))
def test_overwritten_runs(name: str, start: float, length: int, fill: int) -> None:
    data = bytearray(DATA[name])
    at = int(start * (len(data) - length))
    data[at : at + length] = bytes([fill]) * length
    survives(name, bytes(data))


@settings(max_examples=60)
@given(data=st.binary(max_size=200), head=st.sampled_from([b"", b"\x1c\0\0\0TFL3", b"\x08\x07"]))
def test_noise(data: bytes, head: bytes) -> None:
    survives("noise.onnx", head + data)


def test_flips_inside_weights_are_no_error() -> None:
    """What the weights are has no bearing on any figure."""
    for name in ("siamese_int8.tflite", "siamese.onnx"):
        data = DATA[name]
        whole = mg.profile(load(name, data)).to_dict()
        graph = load(name, data)
        weights = [
            tensor.constant.array()
            for operator in graph.operators
            for tensor in (graph.tensors[n] for n in operator.inputs[1:2] if n)
            if tensor.constant is not None and tensor.elements >= 32
        ]
        assert weights
        for values in weights:
            raw = values.tobytes()
            at = data.find(raw)
            assert at > 0
            assert data.count(raw) == 1
            for offset in (0, len(raw) // 2, len(raw) - 1):
                flipped = bytearray(data)
                flipped[at + offset] ^= 0x40
                assert mg.profile(load(name, bytes(flipped))).to_dict() == whole
