import json

import pytest

from mcugraph.errors import FormatError, GraphError
from mcugraph.scheduling.problem import Problem

CHAIN = {
    "name": "chain",
    "tensors": [{"id": 0, "size": 4}, {"id": 1, "size": 2}, {"id": 2, "size": 1}],
    "ops": [
        {"id": "a", "inputs": [0, 0], "outputs": [1], "kind": "conv"},
        {"id": "b", "inputs": [1], "outputs": [2]},
    ],
    "graph_inputs": [0],
    "graph_outputs": [2],
}


def changed(**changes):
    return {**CHAIN, **changes}


def with_op(**changes):
    return changed(ops=[{**CHAIN["ops"][0], **changes}, CHAIN["ops"][1]])


def test_from_json_keeps_names_and_counts_a_tensor_once():
    problem = Problem.from_json(CHAIN)
    assert problem.operators == ("a", "b")
    assert problem.tensors == (0, 1, 2)
    assert problem.inputs == ((0,), (1,))


def test_json_round_trip_keeps_everything(tmp_path):
    problem = Problem(
        tensors=("x", "y", "z", "w"),
        sizes=(4, 4, 0, 5),
        operators=("a", "b", "c"),
        inputs=((0,), (), (0, 1)),
        outputs=((1,), (2,), (3,)),
        graph_inputs=(0,),
        graph_outputs=(1,),
        scratch=(3, 0, 0),
        inplace=(((0, 1),), (), ()),
        after=((0, 1),),
        count_inputs=False,
        overlaps=((), (), ((0, 3, 2), (1, 3, 0))),
    )
    problem.verify()
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(problem.to_json()))
    assert Problem.from_json(path) == problem


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({}, "no 'tensors'"),
        (changed(tensors=5), "not iterable"),
        (changed(tensors=[{"id": 0, "size": 1.5}]), "bytes are an integer, not 1.5"),
        (changed(tensors=[{"id": None, "size": 1}]), "an id is a string or an integer"),
        (changed(tensors=[{"id": True, "size": 1}]), "an id is .* an integer, not True"),
        (changed(tensors=[{"id": 0, "size": True}]), "bytes are an integer, not True"),
        (
            changed(tensors=[{"id": 0, "size": 1 << 48}]),
            "0 takes 281,474,976,710,656 bytes, more than any address space has",
        ),
        (with_op(scratch=10**400), r"'a' takes more than 2\*\*64 bytes"),
        (
            changed(tensors=[{"id": i, "size": 1 << 47} for i in range(3)]),
            "all tensors together take 422,212,465,065,984 bytes",
        ),
        (with_op(inputs=[9]), "unknown id 9"),
        (with_op(inputs=0), "expected a list of ids"),
        (with_op(inputs=[[0]]), "an id is a string or an integer"),
        (with_op(inplace=[[0, 1, 2]]), "expected a pair"),
        (with_op(inplace=5), "expected a list, not 5"),
        (with_op(overlaps=[[0, 1]]), "expected two ids and a lead in bytes"),
        (with_op(overlaps=[[0, 9, 1]]), "unknown id 9"),
        (with_op(overlaps=[[0, 1, 1.5]]), "bytes are an integer, not 1.5"),
        (changed(after=[["a"]]), "expected a pair"),
    ],
)
def test_damaged_graphs_are_format_errors(graph, message):
    with pytest.raises(FormatError, match=message):
        Problem.from_json(graph)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_damaged_files_are_format_errors_that_name_the_file(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"broken\.json"):
        Problem.from_json(path)


def test_missing_file_is_a_format_error(tmp_path):
    with pytest.raises(FormatError, match="absent"):
        Problem.from_json(tmp_path / "absent.json")


TWO_OUTPUTS = {
    "tensors": [{"id": i, "size": 4} for i in range(4)],
    "ops": [
        {"id": "a", "inputs": [0, 1], "outputs": [2, 3], "overlaps": [[0, 2, 1], [1, 3, 1]]},
    ],
    "graph_inputs": [0, 1],
    "graph_outputs": [2, 3],
}


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (changed(ops=CHAIN["ops"][::-1]), "reads tensor 1 before operator 'a' writes it"),
        (with_op(outputs=[1, 2]), "tensor 2 is written by operators 'a' and 'b'"),
        (with_op(outputs=[1, 0]), "graph input 0 is written by operator 'a'"),
        (with_op(outputs=[]), "reads tensor 1, which nothing writes"),
        (changed(graph_inputs=[]), "reads tensor 0, which nothing writes"),
        (changed(ops=[CHAIN["ops"][0]]), "tensor 2 has no producer"),
        (with_op(id="b"), "two operators are named 'b'"),
        (changed(tensors=CHAIN["tensors"] + CHAIN["tensors"][:1]), "two tensors are named 0"),
        (changed(tensors=[{"id": i, "size": i - 1} for i in range(3)]), "negative size -1"),
        (with_op(scratch=-5), "negative scratch -5"),
        (with_op(inplace=[[1, 0]]), "in-place pair"),
        (with_op(overlaps=[[1, 0, 0]]), r"'a' has the overlap \(1, 0, 0\), which is not of one of"),
        (with_op(overlaps=[[0, 1, -1]]), "'a' has the overlap .* whose lead is negative"),
        (with_op(overlaps=[[0, 1, 2], [0, 1, 3]]), "'a' has two overlaps with one input"),
        (with_op(overlaps=[[0, 1, 2]], inplace=[[0, 1]]), "both in-place pairs and overlaps"),
        (TWO_OUTPUTS, "'a' has overlaps with several outputs"),
        (changed(after=[["b", "a"]]), "against the file order"),
        (with_op(inputs=[0, 1]), "before operator 'a' writes it"),
    ],
)
def test_contradictions_are_graph_errors(graph, message):
    with pytest.raises(GraphError, match=message):
        Problem.from_json(graph)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sizes", (1,)),
        ("inputs", ()),
        ("outputs", ()),
        ("scratch", (1,)),
        ("inplace", ((),)),
        ("overlaps", ((),)),
    ],
)
def test_verify_checks_lengths(field, value):
    fields = {"tensors": ("x", "y"), "sizes": (1, 1), "operators": ("a", "b")}
    fields |= {"inputs": ((), ()), "outputs": ((0,), (1,)), field: value}
    with pytest.raises(GraphError, match=f"'{field}' has {len(value)} entries"):
        Problem(**fields).verify()


def test_verify_checks_numbers():
    with pytest.raises(GraphError, match="tensor number 3"):
        Problem(("x",), (1,), ("a",), ((3,),), ((0,),)).verify()
    for ends in ({"graph_inputs": (1,)}, {"graph_outputs": (-1,)}):
        with pytest.raises(GraphError, match=r"the graph (in|out)puts .*tensor number -?1"):
            Problem(("x",), (1,), ("a",), ((),), ((0,),), **ends).verify()
    with pytest.raises(GraphError, match="hold a tensor twice"):
        Problem(("x",), (1,), ("a",), ((0, 0),), ((),), graph_inputs=(0,)).verify()
