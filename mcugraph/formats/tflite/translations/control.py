"""TFLite: variables and control flow."""

from collections.abc import Callable

from mcugraph.formats.tflite.node import TfliteNode, Translator
from mcugraph.ir import Op, TensorType
from mcugraph.ops.control import Call, If, Loop, Results
from mcugraph.ops.variables import Variable


def _variable(function: str) -> Callable[[TfliteNode], Op]:
    def translate(node: TfliteNode) -> Op:
        results = [TensorType(t.dtype, t.shape) for t in node.outputs if t.shape is not None]
        return Variable(function, node.operator.variable, results[0] if results else None)

    return translate


def _results(node: TfliteNode) -> Results:
    return tuple((t.dtype, t.shape) for t in node.outputs)


TRANSLATIONS: dict[str, Translator] = {
    "VAR_HANDLE": _variable("var_handle"),
    "READ_VARIABLE": _variable("read_variable"),
    "ASSIGN_VARIABLE": _variable("assign_variable"),
    "CALL_ONCE": lambda node: Call(node.subgraphs, function="call_once"),
    "IF": lambda node: If(node.subgraphs, _results(node)),
    "WHILE": lambda node: Loop(node.subgraphs, _results(node)),
    "STABLEHLO_COMPOSITE": lambda node: Call(node.subgraphs, _results(node), "composite"),
}
