"""Masks of torch.nn.utils.prune and of torchao's sparsifiers come in and go out."""

import copy
from typing import Any

import pytest

from mcugraph.errors import UsageError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.ao.pruning import WeightNormSparsifier  # noqa: E402
from torch.nn.utils import parametrizations, parametrize, prune  # noqa: E402

from mcugraph.compress import (  # noqa: E402
    Sparsifier,
    masks_from,
    to_torch_prune,
    to_torchao,
    without_masks,
)
from mcugraph.compress.mask_conventions import copied, has_masks  # noqa: E402


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 6))


def pruned_by_torch() -> Any:
    model = network()
    prune.l1_unstructured(model[3], "weight", amount=0.7)
    prune.random_unstructured(model[3], "weight", amount=0.2)
    prune.ln_structured(model[0], "weight", amount=0.5, n=2, dim=0)
    return model


def pruned_by_torchao() -> Any:
    model = network()
    sparsifier = WeightNormSparsifier(
        sparsity_level=0.6, sparse_block_shape=(1, 4), zeros_per_block=4
    )
    sparsifier.prepare(model, config=[{"tensor_fqn": "3.weight"}])
    sparsifier.step()
    return model


@pytest.mark.parametrize("make", [pruned_by_torch, pruned_by_torchao])
def test_masks_come_in_and_training_goes_on_with_them(make: Any) -> None:
    model = make()
    x = torch.randn(3, 1, 4, 4)
    wanted = model(x).detach()
    held = {name: model.get_submodule(name[0]).weight.detach() != 0 for name in ("3.weight",)}
    masks = masks_from(model)
    assert torch.equal(masks["3.weight"], held["3.weight"])
    parameters = {id(p) for p in model.parameters()}
    sparsifier = Sparsifier(model, 0.0)
    assert {id(p) for p in model.parameters()} == parameters  # an optimizer goes on
    assert set(dict(model.named_parameters())) == set(dict(network().named_parameters()))
    torch.testing.assert_close(model(x), wanted)
    assert torch.equal(sparsifier.masks["3.weight"], masks["3.weight"])
    with torch.no_grad():
        model[3].weight += 1
    sparsifier.step()
    assert torch.equal(model[3].weight != 0, masks["3.weight"])


@pytest.mark.parametrize("make", [pruned_by_torch, pruned_by_torchao])
def test_copies_keep_their_masks(make: Any) -> None:
    """Whichever of a model and its copies becomes plain first."""
    x = torch.randn(3, 1, 4, 4)
    model = make()
    wanted = model(x).detach()
    copies = [copied(model) for _ in range(2)]
    for each in (copies[0], model, copies[1]):
        assert has_masks(each)
        Sparsifier(each, 0.0)
        assert not has_masks(each)
        torch.testing.assert_close(each(x), wanted)


def tied() -> Any:
    """Two layers share weights."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6), nn.Linear(6, 2))
    model[2].weight = model[0].weight
    return model


@pytest.mark.parametrize("out", [to_torch_prune, to_torchao])
def test_masks_of_shared_weights_go_out_and_come_in(out: Any) -> None:
    x = torch.randn(3, 6)
    model = Sparsifier(tied(), 0.5).finish()
    wanted = model(x).detach()
    masks = masks_from(model)
    assert masks.keys() == {"0.weight", "3.weight"}
    masked = out(model, masks)
    assert {name: mask.tolist() for name, mask in masks_from(masked).items()} == {
        name: mask.tolist() for name, mask in masks.items()
    }
    torch.testing.assert_close(masked(x), wanted)
    sparsifier = Sparsifier(masked, 0.6)
    assert model[2].weight is model[0].weight
    assert sparsifier.finish()[2].weight.count_nonzero() == 14


def test_shared_weights_that_are_not_masked_alike_are_refused() -> None:
    first, second = tied(), tied()
    prune.l1_unstructured(first[2], "weight", amount=0.5)
    for number in (0, 2):
        prune.random_unstructured(second[number], "weight", amount=0.5)
    for model, name in ((first, "2.weight"), (second, "0.weight")):
        kept = model.state_dict().keys()
        for call in (masks_from, without_masks, lambda model: Sparsifier(model, 0.5)):
            with pytest.raises(UsageError, match=f"^{name}: layers share it, and do not mask it"):
                call(model)
        assert model.state_dict().keys() == kept


def test_masks_of_other_parameters_stay() -> None:
    """Also in the state, and on a model that has no masks yet."""
    model = pruned_by_torch()
    prune.random_unstructured(model[3], "bias", 0.5)
    wanted = masks_from(model)
    sparsifier = Sparsifier(model, {"0": 0.5})
    assert sparsifier.masks.keys() == {"0.weight", *wanted}
    fresh = network()
    again = Sparsifier(fresh, {"0": 0.5})
    again.load_state_dict(sparsifier.state_dict())
    for trained, masker in ((model, sparsifier), (fresh, again)):
        with torch.no_grad():
            for parameter in trained.parameters():
                parameter += 1
        masker.step()
        for name, mask in wanted.items():
            assert torch.equal(trained.get_parameter(name) != 0, mask)


def test_a_layer_that_begins_with_zeros_is_trained() -> None:
    model = network()
    nn.init.zeros_(model[3].weight)
    assert masks_from(model) == {}
    assert Sparsifier(model, {"0": 0.5}).masks.keys() == {"0.weight"}


def test_masks_go_out_to_torch_prune() -> None:
    model = Sparsifier(network(), 0.5).finish()
    wanted, plain = masks_from(model), copy.deepcopy(model)
    out = to_torch_prune(model)
    assert prune.is_pruned(out)
    assert torch.equal(out[3].weight_mask.bool(), wanted["3.weight"])
    assert all(torch.equal(mask, wanted[name]) for name, mask in masks_from(out).items())
    with torch.no_grad():
        out[3].weight_orig += 1
    x = torch.randn(2, 1, 4, 4)
    out(x)
    assert not out[3].weight[~wanted["3.weight"]].any()
    back = without_masks(out)
    assert not prune.is_pruned(back)
    assert back.state_dict().keys() == plain.state_dict().keys()


def test_masks_go_out_to_torchao() -> None:
    model = Sparsifier(network(), 0.5).finish()
    wanted, x = masks_from(model), torch.randn(2, 1, 4, 4)
    expected = model(x).detach()
    out = to_torchao(model, wanted)
    assert torch.equal(out[3].parametrizations.weight[0].mask.bool(), wanted["3.weight"])
    torch.testing.assert_close(out(x), expected)
    squashing = WeightNormSparsifier()
    squashing.model = out
    squashing.groups = [{"module": out[3], "tensor_name": "weight"}]
    squashing.squash_mask()
    assert torch.equal(out[3].weight != 0, wanted["3.weight"])
    assert torch.equal(without_masks(out)[0].weight != 0, wanted["0.weight"])


def test_zeros_of_a_plain_model_are_masks() -> None:
    model = network()
    assert masks_from(model) == {}
    with torch.no_grad():
        model[3].weight[:, ::2] = 0
    (name,) = masks_from(model)
    assert name == "3.weight"
    sparsifier = Sparsifier(model, 0.75)
    assert sparsifier.sparsities["3.weight"] == 0.75
    assert not model[3].weight[:, ::2].any()


def test_masks_among_other_parametrizations_are_refused_and_stay() -> None:
    model = pruned_by_torchao()
    prune.l1_unstructured(model[0], "weight", amount=0.5)
    parametrize.register_parametrization(model[3], "weight", nn.Tanh())
    kept = model.state_dict().keys()
    for refused in (without_masks, lambda model: Sparsifier(model, 0.5)):
        with pytest.raises(UsageError, match=r"^3.weight: masks stand among other parametriz"):
            refused(model)
        assert model.state_dict().keys() == kept


def test_what_cannot_be_is_refused_in_a_line() -> None:
    model = network()
    with pytest.raises(UsageError, match=r"no parameter 3.weight of shape \(2, 2\)"):
        to_torch_prune(model, {"3.weight": torch.ones(2, 2, dtype=torch.bool)})
    with pytest.raises(UsageError, match="tensors by names of parameters are needed, not int"):
        to_torch_prune(model, 3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"mask of 3.weight is no tensor, but float"):
        to_torch_prune(model, {"3.weight": 1.0})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match=r"takes a torch.nn.Module, not"):
        to_torch_prune(3, {})  # type: ignore[arg-type]
    for masked in (pruned_by_torch(), pruned_by_torchao()):
        with pytest.raises(UsageError, match=r"has a mask already: without_masks\(model\) makes"):
            to_torch_prune(masked)
    with pytest.raises(UsageError, match="no parameter other"):
        to_torchao(model, {"other": torch.ones(2, 2, dtype=torch.bool)})
    parametrizations.weight_norm(model[3])
    with pytest.raises(UsageError, match=r"there are 0$"):
        Sparsifier(model, {"3": 0.5})
    with pytest.raises(UsageError, match="masks_from takes a torch"):
        masks_from(3)  # type: ignore[arg-type]
