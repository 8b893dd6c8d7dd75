"""The figures of a model on one screen."""

from collections.abc import Sequence

from mcugraph.printed import page
from mcugraph.profiles import Profile
from mcugraph.report.refused import refused
from mcugraph.units import decimal, exact, kib

_FORMATS = {"tflite": "TFLite", "onnx": "ONNX", "torch": "PyTorch"}


def to_text(profile: Profile) -> str:
    """The figures of a model on one screen: SRAM, flash, work, bottleneck, caveats."""
    model, memory, flash = profile.model, profile.memory, profile.flash
    counted = profile.accounting + (f", as {profile.precision}" if profile.precision else "")
    title = model.path or model.name
    lines = [
        f"{title}: {_FORMATS.get(model.format, model.format)}, {exact(model.operators)} operators, "
        f"{exact(model.parameters)} parameters ({counted})",
        *refused(profile.refusals, profile.generated),
        "",
    ]
    proven = "proven optimal" if memory.peak_is_optimal else "best order found"
    if not memory.peak_is_optimal:
        proven += f", no order needs less than {exact(memory.peak_lower_bound)} B"
    rows: list[tuple[str, int | None, str]] = [
        ("SRAM   peak, best order", memory.peak, proven),
        ("       peak, file order", memory.file_order_peak, _saving(profile)),
        (
            "       TFLM arena, head",
            memory.tflm_arena,
            f"TFLM's own plan of the file order, {profile.kernels} kernels",
        ),
        ("       TFLM arena, tail", memory.tflm_persistent, f"on a 32-bit device ({profile.abi})"),
        ("       TFLM total", memory.tflm_total, "the least that TFLM loads it with"),
        ("       planned arena", memory.planned_arena, "our plan of the best order"),
        (
            "       overlap arena",
            memory.overlap_arena,
            f"outputs over inputs ({profile.kernels} kernels)",
        ),
        ("       state", memory.state or None, "variable tensors, live for ever"),
        ("       cut bound", memory.cut_bound, "no order needs less"),
        ("       operator bound", memory.operator_bound, "largest operator alone"),
        ("Flash  model file", flash.file, ""),
        ("       weights", flash.weights, ""),
        ("       biases", flash.biases, ""),
        ("       quantization", flash.quantization, "scales and zero points"),
        ("       other", flash.other, "structure, names, shapes, metadata"),
        ("       constants, built", flash.constants, "tables and parameters of the generated code"),
        ("       code, built", flash.code, "its instructions"),
    ]
    lines += _aligned([(label, exact(v), kib(v), note) for label, v, note in rows if v is not None])
    lines.append(f"Work   {exact(profile.macs)} MACs ({decimal(profile.macs)})")
    lines.append(f"       {exact(profile.elementwise)} elementwise operations")
    lines += _bottleneck(profile)
    if profile.unknown_operators:
        names = ", ".join(profile.unknown_operators)
        lines += ["", f"Not counted, no rule: {names}"]
    lines += ["", *(f"Assumed: {text}" for text in profile.assumptions)]
    if not profile.complete:
        lines += ["", "Incomplete: what could not be counted is missing above."]
    return page(lines).rstrip()


def _saving(profile: Profile) -> str:
    saved = profile.memory.file_order_peak - profile.memory.peak
    return f"reordering saves {exact(saved)} B" if saved else ""


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    """Label, bytes, KiB and note, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{label:<{widths[0]}}  {number:>{widths[1]}} B  {size:>{widths[2]}}  {note}".rstrip()
        for label, number, size, note in rows
    ]


def _bottleneck(profile: Profile) -> list[str]:
    found = profile.memory.bottleneck
    if found is None:
        return []
    kinds = {layer.name: layer.type for layer in profile.layers}
    lines = ["", f"Bottleneck: {found.operator} ({kinds[found.operator]}), where these are live:"]
    width = max((len(exact(entry.bytes)) for entry in found.live), default=0)
    return lines + [f"  {exact(entry.bytes):>{width}} B  {entry.tensor}" for entry in found.live]
