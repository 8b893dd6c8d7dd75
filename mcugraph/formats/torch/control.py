"""Control flow of exported programs: ``torch.cond``, whose branches are subgraphs."""

from typing import Any

from mcugraph.formats.torch.call import AtenCall
from mcugraph.formats.torch.program import ProgramReader
from mcugraph.ir import Tensor
from mcugraph.ops.control import If
from mcugraph.ops.opaque import Opaque


def conditional(
    program: ProgramReader, node: Any, call: AtenCall
) -> tuple[Tensor | None, ...] | None:
    """``cond(predicate, true branch, false branch, operands)``."""
    if call.native != "cond":
        return None
    predicate, *branches, operands = node.args
    given = [program.resolve(operand) for operand in operands]
    condition = program.resolve(predicate)
    read = list(dict.fromkeys(t for t in given if isinstance(t, Tensor) and not t.is_constant))
    if not isinstance(condition, Tensor):
        return program.emit(call, Opaque(call.native), read, call.results, None)
    names = []
    for branch, label in zip(branches, ("true", "false"), strict=True):
        module = getattr(program.module, str(branch.target))
        names.append(program.body(module, given, f"{call.label}.{label}")[0])
    op = If(tuple(names), tuple((kind.dtype, kind.shape) for kind in call.results))
    return program.emit(call, op, [condition, *read], call.results, None)
