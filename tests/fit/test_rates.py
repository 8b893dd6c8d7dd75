"""Published rates, and what they say about the time of an inference."""

import pytest

from mcugraph.fit.boards import Board, boards, find_board
from mcugraph.fit.rates import NETWORK, estimate_latency, rates, rates_for


def test_rates_are_ranges_with_a_source_for_cores_that_exist():
    cores = {board.core for board in boards()}
    assert len({(rate.core, rate.kind) for rate in rates()}) == len(rates())
    for rate in rates():
        assert rate.core in cores
        assert rate.kind in {"conv2d", "depthwise_conv2d", "dense", NETWORK}
        assert 0.001 < rate.low < rate.high < 16
        assert "https://" in rate.source
        assert rate.note


# Models of MLPerf Tiny, and TFLM's person detection: MACs by kind.
AD = {"dense": 264_192}
IC = {"conv2d": 12_500_992, "dense": 640}
KWS = {"conv2d": 2_368_000, "depthwise_conv2d": 288_000, "dense": 768}
VWW = {"conv2d": 6_690_816, "depthwise_conv2d": 798_336, "dense": 512}
PERSON = {"conv2d": 6_359_552, "depthwise_conv2d": 798_336}


@pytest.mark.parametrize(
    ("core", "mhz", "macs", "milliseconds"),
    [
        ("Cortex-M0+", 64, AD, 1000 / 21.484),
        ("Cortex-M0+", 64, IC, 1000 / 0.599),
        ("Cortex-M0+", 64, KWS, 1000 / 1.472),
        ("Cortex-M0+", 64, VWW, 1000 / 0.535),
        ("Cortex-M4", 120, AD, 1000 / 116.212),
        ("Cortex-M4", 120, AD, 1000 / 131.950),
        ("Cortex-M4", 120, IC, 1000 / 2.567),
        ("Cortex-M4", 120, IC, 1000 / 4.505),
        ("Cortex-M4", 120, KWS, 1000 / 10.019),
        ("Cortex-M4", 120, KWS, 1000 / 13.759),
        ("Cortex-M4", 120, VWW, 1000 / 3.324),
        ("Cortex-M7", 280, AD, 1000 / 547.234),
        ("Cortex-M7", 216, AD, 1000 / 585.204),
        ("Cortex-M7", 280, IC, 1000 / 18.215),
        ("Cortex-M7", 280, KWS, 1000 / 60.988),
        ("Cortex-M7", 280, VWW, 1000 / 19.867),
        ("Cortex-M7", 216, {"conv2d": 12_288_000, "dense": 10_240}, 99.1),
        ("Cortex-M33", 128, AD, 1000 / 159.020),
        ("Cortex-M33", 128, IC, 1000 / 3.146),
        ("Cortex-M33", 128, KWS, 1000 / 13.074),
        ("Cortex-M33", 128, VWW, 1000 / 4.286),
        ("Cortex-M33", 160, AD, 1000 / 206.191),
        ("Cortex-M33", 160, IC, 1000 / 7.800),
        ("Cortex-M33", 160, KWS, 1000 / 25.920),
        ("Cortex-M85", 480, AD, 1000 / 1884.138),
        ("Cortex-M85", 480, IC, 1000 / 117.948),
        ("Cortex-M85", 480, KWS, 1000 / 288.611),
        ("Cortex-M85", 480, VWW, 1000 / 74.665),
        ("Xtensa LX7 with vector instructions", 240, PERSON, 54),
        ("Xtensa LX6", 240, PERSON, 380),
        ("Xtensa LX6", 240, PERSON, 4084),
        ("RISC-V RV32IMC", 160, PERSON, 426),
        ("RISC-V RV32IMC", 160, PERSON, 3355),
    ],
)
def test_published_times_lie_within_the_estimate(
    core: str, mhz: int, macs: dict[str, int], milliseconds: float
):
    board = Board("b", "b", "", core, mhz * 1_000_000, 1, 1, "", "", "", 1, 1)
    estimate = estimate_latency(board, macs)
    assert estimate is not None
    assert estimate[0] * 1000 <= milliseconds <= estimate[1] * 1000


def test_a_latency_follows_from_rates_and_clock():
    board = find_board("nucleo-f446re")
    macs = {"conv2d": 1_000_000, "dense": 50_000, "add": 0}
    conv, dense = rates_for(board, macs)
    estimate = estimate_latency(board, macs)
    assert estimate == pytest.approx(
        (
            (1_000_000 / conv.high + 50_000 / dense.high) / 180e6,
            (1_000_000 / conv.low + 50_000 / dense.low) / 180e6,
        )
    )


def test_a_kind_without_a_rate_of_its_own_sends_all_macs_through_the_network_rate():
    board = find_board("nucleo-f446re")
    macs = {"conv2d": 900, "depthwise_conv2d": 100}
    (rate,) = rates_for(board, macs)
    assert rate.kind == NETWORK
    assert estimate_latency(board, macs) == pytest.approx(
        (1000 / rate.high / 180e6, 1000 / rate.low / 180e6)
    )


@pytest.mark.parametrize(
    ("board", "macs"),
    [
        ("esp32-c6", IC),  # nothing is published for the core
        ("nucleo-f446re", {"conv2d": 1000, "lstm": 1}),  # nor for the kind
        ("esp32-s3", {"matmul": 1000}),
        ("nucleo-f446re", {}),
        ("nucleo-f446re", {"conv2d": 0}),
    ],
)
def test_no_published_rate_no_latency(board: str, macs: dict[str, int]):
    assert estimate_latency(find_board(board), macs) is None
    assert rates_for(find_board(board), macs) == ()
