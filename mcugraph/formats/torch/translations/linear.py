"""PyTorch: convolutions, products and attention."""

from math import prod

from mcugraph.errors import GraphError
from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator, shape_of
from mcugraph.ir import Op, Tensor
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense, Einsum, MatMul, dense_of, explicit
from mcugraph.ops.movement import Reshape, Squeeze, Unsqueeze
from mcugraph.ops.window import SAME_UPPER, VALID, Padding, symmetric
from mcugraph.records import replace

Result = Op | BoundOp | tuple[Tensor | None, ...]


def batched(call: AtenCall, op: Op, axes: int, inputs: tuple[Tensor | None, ...]) -> Result:
    """An operator that wants ``axes`` axes, applied to data that may lack the batch."""
    data = call.data()
    if len(shape_of(data)) == axes:
        return BoundOp(op, inputs)
    (single,) = call.emit(Unsqueeze((0,)), (data,), "unsqueeze")
    result = call.emit(op, (single, *inputs[1:]))
    return call.emit(Squeeze((0,)), result[:1], "squeeze", last=True)


_PADDINGS = {"same": SAME_UPPER, "valid": VALID}


def _padding(call: AtenCall, rank: int) -> Padding:
    given = call.get("padding", 0)
    if isinstance(given, str):
        return _PADDINGS[given]
    return symmetric(call.spread("padding", rank, 0))


def _conv(call: AtenCall) -> Result:
    weight = call.tensor("weight")
    shape = shape_of(weight)
    rank, groups = len(shape) - 2, int(call.get("groups", 1))
    op = Conv(
        strides=call.spread("stride", rank, 1),
        dilations=call.spread("dilation", rank, 1),
        padding=_padding(call, rank),
        groups=groups,
        depthwise=groups > 1 and shape[1] == 1,
    )
    return batched(call, op, len(shape), (call.data(), weight, call.maybe("bias")))


def _conv_transpose(call: AtenCall) -> Result:
    weight = call.tensor("weight")
    rank = len(shape_of(weight)) - 2
    op = ConvTranspose(
        strides=call.spread("stride", rank, 1),
        dilations=call.spread("dilation", rank, 1),
        padding=symmetric(call.spread("padding", rank, 0)),
        groups=int(call.get("groups", 1)),
        weight_out=1,
        weight_in=0,
        output_padding=call.spread("output_padding", rank, 0),
    )
    return batched(call, op, rank + 2, (call.data(), weight, call.maybe("bias")))


def _convolution(call: AtenCall) -> Result:
    return _conv_transpose(call) if call.get("transposed") else _conv(call)


def _linear(call: AtenCall) -> BoundOp:
    weight, bias = call.tensor("weight"), call.maybe("bias")
    stored = call.builder.before_transpose(weight)
    if stored is not None:  # a weight that another layer has the other way round
        return BoundOp(Dense(weight_out=1, weight_in=0), (call.data(), stored, bias))
    inputs = (call.data(), weight, bias)
    return BoundOp(Dense(weight_out=0, weight_in=1), inputs)


def _product(call: AtenCall, a: Tensor, b: Tensor, bias: Tensor | None = None) -> BoundOp:
    """A product; with a constant matrix it is a dense layer."""
    if b.is_constant and len(shape_of(b)) == 2 and len(shape_of(a)) > 1:
        stored = call.builder.before_transpose(b)
        if stored is not None:
            return BoundOp(Dense(weight_out=0, weight_in=1), (a, stored, bias))
        return BoundOp(Dense(weight_out=1, weight_in=0), (a, b, bias))
    return BoundOp(MatMul(), (a, b))


def _matmul(call: AtenCall) -> BoundOp:
    a, b = call.tensors()[:2]
    return _product(call, a, b)


def _addmm(call: AtenCall) -> Result:
    """A product and something added to it, each maybe scaled."""
    names = list(call.arguments)
    bias, a, b = (call.tensor(name) for name in names[:3])
    scaled = call.get("beta", 1) != 1 or call.get("alpha", 1) != 1
    product = _product(call, a, b, bias)
    if isinstance(product.op, Dense) and not scaled and len(shape_of(bias)) < 2:
        return product
    (value,) = call.emit(product.op, product.inputs[:2])
    for argument, tensor in (("alpha", value), ("beta", bias)):
        if call.get(argument, 1) != 1:
            scale = call.builder.scalar(call, argument, call.get(argument), tensor.dtype)
            (scaled_value,) = call.emit(Elementwise("mul"), (tensor, scale), argument)
            value, bias = (scaled_value, bias) if argument == "alpha" else (value, scaled_value)
    return call.emit(Elementwise("add"), (value, bias), "add", last=True)


def _einsum(call: AtenCall) -> BoundOp:
    """A sum of products; of data and a constant matrix, it may be a dense layer."""
    equation, operands = explicit(str(call.get("equation"))), call.listed("tensors")
    constant = [tensor.is_constant for tensor in operands]
    if sorted(constant) == [False, True]:
        data = constant.index(False)
        dense = dense_of(equation, data, [shape_of(tensor) for tensor in operands])
        if dense is not None:
            return BoundOp(dense, (operands[data], operands[1 - data]))
    return BoundOp(Einsum(equation), operands)


def _bilinear(call: AtenCall) -> Result:
    first, second = call.tensor("input1"), call.tensor("input2")
    product = Einsum("...i,oij,...j->...o")
    inputs = (first, call.tensor("weight"), second)
    bias = call.maybe("bias")
    if bias is None:
        return BoundOp(product, inputs)
    return call.emit(Elementwise("add"), (*call.emit(product, inputs), bias), "add", last=True)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _tensordot(call: AtenCall) -> BoundOp:
    a, b = call.tensor(), call.tensor("other")
    left = _LETTERS[: len(shape_of(a))]
    right = list(_LETTERS[len(left) : len(left) + len(shape_of(b))])
    summed = set()
    for i, j in zip(call.get("dims_self"), call.get("dims_other"), strict=True):
        right[j] = left[i]
        summed.add(left[i])
    rest = [letter for letter in [*left, *right] if letter not in summed]
    return BoundOp(Einsum(f"{left},{''.join(right)}->{''.join(rest)}"), (a, b))


def _trilinear(call: AtenCall) -> BoundOp:
    """What ``bilinear`` is made of: three operands, each without some axes of the whole."""
    operands = [call.tensor(f"i{i}") for i in (1, 2, 3)]
    lacking = [set(call.get(f"expand{i}", ())) for i in (1, 2, 3)]
    letters = _LETTERS[: len(shape_of(operands[0])) + len(lacking[0])]
    lacking.append(set(call.get("sumdim", ())))
    terms = ["".join(x for i, x in enumerate(letters) if i not in axes) for axes in lacking]
    return BoundOp(Einsum(f"{','.join(terms[:3])}->{terms[3]}"), operands)


def _inner(call: AtenCall) -> BoundOp:
    a, b = call.tensors()[:2]
    left, right = _LETTERS[: len(shape_of(a))], _LETTERS[-len(shape_of(b)) :]
    if not left or not right:
        return BoundOp(Elementwise("mul"), (a, b))
    return BoundOp(Einsum(f"{left},{right[:-1]}{left[-1]}->{left[:-1]}{right[:-1]}"), (a, b))


def _outer(call: AtenCall) -> BoundOp:
    return BoundOp(Einsum("i,j->ij"), call.tensors()[:2])


def _attention(call: AtenCall) -> Result:
    operands = [call.tensor(name) for name in ("query", "key", "value")]
    mask = call.maybe("attn_mask") or call.maybe("attn_bias")
    ranks = {len(shape_of(operand)) for operand in operands}
    given = call.get("scale")
    op = Attention(
        scale=None if given is None else float(given),
        variant="is_causal" if call.get("is_causal") else "",
    )
    if ranks == {3}:
        return BoundOp(replace(op, query_heads=1, key_heads=1), (*operands, mask))
    if ranks == {4}:
        return BoundOp(op, (*operands, mask))
    if len(ranks) != 1 or mask is not None:
        raise GraphError(f"operands of {', '.join(map(str, sorted(ranks)))} axes")
    # All but the last three axes count as batch.
    folded: list[Tensor] = []
    for operand in operands:
        shape = (1, 1, *shape_of(operand))
        target = (prod(shape[:-3]), *shape[-3:])
        folded += call.emit(Reshape(target), (operand,), "reshape")
    result = call.emit(op, folded)
    return call.emit(Reshape(call.shape), result, "reshape", last=True)


TRANSLATIONS: dict[str, Translator] = {
    "conv1d": _conv,
    "conv2d": _conv,
    "conv3d": _conv,
    "conv_transpose1d": _conv_transpose,
    "conv_transpose2d": _conv_transpose,
    "conv_transpose3d": _conv_transpose,
    "convolution": _convolution,
    "linear": _linear,
    "mm": _matmul,
    "bmm": _matmul,
    "mv": _matmul,
    "dot": _matmul,
    "vdot": _matmul,
    "matmul": _matmul,
    "linalg_matmul": _matmul,
    "addmm": _addmm,
    "addmv": _addmm,
    "baddbmm": _addmm,
    "einsum": _einsum,
    "bilinear": _bilinear,
    "_trilinear": _trilinear,
    "tensordot": _tensordot,
    "inner": _inner,
    "outer": _outer,
    "ger": _outer,
    "scaled_dot_product_attention": _attention,
    "_scaled_dot_product_attention_math": _attention,
    "_scaled_dot_product_flash_attention": _attention,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
    "_scaled_dot_product_efficient_attention": _attention,
    "_scaled_dot_product_fused_attention_overrideable": _attention,
}
