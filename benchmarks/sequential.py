"""How often sequential comparisons are wrong, what they find, and whether a second run agrees.

Two kinds of made-up runs. For error rates and power, the accuracies that runs have: a difference,
an image's part that all seeds share, the luck of each seed, and a rest. For whether a second run
agrees, the images of a real run: how often each is called right is drawn from what its seeds made
of it (a beta-binomial, fitted by moments), and the luck of new seeds moves all images. Prints
tables as Markdown; the last ones stand in sequential.md. Takes some ten minutes on two cores.

    python benchmarks/sequential.py results [--reports 20000] [--pairs 1000] [--processes 2]
"""

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from scipy import stats

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from swatchbook.comparison import inference, looks, sequential

CONFIDENCE = 0.95
WORDS = [inference.BETTER, inference.WORSE, sequential.EQUIVALENT, sequential.UNDECIDED]
FIRST = 3

# Error rates: (images, the image's part of a difference in points, a score's rest, 0 to 1).
IMAGES = {"1,000": (1000, 0.7, 0.3), "10,000": (10_000, 0.13, 0.28)}
LUCK = (0.0, 0.3, 0.6, 1.2, 2.4)  # standard deviation of a run's accuracy over seeds, points
COMPARISONS = (1, 2, 4, 10)
LAST = (8, 20)
DIFFERENCES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # points

# Whether a second run agrees.
MARGINS = (None, 1.75, 2.5, 3.0, 3.5, 4.0)
ENDS = (5, 8, 12, 20)
SECONDS = {"fashion-mnist": 85 + 138, "cifar10": 80 + 113}  # of one core, for a seed of both models
REST, CORES, LIMIT = 150, 2, 25 * 60  # seconds of all else, cores, seconds that a run may take


def design(last: int, comparisons: int, margin: float | None) -> sequential.Design:
    """Return a design from `FIRST` seeds; the margin in points."""
    settings = {"looks": looks.schedule(FIRST, last), "margin": margin, "comparisons": comparisons}
    return sequential.Design.of(settings, CONFIDENCE)


# Error rates and power.


def found(
    generator: np.random.Generator,
    at: Sequence[int],
    shape: tuple[int, int],
    difference: float,
    luck: float,
    images: str,
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Make up what comparisons show at each look: estimate, error, freedom, in points.

    As `inference.difference` computes them, but for the variance from images and the rest, which
    are known to a hundredth with a thousand images, and are taken to be what they are.
    """
    count, of_image, of_rest = IMAGES[images]
    rest = 100 * of_rest / np.sqrt(count)
    shared = difference + of_image * generator.standard_normal(shape)
    runs = [np.hypot(luck, rest) * generator.standard_normal((*shape, at[-1])) for _ in range(2)]
    result = []
    for seeds in at:
        ours, theirs = (model[..., :seeds] for model in runs)
        of_rests = 2 * rest**2 / seeds
        from_images = of_image**2 + of_rests
        parts = [model.var(axis=-1, ddof=1) / seeds for model in (ours, theirs)]
        from_seeds = parts[0] + parts[1]
        variance = np.maximum(from_images + from_seeds - of_rests, from_images)
        variance = np.maximum(variance, from_seeds)
        spread = from_images**2 / (count - 1) + (parts[0] ** 2 + parts[1] ** 2) / (seeds - 1)
        estimate = shared + ours.mean(axis=-1) - theirs.mean(axis=-1)
        result.append((estimate, np.sqrt(variance), variance**2 / spread))
    return result


def verdicts(
    shown: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], by: sequential.Design
) -> tuple[np.ndarray, np.ndarray]:
    """Return the place in `WORDS` of each comparison's verdict, and its number of seeds."""
    margin = np.inf if by.margin is None else by.margin * 100
    shape = shown[0][0].shape
    words, seeds = np.full(shape, -1), np.full(shape, by.looks[-1])
    for look, (estimate, error, freedom) in zip(by.looks, shown, strict=True):
        critical = stats.t.ppf(1 - by.level(look) / 2, np.minimum(freedom, 2 * (look - 1)))
        low, high = estimate - critical * error, estimate + critical * error
        is_last = look == by.looks[-1]
        shows = (low > 0) | (high < 0)
        if by.margin is not None and not is_last:
            shows &= np.abs(estimate) >= margin
        word = np.where(shows, np.where(estimate > 0, 0, 1), 3 if is_last else -1)
        if by.margin is not None:
            word = np.where((low > -margin) & (high < margin), 2, word)
        is_new = (words < 0) & (word >= 0)
        words, seeds = np.where(is_new, word, words), np.where(is_new, look, seeds)
    return words, seeds


def row_of_errors(cell: tuple[str, float, int], reports: int) -> str:
    """Return a row: how many of the reports on equal models show a difference."""
    images, luck, last = cell
    cells = []
    for comparisons in COMPARISONS:
        generator = np.random.default_rng([round(luck * 10), last, comparisons, len(images)])
        by = design(last, comparisons, None)
        shown = found(generator, by.looks, (reports, comparisons), 0.0, luck, images)
        words, _ = verdicts(shown, by)
        cells.append(f"{np.mean((words < 2).any(axis=1)):.3f}")
    return f"| {images} | {luck:.1f} | {last} | {' | '.join(cells)} |"


def row_of_equivalence(cell: tuple[str, float, int], reports: int) -> str:
    """Return a row: how many of the reports on models that differ by the margin call them equal."""
    images, luck, last = cell
    cells = []
    for comparisons, margin in itertools.product((1, 4), (1.0, 1.5)):
        generator = np.random.default_rng([round(luck * 10), last, comparisons, 7])
        by = design(last, comparisons, margin)
        shown = found(generator, by.looks, (reports, comparisons), margin, luck, images)
        words, _ = verdicts(shown, by)
        cells.append(f"{np.mean((words == 2).any(axis=1)):.3f}")
    return f"| {images} | {luck:.1f} | {last} | {' | '.join(cells)} |"


def row_of_power(cell: tuple[str, float, int, float], reports: int) -> str:
    """Return a row: what is said of one comparison of two, and after how many seeds."""
    images, luck, last, difference = cell
    generator = np.random.default_rng([round(luck * 10), last, round(difference * 10), 8])
    by = design(last, 2, 1.5)
    words, seeds = verdicts(found(generator, by.looks, (reports, 1), difference, luck, images), by)
    shares = [f"{np.mean(words == place):.3f}" for place in range(len(WORDS))]
    return (
        f"| {images} | {luck:.1f} | {last} | {difference:.1f} | {' | '.join(shares)} "
        f"| {seeds.mean():.1f} |"
    )


# Whether a second run agrees.


class Real:
    """What the seeds of one data set's two models made of each test image."""

    def __init__(self, folder: Path) -> None:
        labels = np.load(folder / "arrays" / "y_test.npy").argmax(axis=1)
        self.name = folder.name
        self.right = [self.of(folder / model, labels) for model in ("dropout", "baseline")]

    @staticmethod
    def of(folder: Path, labels: np.ndarray) -> np.ndarray:
        """Return who is right, shape (seeds, images)."""
        files = sorted(folder.glob("seed-*/probabilities.npy"))
        return np.array([np.load(file).argmax(axis=1) == labels for file in files], float)


def beta(right: np.ndarray) -> tuple[float, float]:
    """Fit a beta distribution of the images' probabilities to counts, by mean and variance."""
    seeds = len(right)
    mean = right.mean()
    # Two seeds are right together more often than chance has it by the variance between images.
    pairs = [(right[i] * right[j]).mean() for i, j in itertools.combinations(range(seeds), 2)]
    between = np.mean(pairs) - mean**2
    total = mean * (1 - mean) / between - 1
    return mean * total, (1 - mean) * total


def luck_of(right: np.ndarray) -> float:
    """Return the standard deviation over seeds of the accuracy, without the images' chance."""
    rest = inference._residual_variance(right) * len(right)
    return float(np.sqrt(max(0.0, right.mean(axis=1).var(ddof=1) - rest)))


def runs(generator: np.random.Generator, ease: np.ndarray, luck: float, seeds: int) -> np.ndarray:
    """Make up new runs on images of which each is called right with a probability.

    Shape (seeds, images). A seed's luck moves each image by how much it can move, p (1 - p).
    """
    leeway = ease * (1 - ease)
    moved = luck * generator.standard_normal((seeds, 1)) * leeway / leeway.mean()
    return (generator.random((seeds, len(ease)), dtype=np.float32) < ease + moved).astype(float)


def one_pair(number: int, real: list[Real], stress: float) -> list[dict]:
    """Make up two whole runs on the same images; return for each what each data set shows.

    The images' probabilities are drawn once for both runs, with the uncertainty that three seeds
    leave of their mean: a shift by the standard error of the seeds' luck.
    """
    generator = np.random.default_rng([number, round(stress * 10)])
    both: list[dict] = [{}, {}]
    for of in real:
        lucks = [luck_of(right) for right in of.right]
        eases = []
        for right, luck in zip(of.right, lucks, strict=True):
            alpha, rest = beta(right)
            count, seeds = right.sum(axis=0), len(right)
            ease = generator.beta(alpha + count, rest + seeds - count)
            leeway = ease * (1 - ease)
            shift = luck / np.sqrt(seeds) * generator.standard_normal()
            eases.append(np.clip(ease + shift * leeway / leeway.mean(), 0, 1))
        for run in both:
            ours, theirs = (
                runs(generator, ease, stress * luck, max(ENDS))
                for ease, luck in zip(eases, lucks, strict=True)
            )
            at = sorted({look for end in ENDS for look in looks.schedule(FIRST, end)})
            run[of.name] = {n: inference.difference(ours[:n], theirs[:n]) for n in at}
    return both


def fixed(run: dict) -> tuple[dict[str, str], dict[str, int]]:
    """Return the words and the seeds of three seeds with Holm's adjustment."""
    adjusted = inference.holm([shown[FIRST].p_value for shown in run.values()])
    words = {
        name: inference.verdict(shown[FIRST].estimate, p, FIRST, CONFIDENCE)
        for (name, shown), p in zip(run.items(), adjusted, strict=True)
    }
    return words, dict.fromkeys(run, FIRST)


def sequentially(run: dict, by: sequential.Design) -> tuple[dict[str, str], dict[str, int]]:
    """Return the words and the seeds of a sequential design."""
    words, seeds = {}, {}
    for name, shown in run.items():
        for look in by.looks:
            bounds = sequential.repeated_interval(shown[look], look, by.level(look))
            word = sequential.decision(
                shown[look].estimate, bounds, by.margin, look == by.looks[-1]
            )
            if word:
                words[name], seeds[name] = word, look
                break
    return words, seeds


def row_of_agreement(title: str, outcomes: list) -> str:
    """Return a row: how often two runs agree in all words, their words, seeds and time."""
    agree = np.mean([first[0] == second[0] for first, second in outcomes])
    signs = {inference.BETTER, inference.WORSE}
    contradict = np.mean(
        [
            any({first[0][name], second[0][name]} == signs for name in first[0])
            for first, second in outcomes
        ]
    )
    every = [run for pair in outcomes for run in pair]
    minutes = np.array(
        [(sum(n * SECONDS[k] for k, n in seeds.items()) / CORES + REST) / 60 for _, seeds in every]
    )
    cells = []
    for name in SECONDS:
        words = [words[name] for words, _ in every]
        shares = {word: words.count(word) / len(words) for word in sorted(set(words))}
        said = ", ".join(f"{word} {share:.3f}" for word, share in shares.items())
        cells.append(f"{np.mean([seeds[name] for _, seeds in every]):.1f}: {said}")
    return (
        f"| {title} | {agree:.3f} | {contradict:.3f} | {' | '.join(cells)} | {minutes.mean():.1f} "
        f"| {np.quantile(minutes, 0.95):.1f} | {np.mean(minutes * 60 > LIMIT):.3f} |"
    )


def print_agreement(outcomes: list[list[dict]]) -> None:
    """Print a row for three seeds and for each margin and end."""
    print("| design | agree | contradict | Fashion-MNIST | CIFAR-10 | minutes | 95 % | over 25 |")
    print("|---|---|---|---|---|---|---|---|")
    three = [[fixed(run) for run in pair] for pair in outcomes]
    print(row_of_agreement("three seeds, Holm", three))
    for margin, end in itertools.product(MARGINS, ENDS):
        by = design(end, len(SECONDS), margin)
        title = f"to {end}, margin {'none' if margin is None else margin}"
        print(
            row_of_agreement(title, [[sequentially(run, by) for run in p] for p in outcomes]),
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="the folder of a default run's results")
    parser.add_argument("--reports", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    cells = list(itertools.product(IMAGES, LUCK, LAST))
    with multiprocessing.Pool(options.processes) as pool:
        print("| images | luck | to | 1 comparison | 2 | 4 | 10 |\n|---|---|---|---|---|---|---|")
        for line in pool.imap(partial(row_of_errors, reports=options.reports), cells):
            print(line, flush=True)
        print("\n| images | luck | to | 1, margin 1.0 | 1, 1.5 | 4, 1.0 | 4, 1.5 |")
        print("|---|---|---|---|---|---|---|")
        for line in pool.imap(partial(row_of_equivalence, reports=options.reports), cells):
            print(line, flush=True)
        print(f"\n| images | luck | to | difference | {' | '.join(WORDS)} | seeds |")
        print("|---|---|---|---|---|---|---|---|---|")
        cells = list(itertools.product(IMAGES, (0.3, 0.6), LAST, DIFFERENCES))
        for line in pool.imap(partial(row_of_power, reports=options.reports), cells):
            print(line, flush=True)
        real = [Real(options.results / name) for name in SECONDS]
        for of in real:
            lucks = [f"{100 * luck_of(right):.2f}" for right in of.right]
            means = [f"{100 * right.mean():.2f}" for right in of.right]
            print(f"\n{of.name}: accuracies {means}, luck {lucks} points")
        for stress in (1.0, 1.5):
            print(f"\nThe seeds' luck times {stress}:\n")
            pairs = partial(one_pair, real=real, stress=stress)
            print_agreement(list(pool.imap(pairs, range(options.pairs), chunksize=10)))


if __name__ == "__main__":
    main()
