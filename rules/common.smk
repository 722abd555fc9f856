"""The study behind the wildcards. Helpers only: every rule asks the typed study, none reads `config` itself."""

import functools
import inspect
import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from xstilts import tasks
from xstilts.analysis.difficulty import MEASURES
from xstilts.artifacts import canonical_json, hold_lock
from xstilts.data.fetch import addresses, sizes
from xstilts.errors import XstiltsError
from xstilts.miniature import world_digest
from xstilts.seeds import seed_number
from xstilts.study import (
    CLEAN,
    LEXICON,
    NONE,
    Paths,
    aligned_words,
    alignment_runs,
    check_data_dir,
    check_files,
    check_profile,
    parse_study,
    recipes,
)
from xstilts.study.overrides import typed
from xstilts.study.source import read_study

update_config(config, typed(workflow.config_settings.config))

try:
    check_profile(
        sys.argv[1:],
        Path(workflow.current_basedir).parent / "profiles",
        # Older versions of Snakemake have forgotten it by now.
        Path(getattr(workflow, "rundir", os.curdir)),
    )
    for path in workflow.config_settings.configfiles:
        read_study(Path(path))
    STUDY = parse_study(config, "config")
    check_files(STUDY)
except XstiltsError as error:
    raise WorkflowError(str(error)) from None

PATHS = Paths.of(STUDY)
ARMS = list(STUDY.arms())
# The seeds of every arm whose alignment is measured.
ALIGNED = {(run["encoder"], run["arm"]): run["seeds"] for run in alignment_runs(STUDY)}
# Conditions that no test set is made for: they need the checkpoint.
ATTACKS = {name for name, found in STUDY.conditions.items() if found.attack is not None}
# What a run holds until it ends.
LOCKS = []
# Named in shell commands but not in params: moving the folder of raw files must not make anything run again.
DATA_DIR = STUDY.data_dir or ""
# What is fetched is shared by the studies of a results folder.
RAW = f"{STUDY.results}/raw"


wildcard_constraints:
    encoder=r"[^/]+",
    intermediate=r"[^/]+",
    target=r"[^/]+",
    condition=r"[^/]+",
    task=r"[^/]+",
    seed=r"seed\d+|pretrained",


def one_of(names):
    """A wildcard constraint that admits exactly these names."""
    return "|".join(map(re.escape, sorted(names))) or "(?!)"


def per(function):
    """A function of wildcards from one of some of them, found by the names of its arguments.

    It is called once for each of their values: most are the same for many jobs.
    """
    names = tuple(inspect.signature(function).parameters)
    once = functools.cache(function)

    def found(wildcards):
        return once(*(getattr(wildcards, name) for name in names))

    return signed(found)


def signed(function):
    """The function with its signature written down: Snakemake asks for it several times per job and function."""
    function.__signature__ = inspect.signature(function)
    return function


def splits(task, part):
    """What to read of a task, as commands are told it."""
    return [f"{split}-{language}" for split, language in STUDY.splits(task, part)]


def limit_of(task, part):
    """How many test rows per language are kept; a collection to mine is kept whole."""
    limit = STUDY.evaluation["examples"]
    if part == "train" or limit is None or STUDY.task(task).mined:
        return []
    return ["--limit", str(limit)]


def raw_fingerprint(task, part):
    """What changes when a task's raw data do; checksums are left to the job."""
    found = STUDY.task(task)
    if found.source == "generated":
        return world_digest()
    pairs = STUDY.splits(task, part)
    if found.source == "data_dir":
        return canonical_json(
            sizes(found, STUDY.data_dir and Path(STUDY.data_dir), pairs)
        )
    return canonical_json(addresses(found, pairs))


def fetch_options(task):
    """How a task is fetched where that is not from its own layout in the data directory."""
    edition = STUDY.task(task).edition
    options = ["--edition", edition] if edition else []
    return options + (["--allow-unpinned"] if edition and STUDY.allow_unpinned else [])


def vocabulary_sources(encoder):
    """What a trimmed vocabulary is counted on."""
    vocabulary = STUDY.encoders[encoder].options["vocabulary"]
    return (
        []
        if vocabulary == "full"
        else [PATHS.source(task, "vocabulary") for task in vocabulary]
    )


def text_manifest(arm):
    """The prepared unlabelled text of an arm's method, if it wants any."""
    return (
        []
        if arm.text is None
        else [f"{PATHS.data(arm.text.task, 'train')}/manifest.json"]
    )


def perturbation_paths(condition):
    """What the options of a condition stand for: files of the user's, and the folder of a lexicon."""
    options = STUDY.conditions[condition].options
    paths = recipes.perturbation_files(STUDY, condition)
    if "parallel" in options:
        paths[LEXICON] = os.path.dirname(PATHS.lexicon(options["parallel"], "en"))
    return paths


def perturbation_inputs(task, condition):
    """The files behind them that a task's test rows need."""
    options = STUDY.conditions[condition].options
    spoken = STUDY.languages(task, condition)
    files = [
        path
        for by_language in recipes.perturbation_files(STUDY, condition).values()
        for language, path in by_language.items()
        if language in spoken
    ]
    if "parallel" in options:
        needed = sorted({*spoken, options["language"]} - {"en"})
        files += [PATHS.lexicon(options["parallel"], language) for language in needed]
    return files


def data_manifests():
    """Prepared data of the whole study, perturbed test sets included."""
    return [
        f"{PATHS.data(task, 'train')}/manifest.json"
        for task in sorted(STUDY.trained_tasks())
    ] + [
        f"{PATHS.data(task, condition)}/manifest.json"
        for task in sorted(STUDY.tested_tasks())
        for condition in STUDY.conditions
        if condition not in ATTACKS and STUDY.languages(task, condition)
    ]


def parent_of(encoder, intermediate, seed):
    """The folder of the checkpoint that a target run starts from: the encoder itself for direct fine-tuning."""
    if STUDY.intermediate[intermediate].direct:
        return PATHS.encoder(encoder)
    return PATHS.intermediate(encoder, intermediate, seed)


def scored_checkpoint(encoder, intermediate, target, seed):
    """The folder of the checkpoint that is scored: retrieval targets read the intermediate one."""
    if STUDY.targets[target].retrieval:
        return parent_of(encoder, intermediate, seed)
    return PATHS.target(encoder, intermediate, target, seed)


def scored_checkpoints(encoder, intermediate, target):
    """Those of every seed of an arm."""
    return [
        scored_checkpoint(encoder, intermediate, target, seed)
        for seed in STUDY.seed_dirs(intermediate, target)
    ]


def aligned_checkpoints(encoder, arm):
    """The folders of the checkpoints whose alignment is measured in one job: those of every seed of an arm."""
    return [PATHS.trained(encoder, arm, seed) for seed in ALIGNED[encoder, arm]]


def alignment_data():
    """Prepared test rows under every condition that alignment is measured in, in the recipe's order."""
    return [
        f"{PATHS.data(STUDY.alignment.task, name)}/manifest.json"
        for name in STUDY.alignment.conditions
    ]


def alignment_table():
    """The alignment table as an input, if the study has one."""
    return f"{PATHS.root}/alignment.csv" if STUDY.alignment is not None else []


def checkpoint_files(arms=ARMS):
    """Manifest and weights of every checkpoint of some arms, encoders among them."""
    return [
        f"{folder}/{name}"
        for folder in PATHS.checkpoints(arms)
        for name in ("manifest.json", "model.safetensors")
    ]


def lost_files():
    """Checkpoints that are gone though they have been scored, evaluations though they were collected, tables and figures
    though they were reported: no job would ask for them.
    """
    collected = os.path.exists(f"{PATHS.root}/scores.csv")
    scored = [
        arm
        for arm in ARMS
        if collected
        or os.path.exists(
            PATHS.evaluation(arm["encoder"], arm["intermediate"], arm["target"])
        )
    ]
    wanted = checkpoint_files(scored) + (evaluations() if collected else [])
    if os.path.exists(f"{PATHS.root}/report.html"):
        for made in (rules.scores, rules.questions, rules.figures):
            wanted += made.output
        wanted += filter(None, (alignment_table(), difficulty_table()))
    return [path for path in wanted if not os.path.exists(path)]


def evaluated_data(target):
    """Prepared test rows under every condition that a target is scored in, in the recipe's order."""
    task = STUDY.targets[target].task
    return [
        f"{PATHS.data(task, name)}/manifest.json" for name in STUDY.evaluated(target)
    ]


def training_data(names):
    """Prepared English rows of some tasks, in their order."""
    return [f"{PATHS.data(task, 'train')}/manifest.json" for task in names]


def evaluations():
    """What vouches for every evaluation of the study: manifests, and the scores of attacks."""
    arms = [((arm["encoder"], arm["intermediate"], arm["target"]), arm) for arm in ARMS]
    return [PATHS.evaluation(*names) for names, _ in arms] + [
        PATHS.prediction(*names, seed, condition, "json")
        for names, arm in arms
        for seed in arm["seeds"]
        for condition in arm["conditions"]
        if condition in ATTACKS
    ]


def null_model(encoder, intermediate, seed):
    """The null model that a difficulty job needs, if a measure does."""
    wanted = any(MEASURES[name].null for name in STUDY.difficulty)
    found = all_whole([PATHS.null(encoder, intermediate, seed)] if wanted else [])
    return {"null": found["manifests"], "null_weights": found["weights"]}


def difficulty_table():
    """The difficulty table as an input, if the study has one."""
    return f"{PATHS.root}/difficulty.csv" if STUDY.difficulty else []


def figure_names():
    """The figures a study has something to show in; figures.names() says the same, but imports matplotlib."""
    shown = {
        "gain_heatmap": NONE in STUDY.intermediate and len(STUDY.intermediate) > 1,
        "language_scores": True,
        "noise_curve": any(
            found.label and found.languages for found in STUDY.conditions.values()
        ),
        "layers": any(target.retrieval for target in STUDY.targets.values()),
        "alignment_layers": STUDY.alignment is not None,
        "forest": bool(STUDY.questions),
        "difficulty_scatter": bool(STUDY.difficulty),
        "training_curves": any(
            arm["intermediate_trained"] or arm["target_trained"] for arm in ARMS
        ),
    }
    return [name for name, applies in shown.items() if applies]


def whole(folder):
    """A checkpoint as input: the manifest is the token, the weights are only waited for."""
    return {
        "manifest": f"{folder}/manifest.json",
        "weights": ancient(f"{folder}/model.safetensors"),
    }


def all_whole(folders):
    """Several checkpoints as input."""
    found = [whole(folder) for folder in folders]
    return {
        "manifests": [each["manifest"] for each in found],
        "weights": [each["weights"] for each in found],
    }


def resource(name):
    """A job's need by its encoder; a number where all encoders have the same, which spares Snakemake a call per job."""
    needs = {key: found.resources[name] for key, found in STUDY.encoders.items()}
    return (
        per(lambda encoder: needs[encoder])
        if len(set(needs.values())) > 1
        else next(iter(needs.values()))
    )


def growing(need):
    """A need that grows with the attempt: a job that ran out of memory or time asks for more.

    ``need`` is a number, or the name of an encoder's resource.
    """

    def found(wildcards, attempt):
        if isinstance(need, int):
            return need * attempt
        return STUDY.encoders[wildcards.encoder].need(need, attempt)

    return signed(found)


def command():
    """How the report says it was made. Where raw files lie is not told: moving them makes nothing run again."""
    words = ["snakemake", "--cores", "all"]
    for path in map(os.path.relpath, workflow.configfiles):
        words += ["--configfile", path] if path != "config.yaml" else []
    given = typed(workflow.config_settings.config) | (
        {"data_dir": "DIR"} if STUDY.data_dir else {}
    )
    words += ["--config"] * bool(given)
    words += [
        f"{key}={value if isinstance(value, str) else canonical_json(value)}"
        for key, value in sorted(given.items())
    ]
    return shlex.join(words)


COMMAND = command()
# In the order of the study file, in which questions are answered and recipes drawn.
CONTEXT = json.dumps(recipes.report_context(STUDY), ensure_ascii=False)
