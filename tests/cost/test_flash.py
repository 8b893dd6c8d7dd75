"""What lies in flash: each constant once, by what it is for."""

import pytest

import mcugraph as mg
from mcugraph.cost.flash import flash_of
from mcugraph.ir import (
    Constant,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Quantization,
    Source,
    Tensor,
)
from mcugraph.ops.control import Call
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import Reshape

X = Tensor("x", DType.INT8, (1, 6))


def constant(name: str, shape: tuple[int, ...], dtype: DType = DType.INT8, key: str = "") -> Tensor:
    stored = Constant(key or name, lambda: pytest.fail("no weight is decoded"))
    return Tensor(name, dtype, shape, Kind.CONSTANT, stored)


def graph(
    operators: list[tuple[Op, list[str | None]]],
    tensors: list[Tensor],
    source: Source | None = None,
    subgraphs: dict[str, Graph] | None = None,
) -> Graph:
    made = [X, *tensors, *(Tensor(f"y{i}", DType.INT8, (1, 6)) for i in range(len(operators)))]
    return Graph(
        "g",
        tuple(
            Operator(f"op{i}", op, tuple(inputs), (f"y{i}",), op.kind)
            for i, (op, inputs) in enumerate(operators)
        ),
        {t.name: t for t in made},
        ("x",),
        (f"y{len(operators) - 1}",),
        source or Source("onnx"),
        subgraphs or {},
    )


W, B = constant("w", (6, 6)), constant("b", (6,), DType.INT32)


def test_weights_and_biases_apart() -> None:
    flash = flash_of(graph([(Dense(), ["x", "w", "b"])], [W, B]))
    assert (flash.weights, flash.biases, flash.quantization) == (36, 24, 0)
    assert flash.parameters == 42
    assert (flash.file, flash.other) == (None, None)


def test_parameters_may_all_be_of_one_size() -> None:
    flash = flash_of(graph([(Dense(), ["x", "w", "b"])], [W, B]), bytes_per_parameter=3)
    assert (flash.weights, flash.biases, flash.parameters) == (3 * 36, 3 * 6, 42)


def test_arguments_are_no_parameters() -> None:
    """Shapes and axes are neither weights nor counted as parameters."""
    shape = constant("s", (2,), DType.INT64)
    flash = flash_of(graph([(Reshape((1, 6)), ["x", "s"])], [shape]))
    assert (flash.weights, flash.biases, flash.parameters) == (0, 0, 0)


def test_a_constant_that_two_read_counts_once() -> None:
    flash = flash_of(graph([(Dense(), ["x", "w", "b"]), (Dense(), ["y0", "w", "b"])], [W, B]))
    assert (flash.weights, flash.biases, flash.parameters) == (36, 24, 42)


def test_tensors_that_share_their_bytes_count_once() -> None:
    same = constant("v", (6, 6), key="w")
    flash = flash_of(graph([(Dense(), ["x", "w"]), (Dense(), ["y0", "v"])], [W, same]))
    assert flash.weights == 36
    other = constant("v", (6, 6))
    assert (
        flash_of(graph([(Dense(), ["x", "w"]), (Dense(), ["y0", "v"])], [W, other])).weights == 72
    )


def test_what_nothing_reads_is_not_counted() -> None:
    flash = flash_of(graph([(Dense(), ["x", "w"])], [W, constant("unused", (100,))]))
    assert flash.weights == 36


def test_subgraphs_are_in_flash_too() -> None:
    inner = graph([(Dense(), ["x", "v"])], [constant("v", (6, 6))]).replace(name="body")
    outer = graph(
        [(Dense(), ["x", "w"]), (Call(("body",)), ["y0"]), (Call(("body",)), ["y1"])],
        [W],
        subgraphs={"body": inner},
    )
    assert flash_of(outer).weights == 72


def test_bytes_that_a_body_shares_with_the_rest_count_once() -> None:
    inner = graph([(Dense(), ["x", "v"])], [constant("v", (6, 6), key="w")]).replace(name="body")
    outer = graph(
        [(Dense(), ["x", "w"]), (Call(("body",)), ["y0"])], [W], subgraphs={"body": inner}
    )
    assert flash_of(outer).weights == 36


def test_a_byte_a_parameter() -> None:
    """The paper counts parameters, whatever their types."""
    flash = flash_of(graph([(Dense(), ["x", "w", "b"])], [W, B]), 1)
    assert (flash.weights, flash.biases, flash.parameters) == (36, 6, 42)


def test_the_parts_add_up_to_an_exact_file() -> None:
    weight = Tensor(
        "w", DType.INT8, (6, 6), Kind.CONSTANT, W.constant, Quantization(6, 6 * 12, axis=0)
    )
    source = Source("tflite", "m.tflite", 1000, exact=True)
    flash = flash_of(graph([(Dense(), ["x", "w", "b"])], [weight, B], source))
    assert flash.quantization == 72
    assert flash.other == 1000 - 36 - 24 - 72


def test_only_a_file_that_is_stored_as_it_stands_has_another_part() -> None:
    dense = [(Dense(), ["x", "w", "b"])]
    converted = flash_of(graph(dense, [W, B], Source("onnx", "m.onnx", 1000)))
    assert (converted.file, converted.other) == (1000, None)
    no_file = flash_of(graph(dense, [W, B], Source("tflite", exact=True)))
    assert (no_file.file, no_file.other) == (None, None)


def test_an_input_that_is_left_out_is_no_constant() -> None:
    flash = flash_of(graph([(Dense(), ["x", "w", None])], [W]))
    assert (flash.weights, flash.biases) == (36, 0)


def test_int4_constants_are_packed() -> None:
    weight = constant("w", (5, 3), DType.INT4)
    flash = flash_of(graph([(Elementwise("add"), ["x", "w"])], [weight]))
    assert (flash.weights, flash.parameters) == (8, 15)


def test_bodies_that_use_the_same_names_hold_different_constants() -> None:
    """Constants without values of their own are told apart by the body that they stand in."""

    def body(name: str, units: int) -> Graph:
        weights = Tensor("w", DType.INT8, (units, 6), Kind.CONSTANT)
        return graph([(Dense(), ["x", "w"])], [weights]).replace(name=name)

    calls = Call(("first", "second"), ((DType.INT8, (1, 6)),), "composite")
    bodies = {"first": body("first", 3), "second": body("second", 5)}
    whole = graph([(calls, ["x"])], [], subgraphs=bodies)
    assert flash_of(whole).weights == 18 + 30
    space = mg.widths(whole)
    assert space.size(space.full) == 18 + 30
