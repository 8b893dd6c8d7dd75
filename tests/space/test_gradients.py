"""Gradients against finite differences, sympy and torch, and what they are good for."""

from collections.abc import Callable

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from mcugraph.ir import Array
from mcugraph.space.peak import PeakResource
from mcugraph.space.resources import Resource
from mcugraph.space.space import Space

NETWORKS = [
    "autoencoder",
    "branching",
    "densenet",
    "ds_cnn",
    "efficientnet",
    "inception",
    "mobilenet_v2",
    "resnet",
    "shufflenet",
    "siamese",
    "unet",
]
COUNTED = [("deployed", "int8"), ("deployed", None), ("paper", None)]

networks = st.sampled_from(NETWORKS)
counted = st.sampled_from(COUNTED)
resources = st.sampled_from(["macs", "size", "peak", "file_order", "operator_bound"])


def resource_of(space: Space, name: str) -> Resource:
    return getattr(space, name) if hasattr(space, name) else space.peak_by(name)


def drawn_widths(data: st.DataObject, space: Space) -> Array:
    """Real widths, no two of them in a simple ratio, so that ties are rare."""
    seed = data.draw(st.integers(0, 2**32 - 1), "seed")
    return np.random.default_rng(seed).uniform(0.2, 1, len(space.full)) * space.full


def slopes(resource: Resource, w: Array, step: float) -> tuple[Array, Array]:
    """Differences to both sides, each by the step."""
    unit = np.eye(len(w)) * step
    here = resource(w)
    up = np.array([(resource(w + u) - here) / step for u in unit])
    down = np.array([(here - resource(w - u)) / step for u in unit])
    return up, down


@given(network=networks, counting=counted, name=resources, data=st.data())
def test_finite_differences(
    network: str,
    counting: tuple[str, str | None],
    name: str,
    data: st.DataObject,
    fixture_space: Callable[..., Space],
) -> None:
    space = fixture_space(network, *counting)
    resource, w = resource_of(space, name), drawn_widths(data, space)
    up, down = slopes(resource, w, 2.0**-12)
    gradient = resource.gradient(w)
    scale = np.abs(gradient).max(initial=1.0)
    # Where a cost bends, the slopes to both sides differ: a tie. Polynomials bend little.
    assume(np.abs(up - down).max(initial=0) < 1e-3 * scale)
    np.testing.assert_allclose((up + down) / 2, gradient, rtol=0, atol=1e-5 * scale)


@given(network=networks, name=st.sampled_from(["macs", "size"]), data=st.data())
def test_sympy(
    network: str, name: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    space = fixture_space(network)
    resource, w = resource_of(space, name), drawn_widths(data, space)
    symbols = [sympy.Symbol(entry.name, positive=True) for entry in space.groups]
    at = dict(zip(symbols, (sympy.Float(v, 30) for v in w), strict=True))
    expression = resource.sympy()
    assert expression.free_symbols <= set(symbols)
    assert resource(w) == pytest.approx(float(expression.subs(at)), rel=1e-12)
    slope = [float(sympy.diff(expression, symbol).subs(at)) for symbol in symbols]
    np.testing.assert_allclose(resource.gradient(w), slope, rtol=1e-12)


@given(network=networks, data=st.data())
def test_sympy_of_the_peak(
    network: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    """The formula of the bottleneck at w, and what it says there."""
    space = fixture_space(network)
    w = drawn_widths(data, space)
    formula = space.peak.formula_at(w)
    values = np.append(w, 1.0)
    total = sum(float(c) * values[list(m)].prod() for m, c in formula.terms.items())
    assert space.peak(w) == pytest.approx(total, rel=1e-12)
    at_full = space.peak.sympy().subs(
        {sympy.Symbol(g.name, positive=True): g.width for g in space.groups}
    )
    assert float(at_full) == space.peak(space.full)


@given(network=networks, name=resources, data=st.data())
def test_torch(
    network: str, name: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    torch = pytest.importorskip("torch")
    space = fixture_space(network)
    resource = resource_of(space, name)
    w = torch.tensor(drawn_widths(data, space), requires_grad=True)
    value = resource(w)
    assert value.dtype == w.dtype
    assert value.item() == resource(w.detach().numpy())
    (3 * value).backward()
    assert w.grad is not None
    np.testing.assert_array_equal(w.grad.numpy(), 3 * resource.gradient(w.detach().numpy()))


@pytest.mark.parametrize("network", ["branching", "mobilenet_v2", "unet"])
@pytest.mark.parametrize("name", ["macs", "size", "peak"])
def test_gradcheck(network: str, name: str, fixture_space: Callable[..., Space]) -> None:
    torch = pytest.importorskip("torch")
    space = fixture_space(network)
    resource = resource_of(space, name)
    rng = np.random.default_rng(1)
    w = torch.tensor(rng.uniform(0.4, 0.9, len(space.full)) * space.full, requires_grad=True)
    step = 2.0**-10  # sizes at real widths are compared in 1/1024 of a byte
    assert torch.autograd.gradcheck(resource, (w,), eps=step, atol=1e-2, rtol=1e-6)


def test_float32_and_half_gradients(fixture_space: Callable[..., Space]) -> None:
    torch = pytest.importorskip("torch")
    space = fixture_space("resnet")
    w = torch.tensor(space.full, dtype=torch.float32, requires_grad=True)
    loss = space.macs(w) / space.macs(space.full) + space.peak(w) / space.peak(space.full)
    loss.backward()
    assert w.grad is not None
    assert w.grad.dtype == torch.float32
    assert bool((w.grad > 0).any())
    assert not space.macs(w.detach()).requires_grad


# ---- the peak ----------------------------------------------------------------------------------


def groups_at(resource: PeakResource, space: Space, w: Array) -> set[int]:
    """The groups whose channels the tensors live at the bottleneck have, from their formulas."""
    return {variable for monomial in resource.formula_at(w).terms for variable in monomial}


@given(network=networks, data=st.data())
def test_only_what_is_live_at_the_bottleneck_counts(
    network: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    space = fixture_space(network)
    w = drawn_widths(data, space)
    gradient = space.peak.gradient(w)
    assert set(np.flatnonzero(gradient).tolist()) == groups_at(space.peak, space, w)
    operator, live = space.peak.bottleneck_at(w)
    assert operator is not None
    assert sum(live.values()) == pytest.approx(space.peak(w), abs=len(live))


@given(network=networks, data=st.data())
def test_moving_down_the_gradient_lowers_the_peak(
    network: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    space = fixture_space(network)
    w = drawn_widths(data, space)
    gradient = space.peak.gradient(w)
    assume(gradient.any())  # else the bottleneck has nothing that can be pruned
    before = space.peak(w)
    step = 1e-3 * w.min() / np.abs(gradient).max()
    assert space.peak(w - step * gradient) < before


@given(network=networks, data=st.data())
def test_methods_are_in_order(
    network: str, data: st.DataObject, fixture_space: Callable[..., Space]
) -> None:
    space = fixture_space(network)
    w = drawn_widths(data, space)
    bound, best, file = (
        space.peak_by(method)(w) for method in ("operator_bound", "optimal", "file_order")
    )
    assert bound <= best + 1
    assert best <= file + 1
