"""`xstilts perturbations` as a user types it."""

import json

import pytest

from xstilts.cli import main


def test_lists_for_people_and_for_programs(capsys):
    main(["perturbations"])
    assert "| `keyboard` |" in capsys.readouterr().out
    main(["perturbations", "--json"])
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["whitespace"]["task_types"] and "tagging" not in rows["whitespace"]["task_types"]
    assert "th" not in rows["case"]["languages"]


def test_shows_one_on_a_text(capsys):
    text = "หนังสือเล่มนี้วางอยู่บนโต๊ะ"
    main(["perturbations", "keyboard", "--language", "th", "--strength", "0.3", "--text", text])
    shown, rate = capsys.readouterr().out.splitlines()
    assert shown != text and 0 < float(rate.removeprefix("edit rate ")) < 0.6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["leet", "--language", "th", "--text", "x"], "'leet' is not defined for Thai (th)"),
        (["code_switch", "--text", "x"], "name their folder: --resources"),
        (["lete"], "unknown perturbation 'lete'; did you mean leet"),
        (["leet", "--strength", "2", "--text", "x"], "it must lie between 0 and 1"),
    ],
)
def test_mistakes_are_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit):
        main(["perturbations", *arguments])
    assert words in capsys.readouterr().err
