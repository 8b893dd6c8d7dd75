"""MobileNet v2 (Sandler et al., arXiv:1801.04381), built without weights: published figures."""

from pathlib import Path
from typing import Any

from onnx import TensorProto, helper

import mcugraph as mg

# Expansion, channels, blocks and stride of the first block (table 2 of the paper).
STAGES = [
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
]


class Net:
    """Nodes and weights that lie in a file which is not there."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, *shape: int) -> str:
        name = f"w{len(self.weights)}"
        proto = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        proto.data_location = TensorProto.EXTERNAL
        proto.external_data.add(key="location", value="weights.bin")
        self.weights.append(proto)
        return name

    def add(self, type_: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(type_, inputs, [name], **attributes))
        return name

    def conv(
        self, x: str, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1,
        relu6: bool = True,
    ) -> str:  # fmt: skip
        """A convolution without bias, its batch norm and a ReLU6."""
        kernel = self.weight(outputs, inputs // groups, size, size)
        pads = [size // 2] * 4
        x = self.add(
            "Conv", x, kernel, strides=[stride, stride], pads=pads, group=groups,
            kernel_shape=[size, size],
        )  # fmt: skip
        x = self.add("BatchNormalization", x, *(self.weight(outputs) for _ in range(4)))
        return self.add("Clip", x, "zero", "six") if relu6 else x

    def block(self, x: str, inputs: int, outputs: int, stride: int, expansion: int) -> str:
        hidden = inputs * expansion
        y = self.conv(x, inputs, hidden, 1) if expansion > 1 else x
        y = self.conv(y, hidden, hidden, 3, stride, groups=hidden)
        y = self.conv(y, hidden, outputs, 1, relu6=False)
        return self.add("Add", x, y) if stride == 1 and inputs == outputs else y

    def save(self, path: Path) -> Path:
        x, channels = self.conv("input", 3, 32, 3, 2), 32
        for expansion, outputs, blocks, stride in STAGES:
            for i in range(blocks):
                x = self.block(x, channels, outputs, 1 if i else stride, expansion)
                channels = outputs
        x = self.conv(x, channels, 1280, 1)
        x = self.add("Flatten", self.add("GlobalAveragePool", x))
        x = self.add("Gemm", x, self.weight(1000, 1280), self.weight(1000), transB=1)
        zero = helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])
        six = helper.make_tensor("six", TensorProto.FLOAT, [], [6.0])
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "mobilenet_v2",
            [value("input", TensorProto.FLOAT, ["batch", 3, 224, 224])],
            [value(x, TensorProto.FLOAT, None)],
            [*self.weights, zero, six],
        )
        opsets = [helper.make_opsetid("", 17)]
        path.write_bytes(helper.make_model(graph, opset_imports=opsets).SerializeToString())
        return path


def test_published_figures(tmp_path: Path) -> None:
    path = Net().save(tmp_path / "mobilenet_v2.onnx")
    profile = mg.profile(path, precision="int8")
    assert profile.complete
    assert profile.macs == 300_774_272
    # 3,504,872 parameters with two a channel for batch norm (torchvision's count); folded, the
    # scale is gone and the shift is a bias: 17,056 channels with batch norm.
    assert profile.model.parameters == 3_504_872 - 17_056
    assert profile.flash.biases == 4 * (17_056 + 1000)
    assert profile.flash.weights == 3_504_872 - 2 * 17_056 - 1000
    # The well-known bottleneck: 112x112x96 for the strided depthwise convolution, and the same with
    # the ring of zeros that PyTorch puts around it and TFLite has a PAD for.
    assert profile.memory.peak == 112 * 112 * 96 + 114 * 114 * 96
    assert profile.memory.peak_is_optimal
    # Convolutions and additions, pads before the five strided ones, mean and classifier.
    assert profile.model.operators == 52 + 10 + 5 + 2
    halves = mg.profile(mg.load(path, {"batch": 2}), precision="int8")
    assert halves.macs == 2 * profile.macs
    assert halves.memory.peak == 2 * profile.memory.peak
