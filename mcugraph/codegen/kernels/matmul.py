"""Products of two activations, matrix by matrix, of floats and of int8.

Sources: tensorflow/lite/kernels/internal/reference/batch_matmul.h,
tensorflow/lite/micro/kernels/batch_matmul_common.cc.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.axes import loops, stretched
from mcugraph.codegen.kernels.contract import Kernel, attributes, scale, unlike, zero_point
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.errors import GraphError
from mcugraph.ir import DType, Shape
from mcugraph.ops.linear import MatMul
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.access.raster import element, moved
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 3  # MG_MATMUL_AXES


@dataclass(frozen=True, slots=True)
class Products:
    """How the kernel walks through both operands: all distances in elements.

    Attributes:
        batches: Of the result, but for rows and columns.
        matrices: From one matrix of either operand to the next, along each of these axes.
        rows, columns, depth: Of one product.
        first: From row to row of the first operand, and along the depth.
        second: From column to column of the second one, and along the depth.
    """

    batches: Shape
    matrices: tuple[Shape, Shape]
    rows: int
    columns: int
    depth: int
    first: tuple[int, int]
    second: tuple[int, int]

    @property
    def fields(self) -> Parameters:
        """As the struct that both kernels have."""
        sizes, first, second = loops(self.batches, *self.matrices, most=_AXES)
        fields: dict[str, Field] = {
            "sizes": sizes,
            "first": first,
            "second": second,
            "rows": self.rows,
            "columns": self.columns,
            "depth": self.depth,
            "row": self.first[0],
            "along": self.first[1],
            "column": self.second[0],
            "below": self.second[1],
        }
        return Parameters("mg_matmul", fields)


def products(node: KernelNode) -> Products:
    """What is multiplied.

    Raises:
        GraphError: An operand is a vector, or the shapes do not go together.
    """
    op: MatMul = attributes(node, MatMul)
    a, b, made = node.input(0).shape, node.input(1).shape, node.outputs[0].shape
    if op.factor != 1.0:
        raise GraphError(f"its products are multiplied by {op.factor:g}")
    if min(len(a), len(b)) < 2 or len(made) != max(len(a), len(b)):
        raise GraphError(f"a product of {a} and {b} as {made} is not known")
    row, along = (a[-1], 1) if not op.transpose_a else (1, a[-1])
    column, below = (1, b[-1]) if not op.transpose_b else (b[-1], 1)
    rows, depth = a[:-3:-1][::-1] if not op.transpose_a else a[:-3:-1]
    deep, columns = b[:-3:-1][::-1] if not op.transpose_b else b[:-3:-1]
    if deep != depth or made[-2:] != (rows, columns):
        raise GraphError(f"a product of {a} and {b} as {made} is not known")
    matrices = tuple(
        tuple(step * shape[-1] * shape[-2] for step in stretched(shape[:-2], made[:-2]))
        for shape in (a, b)
    )
    return Products(
        made[:-2],
        (matrices[0], matrices[1]),
        rows,
        columns,
        depth,
        (row, along),
        (column, below),
    )


class _Matmul(Kernel):
    """What both kernels share."""

    headers = ("mg_matmul",)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        found, result = products(node), node.outputs[0]
        size = element(result)
        within = ((found.first[0], 0), (0, found.second[0]))
        return {
            i: moved(result, 0, tuple(step * size for step in (*found.matrices[i], *within[i])))
            for i in (0, 1)
        }


class MatmulF32(_Matmul):
    """``mg_matmul_f32``."""

    files = ("mg_matmul_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        wrong = refused_floats(node)
        if wrong is None:
            _ = products(node).fields
        return wrong

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        parameters = Parameters("mg_matmul_f32_params", {"shape": products(node).fields})
        return KernelCall("mg_matmul_f32", parameters, (0, 1))


class MatmulS8(_Matmul):
    """``mg_matmul_s8``."""

    files = ("mg_matmul_s8",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        wrong = unlike(node, DType.INT8, DType.INT8, DType.INT8)
        if wrong is None:
            _ = products(node).fields
        return wrong

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        first, second, result = node.input(0), node.input(1), node.outputs[0]
        # The product of scales is a single float.
        factor = float(scale(first) * scale(second)) / float(scale(result))
        found, shift = multiplier(factor)
        fields: dict[str, Field] = {
            "shape": products(node).fields,
            "first_zero": zero_point(first),
            "second_zero": zero_point(second),
            "output_zero": zero_point(result),
            "multiplier": found,
            "shift": shift,
        }
        parameters = Parameters("mg_matmul_s8_params", fields)
        return KernelCall("mg_matmul_s8", parameters, (0, 1))
