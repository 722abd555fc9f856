r"""Speed of the perturbations: one million characters of mixed scripts on one core.

    python benchmarks/perturbations.py [--characters 1000000] [--strength 0.1]

A sentence per script of the test suite, in every language a perturbation is defined for, is repeated until there are
enough characters. One line per perturbation: CPU seconds to perturb, beside those that cutting the same text into
grapheme clusters takes (`regex`'s ``\X``), which every perturbation does once, and the realised edit rate.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from xstilts import languages, perturbations, seeds
from xstilts.perturbations.base import clusters, edit_distance

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "unit"))

from test_perturbations import EXAMPLES


def texts(characters: int, spoken: list[str]) -> Iterator[tuple[str, str]]:
    """``(language, sentence)`` in turn until there are that many characters."""
    left = characters
    while left > 0:
        for language in spoken:
            yield language, EXAMPLES[language]
            left -= len(EXAMPLES[language])


def main() -> None:
    """Time every perturbation that needs no table of the user's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--characters", type=int, default=1_000_000)
    parser.add_argument("--strength", type=float, default=0.1)
    arguments = parser.parse_args()
    print("perturbation      languages  characters  clusters s  perturb s  ratio  edit rate")
    for name, found in perturbations.registry().items():
        if any(option.default is None for option in found.options.values()):
            continue
        spoken = [code for code in EXAMPLES if found.defined_for(languages.get(code))]
        rows = [(languages.get(code), text) for code, text in texts(arguments.characters, spoken)]
        began = time.process_time()
        cut = [clusters(text) for _, text in rows]
        split = time.process_time() - began
        generator = seeds.rng("benchmark", name)
        began = time.process_time()
        changed = [found.apply(text, language, arguments.strength, generator) for language, text in rows]
        seconds = time.process_time() - began
        edits = sum(edit_distance(units, clusters(text)) for units, text in zip(cut, changed, strict=True))
        characters = sum(len(text) for _, text in rows)
        rate = edits / sum(map(len, cut))
        print(
            f"{name:<18}{len(spoken):9d}{characters:12,d}{split:12.2f}{seconds:11.2f}{seconds / split:7.1f}{rate:11.3f}"
        )


if __name__ == "__main__":
    main()
