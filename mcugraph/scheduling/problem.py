"""The plain-data problem that schedulers and planners solve."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.ir import Graph

Name = str | int  # what a file calls an operator or a tensor


@dataclass(frozen=True, slots=True)
class Problem:
    """Which operators read and write which tensors, and how large those are.

    Operators and tensors are numbered; ``operators`` and ``tensors`` hold their names. The given
    numbering of the operators is the *file order*, and it is a valid order.

    Attributes:
        tensors: Name of each tensor that takes SRAM (constants and state are not listed).
        sizes: Bytes of each tensor.
        operators: Name of each operator.
        inputs: For each operator, the tensors it reads (no tensor twice).
        outputs: For each operator, the tensors it writes; a tensor has at most one producer.
        graph_inputs: Tensors live from the start. They have no producer.
        graph_outputs: Tensors kept to the end.
        scratch: Bytes that each operator needs besides, only while it runs.
        inplace: For each operator, pairs (input, output) of tensors: the output may take over the
            memory of the input if the operator is the input's last reader, the input is no
            graph output and the output is not larger. At most one pair is used for a tensor.
        after: Pairs (earlier, later) of operators whose order must be kept for another reason
            than data (reads and writes of a variable).
        count_inputs: False: graph inputs take no memory (they live elsewhere), and no output
            takes over theirs.

    ``scratch`` and ``inplace`` may be left empty: no scratch, nothing in place.
    """

    tensors: tuple[Name, ...]
    sizes: tuple[int, ...]
    operators: tuple[Name, ...]
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    graph_inputs: tuple[int, ...] = ()
    graph_outputs: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()
    inplace: tuple[tuple[tuple[int, int], ...], ...] = ()
    after: tuple[tuple[int, int], ...] = ()
    count_inputs: bool = True

    def verify(self) -> None:
        """Check that the problem does not contradict itself.

        Raises:
            GraphError: It does; the message names the first operator or tensor at fault.
        """
        self._verify_fields()
        producer: dict[int, int] = {}
        for index, written in enumerate(self.outputs):
            for tensor in written:
                if tensor in producer:
                    raise GraphError(
                        f"tensor {self.tensors[tensor]!r} is written by operators "
                        f"{self.operators[producer[tensor]]!r} and {self.operators[index]!r}"
                    )
                producer[tensor] = index
        given = set(self.graph_inputs)
        for tensor in self.graph_inputs:
            if tensor in producer:
                raise GraphError(
                    f"graph input {self.tensors[tensor]!r} is written by operator "
                    f"{self.operators[producer[tensor]]!r}"
                )
        for index, read in enumerate(self.inputs):
            for tensor in read:
                if tensor not in producer and tensor not in given:
                    raise GraphError(
                        f"operator {self.operators[index]!r} reads tensor "
                        f"{self.tensors[tensor]!r}, which nothing writes and is no graph input"
                    )
                if producer.get(tensor, -1) >= index:
                    raise GraphError(
                        f"operator {self.operators[index]!r} reads tensor "
                        f"{self.tensors[tensor]!r} before operator "
                        f"{self.operators[producer[tensor]]!r} writes it"
                    )
        for tensor in range(len(self.tensors)):
            if tensor not in producer and tensor not in given:
                raise GraphError(
                    f"tensor {self.tensors[tensor]!r} has no producer and is no graph input"
                )

    def _verify_fields(self) -> None:
        """Lengths, ranges and repetitions, field by field."""
        n = len(self.operators)
        _verify_names("tensor", self.tensors)
        _verify_names("operator", self.operators)
        for field, length, wanted in (
            ("sizes", len(self.sizes), len(self.tensors)),
            ("inputs", len(self.inputs), n),
            ("outputs", len(self.outputs), n),
            ("scratch", len(self.scratch) or n, n),
            ("inplace", len(self.inplace) or n, n),
        ):
            if length != wanted:
                raise GraphError(f"'{field}' has {length} entries, expected {wanted}")
        for name, size in zip(self.tensors, self.sizes, strict=True):
            if size < 0:
                raise GraphError(f"tensor {name!r} has the negative size {size}")
        for name, size in zip(self.operators, self.scratch, strict=False):
            if size < 0:
                raise GraphError(f"operator {name!r} has the negative scratch {size}")
        for name, read, written in zip(self.operators, self.inputs, self.outputs, strict=True):
            self._verify_tensors(f"the inputs of operator {name!r}", read)
            self._verify_tensors(f"the outputs of operator {name!r}", written)
        self._verify_tensors("the graph inputs", self.graph_inputs)
        self._verify_tensors("the graph outputs", self.graph_outputs)
        for index, pairs in enumerate(self.inplace):
            for source, target in pairs:
                if source not in self.inputs[index] or target not in self.outputs[index]:
                    raise GraphError(
                        f"operator {self.operators[index]!r} has the in-place pair "
                        f"({source}, {target}), which is not one of its inputs and outputs"
                    )
        for earlier, later in self.after:
            if not 0 <= earlier < later < n:
                raise GraphError(f"'after' pair ({earlier}, {later}) goes against the file order")

    def _verify_tensors(self, what: str, tensors: tuple[int, ...]) -> None:
        for tensor in tensors:
            if not 0 <= tensor < len(self.tensors):
                raise GraphError(f"{what} hold tensor number {tensor}, which does not exist")
        if len(set(tensors)) != len(tensors):
            raise GraphError(f"{what} hold a tensor twice")

    @classmethod
    def from_graph(cls, graph: Graph) -> "Problem":
        """The problem of a graph as it stands: its operators, its activations in bytes.

        An operator that calls subgraphs needs the least peak of the largest of them besides.
        ``mcugraph.schedule`` takes a graph as it is deployed, which differs from this for ONNX
        and PyTorch models.
        """
        from mcugraph.scheduling.figures import problem_with_bodies
        from mcugraph.scheduling.runtime import Runtime
        from mcugraph.scheduling.solver import schedule

        return problem_with_bodies(graph, Runtime(), lambda body: schedule(body).peak)

    @classmethod
    def from_json(cls, source: "str | PathLike[str] | Mapping[str, Any]") -> "Problem":
        """Read an operator graph from a JSON file, or from what ``json.load`` made of it.

        The form is ``{"tensors": [{"id", "size"}], "ops": [{"id", "inputs", "outputs"}],
        "graph_inputs", "graph_outputs"}``; tensors are named by id, in bytes. An op may also have
        ``"scratch"`` (bytes) and ``"inplace"`` (pairs of ids), the graph ``"after"`` (pairs of op
        ids) and ``"count_inputs"``. Other keys are ignored.

        Raises:
            FormatError: The file cannot be read, or it is not of this form.
            GraphError: It is, but it contradicts itself (see ``verify``).
        """
        import json

        if isinstance(source, Mapping):
            return _from_mapping(source, "graph")
        try:
            with open(source, "rb") as file:
                loaded = json.loads(file.read())
        except OSError as error:
            raise FormatError(f"{source}: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{source}: not valid JSON: {error}") from None
        if not isinstance(loaded, dict):
            raise FormatError(f"{source}: not an operator graph: expected a JSON object")
        return _from_mapping(loaded, str(source))

    def to_json(self) -> dict[str, Any]:
        """The problem as a mapping that ``json.dump`` writes and ``from_json`` reads back."""
        ops: list[dict[str, Any]] = []
        for index, name in enumerate(self.operators):
            op: dict[str, Any] = {
                "id": name,
                "inputs": [self.tensors[t] for t in self.inputs[index]],
                "outputs": [self.tensors[t] for t in self.outputs[index]],
            }
            if self.scratch and self.scratch[index]:
                op["scratch"] = self.scratch[index]
            if self.inplace and self.inplace[index]:
                op["inplace"] = [[self.tensors[a], self.tensors[b]] for a, b in self.inplace[index]]
            ops.append(op)
        result: dict[str, Any] = {
            "tensors": [
                {"id": name, "size": size}
                for name, size in zip(self.tensors, self.sizes, strict=True)
            ],
            "ops": ops,
            "graph_inputs": [self.tensors[t] for t in self.graph_inputs],
            "graph_outputs": [self.tensors[t] for t in self.graph_outputs],
        }
        if self.after:
            result["after"] = [[self.operators[a], self.operators[b]] for a, b in self.after]
        if not self.count_inputs:
            result["count_inputs"] = False
        return result


def _verify_names(what: str, names: tuple[Name, ...]) -> None:
    seen: set[Name] = set()
    for name in names:
        if name in seen:
            raise GraphError(f"two {what}s are named {name!r}")
        seen.add(name)


def _from_mapping(graph: Mapping[str, Any], where: str) -> Problem:
    try:
        tensors = [(_name(item["id"]), _bytes(item["size"])) for item in graph["tensors"]]
        ops = [(_name(item["id"]), item) for item in graph["ops"]]
        tensor_of = {name: index for index, (name, _) in enumerate(tensors)}
        op_of = {name: index for index, (name, _) in enumerate(ops)}
        problem = Problem(
            tensors=tuple(name for name, _ in tensors),
            sizes=tuple(size for _, size in tensors),
            operators=tuple(name for name, _ in ops),
            inputs=tuple(_numbers(op["inputs"], tensor_of) for _, op in ops),
            outputs=tuple(_numbers(op["outputs"], tensor_of) for _, op in ops),
            graph_inputs=_numbers(graph["graph_inputs"], tensor_of),
            graph_outputs=_numbers(graph["graph_outputs"], tensor_of),
            scratch=tuple(_bytes(op.get("scratch", 0)) for _, op in ops),
            inplace=tuple(_pairs(op.get("inplace", ()), tensor_of) for _, op in ops),
            after=_pairs(graph.get("after", ()), op_of),
            count_inputs=bool(graph.get("count_inputs", True)),
        )
    except KeyError as error:
        raise FormatError(f"{where}: not an operator graph: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where}: not an operator graph: {error}") from None
    try:
        problem.verify()
    except GraphError as error:
        raise GraphError(f"{where}: {error}") from None
    return problem


def _name(value: object) -> Name:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"an id is a string or an integer, not {value!r}")
    return value


def _bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"bytes are an integer, not {value!r}")
    return value


def _numbers(names: object, number_of: Mapping[Name, int]) -> tuple[int, ...]:
    """Numbers of the named items, each once, in order."""
    if not isinstance(names, list | tuple):
        raise ValueError(f"expected a list of ids, not {names!r}")
    found: dict[int, None] = {}
    for name in names:
        if _name(name) not in number_of:
            raise ValueError(f"unknown id {name!r}")
        found[number_of[name]] = None
    return tuple(found)


def _pairs(pairs: object, number_of: Mapping[Name, int]) -> tuple[tuple[int, int], ...]:
    if not isinstance(pairs, list | tuple):
        raise ValueError(f"expected a list of pairs, not {pairs!r}")
    result = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"expected a pair of ids, not {pair!r}")
        result.append((_numbers(pair[:1], number_of)[0], _numbers(pair[1:], number_of)[0]))
    return tuple(result)
