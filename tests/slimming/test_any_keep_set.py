"""Slimming to any feasible keep set, as hypothesis makes them up."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["cat_add_offset", "split_add", "pad_shortcut", "grouped"])
@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_slim_to_any_keep_set(name: str, case: Callable[[str], Any], data: st.DataObject) -> None:
    entry = case(name)
    space = entry.space
    wanted = [data.draw(st.integers(1, group.width), group.name) for group in space.groups]
    widths = [int(width) for width in space.round(wanted)]
    keep = {}
    for group, width in zip(space.groups, widths, strict=True):
        classes = st.lists(
            st.integers(0, group.width - 1), min_size=width, max_size=width, unique=True
        )
        keep[group.name] = data.draw(classes, f"of {group.name}")
    small = slim(entry.model, keep, entry.inputs, space=space)
    with torch.no_grad():
        torch.testing.assert_close(
            small(*entry.inputs), entry.masked(keep)(*entry.inputs), rtol=1e-5, atol=1e-5
        )
    assert mg.profile(mg.from_torch(small, entry.inputs)).macs == space.macs(widths)
