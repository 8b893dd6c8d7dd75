"""Layers and blocks of PyTorch, with work and weights counted by hand."""

import pytest

import mcugraph as mg
from mcugraph.ir import Graph, TensorType
from mcugraph.ops.opaque import Opaque

torch = pytest.importorskip("torch")
F = torch.nn.functional
nn = torch.nn
Tensor = torch.Tensor


def checked(model: torch.nn.Module, *inputs: Tensor) -> Graph:
    """The graph, with each operator's own rule compared with PyTorch's shapes."""
    graph = mg.from_torch(model, inputs)
    for operator in graph.operators:
        read = [None if n is None else graph.tensors[n] for n in operator.inputs]
        results = operator.op.infer([t and TensorType(t.dtype, t.shape) for t in read])
        assert not isinstance(operator.op, Opaque), operator
        assert results is not None, operator
        assert [r.shape for r in results] == [graph.tensors[n].shape for n in operator.outputs]
    wanted = model.eval()(*inputs)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    flat = [x for part in wanted for x in (part if isinstance(part, tuple) else (part,))]
    shapes = [tuple(x.shape) for x in flat if x is not None]
    assert [graph.tensors[name].shape for name in graph.outputs] == shapes
    assert mg.profile(graph).complete
    return graph


def kinds(graph: Graph) -> list[str]:
    return [operator.op.kind for operator in graph.operators]


def figures(graph: Graph) -> tuple[int, int, int]:
    """MACs, bytes of weights and of biases as int8 and int32."""
    profile = mg.profile(graph, precision="int8")
    return profile.macs, profile.flash.weights, profile.flash.biases


# ---- recurrent ---------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("layer", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_recurrent_layers(layer: type, gates: int, batch_first: bool) -> None:
    """7 steps of a batch of 2; each step meets every matrix once."""
    shape = (2, 7, 5) if batch_first else (7, 2, 5)
    graph = checked(layer(5, 6, batch_first=batch_first), torch.zeros(shape))
    assert kinds(graph)[0] == layer.__name__.lower()
    matrices = gates * 6 * 5 + gates * 6 * 6
    assert figures(graph) == (7 * 2 * matrices, matrices, 4 * 2 * gates * 6)


@pytest.mark.parametrize(("layer", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_several_layers_and_directions(layer: type, gates: int) -> None:
    graph = checked(layer(5, 6, num_layers=3, bidirectional=True), torch.zeros(7, 2, 5))
    cells = [op for op in graph.operators if op.op.kind == layer.__name__.lower()]
    assert len(cells) == 3  # one operator a layer
    first = 2 * gates * 6 * (5 + 6)
    later = 2 * gates * 6 * (12 + 6)
    weights = first + 2 * later
    assert figures(graph) == (7 * 2 * weights, weights, 4 * 3 * 2 * 2 * gates * 6)


def test_states_that_nobody_reads_are_not_computed() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(5, 6, num_layers=2)

        def forward(self, x: Tensor) -> Tensor:
            return self.rnn(x)[0][-1]

    graph = checked(Last(), torch.zeros(7, 2, 5))
    assert kinds(graph) == ["lstm", "lstm", "slice"]
    assert [len(operator.outputs) for operator in graph.operators] == [1, 1, 1]
    assert [operator.name for operator in graph.operators] == ["rnn", "rnn#2", "select"]


def test_given_states() -> None:
    class Given(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(5, 6, num_layers=2)

        def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
            y, h = self.rnn(x, h)
            return y, h

    graph = checked(Given(), torch.zeros(7, 2, 5), torch.zeros(2, 2, 6))
    assert kinds(graph) == ["slice", "gru", "slice", "gru", "concat"]


def test_projected_lstm() -> None:
    graph = checked(nn.LSTM(5, 6, proj_size=3), torch.zeros(7, 2, 5))
    weights = 4 * 6 * (5 + 3) + 3 * 6
    assert figures(graph) == (7 * 2 * weights, weights, 4 * 2 * 24)


@pytest.mark.parametrize(("cell", "gates"), [(nn.LSTMCell, 4), (nn.GRUCell, 3), (nn.RNNCell, 1)])
def test_single_steps(cell: type, gates: int) -> None:
    graph = checked(cell(5, 6), torch.zeros(2, 5))
    matrices = gates * 6 * (5 + 6)
    assert figures(graph) == (2 * matrices, matrices, 4 * 2 * gates * 6)


# ---- attention ---------------------------------------------------------------------------------

# 2 sentences of 10 tokens, 16 features, 4 heads of 4.
PROJECTIONS = 2 * 10 * 16 * 48 + 2 * 10 * 16 * 16
SCORES = 2 * 4 * 10 * 10 * (4 + 4)


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_multi_head_attention(weights: bool, batch_first: bool) -> None:
    class Attend(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(16, 4, batch_first=batch_first)

        def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
            y, scores = self.attention(x, x, x, need_weights=weights)
            return (y, scores) if weights else y

    graph = checked(Attend(), torch.zeros((2, 10, 16) if batch_first else (10, 2, 16)))
    assert figures(graph)[:1] == (PROJECTIONS + SCORES,)
    assert figures(graph)[2] == 4 * (48 + 16)
    assert ("attention" in kinds(graph)) is not weights
    named = [operator.name for operator in graph.operators if operator.op.kind == "dense"]
    assert named[-1] == "attention.out_proj"


@pytest.mark.parametrize("trainable", [False, True])
def test_transformer_encoder_layer(trainable: bool) -> None:
    """The fast path of inference, which hides everything in one operator, is not taken."""
    model = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    graph = checked(model.requires_grad_(trainable), torch.zeros(2, 10, 16))
    assert kinds(graph).count("attention") == 1
    assert kinds(graph).count("layer_norm") == 2
    macs = PROJECTIONS + SCORES + 2 * 10 * (16 * 32 + 32 * 16)
    # The norms add their shifts, and one epsilon, as any other constants.
    weights = 16 * 48 + 16 * 16 + 2 * 16 * 32 + 2 * (16 + 16) + 1
    assert figures(graph) == (macs, weights, 4 * (48 + 16 + 32 + 16))


def test_transformer_decoder_layer() -> None:
    graph = checked(
        nn.TransformerDecoderLayer(16, 4, 32, batch_first=True),
        torch.zeros(2, 10, 16),
        torch.zeros(2, 6, 16),
    )
    cross = 2 * 10 * 16 * 16 + 2 * 6 * 16 * 32 + 2 * 10 * 16 * 16 + 2 * 4 * 10 * 6 * 8
    macs = PROJECTIONS + SCORES + cross + 2 * 10 * 2 * 16 * 32
    weights = 2 * (16 * 48 + 16 * 16) + 2 * 16 * 32 + 3 * (16 + 16) + 1
    assert figures(graph) == (macs, weights, 4 * (2 * (48 + 16) + 32 + 16))


def test_grouped_query_attention() -> None:
    class Grouped(nn.Module):
        def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)

    shapes = (1, 8, 10, 4), (1, 2, 10, 4), (1, 2, 10, 4)
    graph = checked(Grouped(), *(torch.zeros(shape) for shape in shapes))
    assert figures(graph)[0] == 8 * 10 * 10 * 8


def test_attention_from_parts() -> None:
    class Parts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv = nn.Linear(16, 48)

        def forward(self, x: Tensor) -> Tensor:
            b, n, _ = x.shape
            q, k, v = self.qkv(x).reshape(b, n, 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
            scores = torch.einsum("bhid,bhjd->bhij", q, k) * 4**-0.5
            return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)

    graph = checked(Parts(), torch.zeros(2, 10, 16))
    assert figures(graph)[0] == 2 * 10 * 16 * 48 + SCORES


# ---- convolutional blocks ----------------------------------------------------------------------


def test_transposed_convolution_counts_its_input() -> None:
    """Each of 5x6 positions meets 8*4*3*3 weights; grouped, half of them."""
    graph = checked(nn.ConvTranspose2d(8, 4, 3, 2, 1, 1), torch.zeros(1, 8, 5, 6))
    assert figures(graph) == (30 * 8 * 4 * 9, 8 * 4 * 9, 16)
    graph = checked(nn.ConvTranspose2d(8, 4, 3, 2, 1, 1, groups=2), torch.zeros(1, 8, 5, 6))
    assert figures(graph) == (30 * 8 * 2 * 9, 8 * 2 * 9, 16)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolutions_of_each_rank(rank: int) -> None:
    layer = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    graph = checked(layer(6, 9, 3, padding=1, groups=3), torch.zeros(2, 6, *(4,) * rank))
    weights = 9 * 2 * 3**rank
    assert figures(graph) == (2 * 4**rank * weights, weights, 36)


class ConvNextBlock(nn.Module):
    """Liu et al., arXiv:2201.03545."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, 4 * channels)
        self.project = nn.Linear(4 * channels, channels)
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.filter(x).permute(0, 2, 3, 1))
        y = self.project(F.gelu(self.expand(y))) * self.scale
        return x + y.permute(0, 3, 1, 2)


def test_convnext_block() -> None:
    graph = checked(ConvNextBlock(8), torch.zeros(1, 8, 6, 6))
    assert kinds(graph) == [
        *("depthwise_conv2d", "transpose", "layer_norm", "dense", "gelu", "dense", "mul"),
        *("transpose", "add"),
    ]
    macs = 36 * (8 * 49 + 2 * 8 * 32)
    # The layer scale is folded into the layer before it, the shift of the norm into that after it;
    # a GELU has two numbers, a norm one.
    assert figures(graph) == (macs, 8 * 49 + 8 + 2 * 8 * 32 + 2 + 1, 4 * (8 + 32 + 8))
    # The expanded map and two steps of its GELU, beside the block's input.
    assert mg.profile(graph, precision="int8").memory.peak == 36 * (32 + 32 + 32 + 8)


def test_pixel_shuffle_upscaler() -> None:
    """Sub-pixel convolution (Shi et al., arXiv:1609.05158)."""
    model = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 12, 3, 1, 1), nn.PixelShuffle(2))
    graph = checked(model, torch.zeros(1, 3, 6, 5))
    assert kinds(graph) == ["conv2d", "conv2d", "depth_to_space"]
    assert figures(graph) == (30 * 9 * (3 * 8 + 8 * 12), 9 * (3 * 8 + 8 * 12), 4 * 20)
    assert mg.profile(graph, precision="int8").memory.peak == 30 * 24


class SmallUNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, padding=1)
        self.bottom = nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.out = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = self.down(x)
        y = self.up(self.bottom(F.max_pool2d(skip, 2)))
        return self.out(torch.cat((skip, y), 1))


def test_unet() -> None:
    graph = checked(SmallUNet(), torch.zeros(1, 3, 8, 8))
    down, bottom, up, out = 64 * 9 * 24, 16 * 9 * 128, 16 * 16 * 8 * 4, 64 * 16 * 2
    assert figures(graph)[0] == down + bottom + up + out
    # The skip and what came up, both of 8 channels, and the two joined.
    assert mg.profile(graph, precision="int8").memory.peak == 64 * (8 + 8 + 16)


def test_two_inputs_two_outputs() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(10, 6), nn.Linear(20, 6)

        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            a, b = self.left(x), self.right(y)
            return a * b, a - b

    graph = checked(Two(), torch.zeros(1, 10), torch.zeros(1, 20))
    assert figures(graph) == (180, 180, 48)
    # Both inputs are there from the start, the first product while the second is read.
    assert mg.profile(graph, precision="int8").memory.peak == 10 + 20 + 6


def test_adaptive_pooling_counts_each_window() -> None:
    """9 rows to 4 take 3 each (starts 0, 2, 4, 6); 8 columns to 3 take 3, 4 and 3."""
    graph = checked(nn.AdaptiveAvgPool2d((4, 3)), torch.zeros(1, 5, 9, 8))
    assert mg.profile(graph).elementwise == 5 * (3 + 3 + 3 + 3) * (3 + 4 + 3)


def test_batch_norm_without_scale_folds() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False))
    graph = checked(model, torch.zeros(1, 3, 6, 6))
    assert figures(graph) == (16 * 27 * 4, 108, 16)
    assert len(mg.profile(graph).layers) == 1


def test_batch_norm_without_statistics_does_not_fold() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))
    graph = checked(model, torch.zeros(2, 3, 6, 6))
    assert kinds(graph) == ["conv2d", "mean_variance_norm"]
    kinds_run = [layer.kind for layer in mg.profile(graph).layers]
    assert kinds_run[1:3] == ["reduce_mean", "sub"]
    assert kinds_run[-4:] == ["rsqrt", "mul", "mul", "add"]


def test_weight_norm_is_folded() -> None:
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    graph = checked(layer, torch.zeros(1, 3, 6, 6))
    assert kinds(graph) == ["conv2d"]
    assert figures(graph) == (16 * 108, 108, 16)


def test_a_constant_position_table_is_folded() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(50, 4)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.table(torch.arange(x.shape[1]))

    graph = checked(Positions(), torch.zeros(1, 6, 4))
    assert kinds(graph) == ["add"]
    constant = graph.tensors[graph.operators[0].inputs[1] or ""]
    assert constant.shape == (6, 4)
    assert constant.constant is not None
    assert constant.constant.array().shape == (6, 4)


def test_scores_take_memory_in_a_deployment() -> None:
    """TFLite has no attention: the scores of 4 heads, 10 x 10 each, before and after softmax."""

    class Attend(nn.Module):
        def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return F.scaled_dot_product_attention(q, k, v)

    operands = [torch.zeros(1, 4, 10, 2) for _ in range(3)]
    graph = checked(Attend(), *operands)
    profile = mg.profile(graph, precision="int8")
    assert [layer.kind for layer in profile.layers] == ["matmul", "softmax", "matmul"]
    assert profile.macs == 2 * 4 * 10 * 10 * 2
    assert profile.memory.peak == 2 * 400 + 80  # and the values, which wait


def test_channel_shuffle_in_a_deployment() -> None:
    """As the layer or written out: the same operators, with the same figures."""

    class Written(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            b, c, h, w = x.shape
            return x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)

    data = torch.zeros(1, 8, 4, 4)
    layer = mg.profile(checked(nn.ChannelShuffle(2), data))
    written = mg.profile(checked(Written(), data))
    assert [x.kind for x in layer.layers] == ["reshape", "transpose", "reshape"]
    assert [x.kind for x in written.layers] == [x.kind for x in layer.layers]
    assert layer.memory.tflm_arena is not None
    assert layer.memory.peak == written.memory.peak == 2 * 8 * 16 * 4
    assert layer.elementwise == written.elementwise


# ---- another count -----------------------------------------------------------------------------


class Windows(nn.Module):
    """Attention in shifted windows with a bias of relative positions (Liu et al., 2103.14030)."""

    def __init__(self, width: int = 16, heads: int = 4, side: int = 4) -> None:
        super().__init__()
        self.heads, self.side = heads, side
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros((2 * side - 1) ** 2, heads))
        self.register_buffer("index", torch.zeros(side**2, side**2, dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        b, h, w, c = x.shape
        s, n = self.side, self.side**2
        y = torch.roll(self.norm(x), (-2, -2), (1, 2))
        y = y.view(b, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, n, c)
        qkv = self.qkv(y).reshape(-1, n, 3, self.heads, c // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        scores = q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1)
        bias = self.bias[self.index.view(-1)].view(n, n, -1).permute(2, 0, 1)
        y = self.out(((scores + bias).softmax(-1) @ v).transpose(1, 2).reshape(-1, n, c))
        y = y.view(b, h // s, w // s, s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return x + torch.roll(y, (2, 2), (1, 2))


class Gated(nn.Module):
    """Dilated gated convolutions with skips (van den Oord et al., arXiv:1609.03499)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 8, 1)
        self.filters = nn.ModuleList(nn.Conv1d(8, 16, 2, dilation=2**i) for i in range(4))
        self.mix = nn.ModuleList(nn.Conv1d(8, 8, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        total = torch.zeros(1)
        for i, (layer, mix) in enumerate(zip(self.filters, self.mix, strict=True)):
            a, b = layer(F.pad(x, (2**i, 0))).chunk(2, 1)
            y = mix(torch.tanh(a) * torch.sigmoid(b))
            total, x = total + y, x + y
        return total.relu()


class Rotary(nn.Module):
    """Attention with rotated queries and keys (Su et al., arXiv:2104.09864)."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.register_buffer("rates", torch.rand(width // heads // 2))

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, c // self.heads).transpose(1, 3).unbind(2)
        angles = torch.outer(torch.arange(n).float(), self.rates).repeat(1, 2)

        def turn(y: Tensor) -> Tensor:
            half = y.shape[-1] // 2
            turned = torch.cat((-y[..., half:], y[..., :half]), -1)
            return y * angles.cos() + turned * angles.sin()

        y = F.scaled_dot_product_attention(turn(q), turn(k), v)
        return self.out(y.transpose(1, 2).reshape(b, n, c))


MIXTURE = {
    "windows": (Windows(), (2, 8, 8, 16)),
    "gated": (Gated(), (1, 1, 64)),
    "rotary": (Rotary(), (2, 6, 16)),
    "encoder": (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (2, 10, 16)),
    "unet": (SmallUNet(), (1, 3, 8, 8)),
    "convnext": (ConvNextBlock(8), (1, 8, 6, 6)),
}


@pytest.mark.parametrize("name", MIXTURE)
def test_work_against_the_counter_of_torch(name: str) -> None:
    """PyTorch's own counter of floating-point operations, with attention taken apart."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    model, shape = MIXTURE[name]
    graph = checked(model, torch.zeros(shape))
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            model.eval()(torch.zeros(shape))
    finally:
        torch.backends.mha.set_fastpath_enabled(True)
    assert 2 * mg.profile(graph).macs == counter.get_total_flops()
