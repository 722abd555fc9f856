"""A SLURM cluster on this one machine: ordinary processes, several nodes with fake GPUs, accounting, no systemd."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
SYSTEM_CONFIG = Path("/etc/slurm/slurm.conf")
DAEMONS = ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd")
# Nodes of their own for what happens to a node, so that other jobs go on meanwhile. `high` takes nodes from `spot`.
PARTITIONS = {
    "cpu": ("n1", "n2"),
    "gpu": ("n1", "n2"),
    "frail": ("n3", "n4"),
    "brittle": ("n5", "n6"),
    "spot": ("n7",),
    "high": ("n7",),
}


def missing() -> str | None:
    """Why no cluster can be started here, or None."""
    if os.geteuid() != 0:
        return "starting a SLURM cluster needs root"
    absent = [name for name in (*DAEMONS, "mariadb-install-db") if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed; .ci/slurm-packages installs Debian's packages"
    if SYSTEM_CONFIG.exists():
        return f"{SYSTEM_CONFIG} is there: this machine is part of a cluster, or another test runs"
    return None


class Cluster:
    """Start with :meth:`start`, end with :meth:`stop`, which stops exactly the processes that were started.

    Args:
        cpus: cores that each node claims to have.
        memory_mb: its memory.
        gpus: its GPUs.

    Attributes:
        home: configuration, logs and state of the daemons.
        nodes: the nodes' names.
    """

    def __init__(self, cpus: int = 2, memory_mb: int = 12000, gpus: int = 2) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="xstilts-slurm-"))
        self.nodes = sorted({node for nodes in PARTITIONS.values() for node in nodes})
        self.cpus, self.memory_mb, self.gpus = cpus, memory_mb, gpus
        self.ports = _free_ports(4 + len(self.nodes))
        self.processes: list[tuple[str, subprocess.Popen]] = []

    def start(self) -> None:
        self.home.chmod(0o755)
        for folder in ("munge", "mysql", "state", "log", "dev", *(f"spool-{node}" for node in self.nodes)):
            (self.home / folder).mkdir()
        (self.home / "munge").chmod(0o711)
        self._munge()
        self._database()
        self._configure()
        self._daemon("slurmdbd", "slurmdbd", "-D")
        self._wait(lambda: self.said("sacctmgr", "-n", "list", "cluster") is not None)
        for words in (("cluster", "ci"), ("account", "ci", "cluster=ci"), ("user", "root", "account=ci")):
            self.said("sacctmgr", "-i", "add", *words)
        self._daemon("slurmctld", "slurmctld", "-D", "-c")
        self._wait(lambda: "UP" in (self.said("scontrol", "ping") or ""))
        for node in self.nodes:
            self._daemon(f"slurmd-{node}", "slurmd", "-D", "-N", node)
        self._wait(lambda: all(map(self.up, self.nodes)))

    def stop(self) -> None:
        if SYSTEM_CONFIG.is_symlink() and SYSTEM_CONFIG.readlink() == self.home / "slurm.conf":
            self.empty()
            SYSTEM_CONFIG.unlink()
        for _, process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def empty(self, folder: Path = Path("/")) -> None:
        """Cancel the jobs submitted from a folder, or all, and wait for their end."""
        for job in self.jobs(folder=folder):
            self.said("scancel", "-f", job)
        self._wait(lambda: not self.jobs(folder=folder))

    def lose(self, node: str) -> None:
        """A node that nobody hears of any more: its daemon is gone, though what runs on it may still run."""
        (process,) = [process for name, process in self.processes if name == f"slurmd-{node}"]
        self.processes = [entry for entry in self.processes if entry[1] is not process]
        process.kill()
        process.wait()
        self.said("scontrol", "update", f"nodename={node}", "state=down", "reason=lost")

    def find(self, node: str) -> None:
        """The lost node is back."""
        self._daemon(f"slurmd-{node}", "slurmd", "-D", "-N", node)
        self.said("scontrol", "update", f"nodename={node}", "state=resume")
        self._wait(lambda: self.up(node))

    def up(self, node: str) -> bool:
        """Whether a node takes jobs."""
        return bool((self.said("sinfo", "-hN", "-n", node, "-t", "idle,mix,alloc,comp") or "").strip())

    def said(self, *command: str) -> str | None:
        """Standard output of a SLURM command, or None where it fails."""
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(), timeout=300)
        return done.stdout if done.returncode == 0 else None

    def environment(self) -> dict[str, str]:
        return os.environ | {"SLURM_CONF": str(self.home / "slurm.conf")}

    def jobs(self, rule: str = "", folder: Path = Path("/")) -> list[str]:
        """Ids of jobs that wait, run or end: of a rule, whose name the plugin puts into the comment; of a folder."""
        rows = [row.split("\t") for row in (self.said("squeue", "-h", "-o", "%i\t%Z\t%k") or "").splitlines()]
        return [job for job, place, note in rows if f"rule_{rule}" in note and Path(place).is_relative_to(folder)]

    def fact(self, job: str, name: str) -> str:
        """What `scontrol show job` says of a job under a name."""
        facts = dict(word.partition("=")[::2] for word in (self.said("scontrol", "show", "job", job) or "").split())
        return facts.get(name, "")

    def _munge(self) -> None:
        key, sock = self.home / "munge/key", self.home / "munge/sock"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
        self._daemon(
            *("munged", "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={sock}"),
            *(f"--log-file={self.home}/log/munged.log", f"--pid-file={self.home}/munge/pid"),
            f"--seed-file={self.home}/munge/seed",
        )
        self._wait(lambda: self.said("munge", "-n", "-S", str(sock)) is not None)

    def _database(self) -> None:
        data, sock = self.home / "mysql/data", self.home / "mysql/sock"
        options = ("--no-defaults", "--user=root", f"--datadir={data}")
        made = self.said("mariadb-install-db", *options, "--skip-test-db", "--auth-root-authentication-method=normal")
        assert made is not None, "mariadb-install-db failed"
        self._daemon(
            *("mariadbd", "mariadbd", *options, f"--socket={sock}", "--bind-address=127.0.0.1"),
            *(f"--port={self.ports[0]}", f"--pid-file={self.home}/mysql/pid", "--innodb-buffer-pool-size=128M"),
            *("--innodb-lock-wait-timeout=900", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve"),
            *("--skip-log-bin", "--innodb-fast-shutdown=2"),
        )
        client = ("--no-defaults", "-u", "root", "-S", str(sock))
        self._wait(lambda: self.said("mariadb-admin", *client, "ping") is not None)
        statements = (
            "create database slurm_acct_db; create user 'slurm'@'127.0.0.1' identified by 'slurm';"
            "grant all on slurm_acct_db.* to 'slurm'@'127.0.0.1';"
        )
        assert self.said("mariadb", *client, "-e", statements) is not None

    def _configure(self) -> None:
        # Device nodes without a driver: slurmd counts no GPU without a file, and a clone of /dev/null would be locked
        # away together with /dev/null.
        for number in range(self.gpus):
            os.mknod(self.home / f"dev/gpu{number}", stat.S_IFCHR | 0o666, os.makedev(195, number))
        controllers = [Path("/sys/fs/cgroup") / name for name in ("freezer", "memory", "devices")]
        real = all(os.access(path, os.W_OK) for path in controllers)
        node = (
            "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} Boards=1 SocketsPerBoard=1"
            " CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory={memory} Gres=gpu:fake:{gpus} State=UNKNOWN"
        )
        host = socket.gethostname().split(".")[0]
        words = {
            "home": self.home,
            "host": host,
            "mysql_port": self.ports[0],
            "dbd_port": self.ports[1],
            "controller_port": self.ports[2],
            "node_port": self.ports[3],
            # Never proctrack/linuxproc: it leaves orphans.
            "proctrack": "proctrack/cgroup" if real else "proctrack/pgid",
            "task": "task/cgroup" if real else "task/none",
            "nodelist": ",".join(self.nodes),
            "partitions": {name: ",".join(nodes) for name, nodes in PARTITIONS.items()},
            "gpu_files": f"{self.home}/dev/gpu[0-{self.gpus - 1}]",
            "nodes": "\n".join(
                node.format(name=n, host=host, port=p, cpus=self.cpus, memory=self.memory_mb, gpus=self.gpus)
                for n, p in zip(self.nodes, self.ports[4:], strict=True)
            ),
        }
        for name in ("slurm.conf", "slurmdbd.conf", "gres.conf", "cgroup.conf"):
            (self.home / name).write_text((HERE / f"{name}.in").read_text().format(**words))
        (self.home / "slurmdbd.conf").chmod(0o600)
        # The plugin's job step drops SLURM_CONF before its own srun, so the default place must lead here too.
        SYSTEM_CONFIG.parent.mkdir(parents=True, exist_ok=True)
        SYSTEM_CONFIG.symlink_to(self.home / "slurm.conf")

    def _daemon(self, name: str, *command: str) -> None:
        with (self.home / f"log/{name}.out").open("w") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(),
                start_new_session=True,
            )
        self.processes.append((name, process))

    def _wait(self, ready: Callable[[], bool], seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            dead = [name for name, process in self.processes if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                logs = [path.read_text(errors="replace")[-1500:] for path in sorted((self.home / "log").iterdir())]
                raise RuntimeError(f"the cluster does not come up; ended: {dead}\n" + "\n".join(logs))
            time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for opened in sockets:
        opened.bind(("127.0.0.1", 0))
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports
