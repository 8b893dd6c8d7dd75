"""The plain-data problem that schedulers and planners solve."""

from collections.abc import Callable, Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any, NoReturn

from mcugraph.checks import check_rows, check_sequences
from mcugraph.errors import GraphError
from mcugraph.formats.loader import graph_of
from mcugraph.ir import Graph
from mcugraph.records import dataclass
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.graph_fields import graph_fields
from mcugraph.scheduling.json_values import Source, contradicting
from mcugraph.scheduling.problem_json import read_fields
from mcugraph.scheduling.runtime import RUNTIMES, Runtime, find_runtime
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import OUTSIDE, Network, assemble
from mcugraph.scheduling.solving.overlay import Overlay, possible_overlays, renumbered
from mcugraph.scheduling.solving.solver import solve

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
        overlaps: For each operator, triples (input, output, lead): in memory, the output may begin
            ``lead`` bytes before the input, or further below it, if the operator is the input's
            last reader and the input is no graph output. All name one output, and inputs that
            share memory with it do not do so with each other. An operator has in-place pairs
            or overlaps, not both.
        after: Pairs (earlier, later) of operators whose order must be kept for another reason
            than data (reads and writes of a variable).
        count_inputs: False: graph inputs take no memory (they live elsewhere), and no output
            takes over theirs.

    ``scratch``, ``inplace`` and ``overlaps`` may be left empty: no operator has any.
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
    overlaps: tuple[tuple[tuple[int, int, int], ...], ...] = ()

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
        check_sequences(
            sizes=self.sizes,
            inputs=self.inputs,
            outputs=self.outputs,
            scratch=self.scratch,
            inplace=self.inplace,
            overlaps=self.overlaps,
        )
        check_rows("after", self.after, 2)
        for what, given, each in (("inplace", self.inplace, 2), ("overlaps", self.overlaps, 3)):
            for rows in given:
                if rows != ():  # as most are
                    check_rows(what, rows, each)
        n = len(self.operators)
        _verify_names("tensor", self.tensors)
        _verify_names("operator", self.operators)
        for field, length, wanted in (
            ("sizes", len(self.sizes), len(self.tensors)),
            ("inputs", len(self.inputs), n),
            ("outputs", len(self.outputs), n),
            ("scratch", len(self.scratch) or n, n),
            ("inplace", len(self.inplace) or n, n),
            ("overlaps", len(self.overlaps) or n, n),
        ):
            if length != wanted:
                raise GraphError(f"'{field}' has {length} entries, expected {wanted}")
        for what, field, names, numbers in (
            ("tensor", "size", self.tensors, self.sizes),
            ("operator", "scratch", self.operators, self.scratch),
        ):
            if min(numbers, default=0) < 0:
                size = next(size for size in numbers if size < 0)
                name = names[numbers.index(size)]
                raise GraphError(f"{what} {name!r} has the negative {field} {size}")
        for field, lists in (("inputs", self.inputs), ("outputs", self.outputs)):
            for name, tensors in zip(self.operators, lists, strict=True):
                if not self._are_tensors(tensors):
                    self._refuse(f"the {field} of operator {name!r}", tensors)
        for field, tensors in (("inputs", self.graph_inputs), ("outputs", self.graph_outputs)):
            if not self._are_tensors(tensors):
                self._refuse(f"the graph {field}", tensors)
        for index, pairs in enumerate(self.inplace):
            for source, target in pairs:
                if source not in self.inputs[index] or target not in self.outputs[index]:
                    raise GraphError(
                        f"operator {self.operators[index]!r} has the in-place pair "
                        f"({source}, {target}), which is not one of its inputs and outputs"
                    )
        for index, overlaps in enumerate(self.overlaps):
            if overlaps:
                self._verify_overlaps(index, overlaps)
        for earlier, later in self.after:
            if not 0 <= earlier < later < n:
                raise GraphError(f"'after' pair ({earlier}, {later}) goes against the file order")

    def _verify_overlaps(self, index: int, overlaps: tuple[tuple[int, int, int], ...]) -> None:
        where = f"operator {self.operators[index]!r} has"
        for source, target, lead in overlaps:
            given = f"{where} the overlap ({source}, {target}, {lead})"
            if source not in self.inputs[index] or target not in self.outputs[index]:
                raise GraphError(f"{given}, which is not of one of its inputs and outputs")
            if lead < 0:
                raise GraphError(f"{given}, whose lead is negative")
        if not _distinct(tuple([source for source, _, _ in overlaps])):
            raise GraphError(f"{where} two overlaps with one input")
        if len({target for _, target, _ in overlaps}) > 1:
            raise GraphError(f"{where} overlaps with several outputs")
        if self.inplace and self.inplace[index]:
            raise GraphError(f"{where} both in-place pairs and overlaps")

    def _are_tensors(self, numbers: tuple[int, ...]) -> bool:
        """Whether these are numbers of tensors, none of them twice."""
        if not numbers:
            return True
        return min(numbers) >= 0 and max(numbers) < len(self.tensors) and _distinct(numbers)

    def _refuse(self, what: str, numbers: tuple[int, ...]) -> NoReturn:
        """Say which number of a list is none of a tensor, or that there is one twice."""
        for tensor in numbers:
            if not 0 <= tensor < len(self.tensors):
                raise GraphError(f"{what} hold tensor number {tensor}, which does not exist")
        raise GraphError(f"{what} hold a tensor twice")

    @classmethod
    def from_graph(
        cls,
        graph: Graph | str | PathLike[str],
        runtime: str | Runtime = "tflm",
        accounting: str = "deployed",
        precision: str | None = None,
    ) -> "Problem":
        """The problem of a graph as ``mcugraph.profile`` counts it: what runs on the device.

        An operator that calls subgraphs needs the least peak of the largest of them besides.

        Args:
            graph: The graph, as it was loaded, or the path of its file.
            runtime: How the device executes it, a name or a ``Runtime``.
            accounting: ``"deployed"`` or ``"paper"``, as for ``profile``.
            precision: None or ``"int8"``, as for ``profile``.

        Raises:
            UsageError: Unknown runtime, accounting or precision, or no graph.
            McuGraphError: The file cannot be read.
        """
        graph = graph_of(graph, "Problem.from_graph")
        runs = counted_forms(graph, accounting, precision).runs
        return cls.with_bodies(runs, find_runtime(runtime), _least_peak)

    @classmethod
    def as_it_stands(
        cls,
        graph: Graph,
        runtime: Runtime = RUNTIMES["tflm"],
        scratch: Mapping[str, int] = MappingProxyType({}),
    ) -> "Problem":
        """The problem of a graph with exactly its operators: activations, inputs and outputs.

        Constants lie in flash and state is live for ever, so neither is listed. A tensor whose
        size is not known counts 0 bytes.

        Args:
            graph: The graph; its subgraphs are not looked at.
            runtime: How the device executes it.
            scratch: Bytes that operators, by name, need besides while they run.
        """
        return cls(**graph_fields(graph, runtime, scratch))

    @classmethod
    def with_bodies(
        cls, graph: Graph, runtime: Runtime, bytes_of: "Callable[[Problem], int]"
    ) -> "Problem":
        """The problem of a graph with exactly its operators, some of which may call subgraphs.

        Args:
            graph: The graph.
            runtime: How the device executes it.
            bytes_of: The bytes that the problem of a subgraph counts for at the operator that
                calls it.
        """
        return cls._calling(graph, graph, runtime, bytes_of, {})

    @classmethod
    def _calling(
        cls,
        part: Graph,
        root: Graph,
        runtime: Runtime,
        bytes_of: "Callable[[Problem], int]",
        known: dict[str, int],
    ) -> "Problem":
        """The problem of one graph; ``known`` gets the bytes of the bodies that it calls."""
        scratch = {}
        for operator in part.operators if root.subgraphs else ():
            for body in operator.op.bodies:
                if body not in known:
                    inner = cls._calling(root.subgraphs[body], root, runtime, bytes_of, known)
                    known[body] = bytes_of(inner)
            if operator.op.bodies:
                scratch[operator.name] = max(known[body] for body in operator.op.bodies)
        return cls.as_it_stands(part, runtime, scratch)

    @classmethod
    def from_json(cls, source: Source) -> "Problem":
        """Read an operator graph from a JSON file, or from what ``json.load`` made of it.

        The form is ``{"tensors": [{"id", "size"}], "ops": [{"id", "inputs", "outputs"}],
        "graph_inputs", "graph_outputs"}``; tensors are named by id, in bytes. An op may also have
        ``"scratch"`` (bytes), ``"inplace"`` (pairs of ids) and ``"overlaps"`` (input id, output id,
        lead in bytes), the graph ``"after"`` (pairs of op ids) and ``"count_inputs"``. Other keys
        are ignored.

        Raises:
            FormatError: The file cannot be read, or it is not of this form.
            GraphError: It is, but it contradicts itself (see ``verify``).
        """
        fields, where = read_fields(source)
        problem = cls(**fields)
        with contradicting(where):
            problem.verify()
        return problem

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
            if self.overlaps and self.overlaps[index]:
                op["overlaps"] = [
                    [self.tensors[a], self.tensors[b], lead] for a, b, lead in self.overlaps[index]
                ]
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

    def counted_sizes(self) -> list[int]:
        """Bytes of each tensor; none of graph inputs that lie elsewhere."""
        sizes = list(self.sizes)
        if not self.count_inputs:
            for tensor in self.graph_inputs:
                sizes[tensor] = 0
        return sizes

    def overlays(self) -> list[tuple[Overlay, ...]]:
        """For each operator, which output may lie over which input, if that dies."""
        nothing: tuple[tuple[()], ...] = ((),) * len(self.operators)
        if not (any(self.inplace) or any(self.overlaps)):
            return list(nothing)
        sizes, kept = self.counted_sizes(), frozenset(self.graph_outputs)
        return [
            possible_overlays(inplace, overlaps, sizes, kept)
            for inplace, overlaps in zip(
                self.inplace or nothing, self.overlaps or nothing, strict=True
            )
        ]

    def network(self) -> Network:
        """The network of numbers that the solvers work on, of a problem that was verified."""
        writer = {t: i for i, written in enumerate(self.outputs) for t in written}
        readers: list[list[int]] = [[] for _ in self.tensors]
        for index, read in enumerate(self.inputs):
            for tensor in read:
                readers[tensor].append(index)
        sizes = self.counted_sizes()
        outputs = set(self.graph_outputs)
        edges = {(writer[t], i) for t in writer for i in readers[t]} | set(self.after)
        step = [sum([sizes[t] for t in written]) for written in self.outputs]
        if self.scratch:
            step = [a + b for a, b in zip(step, self.scratch, strict=True)]
        constant = first = 0
        tensors: list[int] = []
        for tensor, size in enumerate(sizes):
            kept = tensor in outputs
            if tensor in writer or (readers[tensor] and not kept):
                if size and (readers[tensor] or kept):
                    tensors.append(tensor)
            elif kept:
                constant += size
            else:
                first += size
        number = {tensor: new for new, tensor in enumerate(tensors)}
        return assemble(
            n=len(self.operators),
            edges=edges,
            sizes=[sizes[t] for t in tensors],
            producer=[writer.get(t, OUTSIDE) for t in tensors],
            consumers=[readers[t] for t in tensors],
            keep=[t in outputs for t in tensors],
            step=step,
            overlays=tuple([renumbered(overlays, number) for overlays in self.overlays()]),
            constant=constant,
            first=first,
        )


def _distinct(values: tuple[object, ...]) -> bool:
    return len(values) == 1 or len(set(values)) == len(values)


def _verify_names(what: str, names: tuple[Name, ...]) -> None:
    if _distinct(names):
        return
    seen: set[Name] = set()
    for name in names:
        if name in seen:
            raise GraphError(f"two {what}s are named {name!r}")
        seen.add(name)


def _least_peak(problem: Problem) -> int:
    return solve(Instance(problem.network()), "auto", Limits()).peak
