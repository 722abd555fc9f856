"""Results of another recipe than the study now asks for, which no job would make anew.

Snakemake knows an edited recipe by its own notes. Where they are not (another checkout, another folder of results), it
takes what is on disk for right; the manifest beside it knows better.
"""

from pathlib import Path
from typing import Any

from xstilts.artifacts import MANIFEST, read_manifest
from xstilts.errors import ConfigError
from xstilts.plan.params import recipe_of
from xstilts.plan.why import changes

SHOWN = 3


def check_recipes(dag: Any) -> None:
    """Compare the recipe of every checkpoint or other result that has one with the study's.

    Results that a job will make anyway, and those whose manifest names no recipe, are left out.

    Args:
        dag: Snakemake's finished graph, in the folder that its paths are relative to.

    Raises:
        ConfigError: one differs; the message names the first, and what differs.
    """
    found = []
    for job in dag.jobs:
        if dag.needrun(job) or not job.output or Path(job.output[0]).name != MANIFEST:
            continue
        wanted, manifest = recipe_of(job), Path(job.output[0])
        if wanted is None or not manifest.is_file():
            continue
        made = read_manifest(manifest.parent).get("recipe")
        if made is not None and made != wanted:
            found.append((str(job.output[0]), made, wanted))
    if not found:
        return
    name, made, wanted = min(found, key=lambda each: each[0])
    keys = changes([made], [wanted])
    more = f" ({len(keys) - SHOWN} more)" if len(keys) > SHOWN else ""
    others = f", nor {len(found) - 1} other results" if len(found) > 1 else ""
    raise ConfigError(
        f"{name.rpartition('/')[0]}: made by another recipe than the study's: {'; '.join(keys[:SHOWN])}{more}; "
        f"by Snakemake's notes it would not be made anew{others}; undo the edit, delete the folder, or say "
        f"--forcerun {name}"
    )
