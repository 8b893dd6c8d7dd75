"""A graph as a program: kernels chosen, operators ordered, every tensor given its place.

The order and the offsets are found by the library's own scheduler and planner, outputs over inputs
that die as far as the order of access of the runtime's kernels allows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from mcugraph.codegen.c_program import FlashTable, Place, Program, ProgramStep, Value
from mcugraph.codegen.computed_weights import weights_computed
from mcugraph.codegen.kernels import KERNELS, Kernel, kernel_for, kernels_for
from mcugraph.codegen.kernels.contract import DOUBLE, Alias, Omitted, constant, zero_point
from mcugraph.codegen.kernels.sparse import CHEAPEST
from mcugraph.codegen.slicing import sliced_file
from mcugraph.codegen.small_weights import with_small_weights
from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.ir import DType, Graph
from mcugraph.ops.attention import Attention
from mcugraph.ops.normalization import BatchNorm
from mcugraph.ops.opaque import Declared
from mcugraph.planning.arena import Plan
from mcugraph.planning.entry import plan_problem
from mcugraph.records import replace
from mcugraph.rewrite.integers import integer_form
from mcugraph.rewrite.layouts import Stored, channels_last
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.kernels.access import allowed
from mcugraph.tflm.loaded import TflmFile, file_of, variable_of

# Bytes that every offset is a multiple of: kernels read and write whole words.
WORD = 4

_WHOLE = (DType.INT32, DType.INT64)  # of axes, shapes and the like


def build(
    graph: Graph,
    rounding: str,
    seconds: float | None,
    overlapping: bool = True,
    cmsis_nn: bool = False,
    split: bool = False,
    storage: str = CHEAPEST,
) -> Program:
    """The program of a graph as it is deployed.

    Args:
        graph: Of a TFLite file, which is taken as it stands, or of any other model, which is
            brought into its deployed form, channels last.
        rounding: ``"tflm"`` or ``"litert"``.
        seconds: For the search of an order, and for that of a plan; None: as long as it takes.
        overlapping: Outputs may lie over inputs that die.
        cmsis_nn: What CMSIS-NN has a kernel for is run by it.
        split: Operators may be computed in slices of channels, where the arena then is smaller.
        storage: How weights are stored; as for ``kernels_for``.

    Raises:
        GraphError: No kernel runs an operator, which the message names, or the graph is not known
            well enough.
    """
    stored = Stored(graph) if graph.source.exact else _deployed(graph)
    graph = stored.graph
    file = _known(graph)
    among = kernels_for(storage, cmsis_nn)
    _chosen(graph, file, among)  # what cannot be run is said of the file as it stands
    slices = sliced_file(file, seconds) if split else None
    with naming(graph):
        programs = [
            _Layout(
                each,
                _chosen(graph, each, among),
                rounding,
                _variables(graph, each),
                stored.turned,
            ).program(seconds, overlapping)
            for each in (file, slices)
            if each is not None
        ]
        return replace(min(programs, key=lambda program: program.arena), name=graph.name)


def arenas(graph: Graph, seconds: float | None) -> tuple[int, int]:
    """Bytes of the arena of a graph: without outputs over inputs that die, and with.

    Args:
        graph: As for `build`, but that its constants need no values.
        seconds: As for `build`.

    Raises:
        GraphError: As `build`.
    """
    graph = graph if graph.source.exact else _deployed(graph).graph
    file = _known(graph)
    kernels = _chosen(graph, file)
    with naming(graph):
        laid_out = _Layout(file, kernels, DOUBLE, {})
        apart, over = (laid_out.arena(seconds, overlapping) for overlapping in (False, True))
    return apart, min(apart, over)


@contextmanager
def naming(graph: Graph) -> Iterator[None]:
    """Refusals within begin with the model that they are about."""
    try:
        yield
    except GraphError as error:
        raise GraphError(f"{_whose(graph)}: cannot be deployed: {error}") from None


def _deployed(graph: Graph) -> Stored:
    """What is deployed of a model that is no TFLite file.

    Raises:
        GraphError: A shape is not known, operators call subgraphs, or the model is in training or
            its integers cannot be computed with.
    """
    if graph.subgraphs:
        raise GraphError(f"{_whose(graph)}: cannot be deployed: its operators call subgraphs")
    unknown = [name for name, tensor in graph.tensors.items() if tensor.shape is None]
    if unknown:
        raise GraphError(f"{_whose(graph)}: tensor {unknown[0]!r} has no known shape")
    for operator in graph.operators:
        if isinstance(operator.op, BatchNorm) and operator.op.of_batch:
            raise GraphError(
                f"{_whose(graph)}: cannot be deployed: {operator.native} ({operator.name}): it "
                "takes mean and variance of the batch; export the model for inference"
            )
        if graph.source.format == "torch" and operator.op.kind in ("quantize", "dequantize"):
            raise GraphError(
                f"{_whose(graph)}: cannot be deployed: {operator.native} ({operator.name}): scales "
                "of quantised modules are not read; deploy the ONNX file that it becomes, or the "
                "module of floats with calibration"
            )
        if isinstance(operator.op, Attention) and (
            operator.op.variant or any(name is not None for name in operator.inputs[3:])
        ):
            raise GraphError(
                f"{_whose(graph)}: cannot be deployed: {operator.native} ({operator.name}): its "
                "scores have a mask, or are changed otherwise; write it as products and a softmax"
            )
    with naming(graph):
        return channels_last(integer_form(graph))


def _known(graph: Graph) -> TflmFile:
    """The file that the graph is, or becomes.

    Raises:
        GraphError: A shape is not known, or operators call subgraphs.
    """
    with naming(graph):
        file, said = file_of(graph, values=True)
    if file is None:
        raise GraphError(f"{_whose(graph)}: {'; '.join(said)}")
    return with_small_weights(file)


def _whose(graph: Graph) -> str:
    return graph.source.path or graph.name or "the model"


def _chosen(
    graph: Graph, file: TflmFile, among: Mapping[str, Sequence[Kernel]] = KERNELS
) -> dict[int, Kernel]:
    """The kernel of each operator of the main subgraph.

    Raises:
        GraphError: There is none for some; the message names each kind once.
    """
    found, refused = {}, dict[str, str]()
    for i, operator in enumerate(file.model.subgraphs[0].operators):
        node = file.nodes[0, i]
        kernel, said = kernel_for(node, among)
        whole = [each for each in node.inputs[1:] if each and each.dtype in _WHOLE]
        computed = any(not each.constant for each in whole)
        if computed and not file.stored and type(node.op) is Declared:
            kernel, said = None, "its arguments are computed while the model runs"
        if (computes := weights_computed(file.model.subgraphs[0], node)) is not None:
            kernel, said = None, computes
        if kernel is None:
            native = operator.native.removeprefix("CUSTOM:")
            refused.setdefault(native, f"{native} ({operator.name}): {said}")
        else:
            found[i] = kernel
    if refused:
        raise GraphError(f"{_whose(graph)}: cannot be deployed: {'; '.join(refused.values())}")
    return found


def _variables(graph: Graph, file: TflmFile) -> dict[str, Value]:
    """The resource variables that the main subgraph uses, by name, as TFLM fills them at first.

    That is what a body that is called once assigns, or the zero point of what is assigned.

    Raises:
        GraphError: A body does anything else, or assigns bytes that are not all alike.
    """
    fills = dict[str, int]()
    for operator in file.model.subgraphs[0].operators:
        for body in operator.bodies:
            fills |= dict(_initial(file, body))
    found: dict[str, Value] = {}
    for i in range(len(file.model.subgraphs[0].operators)):
        node = file.nodes[0, i]
        name = variable_of(node, "assign_variable")
        if name is not None and name not in found:
            state, fill = graph.tensors[f"variable:{name}"], fills.get(name)
            fill = zero_point(node.input(1)) if fill is None else fill
            found[name] = Value(name, state.dtype, state.shape or (), Place.STATE, fill=fill)
    return found


def _initial(file: TflmFile, body: int) -> Iterator[tuple[str, int]]:
    """The variables that a body assigns, and what each of their bytes is."""
    for i, operator in enumerate(file.model.subgraphs[body].operators):
        if operator.native == "VAR_HANDLE":
            continue
        node = file.nodes[body, i]
        name = variable_of(node, "assign_variable")
        if name is None:
            raise GraphError(f"{operator.native} in a body that is called once is not known")
        bytes_ = set(constant(node.input(1)).tobytes())
        if len(bytes_) > 1:
            raise GraphError(f"variable {name!r} begins with bytes that are not all alike")
        yield name, int.from_bytes(bytes(bytes_), signed=True)


class _Layout:
    """The main subgraph, its tensors by number and their values by the number of the first.

    Resource variables have the numbers behind those of the tensors.
    """

    def __init__(
        self,
        file: TflmFile,
        kernels: dict[int, Kernel],
        rounding: str,
        variables: Mapping[str, Value],
        turned: frozenset[str] = frozenset(),
    ) -> None:
        self.main: TfliteSubgraph = file.model.subgraphs[0]
        self.variables, self.turned = tuple(variables.values()), turned
        first = len(self.main.tensors)
        self.number = {name: i for i, name in enumerate(variables, first)}
        self.kernels, self.rounding = kernels, rounding
        self.nodes = {i: file.nodes[0, i] for i in kernels}
        self.after = file.after
        self.run = [i for i, kernel in kernels.items() if not isinstance(kernel, Alias | Omitted)]
        for what, ends in (("inputs", self.main.inputs), ("outputs", self.main.outputs)):
            if not any(self.main.tensors[t].nbytes for t in ends):
                raise GraphError(f"there is nothing to compute: its {what} hold no elements")
        stored = [self.main.tensors[t] for t in self.main.inputs if self.main.tensors[t].constant]
        if stored:
            raise GraphError(f"input {stored[0].name!r} has a value in the file, so it is none")
        self._check_written_once()
        self.root = list(range(len(self.main.tensors)))
        for i, kernel in kernels.items():
            if isinstance(kernel, Alias):
                operator = self.main.operators[i]
                self.root[operator.outputs[0]] = self.root[operator.inputs[0]]

    def _check_written_once(self) -> None:
        written = set(self.main.inputs)
        for operator in self.main.operators:
            again = written.intersection(operator.outputs)
            if again:
                name = self.main.tensors[min(again)].name
                raise GraphError(f"{operator.native} writes tensor {name!r}, which has a value")
            written.update(operator.outputs)

    @property
    def alignment(self) -> int:
        """Bytes that offsets are multiples of."""
        return max([WORD, *(t.dtype.bits // 8 for t in self.main.tensors)])

    def arena(self, seconds: float | None, overlapping: bool) -> int:
        """Bytes of the arena."""
        return self._planned(self.alignment, seconds, overlapping).arena

    def program(self, seconds: float | None, overlapping: bool) -> Program:
        """Everything in its place."""
        alignment = self.alignment
        plan = self._planned(alignment, seconds, overlapping)
        steps = self._steps(plan)
        used = dict.fromkeys(
            [
                *(number for step in steps for number in (*step.reads, *step.writes)),
                *self.main.inputs,
                *self.main.outputs,
            ]
        )
        new = {number: i for i, number in enumerate(used)}
        renumbered = [
            replace(
                step,
                reads=tuple(new[t] for t in step.reads),
                writes=tuple(new[t] for t in step.writes),
            )
            for step in steps
        ]
        files = (file for i in self.run for file in self.kernels[i].files)
        headers = (header for i in self.run for header in self.kernels[i].headers)
        return Program(
            name="",
            values=tuple(self._value(number, plan) for number in used),
            steps=tuple(renumbered),
            inputs=tuple(new[t] for t in self.main.inputs),
            outputs=tuple(new[t] for t in self.main.outputs),
            arena=plan.arena,
            alignment=alignment,
            rounding=self.rounding,
            runtime=tuple(sorted(set(files))),
            headers=tuple(sorted(set(headers))),
        )

    def _planned(self, alignment: int, seconds: float | None, overlapping: bool) -> Plan:
        """The smallest plan of the best order and of the file's."""
        problem = self._problem(overlapping)
        found = plan_problem(problem, None, alignment, "auto", Limits(seconds, None, None))
        if found.optimal and found.arena == found.peak:
            return found
        kept = plan_problem(
            problem, problem.operators, alignment, "auto", Limits(seconds, None, None)
        )
        return min(found, kept, key=lambda plan: plan.arena)

    def _problem(self, overlapping: bool) -> Problem:
        """What the scheduler and the planner get to see; names are numbers in the file."""
        inputs = [self._arena(self.main.operators[i].inputs) for i in self.run]
        outputs = [self._arena(self.main.operators[i].outputs) for i in self.run]
        given = self._arena(self.main.inputs)
        left = self._arena(self.main.outputs)
        tensors = tuple(dict.fromkeys((*given, *(t for made in outputs for t in made), *left)))
        number = {tensor: i for i, tensor in enumerate(tensors)}
        unwritten = {t for read in inputs for t in read} - number.keys()
        if unwritten:
            name = self.main.tensors[min(unwritten)].name
            raise GraphError(f"tensor {name!r} is read and never written")

        def numbers(found: Iterable[int]) -> tuple[int, ...]:
            return tuple(number[t] for t in found)

        overlaps = tuple(
            tuple((number[a], number[b], lead) for a, b, lead in self._overlaps(i))
            for i in self.run
        )
        return Problem(
            tensors=tensors,
            sizes=tuple(self.main.tensors[t].nbytes for t in tensors),
            operators=tuple(self.run),
            inputs=tuple(map(numbers, inputs)),
            outputs=tuple(map(numbers, outputs)),
            graph_inputs=numbers(given),
            graph_outputs=numbers(left),
            scratch=tuple(self.kernels[i].scratch(self.nodes[i]) for i in self.run),
            after=self._after(),
            overlaps=overlaps if overlapping else (),
        )

    def _arena(self, tensors: Iterable[int]) -> tuple[int, ...]:
        """The values in the arena among some tensors, each once."""
        roots = dict.fromkeys(self.root[t] for t in tensors if t >= 0)
        handles = {t for t in roots if self.main.tensors[t].dtype is DType.RESOURCE}
        return tuple(t for t in roots if t not in handles and self._place(t) is Place.ARENA)

    def _place(self, root: int) -> Place:
        tensor = self.main.tensors[root]
        if tensor.variable:
            return Place.STATE
        return Place.FLASH if tensor.constant else Place.ARENA

    def _overlaps(self, i: int) -> list[tuple[int, int, int]]:
        """(input, output, lead) of one operator, by values."""
        node, operator = self.nodes[i], self.main.operators[i]
        leads = {found.input: found.lead for found in allowed(node, self.kernels[i].leads)}
        (made,) = self._arena(operator.outputs[:1]) or (None,)
        if made is None:
            return []
        found = []
        for root in self._arena(operator.inputs):
            # Of a value that is read as several operands, all have to allow it.
            read = [j for j, t in enumerate(operator.inputs) if t >= 0 and self.root[t] == root]
            if all(j in leads for j in read):
                found.append((root, made, max(leads[j] for j in read)))
        return found

    def _after(self) -> tuple[tuple[int, int], ...]:
        place = {self.main.operators[i].name: at for at, i in enumerate(self.run)}
        pairs = ((place.get(a), place.get(b)) for a, b in self.after)
        return tuple((a, b) for a, b in pairs if a is not None and b is not None)

    def _steps(self, plan: Plan) -> list[ProgramStep]:
        """What runs, in the order of the plan; reads and writes by tensor."""
        steps = []
        for name in plan.order:
            i = int(name)
            node, kernel, operator = self.nodes[i], self.kernels[i], self.main.operators[i]
            try:
                call = kernel.call(node, self.rounding)
            except (GraphError, LookupError) as error:
                raise GraphError(f"{operator.native} ({operator.name}): {error}") from None
            size = kernel.scratch(node)
            variable = () if call.variable is None else (self.number[call.variable],)
            steps.append(
                ProgramStep(
                    operator=operator.name,
                    native=operator.native,
                    call=call,
                    reads=(*(operator.inputs[j] for j in call.reads), *variable),
                    writes=operator.outputs,
                    scratch=(plan.scratch[i], size) if size else None,
                )
            )
        return steps

    def _value(self, number: int, plan: Plan) -> Value:
        if number >= len(self.main.tensors):
            return self.variables[number - len(self.main.tensors)]
        tensor, root = self.main.tensors[number], self.root[number]
        place = self._place(root)
        content = self.main.tensors[root]
        scales, zeros = tensor.scale_values, tensor.zero_point_values
        return Value(
            name=tensor.name,
            dtype=tensor.dtype,
            shape=tensor.shape,
            place=place,
            offset=plan.offsets.get(root, 0) if place is Place.ARENA else 0,
            table=FlashTable(constant(content), "data") if place is Place.FLASH else None,
            fill=zero_point(tensor) if place is Place.STATE else 0,
            scales=() if scales is None else tuple(float(scale) for scale in scales),
            zero_points=() if zeros is None else tuple(int(zero) for zero in zeros),
            channels_last=tensor.name in self.turned,
        )
