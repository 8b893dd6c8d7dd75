"""``model.h``: what a program that uses the model gets to see."""

from collections.abc import Iterator

from mcugraph.codegen.c_program import Program, Value
from mcugraph.codegen.emit.c_text import comment, number, short
from mcugraph.codegen.emit.licence import HEADER
from mcugraph.codegen.emit.model_source import end_pointer, shown


def model_header(program: Program, prefix: str, shared: str | None = None) -> str:
    """The header of a program; arguments are as for ``model_sources``."""
    guard = f"{prefix.upper()}_H"
    return "\n".join(
        [
            HEADER,
            f"#ifndef {guard}\n#define {guard}\n",
            "#include <stdint.h>\n",
            '#ifdef __cplusplus\nextern "C" {\n#endif\n',
            comment("Bytes of SRAM that all tensors share."),
            f"#define {prefix.upper()}_ARENA_BYTES {program.arena}\n",
            *_shared(program, prefix, shared),
            *_ends(program, prefix, "input"),
            *_ends(program, prefix, "output"),
            comment(
                "Computes the outputs of the inputs. Returns 0. Not to be called twice at a time."
            ),
            f"int {prefix}_invoke(void);\n",
            *_reset(program, prefix),
            "#ifdef __cplusplus\n}\n#endif\n",
            "#endif\n",
        ]
    )


def _shared(program: Program, prefix: str, shared: str | None) -> Iterator[str]:
    if shared is not None:
        yield comment(
            "The arena is your program's, which may use it for other models in between. Define it "
            f"with {prefix.upper()}_ARENA_BYTES or more, at a multiple of {program.alignment}."
        )
        yield f"extern uint8_t {shared}[];\n"


def _reset(program: Program, prefix: str) -> Iterator[str]:
    if program.state:
        yield comment(
            f"Forgets what is kept from one call to the next, {program.state} bytes. Not needed "
            "before the first call."
        )
        yield f"void {prefix}_reset(void);\n"


def _ends(program: Program, prefix: str, what: str) -> Iterator[str]:
    """What is said of the inputs, or of the outputs."""
    for i, index in enumerate(program.inputs if what == "input" else program.outputs):
        value = program.values[index]
        sentences = [f"{what.capitalize()} {i}, {short(value.name)}: {shown(value)}."]
        if value.channels_last:
            batch, *rest, channels = value.shape
            first = ", ".join(map(str, (batch, channels, *rest)))
            sentences.append(f"Channels last: [{first}] in the model.")
        if len(value.scales) == 1:
            zero = value.zero_points[0] if value.zero_points else 0
            sentences.append(
                f"real = {value.scales[0]:.9g} * (stored - {zero})".replace("- -", "+ ")
            )
        if what == "input" and index in program.overwritten:
            sentences.append("Overwritten: fill it again before the next call.")
        yield comment(" ".join(sentences))
        yield from _macros(value, f"{prefix.upper()}_{what.upper()}_{i}")
        yield f"extern {end_pointer(value, what)}const {prefix}_{what}_{i};\n"


def _macros(value: Value, name: str) -> Iterator[str]:
    yield f"#define {name}_BYTES {value.nbytes}"
    yield f"#define {name}_SHAPE {{{', '.join(map(str, value.shape)) or '1'}}}"
    if len(value.scales) == 1:
        yield f"#define {name}_SCALE {number(value.scales[0])}"
        yield f"#define {name}_ZERO_POINT ({_zero(value)})"


def _zero(value: Value) -> int:
    return value.zero_points[0] if value.zero_points else 0
