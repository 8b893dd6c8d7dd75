"""Saved PyTorch programs are data: what they say is right, what they bring along never runs."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support.loading import GROUPS, load_module, network

import mcugraph as mg

torch = pytest.importorskip("torch")

NETWORKS = [f"groups/{name}" for name in GROUPS] + sorted(
    load_module("fixtures/networks.py").NETWORKS
)


def saved(module: Any, inputs: tuple[Any, ...], path: Path, **options: Any) -> Path:
    torch.export.save(torch.export.export(module.eval(), inputs, **options), path)
    return path


# ---- what they say -----------------------------------------------------------------------------


def check_equal(loaded: mg.Graph, traced: mg.Graph) -> None:
    """The same operators on the same tensors, with the same values and figures."""
    assert loaded.operators == traced.operators
    assert loaded.inputs == traced.inputs
    assert loaded.outputs == traced.outputs
    assert loaded.tensors.keys() == traced.tensors.keys()
    for name, tensor in traced.tensors.items():
        assert (loaded.tensors[name].type, loaded.tensors[name].kind) == (tensor.type, tensor.kind)
        if tensor.constant is not None:
            ours = loaded.tensors[name].constant
            assert ours is not None
            assert ours.array().tobytes() == tensor.constant.array().tobytes()
    said, expected = (mg.profile(graph).to_dict() for graph in (loaded, traced))
    for part in ("memory", "macs", "elementwise", "layers", "complete", "assumptions"):
        assert said[part] == expected[part]
    for part in ("weights", "biases", "quantization"):
        assert said["flash"][part] == expected["flash"][part]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_saved_network_is_the_traced_one(name: str, tmp_path: Path) -> None:
    module, inputs = network(name)
    loaded = mg.load(saved(module, inputs, tmp_path / "m.pt2"))
    traced = mg.from_torch(module, inputs)
    check_equal(loaded, traced)
    ours, expected = mg.widths(loaded), mg.widths(traced)
    assert ours.groups == expected.groups
    assert ours.channel_classes == expected.channel_classes


class Stateful(torch.nn.Module):
    """A buffer that changes, a branch, a tensor in the code, weights that share memory."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.register_buffer("seen", torch.zeros(4))
        self.register_buffer("every_other", torch.arange(8.0)[::2])

    def forward(self, x: Any) -> Any:
        y = self.second(self.first(x))
        self.seen.add_(y.sum(0))
        y = torch.cond(y.sum() > 0, lambda a: a + 1, lambda a: a * 2, (y,))
        return y * self.every_other + torch.tensor([1.0, 2.0, 3.0, 4.0]), self.seen * 2


def test_state_branches_and_shared_memory(tmp_path: Path) -> None:
    module, inputs = Stateful(), (torch.zeros(2, 4),)
    loaded = mg.load(saved(module, inputs, tmp_path / "m.pt2"))
    check_equal(loaded, mg.from_torch(module, inputs))
    assert len(loaded.subgraphs) == 2
    assert mg.profile(loaded).memory.state == 16


def test_dynamic_sizes_of_many_kinds(tmp_path: Path) -> None:
    class Sizes(torch.nn.Module):
        def forward(self, x: Any, y: Any) -> Any:
            batch, length = x.shape[0], x.shape[1]
            halves = torch.nn.functional.avg_pool1d(y.unsqueeze(1), 2)
            wide = torch.cat([x.flatten(1), y.new_zeros(batch, 2 * length + 1)], 1)
            return wide, halves.flatten(), x[:, 1:].flatten()

    length = torch.export.Dim("length", min=4, max=64)
    path = saved(
        Sizes(),
        (torch.zeros(2, 8, 4), torch.zeros(2, 8)),
        tmp_path / "m.pt2",
        dynamic_shapes={
            "x": {0: torch.export.Dim("batch"), 1: length},
            "y": {0: torch.export.Dim.AUTO, 1: length},
        },
    )
    for bound in ({("x", 1): 9}, {("x", 1): 20, ("x", 0): 3}):
        ours, theirs = mg.load(path, bound), mg.load(path, bound, trust=True)
        assert str(ours) == str(theirs)
        assert mg.profile(ours).to_dict() == mg.profile(theirs).to_dict()


# ---- what they bring ---------------------------------------------------------------------------


class Attack:
    """An archive with a part exchanged, and the file that its payload would make."""

    def __init__(self, folder: Path) -> None:
        class Net(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.layer = torch.nn.Linear(4, 3)

            def forward(self, x: Any, unused: Any) -> Any:
                return self.layer(x) + torch.tensor([1.0, 2.0, 3.0])

        torch.manual_seed(0)
        self.path, self.proof = folder / "m.pt2", folder / "proof"
        saved(
            Net(),
            (torch.zeros(2, 4), torch.zeros(1)),
            self.path,
            dynamic_shapes={"x": {0: torch.export.Dim("batch")}, "unused": None},
        )
        self.code = f"open({str(self.proof)!r}, 'w').close()"

    def pickled(self) -> bytes:
        """What makes the file when ``torch.load`` unpickles it."""
        path = str(self.proof)

        class Payload:
            def __reduce__(self) -> Any:
                return open, (path, "w")

        buffer = io.BytesIO()
        torch.save(Payload(), buffer)
        return buffer.getvalue()

    def exchange(self, part: str, change: Callable[[bytes], bytes]) -> None:
        """Put what ``change`` makes of a part in its place."""
        with zipfile.ZipFile(self.path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        (name,) = (name for name in parts if name.endswith(part))
        parts[name] = change(parts[name])
        with zipfile.ZipFile(self.path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)

    def edit(self, part: str, change: Callable[[Any], None]) -> None:
        """Change the JSON of a part."""

        def changed(data: bytes) -> bytes:
            content = json.loads(data)
            change(content)
            return json.dumps(content).encode()

        self.exchange(part, changed)

    def replace(self, old: str, new: str) -> None:
        """Exchange texts of the program."""

        def changed(data: bytes) -> bytes:
            assert old.encode() in data
            return data.replace(old.encode(), new.encode())

        self.exchange("models/model.json", changed)

    def fires(self) -> bool:
        """Whether ``torch.export.load`` runs the payload, so that the attack is one."""
        with suppress(Exception):
            mg.load(self.path, trust=True)
        fired = self.proof.exists()
        self.proof.unlink(missing_ok=True)
        return fired


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    return Attack(tmp_path)


def refused(attack: Attack, message: str) -> None:
    with pytest.raises(mg.FormatError, match=message) as caught:
        mg.load(attack.path)
    assert str(caught.value).startswith(f"{attack.path}: ")
    assert "\n" not in str(caught.value)
    assert not attack.proof.exists()


def test_pickled_sample_inputs_are_not_needed(attack: Attack) -> None:
    expected = mg.profile(attack.path).to_dict()
    attack.exchange("data/sample_inputs/model.pt", lambda _: attack.pickled())
    assert attack.fires()
    ours = mg.profile(attack.path).to_dict()
    assert not attack.proof.exists()
    for part in ("memory", "macs", "layers"):
        assert ours[part] == expected[part]


def test_the_name_of_the_file_does_not_matter(attack: Attack) -> None:
    attack.exchange("data/sample_inputs/model.pt", lambda _: attack.pickled())
    other = attack.path.rename(attack.path.with_suffix(".onnx"))
    assert mg.profile(other).macs == 12
    assert not attack.proof.exists()


def test_pickled_weights(attack: Attack) -> None:
    def pickle_weight(config: Any) -> None:
        config["config"]["layer.weight"]["use_pickle"] = True

    attack.edit("model_weights_config.json", pickle_weight)
    attack.exchange("data/weights/weight_0", lambda _: attack.pickled())
    assert attack.fires()
    refused(attack, r"'layer\.weight' in it is pickled; .*--trust")


def test_pickled_constants(attack: Attack) -> None:
    def pickle_constant(config: Any) -> None:
        (entry,) = config["config"].values()
        entry["path_name"], entry["use_pickle"] = "opaque_obj_0", True

    attack.edit("model_constants_config.json", pickle_constant)
    path = str(attack.proof)

    class Payload:
        def __reduce__(self) -> Any:
            return open, (path, "w")

    with zipfile.ZipFile(attack.path, "a") as archive:
        root = archive.namelist()[0].partition("/")[0]
        archive.writestr(f"{root}/data/constants/opaque_obj_0", pickle.dumps(Payload()))
    assert attack.fires()
    refused(attack, "is pickled; .*--trust")


def sizes(program: Any) -> list[Any]:
    """All expressions in a program."""
    if isinstance(program, dict):
        own = [program] if "expr_str" in program else []
        return own + [size for value in program.values() for size in sizes(value)]
    if isinstance(program, list):
        return [size for value in program for size in sizes(value)]
    return []


def test_code_for_a_size(attack: Attack) -> None:
    def change(program: Any) -> None:
        assert sizes(program)
        for size in sizes(program):
            size["expr_str"] = f"[{attack.code}, 3][1]"

    attack.edit("models/model.json", change)
    assert attack.fires()
    refused(attack, r"the size .*open.* cannot be read")


@pytest.mark.parametrize(
    "text",
    [
        "Pow(Integer(9), Pow(Integer(9), Integer(9)))",
        "Pow(Pow(Pow(Symbol('s0'), Integer(9)), Integer(9)), Integer(9))",
        "Add(" * 500,
        "9" * 9_000,
        "Symbol('s0').name",
        "Symbol('s0'",
        "Symbol('a b')",
        "Symbol('u99999999')",
        "s0",
        "Mod(Integer(2), Integer(0))",
        "Add(Integer(1) Integer(2))",
    ],
)
def test_sizes_that_are_none(text: str, attack: Attack) -> None:
    def change(program: Any) -> None:
        for size in sizes(program):
            size["expr_str"] = text

    attack.edit("models/model.json", change)
    refused(attack, "the size .* cannot be read")


def test_code_for_a_name(attack: Attack) -> None:
    # PyTorch makes Python code of the graph, and runs it so far as to define a function.
    attack.replace('"unused"', f'"unused=({attack.code})"')
    assert attack.fires()
    refused(attack, "a name is needed")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("torch.hub.load", "'torch.hub.load', which is no operator"),
        ("torch.serialization.os.system", "no operator"),
        ("torch.ops.__class__.__init__.default", "no operator"),
        ("torch.ops.load_library.x.default", "not registered"),
        ("torch.ops.aten.from_file.default", "reads or writes files"),
        ("torch.ops.higher_order.triton_kernel_wrapper_mutation", "not known to run nothing else"),
        ("torch.ops.own_library.linear.default", "own_library::linear is not registered"),
        ("_operator.methodcaller", "no operator"),
        ("math.factorial", "no operator"),
        ("#space:operator", "no operator"),
    ],
)
def test_targets(target: str, message: str, attack: Attack) -> None:
    attack.replace("torch.ops.aten.linear.default", target)
    refused(attack, message)


PROGRAM, WEIGHTS = "models/model.json", "model_weights_config.json"


@pytest.mark.parametrize(
    ("part", "old", "new", "message"),
    [
        (PROGRAM, '"parameter_name": "layer.bias"', r'"parameter_name": "a\"b"', "the path"),
        (PROGRAM, '"parameter_name": "layer.bias"', '"parameter_name": "__x"', "the path"),
        (PROGRAM, '"as_tensor": {"name": "x"}', '"as_custom_obj": {}', "without --trust"),
        (PROGRAM, '"user_output"', '"loss_output"', "without --trust"),
        (PROGRAM, '"graph_module"', '"graph_modulo"', "damaged program"),
        (PROGRAM, "{", "[", "is damaged"),
        (WEIGHTS, '{"as_int": 4}', '{"as_int": 4000}', "larger than its values"),
        (WEIGHTS, '{"as_int": 4}', '{"as_int": -4}', "not known"),
        (WEIGHTS, '"dtype": 7', '"dtype": 99', "no element type 99"),
        (WEIGHTS, "weight_0", "weight_9", "missing in the archive"),
        (WEIGHTS, "config", "figconc", "damaged program"),
    ],
)
def test_damaged_parts(part: str, old: str, new: str, message: str, attack: Attack) -> None:
    attack.exchange(part, lambda data: data.replace(old.encode(), new.encode()))
    refused(attack, message)


def test_side_effects_of_what_cannot_run(attack: Attack) -> None:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(3))

        def forward(self, x: Any) -> Any:
            self.seen.add_(x)
            return self.seen * 2

    saved(Net(), (torch.zeros(3),), attack.path)

    def longer(content: Any) -> None:
        values = content["graph_module"]["graph"]["tensor_values"]
        values["x"]["sizes"] = [{"as_int": 4}]

    attack.edit("models/model.json", longer)
    refused(attack, "torch.export cannot remove side effects: ")


def test_operators_of_others_do_not_run_to_take_out_side_effects(tmp_path: Path) -> None:
    ran = []

    @torch.library.custom_op("mcugraph_test::noisy", mutates_args=())
    def noisy(x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @noisy.register_fake
    def _(x: torch.Tensor) -> torch.Tensor:
        ran.append(1)
        return torch.empty_like(x)

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(3))

        def forward(self, x: Any) -> Any:
            self.seen.add_(torch.ops.mcugraph_test.noisy(x))
            return self.seen * 2

    path = saved(Net(), (torch.zeros(3),), tmp_path / "m.pt2")
    ran.clear()
    with pytest.raises(mg.FormatError, match=r"'torch\.ops\.mcugraph_test\.noisy.*--trust"):
        mg.load(path)
    assert not ran
    assert mg.load(path, trust=True).operators
    assert ran


def test_other_versions_of_pytorch(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.99.0+cpu")
    refused(attack, r"with PyTorch 2\.13, this is 2\.99; .*--trust")


def test_programs_of_older_versions(attack: Attack, tmp_path: Path) -> None:
    with zipfile.ZipFile(attack.path, "w") as archive:
        archive.writestr("serialized_exported_program.json", "{}")
        archive.writestr("serialized_state_dict.pt", attack.pickled())
    refused(attack, "an older PyTorch wrote it as a pickle; .*--trust")
