"""Running the workflow as a user does, in a folder of one's own."""

import argparse
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import yaml

from xstilts.cli import parser
from xstilts.plan.dag import read_jobs

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "tests" / "tiny.yaml"


def commands(said: str) -> list[tuple[str, argparse.Namespace]]:
    """The subcommands that a dry run with ``--printshellcmds`` says, and their arguments as they are parsed."""
    found, command_line = [], parser()
    for line in re.findall(r"^Shell command: xstilts (.*?) 2>&1 \| tee -i \S+$", said, re.M):
        words, _, document = line.partition(" <<< ")
        # Bash itself says what it makes of the quotes.
        given = subprocess.check_output(["bash", "-s"], input=f"cat <<< {document}".encode()) if document else b""
        with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given))):
            found.append((words.split()[0], command_line.parse_args(shlex.split(words))))
    return found


class Workplace:
    """A folder with a study file and its results.

    Attributes:
        folder: where Snakemake runs.
        study: the study file.
        root: the copy of the workflow that runs.
        tools: a folder whose commands stand in for the real ones.
    """

    root = ROOT
    tools: Path | None = None

    def __init__(self, folder: Path, study: Path = STUDY) -> None:
        self.folder = folder
        self.study = folder / "study.yaml"
        if not self.study.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(study, self.study)

    @property
    def results(self) -> Path:
        return self.folder / "results" / yaml.safe_load(self.study.read_text())["study"]

    def copy(self, folder: Path) -> "Workplace":
        """The same workplace elsewhere, times and all."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=shutil.copy2)
        return Workplace(folder)

    def edit(self, change) -> None:
        """Change the study file's mapping in place."""
        config = yaml.safe_load(self.study.read_text())
        change(config)
        self.study.write_text(yaml.safe_dump(config, sort_keys=False))

    def snakemake(self, *arguments: str, check: bool = True, **options) -> subprocess.CompletedProcess:
        command = [
            *(sys.executable, "-m", "snakemake", "--snakefile", str(self.root / "Snakefile")),
            *("--directory", str(self.folder), "--configfile", str(self.study), *arguments),
        ]
        folders = [self.tools, Path(sys.executable).parent, os.environ["PATH"]]
        path = os.pathsep.join(str(folder) for folder in folders if folder)
        environment = os.environ | {"PATH": path} | self.package()
        done = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
        if check:
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    def package(self) -> dict[str, str]:
        """Environment in which the copy's own package is imported."""
        if self.root is ROOT:
            return {}
        return {"PYTHONPATH": str(self.root / "workflow"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *targets: str) -> None:
        """Run the study, or some of its files, to the end."""
        self.snakemake("--cores", "2", "--quiet", "all", *(["--", *targets] if targets else []))

    def planned(self) -> set[str]:
        """First outputs, below the study's results, of the jobs that a run would start.

        From Snakemake's graph in this process, which takes a tenth of a dry run's time; test_plan.py compares the two.
        """
        assert self.root is ROOT, "another copy of the workflow needs its own package: dry_run()"
        jobs = read_jobs(self.root / "Snakefile", self.study, {}, self.folder)
        return {self._below(job.name) for job in jobs.waiting}

    def dry_run(self) -> set[str]:
        """The same from the command line, which is the way for another copy of the workflow."""
        done = self.snakemake("--dry-run", "--nocolor")
        outputs = re.findall(r"^\s+output: (\S+?),?(?: |$)", done.stdout + done.stderr, flags=re.MULTILINE)
        return {self._below(output) for output in outputs}

    def _below(self, output: str) -> str:
        return str(Path(output).relative_to(self.results.relative_to(self.folder)))
