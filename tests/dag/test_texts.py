"""Texts of a study that mean something to Snakemake, a shell or Python's formatting."""

from workflow import Workplace, commands

TITLE = r"Loss $\mathcal{L}$ of {seed}, 'quoted' `twice` \\ {}"
TEXT = "Does {fgm} help?\nOr {0}? \u2028 é"


def test_braces_and_quotes_reach_the_commands_as_they_are(tmp_path):
    workplace = Workplace(tmp_path / "{study}")
    workplace.edit(lambda study: (study.update(title=TITLE), study["questions"]["gain"].update(text=TEXT)))
    done = workplace.snakemake("--dry-run", "--nocolor", "--printshellcmds")
    told = {name: vars(arguments).get("context") for name, arguments in commands(done.stdout + done.stderr)}
    told = {name: context for name, context in told.items() if context}
    assert told.keys() == {"answer", "figures", "report"}
    for context in told.values():
        assert (context["title"], context["questions"]["gain"]["text"]) == (TITLE, TEXT)
