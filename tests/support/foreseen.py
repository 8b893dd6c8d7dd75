"""Int8 files held against what the module's own profile foresees of them."""

from pathlib import Path
from typing import Any

import mcugraph as mg


def figures(of: Any) -> tuple[Any, ...]:
    """Of a profile, what a file and its module have in common."""
    memory, flash = of.memory, of.flash
    arena = memory.file_order_peak, memory.peak, memory.tflm_arena, memory.tflm_persistent
    return (*arena, of.macs, of.elementwise, flash.weights, flash.biases)


def exported_as_foreseen(model: Any, data: Any, path: Path) -> Any:
    """A module's int8 file, which TFLM runs and whose figures are those foreseen."""
    from mcugraph.export.to_tflite import export_tflite

    made = export_tflite(model, data[:1], path, [data])
    assert not made.profile.tflm_refusals
    foreseen = mg.profile(mg.from_torch(model, data[:1]), precision="int8")
    assert figures(foreseen) == figures(made.profile)
    return made
