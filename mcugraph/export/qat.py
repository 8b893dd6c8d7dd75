"""Training on with the rounding of int8 in the loop, so that the weights learn to live with it."""

import copy
from typing import Any

from mcugraph.errors import FormatError, UsageError
from mcugraph.export.rounding_error import folded
from mcugraph.export.schemes import Scheme, find_scheme
from mcugraph.export.tools import called, silence, tensors_of, tool, value_of, weight_axis
from mcugraph.formats.torch.devices import beside
from mcugraph.formats.torch.export import inference, quiet, reason
from mcugraph.formats.torch.given import plain_module

# torch.export holds kernels of CUDA to it.
_LARGEST_BATCH = 65_535
_FUSED = ("relu", "relu_", "relu6", "hardtanh", "hardtanh_")
_FUSE = ("batch_norm", "add", "add_", "sub", "mul")
# These give back values that they were given: in the file, with the scale that these had.
_MOVEMENT = (
    *("view", "reshape", "flatten", "unflatten", "permute", "transpose", "squeeze", "unsqueeze"),
    *("slice", "select", "split", "split_with_sizes", "chunk", "contiguous", "clone", "expand"),
    *("max_pool1d", "max_pool2d", "pad", "constant_pad_nd", "dropout", "dropout_", "detach"),
    *("upsample_nearest2d", "pixel_shuffle", "channel_shuffle", "_unsafe_view"),
)


def prepare_qat(model: Any, example_inputs: Any, scheme: str = "int8") -> Any:
    """A copy of a module that rounds as its int8 file will, to train for its last epochs.

    Quantisation-aware training as in "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (Jacob et al., arXiv:1712.05877): weights are rounded to
    int8 with a scale for each channel, activations with one scale whose range is a moving average
    of what was seen. Gradients pass the rounding unchanged. Activations that the file fuses are
    not rounded in between. Batch norms are frozen, with the statistics that they have, and
    dropout is off. The rounding is done by the modules of ``torchao``.

    Train the result with an optimizer of its own parameters, at a low learning rate; then
    ``finish_qat`` gives the module to export.

    Args:
        model: A trained ``torch.nn.Module``; it stays as it is.
        example_inputs: A tensor or a tuple of tensors, one for each positional input. Their first
            axis is the batch, which may have another size in training.
        scheme: As for ``export_tflite``.

    Returns:
        A ``torch.fx.GraphModule`` with the inputs and outputs of the model and parameters of the
        same names.

    Raises:
        UsageError: The ``export`` extra is not installed.
        FormatError: PyTorch cannot export the model with a batch of any size.
    """
    import torch

    numbers = find_scheme(scheme)
    with silence():
        rounding = tool("torchao.quantization.pt2e.fake_quantize")
        observers = tool("torchao.quantization.pt2e.observer")
    own = copy.deepcopy(plain_module(model, "prepare_qat"))
    inputs = beside(own, tensors_of(example_inputs))
    # A batch of 1 would be taken for a constant.
    several = tuple(x if x.shape[0] > 1 else torch.cat((x, x)) for x in inputs)
    shapes = tuple({0: torch.export.Dim("batch", min=1, max=_LARGEST_BATCH)} for _ in inputs)
    name = type(model).__name__
    try:
        with inference(own), quiet():
            program = torch.export.export(own, several, dynamic_shapes=shapes, strict=False)
            whole = program.module()
    except Exception as error:
        raise FormatError(
            f"{name}: torch.export cannot take a batch of any size: {reason(error)}"
        ) from error
    for node in [node for node in whole.graph.nodes if node.op == "call_module"]:
        whole.graph.erase_node(node)  # it checks shapes of inputs and returns nothing
    prepared: Any = torch.fx.GraphModule(whole, whole.graph)
    _Rounding(prepared, rounding, observers, numbers).apply()
    prepared.graph.lint()
    prepared.recompile()
    # In a list, so that it is no submodule: its parameters are not to be trained.
    prepared.mcugraph_original = [own]
    return prepared.train()


def finish_qat(prepared: Any) -> Any:
    """The module that was prepared, with the weights that training has given it.

    Args:
        prepared: What ``prepare_qat`` returned, trained.

    Returns:
        A module of the original's class, without rounding, in inference mode: for
        ``export_tflite``, with training data as calibration.

    Raises:
        UsageError: ``prepare_qat`` did not make it.
    """
    original = getattr(prepared, "mcugraph_original", None)
    if original is None:
        raise UsageError("finish_qat takes what prepare_qat returned")
    model = copy.deepcopy(original[0])
    own = model.state_dict()
    trained = {name: value for name, value in prepared.state_dict().items() if name in own}
    model.load_state_dict({**own, **trained})
    return model.eval()


def _folded_rounding(rounding: Any, factor: Any) -> Any:
    """Rounding of weights as they are once a batch norm is folded into them.

    Args:
        rounding: Of the folded weights.
        factor: What the batch norm multiplies each channel by.
    """
    import torch

    class Folded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rounding = rounding
            self.register_buffer("factor", factor)

        def forward(self, weights: Any) -> Any:
            return self.rounding(weights * self.factor) / self.factor

    return Folded()


class _Rounding:
    """Rounding put into the graph of one module."""

    def __init__(self, module: Any, rounding: Any, observers: Any, scheme: Scheme) -> None:
        import torch

        self.module, self.graph = module, module.graph
        self.count, self.scheme = 0, scheme
        self.device = next((value.device for value in module.parameters()), None)
        fake = rounding.FusedMovingAvgObsFakeQuantize
        self.activation = fake.with_args(
            observer=observers.MovingAverageMinMaxObserver,
            dtype=torch.int8,
            quant_min=-128,
            quant_max=127,
            qscheme=torch.per_tensor_affine,
        )
        # The range of weights is that of the weights as they are.
        self.weights = fake.with_args(
            observer=observers.MovingAverageMinMaxObserver,
            dtype=torch.int8,
            qscheme=torch.per_tensor_symmetric,
            averaging_constant=1.0,
        )
        if scheme.per_channel:
            self.weights = fake.with_args(
                observer=observers.MovingAveragePerChannelMinMaxObserver,
                dtype=torch.int8,
                qscheme=torch.per_channel_symmetric,
                averaging_constant=1.0,
            )

    def apply(self) -> None:
        for node in list(self.graph.nodes):
            axis = weight_axis(node)
            if axis is not None and node.args[1].op == "get_attr":
                self._weight(node, axis)
        for node in list(self.graph.nodes) if self.scheme.integers else ():
            if node.op == "placeholder" or (node.op == "call_function" and self._ends(node)):
                value = node.meta.get("val")
                if getattr(value, "is_floating_point", bool)():
                    self._insert(node, self.activation(), list(node.users))

    def _ends(self, node: Any) -> bool:
        """Whether the result of an operator is one of the file's, with a scale of its own."""
        name = called(node)
        if not name or name in _MOVEMENT:
            return False
        users = list(node.users)
        follows = called(users[0]) if len(users) == 1 else ""
        layer = weight_axis(node) is not None
        if layer and follows == "batch_norm":
            return False
        return not ((layer or name in _FUSE) and follows in _FUSED)

    def _weight(self, node: Any, axis: int) -> None:
        weights = value_of(self.module, node.args[1])
        layer = self.scheme.of_layer(node, weights)
        limits = {"quant_min": -layer.largest, "quant_max": layer.largest}
        if layer.per_channel:
            rounding = self.weights(ch_axis=axis, **limits)
        else:
            others = [i for i in range(weights.dim()) if i != axis]
            factor = folded(self.module, node, weights.amax(others, keepdim=True))
            rounding = _folded_rounding(self.weights(**limits), factor)
        self._insert(node.args[1], rounding, [node])

    def _insert(self, node: Any, rounding: Any, users: list[Any]) -> None:
        name = f"rounding_{self.count}"
        self.count += 1
        self.module.add_submodule(name, rounding.to(self.device))
        with self.graph.inserting_after(node):
            rounded = self.graph.call_module(name, (node,))
        for user in users:
            user.replace_input_with(node, rounded)
