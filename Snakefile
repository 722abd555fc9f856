import signal

from snakemake.utils import min_version

from xstilts.environment import collect_seldom, let_jobs_find_xstilts
from xstilts.failures import failures
from xstilts.plan.edited import check_recipes
from xstilts.relay import relay_signals
from xstilts.timers import cancel_timers

min_version("9.10")

collect_seldom()
let_jobs_find_xstilts()

# SLURM warns a job of its wall clock by SIGUSR1. Snakemake must not die of it, nor the shell around the training process,
# which saves its state when the signal is passed on to it. A prefix replaces Snakemake's own, so it says that part too.
if workflow.remote_exec:
    relay_signals()
else:
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
shell.prefix("set -euo pipefail; trap '' USR1; ")

# A study given by --configfile stands alone: merging it into the default one would mix two studies.
if not workflow.config_settings.configfiles:

    configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/fetch.smk"
include: "rules/prepare.smk"
include: "rules/lexicon.smk"
include: "rules/perturb.smk"
include: "rules/encoder.smk"
include: "rules/intermediate.smk"
include: "rules/target.smk"
include: "rules/evaluate.smk"
include: "rules/attack.smk"
include: "rules/scores.smk"
include: "rules/alignment.smk"
include: "rules/difficulty.smk"
include: "rules/questions.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


onstart:
    # A plan needs neither data nor the right to write; a run does, and says so before its first job.
    try:
        check_data_dir(STUDY)
        check_recipes(workflow.dag)
        LOCKS.append(hold_lock(Path(PATHS.root) / "run.lock"))
    except XstiltsError as error:
        raise WorkflowError(str(error)) from None


onsuccess:
    cancel_timers()


onerror:
    cancel_timers()
    if not workflow.remote_exec:
        print(failures(list(map(Path, log)), Path.cwd()), file=sys.stderr)


# All that a study makes is its result: what was deleted is made again though the report is there.
rule all:
    default_target: True
    input:
        f"{PATHS.root}/report.html",
        per(lost_files),
    localrule: True


# A list that grows with the study is a function: Snakemake works through a plain one twice, needed or not.
rule checkpoints:
    input:
        per(lambda: checkpoint_files()),
    localrule: True


rule data:
    input:
        data_manifests(),
    localrule: True
