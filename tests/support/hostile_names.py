"""Models whose names try to become markup, script or escape sequences."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

NAMES = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "--><!--",
    "\u202egnp.exe",
    "\x1b[31mred",
    "&lt;b&gt; ' \" `",
)


def hostile(path: Path) -> None:
    """Write a chain whose tensors, operators and graph bear these names."""
    nodes, made = [], "input"
    for name in NAMES:
        nodes.append(helper.make_node("Tanh", [made], [name], name=f"op {name}"))
        made = name
    ends = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 4]) for each in ("input", made)
    ]
    graph = helper.make_graph(nodes, NAMES[0], ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


def one_word(path: Path) -> None:
    """Write an operator that nobody knows, whose names have no place to break a line at."""
    word, domain = "Word" * 50, "acme.example"
    node = helper.make_node(word, ["in" + word], ["out" + word], name="op" + word, domain=domain)
    ends = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 4])
        for each in (node.input[0], node.output[0])
    ]
    graph = helper.make_graph([node], word, ends[:1], ends[1:])
    domains = [helper.make_opsetid("", 17), helper.make_opsetid(domain, 1)]
    onnx.save(helper.make_model(graph, opset_imports=domains), path)


def long_chain(path: Path, operators: int) -> None:
    """Write a network of so many operators, with shortcuts."""
    nodes, made, before = [], "input", "input"
    for i in range(operators):
        kind, read = ("Tanh", [made]) if i % 4 else ("Add", [made, before])
        nodes.append(
            helper.make_node(kind, read, [f"block{i // 4}/t{i}"], name=f"block{i // 4}/{i}")
        )
        before = made if i % 4 == 1 else before
        made = f"block{i // 4}/t{i}"
    ends = [
        helper.make_tensor_value_info(each, TensorProto.FLOAT, [1, 8, 8, 8])
        for each in ("input", made)
    ]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
