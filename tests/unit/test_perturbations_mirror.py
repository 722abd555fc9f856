"""Every kind of perturbation on real rows of the benchmarks: labels stay true in every language."""

import os
from itertools import islice
from pathlib import Path

import pytest
from test_perturbation_kinds import KINDS
from test_perturbations import assert_answers_fit

from xstilts import languages, tasks
from xstilts.perturbations.base import clusters
from xstilts.perturbations.rows import perturb_row
from xstilts.tasks.base import TASK_TYPES

ROWS = 6
STRENGTH = 0.3


@pytest.mark.mirror
@pytest.mark.parametrize(("task", "fewest"), [("xnli", 15), ("udpos", 34), ("panx", 46), ("xquad", 12)])
def test_every_kind_keeps_the_labels_of_real_rows(task, fewest):
    root = os.environ.get("XSTILTS_DATA_DIR")
    if root is None:
        pytest.skip("XSTILTS_DATA_DIR is not set")
    found = tasks.get(task)
    pairs = changed_rows = 0
    for code in found.languages["test"]:
        rows = list(islice(found.read(Path(root), "test", code), ROWS))
        for kind in KINDS.values():
            if not kind.defined_for(languages.get(code)) or found.type not in kind.task_types:
                continue
            pairs += 1
            for row in rows:
                result, edits, units = perturb_row(found.type, row, kind, STRENGTH, code, 0)
                changed_rows += edits > 0
                assert edits <= units
                assert {key for key in row if row[key] != result[key]} <= {*TASK_TYPES[found.type]} - {"label", "tags"}
                if found.type == "span_qa":
                    assert result["answer_texts"] == row["answer_texts"]
                    assert_answers_fit(result)
                elif found.type == "tagging":
                    assert len(result["tokens"]) == len(row["tags"])
                    assert [len(token.split()) for token in result["tokens"]] == [1] * len(row["tags"])
                    assert all(clusters(token) for token in result["tokens"])
    assert len(found.languages["test"]) >= fewest
    assert pairs >= 12 * fewest
    assert changed_rows > 0.6 * pairs * ROWS
