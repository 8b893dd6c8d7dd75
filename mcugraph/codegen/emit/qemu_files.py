"""What surrounds a model on a machine of QEMU: startup, linker script, and a program around it."""

from collections.abc import Iterator, Mapping

from mcugraph.codegen.c_program import Program
from mcugraph.codegen.cores import Machine
from mcugraph.codegen.emit.filling import filled

# Bytes that have to be left for it, or else the program does not link.
LEAST_STACK = 1024


def qemu_files(program: Program, common: Mapping[str, str], machine: Machine) -> dict[str, str]:
    """Path within the folder -> text.

    Args:
        program: The program.
        common: What fills the holes that other C files have too.
        machine: Where it is to run.
    """
    prefix = common["prefix"]
    holes = {
        **common,
        "machine": machine.name,
        "hertz": str(machine.hertz),
        "flash_origin": f"{machine.flash.origin:#010x}",
        "flash_bytes": str(machine.flash.size),
        "ram_origin": f"{machine.ram.origin:#010x}",
        "ram_bytes": str(machine.ram.size),
        "least_stack": str(LEAST_STACK),
        "reset": f"    {prefix}_reset();" if program.state else "",
        "inputs": "\n".join(_read(program, prefix)),
        "outputs": "\n".join(_written(program, prefix)),
    }
    names = ("main_qemu.c", "startup.c", "machine.h", "link.ld")
    return {f"qemu/{name}": filled(f"qemu/{name}", holes) for name in names}


def _read(program: Program, prefix: str) -> Iterator[str]:
    """Lines that read all inputs; the file may end before the first one that has bytes."""
    first = next(i for i, n in enumerate(program.inputs) if program.values[n].nbytes)
    for i in range(len(program.inputs)):
        size = f"{prefix.upper()}_INPUT_{i}_BYTES"
        end = f"        if (rest == {size}) {{\n            goto done;\n        }}\n"
        yield (
            f"        rest = UNREAD(in, {prefix}_input_{i}, {size});\n"
            f"{end if i == first else ''}"
            f"        if (rest) {{\n"
            f'            say("the bytes end within input {i}\\n");\n'
            f"            return 66;\n"
            f"        }}"
        )


def _written(program: Program, prefix: str) -> Iterator[str]:
    """Lines that write all outputs."""
    for i in range(len(program.outputs)):
        size = f"{prefix.upper()}_OUTPUT_{i}_BYTES"
        yield (
            f"        if (UNWRITTEN(out, {prefix}_output_{i}, {size})) {{\n"
            f"            return 74;\n"
            f"        }}"
        )
