"""Masks on a model in training: what it computes, and what they leave alone."""

import copy
from typing import Any

import numpy as np
import pytest
from support.loading import GROUPS

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import Pruner  # noqa: E402
from mcugraph.prune.masks import Masks  # noqa: E402
from mcugraph.prune.numbered_classes import Classes  # noqa: E402

OWN = [
    "grouped", "shared", "pixel_shuffle", "pyramid", "ghost", "unet", "literal", "shuffled",
    "gates", "token_mixer", "heads", "heads_fused", "tokens",
]  # fmt: skip
FIXTURES = ["fixtures/ds_cnn", "fixtures/efficientnet", "fixtures/shufflenet", "fixtures/detector"]
PLENTY = {"macs": 10**15}


def unit(i: int, o: int) -> Any:
    return torch.nn.Sequential(
        torch.nn.Conv2d(i, o, 3, padding=1, bias=False), torch.nn.BatchNorm2d(o), torch.nn.ReLU()
    )


class Residual(torch.nn.Module):
    """Two layers whose channels are added, one after them, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = unit(3, 8), unit(8, 8), unit(8, 6)
        self.fc = torch.nn.Linear(6, 4)

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        return self.fc(self.c(x + self.b(x)).mean((2, 3)))


def masked(pruner: Pruner, keep: dict[str, list[int]]) -> None:
    """Keep these classes, whatever their salience."""
    hard = [
        np.isin(np.arange(group.width), keep.get(group.name, range(group.width)))
        for group in pruner.space.groups
    ]
    pruner._masks.set(np.concatenate(hard))


def outputs(model: Any, inputs: Any) -> list[Any]:
    with torch.no_grad():
        result = model(*inputs)
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", GROUPS + OWN + FIXTURES)
def test_a_masked_model_computes_what_the_slimmed_one_does(name: str, case: Any) -> None:
    found = case(name)
    model = copy.deepcopy(found.model).eval()
    pruner = Pruner(model, found.inputs, PLENTY)
    for seed in range(2):
        masked(pruner, found.random_keep(seed))
        whole, small = outputs(model, found.inputs), outputs(pruner.slim(), found.inputs)
        for a, b in zip(whole, small, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_masks_change_where_they_lie() -> None:
    """A CUDA graph of a masked step reads them there, whatever they are by then."""
    model, x = Residual().eval(), torch.randn(2, 3, 8, 8)
    pruner = Pruner(model, x, PLENTY)

    def places() -> list[int]:
        entries = [entry for swap in pruner._masks._swaps for entry in swap.masked]
        return [factor.data_ptr() for entry in entries for factor in entry.factors]

    masked(pruner, {group.name: [0, 1] for group in pruner.space.groups})
    before = places()
    masked(pruner, {group.name: [1, 2, 4] for group in pruner.space.groups})
    with pruner._masks.differentiable():
        assert places() != before
    assert before
    assert places() == before
    torch.testing.assert_close(model(x), pruner.slim()(x))


def test_layers_of_a_group_are_masked_alike() -> None:
    model = Residual().train()
    pruner = Pruner(model, torch.zeros(1, 3, 8, 8), PLENTY)
    masked(pruner, {"a.0": [1, 2, 5]})
    seen = {}
    for path in ("a.1", "b.1"):
        model.get_submodule(path).register_forward_hook(
            lambda module, args, out, path=path: seen.update({path: out.abs().amax((0, 2, 3))})
        )
    model(torch.randn(4, 3, 8, 8))
    kept = torch.tensor([i in (1, 2, 5) for i in range(8)])
    assert all(((values > 0) == kept).all() for values in seen.values()), seen
    assert len(seen) == 2


def test_parameters_optimizers_and_checkpoints_know_nothing_of_masks() -> None:
    model = Residual()
    parameters = dict(model.named_parameters())
    keys = list(model.state_dict())
    pruner = Pruner(model, torch.zeros(1, 3, 8, 8), PLENTY)
    masked(pruner, {"a.0": [0]})
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    assert list(model.state_dict()) == keys
    assert all(parameters[name] is value for name, value in model.named_parameters())
    gamma = parameters["a.1.weight"]
    assert (gamma.grad != 0).sum() <= 1  # a masked channel learns nothing
    assert (gamma.detach() == 1).all()


def test_without_its_pruner_a_model_is_what_it_was() -> None:
    torch.manual_seed(0)
    model, x = Residual().eval(), torch.randn(2, 3, 8, 8)
    before = model(x)
    pruner = Pruner(model, x[:1], PLENTY)
    assert torch.equal(model(x), before)
    masked(pruner, {"a.0": [0], "c.0": [3]})
    assert not torch.allclose(model(x), before)
    pruner.remove()
    assert torch.equal(model(x), before)
    assert not model.a[1]._forward_hooks


def test_an_error_inside_of_the_model_leaves_no_mask_behind() -> None:
    model = Residual()
    pruner = Pruner(model, torch.zeros(1, 3, 8, 8), PLENTY)
    masked(pruner, {"a.0": [0]})
    gamma = model.a[1].weight
    broken = model.a[1].register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model(torch.zeros(2, 3, 8, 8))
    broken.remove()
    assert model.a[1].weight is gamma


def test_a_copy_of_the_model_is_masked_through_its_own_parameters() -> None:
    torch.manual_seed(0)
    model, x = Residual().eval(), torch.randn(2, 3, 8, 8)
    pruner = Pruner(model, x[:1], PLENTY)
    masked(pruner, {"a.0": [0, 1]})
    twin = copy.deepcopy(model)
    expected = model(x)
    assert torch.equal(twin(x), expected)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(model(x), expected)


def test_recomputed_activations_are_masked_too() -> None:
    from torch.utils.checkpoint import checkpoint

    class Checkpointed(Residual):
        def forward(self, x: Any) -> Any:
            x = checkpoint(self.a, x, use_reentrant=False)
            return self.fc(self.c(x + self.b(x)).mean((2, 3)))

    plain = Residual().eval()
    classes = Classes(mg.widths(mg.from_torch(plain, torch.zeros(1, 3, 8, 8))))
    x, gradients = torch.randn(2, 3, 8, 8), []
    for model in (plain, Checkpointed().eval()):
        model.load_state_dict(plain.state_dict())
        masks = Masks(model, classes)
        masks.set(np.arange(classes.count) % 3 > 0)
        masks.attach()
        model(x).square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    torch.testing.assert_close(gradients[0], gradients[1])


def test_weights_without_a_module_of_their_own_are_masked() -> None:
    class Functional(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = torch.nn.Parameter(torch.randn(6, 3, 3, 3))
            self.fc = torch.nn.Linear(6, 2)

        def forward(self, x: Any) -> Any:
            y = torch.sigmoid(torch.nn.functional.conv2d(x, self.kernel))
            return self.fc(y.mean((2, 3)))

    model, x = Functional().eval(), (torch.randn(1, 3, 5, 5),)
    pruner = Pruner(model, x, PLENTY)
    (group,) = pruner.masks
    masked(pruner, {group: [1, 4]})
    torch.testing.assert_close(outputs(model, x)[0], outputs(pruner.slim(), x)[0])


def test_channels_that_cannot_be_masked_stay() -> None:
    """An attention whose keys are elu(x) + 1: of what is masked 1 is left, and nobody sees it."""

    class LinearAttention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = torch.nn.Linear(6, 8)
            self.query, self.key = (torch.nn.Linear(8, 4, bias=False) for _ in range(2))
            self.value, self.head = torch.nn.Linear(8, 8), torch.nn.Linear(8, 3)

        def forward(self, x: Any) -> Any:
            x = self.embed(x)
            q, k = (torch.nn.functional.elu(layer(x)) + 1 for layer in (self.query, self.key))
            context = torch.einsum("bnd,bne->bde", k, self.value(x))
            return self.head(torch.einsum("bnd,bde->bne", q, context))

    model, x = LinearAttention().eval(), (torch.randn(1, 5, 6),)
    offered = {group.name for group in mg.widths(mg.from_torch(model, *x)).groups}
    pruner = Pruner(model, x, PLENTY)
    assert set(pruner.masks) == {"embed", "value"} < offered
    assert "cannot be masked" in pruner.space.refused["query"]
    masked(pruner, {"embed": [0, 3], "value": [1]})
    small = pruner.slim()
    assert small.query.out_features == 4
    torch.testing.assert_close(outputs(model, x)[0], outputs(small, x)[0])


def test_classes_are_numbered_in_the_order_of_the_groups(case: Any) -> None:
    found = case("resnet18")
    classes = Classes(mg.widths(mg.from_torch(found.model, found.inputs)))
    assert classes.count == classes.space.full.sum()
    assert (np.diff(classes.starts) == classes.space.full[:-1]).all()


def test_a_compiled_model_sees_masks_change() -> None:
    torch.manual_seed(0)
    model, x = Residual().eval(), torch.randn(2, 3, 8, 8)
    pruner = Pruner(torch.compile(model, backend="eager"), x[:1], PLENTY)
    compiled = torch.compile(model, backend="eager")
    for keep in ([0, 1], [2, 5, 6]):
        masked(pruner, {"a.0": keep})
        torch.testing.assert_close(compiled(x), model(x))
    assert pruner.model is model
