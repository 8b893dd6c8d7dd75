"""Search spaces by name: the library's, and those of a module of one's own."""

import json
from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.ir import Shape
from mcugraph.nas import CnnSpace, MlpSpace
from mcugraph.nas.space_choice import find_space

OWN = '''
from mcugraph.nas import MlpSpace, SearchSpace


class Own(MlpSpace):
    """Made of what the data are."""


class Deep(MlpSpace):
    axes = None

    def __init__(self, input_shape, classes):
        super().__init__(input_shape, classes, dropout=0.1)


class Fixed(MlpSpace):
    def __init__(self):
        super().__init__((6,), 3)


class Choosy(MlpSpace):
    def __init__(self, input_shape, classes):
        raise ValueError("not\\nthese")


class Picky(MlpSpace):
    def __init__(self, input_shape, classes, widest):
        super().__init__(input_shape, classes)


class Partial(SearchSpace):
    def sample(self, rng):
        return 1


class Silent(MlpSpace):
    def __init__(self):
        self.classes = 3


class Odd(Fixed):
    def __init__(self):
        self.input_shape, self.classes = (0,), 3


def make(input_shape, classes):
    return MlpSpace(input_shape, classes)


def nothing(input_shape, classes):
    return "space"


class Broken(Fixed):
    def emit(self, arch, builder):
        raise ValueError("of\\nmine")


class Stranger(Fixed):
    def sample(self, rng):
        return 5


class Narrow(MlpSpace):
    def emit(self, arch, builder):
        x = builder.flatten(builder.input(self.input_shape))
        builder.output(builder.dense(x, 2))


class Aimless(Fixed):
    def morphs(self, arch):
        return [7]


ready = Fixed()
number = 5
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of one's own, in a folder that Python looks into."""
    name = f"own_spaces_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(OWN)
    (tmp_path / f"{name}_that_ends.py").write_text("raise SystemExit('enough')")
    (tmp_path / f"{name}_wrong.py").write_text("class Own(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return name


def images(axes: int | None) -> tuple[Shape, int]:
    return ((1, 14, 14) if axes == 2 else (14, 14)), 3


def test_spaces_of_the_library_are_made_for_the_data() -> None:
    found = find_space("cnn", images)
    assert type(found) is CnnSpace
    assert (found.input_shape, found.classes) == ((1, 14, 14), 3)
    assert type(find_space("mlp", images)) is MlpSpace


@pytest.mark.parametrize(
    ("name", "shape"),
    [("Own", (14, 14)), ("Deep", (14, 14)), ("Fixed", (6,)), ("make", (14, 14)), ("ready", (6,))],
)
def test_spaces_of_ones_own(module: str, name: str, shape: Shape) -> None:
    found = find_space(f"{module}:{name}", images)
    assert isinstance(found, MlpSpace)
    assert (found.input_shape, found.classes) == (shape, 3)


REFUSALS = {
    "cube": "unknown space 'cube'; expected one of cnn, cnn1d, ds_cnn, mlp, or module:Class of a",
    "cnn2d": "unknown space 'cnn2d'; did you mean cnn1d, cnn?; expected one of",
    "MODULE:": "a module and a name in it are needed, like module:name",
    ":Own": "a module and a name in it are needed, like module:name",
    "nowhere_at_all:Own": "ModuleNotFoundError: No module named 'nowhere_at_all'",
    "MODULE_that_ends:Own": "SystemExit: enough",
    "MODULE_wrong:Own": "SyntaxError: invalid syntax",
    "MODULE:Onw": "has no Onw; did you mean Own?",
    "MODULE:number": "it is no SearchSpace but int",
    "MODULE:Partial": "TypeError: Can't instantiate abstract class Partial",
    "MODULE:Choosy": "it cannot be made of ((14, 14), 3): ValueError: not these",
    "MODULE:Picky": "missing 1 required positional argument: 'widest'",
    "MODULE:nothing": "it makes no SearchSpace but str",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_no_space_is_refused(module: str, name: str) -> None:
    with pytest.raises(mg.UsageError) as error:
        find_space(name.replace("MODULE", module), images)
    assert "\n" not in str(error.value)
    assert REFUSALS[name] in str(error.value)


@pytest.fixture
def data(tmp_path: Path) -> str:
    np = pytest.importorskip("numpy")
    classes = np.arange(120) % 3
    examples = np.random.default_rng(0).normal(size=(120, 6)) + classes[:, None]
    path = tmp_path / "own_data.npz"
    np.savez(path, x_train=examples, y_train=classes, x_test=examples, y_test=classes)
    return str(path)


def run(*arguments: str) -> int:
    return main(["search", *arguments])


def test_a_command_searches_a_space_of_ones_own(
    module: str, data: str, tmp_path: Path, capsys: Any
) -> None:
    pytest.importorskip("torch")
    little = ["--epochs", "1", "--candidates", "1", "--finalists", "1", "--contenders", "1"]
    asked = ["--data", data, "--size", "3k", "--engine", "inline", "-o", "run", *little]
    assert run(*asked, "--space", f"{module}:Own", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    for space in ([], ["--space", f"{module}:Own"]):
        assert run("run", "--json", *space) == 0
        assert json.loads(capsys.readouterr().out)["front"] == found["front"]
    assert run("run", "--space", "mlp") == 2
    said = "run: its space is Own, and not MlpSpace"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Silent", "space Silent: it has no input_shape, which a SearchSpace says"),
        ("Odd", "space Odd: input_shape: whole numbers are needed, like (1, 28, 28), not (0,)"),
        ("Onw", "did you mean Own?"),
        ("Broken", "space Broken: it fails: ValueError: of mine (own_spaces_"),
        ("Stranger", "space Stranger: sample gives 5, and no Mlp"),
        ("Narrow", "space Narrow: its networks have outputs for 2 classes, and there are 3"),
        ("Aimless", "space Aimless: morphs gives 7, and no Morph"),
    ],
)
def test_a_command_refuses_in_one_line(
    module: str, data: str, tmp_path: Path, capsys: Any, name: str, said: str
) -> None:
    asked = ["--data", data, "--size", "3k", "--candidates", "1", "-o", "run"]
    assert run(*asked, "--space", f"{module}:{name}") == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "run").exists()
