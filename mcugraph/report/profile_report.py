"""The figures of a model on one screen."""

from collections.abc import Sequence

from mcugraph.fit.remedies import COMMAND, Remedy
from mcugraph.profiles import Memory, Profile
from mcugraph.report.refused import refused
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.short_names import end, label, labels, short
from mcugraph.units import decimal, exact, kib, share

_FORMATS = {"tflite": "TFLite", "onnx": "ONNX", "torch": "PyTorch"}
_BARS = 100  # columns from which on there is room for bars beside notes
_TYPES = 6  # types of operators whose work is listed, those that do most of it

# Label, bytes, the whole that they are a part of, and a note.
_Row = tuple[str, int | None, int | None, str]


def to_text(
    profile: Profile,
    screen: Screen = PLAIN,
    remedies: Sequence[Remedy] = (),
    best_order: int | None = None,
) -> str:
    """The figures of a model on one screen: SRAM, flash, work, bottleneck, caveats.

    Args:
        profile: What to show.
        screen: What it is for.
        remedies: Commands that make the arena to reserve smaller.
        best_order: The peak of an ONNX file once ``optimize`` has written the best order.
    """
    model = profile.model
    counted = profile.accounting + (f", as {profile.precision}" if profile.precision else "")
    title = (
        f"{model.path or model.name}: {_FORMATS.get(model.format, model.format)}, "
        f"{exact(model.operators)} operators, {exact(model.parameters)} parameters ({counted})"
    )
    lines: list[Line] = [Styled(line, "bold") for line in screen.wrapped(title, 2)]
    for text in refused(profile.refusals, profile.generated, profile.layers, screen):
        lines += [Styled(line, "bad") for line in screen.wrapped(text, 2)]
    lines += [Styled(line, "dim") for line in screen.wrapped(_device(profile), 2)]
    lines += ["", *_sizes(profile, screen), *_work(profile, screen)]
    saved = savings(profile, remedies, best_order)
    if saved:
        lines += ["", *_listed(saved, screen)]
    lines += _bottleneck(profile, screen)
    if profile.unknown_operators:
        names = ", ".join(profile.unknown_operators)
        lines += ["", *screen.wrapped(f"Not counted, no rule: {names}", 2)]
    lines.append("")
    for text in profile.assumptions:
        lines += [Styled(line, "dim") for line in screen.wrapped(f"Assumed: {text}", 2)]
    if not profile.complete:
        lines += ["", Styled("Incomplete: what could not be counted is missing above.", "warning")]
    return screen.page(lines).rstrip()


def savings(
    profile: Profile, remedies: Sequence[Remedy], best_order: int | None = None
) -> list[str]:
    """What the command ``optimize`` would make of the file, a sentence each."""
    memory, said = profile.memory, []
    for remedy in remedies:
        less = (memory.tflm_total or 0) - remedy.total
        said.append(
            f"after `{remedy.command}` the arena to reserve is {exact(remedy.total)} B: "
            f"{exact(less)} B less ({share(less, memory.tflm_total or 0)})"
        )
    if best_order is not None:
        less = memory.file_order_peak - best_order
        said.append(
            f"after `{COMMAND}` the peak is {exact(best_order)} B: "
            f"{exact(less)} B less ({share(less, memory.file_order_peak)})"
        )
    return said


def _listed(saved: Sequence[str], screen: Screen) -> list[Line]:
    lines: list[Line] = []
    for text in saved:
        lines += [Styled(line, "good") for line in screen.wrapped(f"Smaller: {text}", 2)]
    return lines


def _device(profile: Profile) -> str:
    """What the figures of SRAM are for."""
    if profile.generated:
        return f"Generated C code, on a 32-bit device ({profile.abi})"
    if profile.memory.tflm_total is None:
        return f"Runtime: {profile.runtime}; what TFLM reserves for this model is not known"
    return f"TFLM with {profile.kernels} kernels, on a 32-bit device ({profile.abi})"


def _sizes(profile: Profile, screen: Screen) -> list[Line]:
    memory, flash = profile.memory, profile.flash
    proven = "proven optimal" if memory.peak_is_optimal else "best order found"
    if not memory.peak_is_optimal:
        proven += f", no order needs less than {exact(memory.peak_lower_bound)} B"
    above = memory.file_order_peak - memory.peak
    total = memory.tflm_total
    sram: list[_Row] = [
        *_reserved(profile),
        ("  head", memory.tflm_arena, total, "by TFLM's own plan"),
        ("  tail", memory.tflm_persistent, total, "what lives for ever"),
        ("  to load", _loading(memory), total, "while TFLM starts"),
        ("planned arena", memory.planned_arena, None, "head by our plan"),
        ("overlap arena", memory.overlap_arena, None, "outputs over inputs"),
        ("state", memory.state or None, None, "variables, live for ever"),
        ("peak, best order", memory.peak, None, proven + _handles(profile)),
        (
            "peak, file order",
            memory.file_order_peak,
            None,
            f"{exact(above)} B more than best" if above else "",
        ),
        ("cut bound", memory.cut_bound, None, "no order needs less"),
        ("operator bound", memory.operator_bound, None, "largest operator alone"),
    ]
    # What is stored of a model that TFLM cannot read is that of the file it becomes.
    of, where = (None, "once deployed") if flash.other is None else (flash.file, "")
    stored: list[_Row] = [
        ("model file", flash.file, None, ""),
        ("  weights", flash.weights, of, where),
        ("  biases", flash.biases, of, where),
        ("  quantization", flash.quantization, of, "scales and zero points"),
        ("  other", flash.other, flash.file, "names and structure"),
        (
            "constants, built",
            flash.constants,
            None,
            "tables and parameters of the generated code",
        ),
        ("code, built", flash.code, None, "its instructions"),
    ]
    return _aligned({"SRAM": sram, "Flash": stored}, screen)


def _reserved(profile: Profile) -> list[_Row]:
    """What an application sets aside for the network."""
    memory = profile.memory
    if memory.tflm_total is not None:
        return [("arena to reserve", memory.tflm_total, None, "TFLM loads with no less")]
    if profile.generated and memory.overlap_arena is not None:
        needed = memory.overlap_arena + memory.state
        return [("arena and state", needed, None, "static arrays of the generated code")]
    return []


def _loading(memory: Memory) -> int | None:
    """What TFLM needs besides head and tail while it loads the model."""
    head, tail, total = memory.tflm_arena, memory.tflm_persistent, memory.tflm_total
    if head is None or tail is None or total is None or total <= head + tail:
        return None
    return total - head - tail


def _handles(profile: Profile) -> str:
    """Why a peak may be larger than an arena."""
    memory = profile.memory
    if memory.planned_arena is None or memory.planned_arena >= memory.peak:
        return ""
    return f"; {exact(memory.peak - memory.planned_arena)} B are handles: in TFLM's tail"


def _aligned(blocks: dict[str, list[_Row]], screen: Screen) -> list[Line]:
    """Label, bytes, KiB, share and note, in columns; a note goes on below if there is no room."""
    known = [
        (title, label, value, whole, note)
        for title, rows in blocks.items()
        for label, value, whole, note in rows
        if value is not None
    ]
    names = max(len(label) for _, label, *_ in known)
    digits = max(len(exact(value)) for _, _, value, *_ in known)
    sizes = max(len(kib(value)) for _, _, value, *_ in known)
    lines: list[Line] = []
    shown = ""
    for title, called, value, of, note in known:
        whole = of or 0
        part = "" if not whole else share(value, whole)
        head = f"{'' if title == shown else title:<7}"
        figures = f"{exact(value):>{digits}} B  {kib(value):>{sizes}}  {part:>6}  "
        begin = len(head) + names + 2 + len(figures)
        style = "bold" if called.startswith("arena") else ""
        cells: list[Cell] = [Styled(head, "bold")]
        text = f"{called:<{names}}  {figures}"
        cells.append(Styled(text, style) if style else text)
        bar = screen.bar(value / whole) if whole and _bars(screen) and value <= whole else ""
        if bar:
            cells += [bar, "  "]
        room = None if screen.width is None else screen.width - begin - (len(bar) + 2 if bar else 0)
        first, *more = screen.wrapped(note, 0, room)
        lines.append((*cells, Styled(first, "dim")))
        lines += [Styled(" " * begin + text, "dim") for text in more]
        shown = title
    return lines


def _work(profile: Profile, screen: Screen) -> list[Line]:
    """All work, and that of each type of operators."""
    lines: list[Line] = [
        (Styled("Work   ", "bold"), f"{exact(profile.macs)} MACs ({decimal(profile.macs)})")
    ]
    by_type: dict[str, list[int]] = {}
    for layer in profile.layers:
        by_type.setdefault(layer.type, []).append(layer.macs or 0)
    sums = {name: sum(macs) for name, macs in by_type.items() if any(macs)}
    most = sorted(sums, key=lambda name: -sums[name])
    shown = most[:_TYPES] if len(most) > _TYPES + 1 else most
    rows = [(f"{len(by_type[name]):,} {name}", exact(sums[name]), sums[name]) for name in shown]
    rest = most[len(shown) :]
    if rest:
        work = sum(sums[name] for name in rest)
        rows.append((f"{sum(len(by_type[name]) for name in rest):,} others", exact(work), work))
    if len(rows) > 1:
        names = max(len(label) for label, _, _ in rows)
        digits = max(len(number) for _, number, _ in rows)
        for label, number, value in rows:
            text = f"         {label:<{names}}  {number:>{digits}}  {share(value, profile.macs):>6}"
            lines.append((text, "  ", screen.bar(value / profile.macs)))
    lines.append(f"       {exact(profile.elementwise)} elementwise operations")
    return lines


def _bottleneck(profile: Profile, screen: Screen) -> list[Line]:
    found = profile.memory.bottleneck
    if found is None:
        return []
    operators = labels(profile.layers, screen)
    lines: list[Line] = [
        "",
        *screen.wrapped(f"Bottleneck: {operators[found.operator]}, where these are live:", 2),
    ]
    places = {layer.name: label(place, layer) for place, layer in enumerate(profile.layers)}
    width = max((len(exact(entry.bytes)) for entry in found.live), default=0)
    for entry in found.live:
        part = share(entry.bytes, profile.memory.peak)
        bar = screen.bar(entry.bytes / max(profile.memory.peak, 1)) if _bars(screen) else ""
        figures = f"  {exact(entry.bytes):>{width}} B  {part:>6}  "
        maker = places.get(entry.tensor, "")
        cells: list[Cell] = [figures, *((bar, "  ") if bar else ()), maker, " " if maker else ""]
        name = short(entry.tensor, screen)
        if screen.width is not None and not screen.full_names:
            name = end(name, max(screen.width - sum(map(len, cells)), 8))
        lines.append((*cells, name))
    return lines


def _bars(screen: Screen) -> bool:
    """Whether there is room for bars beside notes."""
    return screen.width is None or screen.width >= _BARS
