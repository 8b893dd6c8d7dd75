"""What a profile holds: the figures of a model, and how they show themselves."""

from dataclasses import asdict, fields
from typing import Any, NoReturn

from mcugraph.cost.layer_storage import LayerStorage
from mcugraph.late_fields import with_late_fields
from mcugraph.records import dataclass
from mcugraph.schema import SCHEMA_VERSION
from mcugraph.shown import Facts, Shown, finished, frame, new_figure
from mcugraph.units import exact, size

GENERATED = "generated"  # the kernels of ``deploy``
# What a figure is asked for by in other tools.
_SYNONYMS = {
    "arena": "memory.tflm_total",
    "sram": "memory.tflm_total",
    "ram": "memory.tflm_total",
    "size": "flash.file",
    "params": "model.parameters",
}


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the model is."""

    path: str | None
    format: str
    name: str
    operators: int
    parameters: int


@dataclass(frozen=True, slots=True)
class LiveTensor:
    """A tensor that is live at the bottleneck."""

    tensor: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The operator during which the peak is reached, and what is live there."""

    operator: str
    live: tuple[LiveTensor, ...]


@with_late_fields
@dataclass(frozen=True, slots=True)
class Memory:
    """SRAM in bytes; None: not known.

    What takes a search or a simulation is worked out when it is first read.

    Attributes:
        peak: The largest live set in the best order that was found.
        peak_is_optimal: Whether no order is proven to need less.
        peak_lower_bound: Proven: no order needs less.
        file_order_peak: The largest live set in the order of the file.
        operator_bound: The operator that reads and writes the most, alone: no order needs less.
        cut_bound: A better such bound, by one minimum cut for each operator.
        tflm_arena: The head of TFLM's arena, by its own plan of the file: activations and scratch.
        tflm_persistent: Its tail, on a device with 32-bit pointers: what TFLM keeps besides.
        tflm_persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        tflm_total: The least ``arena_size`` with which TFLM loads the model: what to reserve.
        tflm_total_host: The same for the wheel.
        planned_arena: The head with our plan of the best order.
        overlap_arena: The head where outputs lie over inputs that die, as far as kernels allow.
        state: Bytes of variable tensors, which live for ever.
        bottleneck: Where the peak is reached; None for a graph without operators.
    """

    peak: int
    peak_is_optimal: bool
    peak_lower_bound: int
    file_order_peak: int
    operator_bound: int
    cut_bound: int
    tflm_arena: int | None
    tflm_persistent: int | None
    tflm_persistent_host: int | None
    tflm_total: int | None
    tflm_total_host: int | None
    planned_arena: int | None
    overlap_arena: int | None
    state: int
    bottleneck: Bottleneck | None


@dataclass(frozen=True, slots=True)
class FlashFacts:
    """Flash in bytes; None: not known.

    Attributes:
        file: The model's file.
        weights: In it, weights without biases.
        biases: In it, biases.
        quantization: In it, scales and zero points.
        other: In it, structure, names, shapes and metadata.
        code: Instructions of generated code that was built.
        constants: Its tables and parameters.
    """

    file: int | None
    weights: int
    biases: int
    quantization: int
    other: int | None
    code: int | None = None
    constants: int | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator; None: there is no rule to count it.

    Attributes:
        name: Of the operator, unique in its graph.
        kind: What it is in all formats, such as ``conv2d``.
        type: What its own format calls it, such as ``CONV_2D``.
        macs: Multiply-accumulates.
        elementwise: Elementwise operations.
        weights: Bytes of its weights, without biases.
        output_shape: Of its first result; None: not known, or it has none.
        output_bytes: Bytes of all its results.
        live_bytes: Bytes that are live while it runs, in the order of the file: the most of them
            is ``file_order_peak``.
    """

    name: str
    kind: str
    type: str
    macs: int | None
    elementwise: int | None
    weights: int
    output_shape: tuple[int, ...] | None
    output_bytes: int
    live_bytes: int


@with_late_fields
@dataclass(frozen=True, slots=True, repr=False)
class Profile(Shown):
    """What a model costs on a microcontroller: SRAM, flash and work.

    Work and flash are known at once. ``memory``, ``order``, ``layers`` and what TFLM has to say are
    worked out when they are first read.

    Attributes:
        model: What the model is: ``path``, ``format``, ``name``, ``operators``, ``parameters``.
        runtime: How the device executes it, by name.
        abi: How its compilers lay out structs, which the tail of the arena goes by.
        kernels: What TFLM is built with; ``"generated"``: the code that ``deploy`` writes.
        accounting: How it is counted: ``"deployed"`` or ``"paper"``.
        precision: None: its own element types; ``"int8"``: quantised.
        memory: SRAM, in bytes.
        flash: Flash, in bytes.
        macs: Multiply-accumulates of one inference.
        elementwise: Its other operations.
        unknown_operators: Types that there is no rule for.
        tflm_refusals: Why TFLM cannot run the model at all, a clause each.
        deploy_refusals: The same of the code that ``deploy`` writes, where that is the runtime.
        assumptions: What was assumed, a sentence each.
        complete: False where a rule could not be applied: numbers are then lower bounds.
        order: The operators, in the best order that was found.
        layers: One entry an operator, in the order of the file.
        storage: One entry a layer with weights, if it was asked for.
    """

    model: ModelFacts
    runtime: str
    abi: str
    kernels: str
    accounting: str
    precision: str | None
    memory: Memory
    flash: FlashFacts
    macs: int
    elementwise: int
    unknown_operators: tuple[str, ...]
    tflm_refusals: tuple[str, ...]
    deploy_refusals: tuple[str, ...]
    assumptions: tuple[str, ...]
    complete: bool
    order: tuple[str, ...]
    layers: tuple[Layer, ...]
    storage: tuple[LayerStorage, ...] | None = None

    def __getattr__(self, name: str) -> NoReturn:
        """What is one level down is asked for here so often that it is worth a word."""
        inside = {"memory": Memory, "flash": FlashFacts, "model": ModelFacts}
        for part, kind in inside.items():
            if name in {field.name for field in fields(kind)}:
                raise AttributeError(f"a Profile has no {name!r}: see p.{part}.{name}")
        if name in _SYNONYMS:
            raise AttributeError(f"a Profile has no {name!r}: see p.{_SYNONYMS[name]}")
        raise AttributeError(f"'Profile' object has no attribute {name!r}")

    def _title(self) -> str:
        return f"of {self.model.path or self.model.name}"

    def _facts(self) -> Facts:
        memory, flash = self.memory, self.flash
        figures = [
            ("arena to reserve", memory.tflm_total),
            ("peak", memory.peak),
            ("MACs", self.macs),
            ("model file", flash.file),
            ("peak in file order", memory.file_order_peak),
            ("TFLM's head", memory.tflm_arena),
            ("TFLM's tail", memory.tflm_persistent),
            ("planned arena", memory.planned_arena),
            ("overlap arena", memory.overlap_arena),
            ("weights", flash.weights),
            ("operators", self.model.operators),
            ("parameters", self.model.parameters),
        ]
        counts = ("MACs", "operators", "parameters")
        return [
            *(
                (name, exact(v) if name in counts else size(v))
                for name, v in figures
                if v is not None
            ),
            *(("cannot run", text) for text in self.refusals),
            *(("assumed", text) for text in self.assumptions),
            *(() if self.complete else (("incomplete", "figures are lower bounds"),)),
        ]

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each operator, its columns the fields of ``Layer``.

        Raises:
            UsageError: pandas is not installed.
        """
        return frame(asdict(layer) for layer in self.layers)

    def plot(self, path: Any = None) -> Any:
        """Draw live bytes and multiply-accumulates of each operator, in the order of the file.

        ``mcugraph.write_report`` draws more.

        Args:
            path: Where to save the figure, in a format that matplotlib tells by its ending.

        Returns:
            The ``matplotlib.figure.Figure``.

        Raises:
            UsageError: matplotlib is not installed, or the figure cannot be saved there.
        """
        figure = new_figure(9, 5.5)
        live, work = figure.subplots(2, 1, sharex=True)
        live.stairs([layer.live_bytes for layer in self.layers], fill=True, alpha=0.5)
        live.axhline(self.memory.file_order_peak, color="tab:red", linewidth=1, linestyle="--")
        live.set(title=f"Live bytes, peak {size(self.memory.file_order_peak)}", ylabel="bytes")
        work.stairs([layer.macs or 0 for layer in self.layers], fill=True, alpha=0.5)
        work.set(title=f"{exact(self.macs)} MACs", xlabel="operator", ylabel="MACs")
        return finished(figure, path)

    @property
    def generated(self) -> bool:
        """Whether what runs is the C code that ``deploy`` writes."""
        return self.kernels == GENERATED

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the runtime cannot run the model, a clause each."""
        return self.deploy_refusals if self.generated else self.tflm_refusals

    def to_dict(self) -> dict[str, Any]:
        """The profile as plain dicts, lists and numbers, ready for JSON."""
        return {"schema_version": SCHEMA_VERSION, **_plain(self)}


_LEAVES = (int, str, float)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, _LEAVES):  # most are, of thousands
        return value
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    names = getattr(value, "__dataclass_fields__", None)
    return value if names is None else {name: _plain(getattr(value, name)) for name in names}
