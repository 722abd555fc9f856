"""`xstilts perturbations`: what test inputs can be perturbed by, and what one does to a text."""

import argparse
import json
from typing import Any

from xstilts.cli._arguments import add_command, mapping


def register(commands: Any) -> None:
    """Add the subcommand."""
    command = add_command(commands, "perturbations", "list the perturbations a study can name, or show one", run)
    command.add_argument("name", nargs="?", help="tell of this one, or show it on --text")
    command.add_argument("--text", help="what to perturb")
    command.add_argument(
        "--language", default="en", help="ISO 639-1 code of the text's language (default: %(default)s)"
    )
    command.add_argument("--strength", type=float, default=0.1, help="in [0, 1] (default: %(default)s)")
    command.add_argument("--seed", type=int, default=0, help="of what is drawn (default: %(default)s)")
    command.add_argument("--options", type=mapping, default={}, help="settings of the perturbation (JSON)")
    command.add_argument("--resources", type=mapping, default={}, help='paths, such as {"lexicon": DIR} (JSON)')
    command.add_argument("--json", action="store_true", help="machine-readable list")


def run(arguments: argparse.Namespace) -> None:
    """List, or show."""
    if arguments.name is None:
        rows = declared()
        print(json.dumps(rows, indent=2, ensure_ascii=False) if arguments.json else table(rows))
    elif arguments.text is None:
        (row,) = [row for row in declared() if row["name"] == _found(arguments.name)]
        print(json.dumps(row, indent=2, ensure_ascii=False))
    else:
        print(_shown(arguments))


def declared() -> list[dict[str, Any]]:
    """Name, what strength counts, languages, task types, options, description and source of every perturbation."""
    from xstilts import perturbations
    from xstilts.languages import LANGUAGES

    return [
        {
            "name": found.name,
            "strength": f"per {found.unit}",
            "languages": None
            if any(option.default is None for option in found.options.values())
            else [code for code, language in LANGUAGES.items() if found.defined_for(language)],
            "task_types": sorted(found.task_types),
            "options": {key: option.description for key, option in found.options.items()},
            "description": found.description,
            "source": found.source,
        }
        for found in perturbations.registry().values()
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """The list as a Markdown table."""
    from xstilts.tasks.base import TASK_TYPES

    lines = ["| name | strength | languages | options | what it does | source |", "|---|---|---|---|---|---|"]
    for row in rows:
        options = ", ".join(f"`{key}`" for key in row["options"]) or "–"
        excluded = sorted(set(TASK_TYPES) - set(row["task_types"]))
        what = row["description"] + (f"; not for {', '.join(excluded)}" if excluded else "")
        cells = [f"`{row['name']}`", row["strength"], _languages(row["languages"]), options, what, row["source"]]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _languages(codes: list[str] | None) -> str:
    from xstilts.languages import LANGUAGES

    if codes is None:
        return "as its options say"
    others = [code for code in LANGUAGES if code not in codes]
    if not others:
        return f"all {len(codes)}"
    scripts = sorted({LANGUAGES[code].script for code in codes})
    if not any(LANGUAGES[code].script in scripts for code in others):
        return f"{len(codes)}, written in {' '.join(scripts)}"
    return f"{len(codes)}: {' '.join(codes)}" if len(codes) < len(others) else f"all but {' '.join(others)}"


def _found(name: str) -> str:
    from xstilts import perturbations

    return perturbations.get(name).name


def _shown(arguments: argparse.Namespace) -> str:
    from xstilts import perturbations, seeds
    from xstilts.errors import ConfigError
    from xstilts.perturbations.base import edit_rate

    if "parallel" in perturbations.get(arguments.name).options and "lexicon" not in arguments.resources:
        raise ConfigError(
            f"perturbation {arguments.name!r} reads lexicons that a study has learned; name their folder:"
            """ --resources '{"lexicon": "results/STUDY/data/TASK/lexicon"}'"""
        )
    found = perturbations.configured({arguments.name: 1.0}, arguments.options, arguments.resources)
    language = found.check(arguments.language)
    if not 0 <= arguments.strength <= 1:
        raise ConfigError(f"--strength {arguments.strength}: it must lie between 0 and 1")
    result = found.apply(arguments.text, language, arguments.strength, seeds.rng(found.name, arguments.seed))
    return f"{result}\nedit rate {edit_rate(arguments.text, result):.3f}"
