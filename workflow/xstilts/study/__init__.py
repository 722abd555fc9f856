"""The typed study: a validated configuration that expands into runs.

Pure Python with light imports, because the Snakefile uses it whenever it is parsed.
"""

from xstilts.study import recipes
from xstilts.study.alignment import aligned_words, alignment_runs
from xstilts.study.load import check_data_dir, check_files, load_study, parse_study
from xstilts.study.model import CLEAN, LEXICON, NONE, PRETRAINED, Condition, Encoder, Intermediate, Study, Target
from xstilts.study.paths import Paths
from xstilts.study.profiles import check_profile

__all__ = [
    "CLEAN",
    "LEXICON",
    "NONE",
    "PRETRAINED",
    "Condition",
    "Encoder",
    "Intermediate",
    "Paths",
    "Study",
    "Target",
    "aligned_words",
    "alignment_runs",
    "check_data_dir",
    "check_files",
    "check_profile",
    "load_study",
    "parse_study",
    "recipes",
]
