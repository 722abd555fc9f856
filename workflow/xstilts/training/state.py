"""The state of an unfinished run on disk: resumed, it ends in the bytes that it would have ended in.

A state directory belongs to one checkpoint to be. Inside lie a lock, the number of the last step done, and under the
key of what is trained (recipe, parent, data) the last saved state. A run whose recipe changed finds no state.
"""

import contextlib
import fcntl
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from xstilts.artifacts import MANIFEST, atomic_directory, read_json, read_manifest, sha256_file, write_json
from xstilts.errors import XstiltsError

VERSION = 2
_TENSORS, _FACTS, _POSITION = "state.safetensors", "state.json", "position"


class StateDirectory:
    """Saved states of one run.

    Args:
        root: the directory.
        key: digest of what is trained.
        interval: seconds between two savings.
        writes: whether this process saves; the others of a parallel run only read.

    Attributes:
        waited: whether another process held the lock before.
    """

    def __init__(self, root: Path, key: str, interval: float, writes: bool = True) -> None:
        self.root, self.folder, self.interval, self.writes = root, root / key[:16], interval, writes
        self.saved_at = time.monotonic()
        self.waited = False
        self._position: IO[bytes] | None = None

    @contextlib.contextmanager
    def lock(self, label: str) -> Iterator[None]:
        """Hold the directory; wait, and say so, while another process trains the same checkpoint."""
        if not self.writes:
            yield
            return
        self.root.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            handle = stack.enter_context((self.root / "lock").open("a+"))
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"[{label}] another job trains this checkpoint ({self.root}); waiting for it", file=sys.stderr)
                fcntl.flock(handle, fcntl.LOCK_EX)
                self.waited = True
            (self.root / _POSITION).touch()
            self._position = stack.enter_context((self.root / _POSITION).open("rb+", buffering=0))
            yield

    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self.saved_at >= self.interval

    def mark(self, position: int) -> None:
        """Note that a step is done, so that a later run can tell how many it repeats."""
        if self._position is not None:
            self._position.seek(0)
            self._position.write(b"%12d" % position)

    def last_position(self) -> int:
        """The last step noted; 0 where there is none."""
        try:
            return int((self.root / _POSITION).read_text(encoding="ascii") or 0)
        except (FileNotFoundError, ValueError):
            return 0

    def resumed(self) -> list[dict[str, int]]:
        """Where earlier runs were taken up, of those whose recipe, parent and data are these."""
        path = self._resumed_file()
        found: list[dict[str, int]] = read_json(path) if path.is_file() else []
        return found

    def note_resumed(self, places: list[dict[str, int]]) -> None:
        """Note at once where this run is taken up: one that is killed before it saves counts too."""
        if self.writes:
            with contextlib.suppress(OSError, XstiltsError):
                write_json(self._resumed_file(), places)

    def save(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any], label: str) -> None:
        """Replace the saved state; where that fails, say so and go on with the old one."""
        from safetensors.torch import save_file

        self.saved_at = time.monotonic()
        if not self.writes:
            return
        try:
            with atomic_directory(self.folder) as folder:
                contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
                save_file(contiguous, folder / _TENSORS)
                checksum = sha256_file(folder / _TENSORS)
                write_json(folder / _FACTS, {"version": VERSION, "sha256": checksum, **facts})
        except (OSError, XstiltsError) as error:
            reason = " ".join(str(error).split())
            print(f"[{label}] the state could not be saved ({reason}); training goes on", file=sys.stderr)

    def load(self, label: str) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """The saved state, or None where there is none that can be used; why not is said."""
        from safetensors.torch import load_file

        self._sweep(label)
        if not (self.folder / _FACTS).is_file():
            return None
        facts: dict[str, Any] = read_json(self.folder / _FACTS)
        if facts.get("version") != VERSION:
            self._refuse(label, f"it is of version {facts.get('version')}, this program writes {VERSION}")
            return None
        if not (self.folder / _TENSORS).is_file() or sha256_file(self.folder / _TENSORS) != facts["sha256"]:
            self._refuse(label, "its bytes are damaged")
            return None
        return load_file(self.folder / _TENSORS), facts

    def remove(self) -> None:
        """Delete all states; the checkpoint has landed."""
        if self.writes:
            for entry in self.root.glob("*"):
                if entry.name != "lock":
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _resumed_file(self) -> Path:
        return self.root / f"{self.folder.name}.resumed.json"

    def _refuse(self, label: str, reason: str) -> None:
        print(f"[{label}] the saved state in {self.folder} is not used: {reason}; starting anew", file=sys.stderr)

    def _sweep(self, label: str) -> None:
        """Remove what killed savings and changed recipes left behind."""
        if not self.writes:
            return
        for entry in sorted(self.root.glob("*")):
            if entry.is_dir() and entry != self.folder:
                if not entry.name.startswith("."):
                    print(
                        f"[{label}] the state {entry.name} is of another recipe, parent or data; removed",
                        file=sys.stderr,
                    )
                shutil.rmtree(entry, ignore_errors=True)


def already_trained(output: Path, recipe_digest: str) -> bool:
    """Whether the checkpoint that a job waited for is there, made by the same recipe."""
    manifest = output / MANIFEST
    return manifest.is_file() and read_manifest(output).get("recipe_digest") == recipe_digest


def begin_optimised(parameters: Iterable[Tensor], optimizer: torch.optim.Optimizer) -> None:
    """Give an Adam the memory of every parameter that it would take at its first step."""
    for parameter in parameters:
        optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
        }


def optimised(parameters: Mapping[str, Tensor], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Parameters, and what an Adam remembers of each."""
    tensors = {f"parameters/{name}": parameter for name, parameter in parameters.items()}
    for name, parameter in parameters.items():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{key}/{name}"] = value
    return tensors


@torch.no_grad()  # type: ignore[untyped-decorator]
def restore_optimised(
    parameters: Mapping[str, Tensor], optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]
) -> None:
    """Put :func:`optimised` back."""
    for name, parameter in parameters.items():
        parameter.copy_(tensors[f"parameters/{name}"])
        for key in ("step", "exp_avg", "exp_avg_sq"):
            saved = tensors.get(f"optimizer/{key}/{name}")
            if saved is not None:
                optimizer.state[parameter][key] = saved.to(parameter.device)


def random_state(device: torch.device) -> Tensor:
    """The generators that dropout draws from, as one tensor of bytes: the CPU's, then the GPU's."""
    host = torch.get_rng_state()
    return host if device.type == "cpu" else torch.cat([host, torch.cuda.get_rng_state(device)])


def restore_random_state(state: Tensor, device: torch.device) -> bool:
    """Put :func:`random_state` back.

    Returns:
        Whether that is possible: a state of the other kind of device lacks, or has, a GPU's generator.
    """
    if state.numel() != random_state(device).numel():
        return False
    host = torch.get_rng_state().numel()
    torch.set_rng_state(state[:host].clone())
    if device.type == "cuda":
        torch.cuda.set_rng_state(state[host:].clone(), device)
    return True
