"""In what numbers a file computes and stores its weights."""

from typing import Any

from mcugraph.errors import UsageError
from mcugraph.export.tools import called, tool
from mcugraph.records import dataclass, replace

_BYTE = 8


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a model is quantised.

    Attributes:
        name: As arguments have it.
        bits: Of a weight; those of depthwise layers have 8, or stay floats.
        per_channel: Whether weights have a scale for each channel; else one for all.
        integers: Whether it computes with integers; else with floats that weights are turned into
            on the device, in SRAM.
        on_tflm: Whether TensorFlow Lite Micro has kernels for it.
    """

    name: str
    bits: int
    per_channel: bool
    integers: bool
    on_tflm: bool = True

    @property
    def precision(self) -> str | None:
        """How a model is counted that becomes such a file."""
        return "int8" if self.integers else None

    @property
    def largest(self) -> int:
        """The largest weight, as an integer."""
        return int((1 << (self.bits - 1)) - 1)

    def of_layer(self, node: Any, weights: Any) -> "Scheme":
        """What holds for a layer of a traced program.

        Depthwise ones have weights of a byte, and dense ones of four bits one scale: TFLM has no
        kernel for others.
        """
        if self.bits == _BYTE:
            return self
        if called(node) == "linear":
            return replace(self, per_channel=self.per_channel and not self.integers)
        groups = node.args[6] if called(node) == "conv2d" and len(node.args) > 6 else 1
        if weights.shape[1] == 1 and groups == weights.shape[0]:
            return replace(self, bits=_BYTE)
        return self

    def recipe(self) -> list[dict[str, Any]]:
        """The same for ``ai-edge-quantizer``."""
        kinds = tool("ai_edge_quantizer.qtyping")
        manager = tool("ai_edge_quantizer.recipe_manager").RecipeManager()
        granularity = kinds.QuantGranularity
        scale = granularity.CHANNELWISE if self.per_channel else granularity.TENSORWISE
        every = kinds.TFLOperationName.ALL_SUPPORTED
        if not self.integers:
            manager.add_weight_only_config(".*", every, self.bits, scale)
            return list(manager.get_quantization_recipe())
        manager.add_static_config(".*", every, _BYTE, _BYTE, scale)
        if self.bits < _BYTE:
            names = kinds.TFLOperationName
            manager.add_static_config(".*", names.CONV_2D, _BYTE, self.bits, scale)
            one = granularity.TENSORWISE
            manager.add_static_config(".*", names.FULLY_CONNECTED, _BYTE, self.bits, one)
        return list(manager.get_quantization_recipe())


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("int8", 8, per_channel=True, integers=True),
        Scheme("int8-per-tensor", 8, per_channel=False, integers=True),
        Scheme("int4", 4, per_channel=True, integers=True),
        # TFLM's DEQUANTIZE knows one scale, and no int4.
        Scheme("weights-int8", 8, per_channel=False, integers=False),
        Scheme("weights-int4", 4, per_channel=True, integers=False, on_tflm=False),
    )
}


def find_scheme(name: object) -> Scheme:
    """A scheme by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if isinstance(name, str) and name in SCHEMES:
        return SCHEMES[name]
    raise UsageError(f"unknown scheme {name!r}; expected one of {', '.join(SCHEMES)}")
