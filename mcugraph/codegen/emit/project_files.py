"""All files of a project: the model, the runtime that it needs, and what builds them."""

from collections.abc import Iterator

from mcugraph.codegen.c_program import Program
from mcugraph.codegen.cores import Target, find_target
from mcugraph.codegen.emit.build_systems import PLAIN, find_layout, layout_files
from mcugraph.codegen.emit.filling import filled, text_of
from mcugraph.codegen.emit.licence import HASHED, HEADER
from mcugraph.codegen.emit.model_header import model_header
from mcugraph.codegen.emit.model_source import model_sources
from mcugraph.codegen.emit.qemu_files import qemu_files
from mcugraph.codegen.emit.table_arrays import LARGEST
from mcugraph.codegen.kernels.contract import SINGLE

_COMMON = "mg_common"


def project_files(
    program: Program,
    prefix: str,
    shared: str | None = None,
    target: Target | None = None,
    layout: str = PLAIN,
    largest: int = LARGEST,
    cmsis_nn: str | None = None,
) -> dict[str, str]:
    """Path within the folder -> text.

    Args:
        program: The program.
        prefix: What its public names begin with, and what its files are called.
        shared: The name of an arena that the user's program defines; None: it has its own.
        target: What `make qemu` builds for; None: `find_target`'s.
        layout: Which build system takes the folder in: a key of ``LAYOUTS``.
        largest: Bytes of tables that one C file holds.
        cmsis_nn: Where CMSIS-NN is, whose kernels the program calls; None: it calls none.

    Raises:
        UsageError: There is no such layout.
    """
    target, chosen = target or find_target(), find_layout(layout)
    below = "" if chosen.root == "." else f"{chosen.root}/"
    model = {
        **model_sources(program, prefix, shared, largest),
        f"{prefix}.h": model_header(program, prefix, shared),
        **dict(_runtime(program)),
    }
    files = {f"{below}{path}": text for path, text in model.items()}
    sources = [path for path in files if path.endswith(".c")]
    arena = f"\nMG_ALIGNED({program.alignment}) uint8_t {shared}[{prefix.upper()}_ARENA_BYTES];\n"
    holes = {
        "header": HEADER,
        "prefix": prefix,
        "upper": prefix.upper(),
        "arena": arena if shared else "",
        "root": chosen.root,
        "sources": " ".join(sources),
    }
    built = {
        **holes,
        "header": HASHED,
        "headers": " ".join(path for path in files if path.endswith(".h")),
        "core": target.core.name,
        "core_flags": " ".join(target.core.flags),
        "machine": target.machine.name,
        "library": "" if cmsis_nn is None else filled("cmsis_nn.mk", {"cmsis_nn": cmsis_nn}),
        "library_files": "" if cmsis_nn is None else " $(CMSIS_NN_FILES)",
    }
    return {
        **files,
        "main_host.c": filled("main_host.c", {**holes, **_copies(program, prefix)}),
        "Makefile": filled("Makefile", built),
        **layout_files(
            chosen,
            {
                **holes,
                "sources": "\n    ".join(sources),
                "library": "" if cmsis_nn is None else filled("cmsis_nn.cmake", {"prefix": prefix}),
            },
        ),
        **qemu_files(program, holes, target.machine),
    }


def _runtime(program: Program) -> Iterator[tuple[str, str]]:
    """The files of the runtime that a program needs."""
    single = str(int(program.rounding == SINGLE))
    yield "runtime/mg_config.h", filled("mg_config.h", {"header": HEADER, "single": single})
    for header in (_COMMON, *program.headers):
        yield f"runtime/{header}.h", text_of("runtime", f"{header}.h")
    for file in program.runtime:
        for end in ("h", "c"):
            yield f"runtime/{file}.{end}", text_of("runtime", f"{file}.{end}")


def _copies(program: Program, prefix: str) -> dict[str, str]:
    """The lines that read all inputs, and those that write all outputs."""
    reads = []
    first = next((i for i, n in enumerate(program.inputs) if program.values[n].nbytes), None)
    for i in range(len(program.inputs)):
        size = f"{prefix.upper()}_INPUT_{i}_BYTES"
        # Only before the first input that has bytes may these end.
        end = (
            "            if (got == 0 && feof(stdin)) {\n                return 0;\n            }\n"
        )
        reads.append(
            f"        got = fread({prefix}_input_{i}, 1, {size}, stdin);\n"
            f"        if (got != {size}) {{\n"
            f"{end if i == first else ''}"
            f'            fputs("the bytes end within input {i}\\n", stderr);\n'
            f"            return 1;\n"
            f"        }}"
        )
    writes = []
    for i in range(len(program.outputs)):
        size = f"{prefix.upper()}_OUTPUT_{i}_BYTES"
        writes.append(
            f"        if (fwrite({prefix}_output_{i}, 1, {size}, stdout) != {size}) {{\n"
            f"            return 1;\n"
            f"        }}"
        )
    return {
        "inputs": "\n".join(reads),
        "outputs": "\n".join(writes),
    }
