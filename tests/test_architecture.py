"""The shape of the code: who may import whom, what an import costs, how long a module may be."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import mcugraph

PACKAGE = Path(__file__).resolve().parents[1] / "mcugraph"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 450

# From the bottom up. Each may import what stands on lower lines; those on one line do not import
# each other. `commands` print what `report` makes, and `cli` parses for them.
LAYERS = [
    {"errors", "garbage", "late_numpy", "records"},
    {"checks", "did_you_mean", "late_fields", "late_names"},
    {"files", "imported", "own_process", "printed", "schema", "units"},
    {"shown"},
    {"ir"},
    {"ops", "storage"},
    {"formats", "rewrite", "cost", "coupling"},
    {"scheduling"},
    {"planning"},
    {"tflm"},
    {"testing", "codegen"},
    {"profiles"},
    {"profiler", "space"},
    {"slimming", "export", "fit", "optimizer", "experiments", "anatomy"},
    {"report"},
    {"prune", "boards", "deployment"},
    {"nas", "compress"},
    {"commands"},
    {"cli"},
    {"__main__"},
]
# Nothing in the package builds on these.
LEAVES = {"testing", "cli", "__main__"}
# Front-ends know the graph, not each other.
FRONT_ENDS = {"tflite", "onnx", "torch"}
# Too heavy, or not always installed: imported where they are used and not before.
LAZY = ["torch", "onnx", "tflite", "sympy", "networkx"]


def rank(part: str) -> int:
    """The line of LAYERS on which a direct child of the package stands."""
    for line, parts in enumerate(LAYERS):
        if part in parts:
            return line
    raise AssertionError(f"mcugraph.{part} has no place in LAYERS: give it one")


def dotted(path: Path) -> list[str]:
    """mcugraph/ir/graph.py -> ["mcugraph", "ir", "graph"]."""
    parts = ["mcugraph", *path.relative_to(PACKAGE).with_suffix("").parts]
    return parts[:-1] if parts[-1] == "__init__" else parts


@cache
def read(path: Path) -> tuple[list[ast.Import | ast.ImportFrom], list[str]]:
    """The imports of a module, wherever in it they stand, and the names of its classes."""
    found, classes = [], []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.ClassDef):
            classes.append(node.name)
    return found, classes


def imports(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and dotted name of all that a module imports, wherever in the module it does so."""
    for node in read(path)[0]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name.split(".")
        else:
            base = node.module.split(".") if node.module else []
            if node.level:
                here = dotted(path)
                package = here if path.name == "__init__.py" else here[:-1]
                base = package[: len(package) - node.level + 1] + base
            for alias in node.names:
                yield node.lineno, [*base, alias.name]


@cache
def internal(path: Path) -> list[tuple[int, list[str]]]:
    return [(line, name) for line, name in imports(path) if name[0] == "mcugraph"]


def test_solvers_of_orders_know_numbers_only() -> None:
    """What a model is stands above, in the problem that a network of numbers is made of."""
    folder = PACKAGE / "scheduling" / "solving"
    allowed = ({"errors"}, {"records"}, {"checks"}, {"scheduling", "solving"})
    wrong = [
        describe(path, line, name)
        for path in sorted(folder.glob("*.py"))
        for line, name in internal(path)
        if not any(parts <= set(name) for parts in allowed)
    ]
    assert not wrong


def describe(path: Path, line: int, name: list[str]) -> str:
    return f"mcugraph/{path.relative_to(PACKAGE)}:{line} imports {'.'.join(name)}"


def module_id(path: Path) -> str:
    return ".".join(dotted(path))


def test_imports_go_downwards_only() -> None:
    assert [said for path in MODULES for said in upward(path)] == []


def upward(path: Path) -> Iterator[str]:
    """What a module imports although it stands no lower, or is not where it is defined."""
    here = dotted(path)
    if len(here) == 1:  # mcugraph/__init__.py names everything
        return
    own = here[1]
    assert rank(own) >= 0
    for line, name in internal(path):
        said = describe(path, line, name)
        if len(name) == 1 or not is_module(name[1]):
            if own != "cli":
                yield f"{said}: inside the package, import from the defining module"
            continue
        other = name[1]
        if other == own:
            continue
        if other in LEAVES and own != "__main__":
            yield f"{said}: nothing builds on {other}"
        if rank(other) >= rank(own):
            yield f"{said}: {own} stands no higher than {other}"


@cache
def is_module(part: str) -> bool:
    return (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file()


def test_front_ends_do_not_know_each_other() -> None:
    among = [p for p in MODULES if FRONT_ENDS & set(p.relative_to(PACKAGE).parts)]
    assert among
    wrong = [
        describe(path, line, name)
        for path in among
        for line, name in internal(path)
        if name[1:2] == ["formats"] and name[2] in FRONT_ENDS and name[2] != dotted(path)[2]
    ]
    assert wrong == []


def test_modules_stay_small() -> None:
    """One idea a file."""
    lengths = {module_id(p): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


IDS = {module_id(path) for path in MODULES}


def imported_modules(path: Path) -> set[str]:
    """The modules of the package that a module imports, wherever in the module it does so."""
    names = {".".join(name) for _, name in internal(path)}
    names |= {name.rpartition(".")[0] for name in names}
    return names & IDS - {"mcugraph", module_id(path)}


# Files that import each other on purpose: a graph writes itself as text, by the module that does.
CIRCLE = {"mcugraph.ir.graph", "mcugraph.ir.text"}


def test_no_circle_of_files() -> None:
    """What imports each other, at once or in a function, cannot be read one by one."""
    below = {module_id(path): imported_modules(path) for path in MODULES}
    above = {name: {other for other in below if name in below[other]} for name in below}

    def reached(name: str, edges: dict[str, set[str]]) -> set[str]:
        found, pending = set[str](), [name]
        while pending:
            new = edges[pending.pop()] - found
            found |= new
            pending += new
        return found

    for name in below:
        circle = reached(name, below) & reached(name, above)
        assert circle in (set(), CIRCLE), f"these import each other: {sorted(circle)}"


def test_no_two_classes_bear_one_name() -> None:
    """One word, one thing: whoever reads a class's name knows which one it is."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for name in read(path)[1]:
            homes.setdefault(name, []).append(module_id(path))
    twice = {name: found for name, found in homes.items() if len(found) > 1}
    assert not twice


# Names that stand for the same idea wherever they are.
SAME_IDEA = {
    "entry": "the public function of its folder",
    "result": "what the public function of its folder returns",
    "boards": "mcugraph.boards is the old name of mcugraph.fit.boards",
}
# The families of operators: defined in ops, translated by front-ends, run by kernels.
FAMILIES = {path.stem for path in PACKAGE.glob("ops/*.py")} | {"aggregation", "arithmetic"}
OF_OPERATORS = re.compile(r"ops|formats\.\w+(\.translations)?|tflm\.kernels|codegen\.kernels")


def test_no_two_modules_bear_one_name() -> None:
    """One word, one thing, but for what front-ends and families of operators have alike."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        if path.name != "__init__.py":
            homes.setdefault(path.stem, []).append(".".join(dotted(path)[1:-1]))
    for name, found in homes.items():
        if len(found) == 1 or name in SAME_IDEA:
            continue
        if name in FAMILIES:
            others = [folder for folder in found if not OF_OPERATORS.fullmatch(folder)]
        else:
            others = [f for f in found if not re.fullmatch(r"formats\.(tflite|onnx|torch)", f)]
        assert not others, f"modules called {name}: {found}"


def modules_after(code: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after running this code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("code", ["import mcugraph", "import mcugraph.cli"])
def test_import_is_light(code: str) -> None:
    loaded = modules_after(code)
    assert not loaded & set(LAZY)
    assert "mcugraph" in loaded


@pytest.mark.parametrize("name", ["branching", "efficientnet", "mobilenet_v2"])
def test_a_profile_of_shapes_does_without_numpy(name: str) -> None:
    model = PACKAGE.parent / "fixtures" / "models" / f"{name}.onnx"
    loaded = modules_after(f"import mcugraph as mg; mg.profile({str(model)!r}).to_dict()")
    assert "numpy" not in loaded
    assert "mcugraph.planning.arena" in loaded


def test_public_names_are_sorted_and_documented() -> None:
    names = mcugraph.__all__
    assert names == sorted(set(names))
    for name in names:
        value = getattr(mcugraph, name)
        # Data has no docstring of its own, a module has; functions and classes must.
        if callable(value):
            assert (value.__doc__ or "").strip(), f"mcugraph.{name} has no docstring"


def test_no_module_bears_the_name_of_a_public_function() -> None:
    """`mcugraph.profile` would be the function or the module, depending on who imported first."""
    for name in mcugraph.__all__:
        value = getattr(mcugraph, name)
        if callable(value):
            assert not is_module(name), f"mcugraph.{name} is a module and a public name"


CONTRIBUTING = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_map_shows_the_layers() -> None:
    """The table of CONTRIBUTING.md is LAYERS, line by line, and names all there is."""
    _, _, table = CONTRIBUTING.partition("| part of `mcugraph/` | what it is |\n|---|---|\n")
    rows = table.partition("\n\n")[0].splitlines()
    assert [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in rows] == LAYERS
    there = {dotted(path)[1] for path in MODULES if len(dotted(path)) > 1}
    assert there == set[str]().union(*LAYERS)


def test_the_map_names_what_is_there() -> None:
    named = re.findall(r"`((?:mcugraph|tests|docs|fixtures|bench)/[\w./-]*)`", CONTRIBUTING)
    assert len(named) > 20
    for path in named:
        assert (PACKAGE.parent / path).exists(), f"CONTRIBUTING.md names {path}"


def test_the_table_of_benchmarks_names_each_script() -> None:
    """What stands in bench/ itself can be run; what scripts share stands in folders of it."""
    folder = PACKAGE.parent / "bench"
    text = (folder / "README.md").read_text(encoding="utf-8")
    table = text.partition("| script | what it measures |")[2].partition("\n\n")[0]
    scripts = sorted(path.name for path in folder.glob("*.py"))
    assert sorted(re.findall(r"^\| `(\w+\.py)` \|", table, re.MULTILINE)) == scripts
    for name in scripts:
        assert 'if __name__ == "__main__":' in (folder / name).read_text(encoding="utf-8")
