"""Layouts of a project that build systems of others take in as it is."""

from collections.abc import Mapping

from mcugraph.codegen.emit.filling import filled
from mcugraph.codegen.emit.licence import HASHED
from mcugraph.errors import UsageError
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a project's files lie, and which there are besides.

    Attributes:
        root: The folder of the model, its header and the runtime; ``"."``: the project's own.
        files: Path within the folder -> template.
    """

    root: str
    files: Mapping[str, str]


PLAIN = "plain"
LAYOUTS = {
    PLAIN: Layout(".", {"CMakeLists.txt": "CMakeLists.txt"}),
    # Arduino library specification: all below src/ is compiled, headers are searched for in src/.
    "arduino": Layout(
        "src",
        {
            "library.properties": "arduino/library.properties",
            "examples/Run/Run.ino": "arduino/Example.ino",
        },
    ),
    # Zephyr: "Modules (External projects)".
    "zephyr": Layout(
        ".",
        {
            "CMakeLists.txt": "zephyr/CMakeLists.txt",
            "Kconfig": "zephyr/Kconfig",
            "zephyr/module.yml": "zephyr/module.yml",
        },
    ),
    # ESP-IDF: "Build System", component CMakeLists files, and the component manager's manifest.
    "esp-idf": Layout(
        ".",
        {
            "CMakeLists.txt": "esp_idf/CMakeLists.txt",
            "idf_component.yml": "esp_idf/idf_component.yml",
        },
    ),
}


def find_layout(name: str) -> Layout:
    """A layout by its name.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in LAYOUTS:
        raise UsageError(f"unknown project {name!r}; expected one of {', '.join(LAYOUTS)}")
    return LAYOUTS[name]


def layout_files(layout: Layout, holes: Mapping[str, str]) -> dict[str, str]:
    """Path within the folder -> text, of the files that a layout has besides.

    Args:
        layout: The layout.
        holes: What fills those of C files.
    """
    hashed = {**holes, "header": HASHED}
    return {
        path: filled(template, holes if path.endswith(".ino") else hashed)
        for path, template in layout.files.items()
    }
