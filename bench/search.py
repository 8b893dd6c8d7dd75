"""Architecture search: how fast it filters and drives, and what it finds in a given time.

    python bench/search.py filter
    python bench/search.py driver
    python bench/search.py mnist DATA.npz --time 30min --workers 2 --seeds 3
    python bench/search.py fashion DATA.npz --time 30min --workers 2 --seeds 1 --ways evolution
    python bench/search.py speech DATA.npz --time 30min --workers 2 --seeds 1 --ways evolution

``filter`` counts candidates a second of one core, exact peaks of those that pass included.
``driver`` tells what a candidate costs beside its training, and how long a search of 2,000 takes to
begin again. ``mnist`` searches within the bounds of the µNAS paper (from nothing, from three
networks made by hand, without inheritance, as in the paper, at random within the same bounds), and
prints what was best by size, with the accuracy of its int8 file, and where its time went.
``fashion`` (Fashion-MNIST) and ``speech`` (12 classes of words, as 49 x 40 log-mel features) do the
same within wider bounds. Ctrl-C ends the search that is under way.
"""

import argparse
import random
import tempfile
import time
from math import exp
from pathlib import Path
from typing import Any, NamedTuple

from mcugraph.nas import Bounds, CnnSpace, MlpSpace, Recipe, SearchResult, search
from mcugraph.nas.admission import Admission
from mcugraph.nas.spaces.cnn import Cnn, ConvBlock, ConvLayer
from mcugraph.nas.trials import Errors, Outcome, Trial

PAPER = Bounds(error=0.035, peak=2500, size=4500, macs=30_000_000)
CLASSES = ("size <= 1000", "size <= 1500 and peak <= 1400", "size <= 4500 and peak <= 2500")
WIDER = Bounds(error=0.2, peak=8_000, size=16_000, macs=1_000_000)
SIZES = ("size <= 2000", "size <= 4000", "size <= 16000")


class Set(NamedTuple):
    """What is searched on a set of data: ``share`` of ``epochs`` is what a candidate is trained."""

    space: CnnSpace
    bounds: Bounds
    targets: tuple[str, ...]
    epochs: float = 90
    share: float = 1 / 30


SETS = {
    "mnist": Set(CnnSpace((1, 28, 28), 10), PAPER, CLASSES),
    "fashion": Set(CnnSpace((1, 28, 28), 10), WIDER, SIZES),
    # A few thousand words: an epoch of them is not 30 steps.
    "speech": Set(CnnSpace((1, 49, 40), 12), WIDER, SIZES, epochs=300),
}


def made_by_hand(first: int, second: int, third: int, fourth: int) -> Cnn:
    """Two convolutions and two separable ones, of so many channels each."""

    def layer(kernel: int, channels: int, stride: int = 1, depthwise: bool = False) -> ConvLayer:
        return ConvLayer(depthwise, kernel, channels, stride, pool=False, norm=True, relu=True)

    layers = (
        layer(5, first, 2),
        layer(3, second),
        layer(3, 1, 2, depthwise=True),
        layer(1, third),
        layer(3, 1, depthwise=True),
        layer(1, fourth),
    )
    return Cnn((ConvBlock(False, layers),), "average", 6, (10,))


# One for each class.
TEMPLATES = (made_by_hand(4, 6, 8, 9), made_by_hand(4, 8, 12, 18), made_by_hand(8, 12, 24, 40))
WAYS: dict[str, dict[str, Any]] = {
    "evolution": {"method": "evolution"},
    "templates": {"method": "evolution", "templates": TEMPLATES},
    "without inheritance": {"method": "evolution", "inherit": False},
    "aging": {"method": "aging"},
    "random": {"method": "random"},
}


def filtered(bounds: Bounds, count: int = 20_000) -> None:
    space = CnnSpace((1, 28, 28), 10)
    admission = Admission(space, bounds)
    rng = random.Random(0)
    drawn = [space.sample(rng) for _ in range(count)]
    begun = time.process_time()
    passed = sum(admission.within(arch) for arch in drawn)
    alone = time.process_time() - begun
    begun = time.process_time()
    for _ in range(count):
        space.sample(rng)
    drawing = time.process_time() - begun
    print(
        f"{bounds.hard}: {passed / count:.1%} pass; {count / alone:,.0f} a second with exact "
        f"peaks, {count / (alone + drawing):,.0f} drawn and filtered"
    )


def at_once(task: Any) -> Outcome:
    """A training that takes no time, with an error at random."""
    return Outcome(Errors(random.Random(task.seed).random()), task.epochs, 0.0, "", b"0")


def by_work(task: Any) -> Outcome:
    """The same, with an error that falls with the work, as those of trainings do."""
    macs = SETS["mnist"].space.meter(task.arch).macs
    error = min(0.9, 200 / macs**0.8) * exp(random.Random(task.seed).gauss(0, 0.2))
    return Outcome(Errors(min(error, 1.0)), task.epochs, 0.0, "", b"0")


def driven() -> None:
    """What a candidate takes beside its training, and how long a search takes to begin again."""
    dense, mnist = MlpSpace((16,), 4), SETS["mnist"]
    small = {"bounds": Bounds(size=60_000), "recipe": Recipe(epochs=1)}
    shared = {
        "bounds": mnist.bounds,
        "recipe": Recipe(epochs=mnist.epochs, share=mnist.share),
        "targets": mnist.targets,
    }
    for name, space, count, train, said in (
        ("dense layers, errors at random", dense, 2_000, at_once, small),
        ("convolutions, errors that fall with the work", mnist.space, 500, by_work, shared),
        ("convolutions, errors at random", mnist.space, 500, at_once, shared),
    ):
        options: dict[str, Any] = {
            **said,
            "candidates": count,
            "engine": "inline",
            "train": train,
            "finalists": 0,
            "report": lambda line: None,
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "search")
            begun = time.process_time()
            search(space, "none.npz", folder=path, **options)
            each = (time.process_time() - begun) / count
            begun = time.process_time()
            search(space, "none.npz", folder=path, **options)
            again = time.process_time() - begun
        print(f"{name}: {each * 1e3:.1f} ms a candidate; {again:.2f} s to begin {count:,} again")


def found(options: argparse.Namespace) -> None:
    chosen = SETS[options.what]
    for seed in range(options.seeds):
        for way in options.ways or WAYS:
            said = dict(WAYS[way])
            recipe = Recipe(
                epochs=chosen.epochs if options.epochs is None else options.epochs,
                share=chosen.share if options.share is None else options.share,
                rungs=options.rungs,
                shift=options.shift,
                inherit=said.pop("inherit", True),
            )
            result = search(
                chosen.space,
                options.data,
                bounds=chosen.bounds,
                recipe=recipe,
                time_limit=options.time,
                candidates=options.candidates,
                workers=options.workers,
                finalists=options.finalists,
                contenders=options.contenders,
                targets=chosen.targets,
                folder=None if options.folder is None else Path(options.folder, f"{way}-{seed}"),
                seed=seed,
                **said,
            )
            tried = len([t for t in result.trials if t.proposal.searching])
            print(f"\n{way}, seed {seed}: {tried} trainings, {result.seconds / 60:.0f} min")
            print(f"hypervolume {result.hypervolume():.4f}; seconds of workers: {spent(result)}")
            files = {t.id: deployed(result, t) for t in result.finalists}
            for limit in chosen.targets:
                fitting = [t for t in result.finalists if _meets(limit, t)]
                for trial in sorted(fitting, key=lambda t: t.error)[:1]:
                    print(f"  {limit}: #{trial.id}, {files[trial.id]}")
            print("all that were trained to the end:")
            for number, line in files.items():
                print(f"  #{number}: {line}")
            print(result, flush=True)


def spent(result: SearchResult) -> str:
    """Seconds of trainings, rung by rung, of contenders and of finalists."""
    seconds: dict[str, float] = {}
    for trial in result.trials:
        proposal, outcome = trial.proposal, trial.outcome
        if outcome is not None:
            kind = "contenders" if proposal.contends else f"rung {proposal.rung}"
            kind = "finalists" if proposal.final else kind
            seconds[kind] = seconds.get(kind, 0.0) + outcome.seconds
    return ", ".join(f"{kind} {whole:,.0f}" for kind, whole in sorted(seconds.items()))


def deployed(result: SearchResult, trial: Trial) -> str:
    """A finalist by the test data, before and after it is an int8 file, and what that takes."""
    path = result.folder / f"finalist-{trial.id}.tflite"
    exported = result.export_tflite(path, trial)
    outcome = next(known.outcome for known in result.finalists if known.id == trial.id)
    assert outcome is not None, "finalists are trained"
    assert outcome.errors.test is not None, "finalists are tested"
    assert outcome.errors.int8 is not None, "what is exported is tested"
    figures = exported.figures
    return (
        f"test {1 - outcome.errors.test:.2%}, int8 {1 - outcome.errors.int8:.2%}, the file's "
        f"weights {figures['size']:,} B, peak {figures['peak']:,} B, {figures['macs']:,} MACs, "
        f"{exported.path.stat().st_size:,} B in all; {outcome.epochs:.1f} epochs"
    )


def _meets(limit: str, trial: Trial) -> bool:
    terms = [term.split(" <= ") for term in limit.split(" and ")]
    return all(getattr(trial.costs, name) <= int(most) for name, most in terms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("filter")
    commands.add_parser("driver")
    for name in SETS:
        searching = commands.add_parser(name)
        searching.add_argument("data")
        searching.add_argument("--time", default="30min")
        searching.add_argument("--workers", type=int, default=2)
        searching.add_argument("--seeds", type=int, default=3)
        searching.add_argument("--epochs", type=float)
        searching.add_argument("--share", type=float)
        searching.add_argument("--rungs", type=int, default=3)
        searching.add_argument("--shift", type=int, default=1)
        searching.add_argument("--candidates", type=int)
        searching.add_argument("--finalists", type=int, default=4)
        searching.add_argument("--contenders", type=int, default=3)
        searching.add_argument("--folder")
        searching.add_argument("--ways", nargs="*", choices=WAYS)
    options = parser.parse_args()
    if options.what == "filter":
        filtered(PAPER)
        filtered(Bounds(peak=64_000, size=64_000))
    elif options.what == "driver":
        driven()
    else:
        found(options)


if __name__ == "__main__":
    main()
