"""What surrounds a model on a machine of QEMU: startup, linker script, and a program around it."""

from collections.abc import Mapping

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
        "inputs": "\n".join(_moved(program.inputs, prefix, "input", "READ", "goto done")),
        "outputs": "\n".join(_moved(program.outputs, prefix, "output", "WRITE", "return 74")),
    }
    names = ("main_qemu.c", "startup.c", "machine.h", "link.ld")
    return {f"qemu/{name}": filled(f"qemu/{name}", holes) for name in names}


def _moved(numbers: tuple[int, ...], prefix: str, what: str, how: str, otherwise: str) -> list[str]:
    """Lines that read all inputs, or write all outputs."""
    file, name = ("in" if what == "input" else "out"), f"{prefix}_{what}"
    return [
        f"        if (!{how}({file}, {name}_{i}, {name.upper()}_{i}_BYTES)) {{\n"
        f"            {otherwise};\n"
        f"        }}"
        for i in range(len(numbers))
    ]
