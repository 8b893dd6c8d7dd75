"""A model as the emitter writes it down: plain data, every offset and every parameter decided.

Who makes a program knows graphs, formats and planners; who writes it down knows C. Neither knows
the other: all that they share is here.
"""

from collections.abc import Mapping
from enum import Enum

import numpy as np

from mcugraph.ir import Array, DType, Shape
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class FlashTable:
    """Numbers that a kernel reads from flash; its element type is that of the C array.

    Attributes:
        values: Of any shape; they are stored in one row.
        role: What they are, like ``"weights"``: part of the name of the array, and for the report.
        said: What the comment beside them says.
    """

    values: Array
    role: str
    said: str = ""

    @property
    def key(self) -> tuple[str, bytes]:
        """Equal for tables that can be one array."""
        return (self.values.dtype.str, self.values.tobytes())

    @property
    def nbytes(self) -> int:
        """Bytes in flash."""
        return int(self.values.nbytes)


@dataclass(frozen=True, slots=True)
class Switch:
    """A macro that the runtime defines: a choice that reads better by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """The constant struct that tells a kernel what to do.

    Attributes:
        type: Its name in C.
        fields: Name -> value, in the order of the struct.
    """

    type: str
    fields: Mapping[str, "Field"]

    @property
    def tables(self) -> tuple[FlashTable, ...]:
        """All tables that it refers to, those of structs within it too."""
        found: list[FlashTable] = []
        for value in self.fields.values():
            if isinstance(value, FlashTable):
                found.append(value)
            elif isinstance(value, Parameters):
                found += value.tables
        return tuple(found)


# What a field of a parameter struct can be: a number, some numbers, a table, a struct within it, or
# nothing (``NULL``).
Field = int | float | tuple[int, ...] | tuple[float, ...] | FlashTable | Switch | Parameters | None


@dataclass(frozen=True, slots=True)
class WeightStorage:
    """How the weights of a layer are stored.

    Attributes:
        form: Its name, like ``"crs"``.
        nbytes: Bytes of flash.
        dense: Those of all weights, zeros with them.
    """

    form: str
    nbytes: int
    dense: int


@dataclass(frozen=True, slots=True)
class KernelCall:
    """What one operator becomes: ``function(&parameters, inputs, state, outputs, scratch)``.

    Attributes:
        function: Its name in C.
        parameters: None: it takes none.
        reads: The inputs whose pointers it takes, by position in the operator; those that became
            tables of the parameters are not among them. Of a variable tensor the kernel gets a
            pointer that it may write to.
        gathered: It takes one array of pointers for all of those, and one for all outputs.
        scratch: It takes a pointer to scratch memory at the end.
        variable: The resource variable that it takes a pointer to, by name; None: none.
        stored: How its weights are stored, where that is not dense.
    """

    function: str
    parameters: Parameters | None
    reads: tuple[int, ...]
    gathered: bool = False
    scratch: bool = False
    variable: str | None = None
    stored: WeightStorage | None = None


class Place(Enum):
    """Where a value lies."""

    ARENA = "arena"
    FLASH = "flash"
    STATE = "state"  # SRAM that keeps its value from one inference to the next


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor of the model.

    Attributes:
        name: As the model has it.
        dtype, shape: Of its elements.
        place: Where it lies.
        offset: In the arena, in bytes; 0 elsewhere.
        table: Its content where it lies in flash.
        fill: Of state: what each of its bytes is at first, as an ``int8_t``.
        scales, zero_points: Of affine quantisation, as the model has them; empty: none.
        channels_last: An input or an output that has its channels first in the model, but not here.
    """

    name: str
    dtype: DType
    shape: Shape
    place: Place = Place.ARENA
    offset: int = 0
    table: FlashTable | None = None
    fill: int = 0
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    channels_last: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return self.dtype.nbytes(int(np.prod(self.shape, dtype=np.int64)))


@dataclass(frozen=True, slots=True)
class ProgramStep:
    """One operator, when its turn comes.

    Attributes:
        operator: Its name in the model.
        native: What TFLite calls it.
        call: What is called; None: its result is its operand, so there is nothing to do.
        reads, writes: The values of ``call.reads`` and then of ``call.variable``, and of all
            outputs, by number.
        scratch: Where its scratch memory lies in the arena: offset and bytes; None: it has none.
    """

    operator: str
    native: str
    call: KernelCall | None
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scratch: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A model that only has to be written down.

    Attributes:
        name: The model's own name.
        values: All tensors that a step or a caller touches.
        steps: In the order in which they run.
        inputs, outputs: Of the model, in order: values by number.
        arena: Bytes of the arena.
        alignment: Bytes that the arena's address is a multiple of.
        rounding: ``"tflm"`` (double) or ``"litert"`` (single): how results are scaled.
        runtime: Names of the files of the runtime that its calls need, without their endings; each
            is a C file and a header.
        headers: Names of headers that these need besides.
    """

    name: str
    values: tuple[Value, ...]
    steps: tuple[ProgramStep, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arena: int
    alignment: int
    rounding: str
    runtime: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def state(self) -> int:
        """Bytes of SRAM that keep their value from one inference to the next."""
        return sum(value.nbytes for value in self.values if value.place is Place.STATE)

    @property
    def tables(self) -> tuple[FlashTable, ...]:
        """All tables, those that are equal once."""
        calls = [step.call for step in self.steps if step.call is not None]
        found = [t for call in calls if call.parameters is not None for t in call.parameters.tables]
        found += [value.table for value in self.values if value.table is not None]
        return tuple({table.key: table for table in found}.values())

    @property
    def overwritten(self) -> frozenset[int]:
        """The inputs whose bytes something else is written to before the inference ends."""
        written = [
            (value.offset, value.offset + value.nbytes)
            for step in self.steps
            if step.call is not None
            for value in (self.values[number] for number in step.writes)
            if value.place is Place.ARENA
        ]
        written += [
            (step.scratch[0], sum(step.scratch)) for step in self.steps if step.scratch is not None
        ]
        return frozenset(
            number
            for number in self.inputs
            if self.values[number].place is Place.ARENA
            and any(
                start < self.values[number].offset + self.values[number].nbytes
                and self.values[number].offset < end
                for start, end in written
            )
        )
