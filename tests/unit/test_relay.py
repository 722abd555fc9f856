import signal
import subprocess
import sys

from xstilts.relay import catches

# Two processes share a pipe: each line is one write, which print is not where PYTHONUNBUFFERED is set.
AROUND = """
import os, signal, subprocess, sys
from xstilts.relay import relay_signals
relay_signals()
signal.signal(signal.SIGTERM, lambda number, frame: os.write(1, b"around %d\\n" % number))
subprocess.run(["bash", "-c", f"trap '' USR1; {sys.executable} -c '{sys.argv[1]}' | cat"])
os.write(1, b"end\\n")
"""
TRAINING = """
import os, signal, sys
def handler(number, frame):
    os.write(1, b"training %d\\n" % number)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, handler)
os.write(1, b"ready\\n")
sys.stdin.readline()
"""


def test_a_signal_to_the_outer_process_reaches_the_training_process_and_kills_none_between():
    process = subprocess.Popen(
        [sys.executable, "-c", AROUND, TRAINING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "ready\n"
        assert catches(process.pid, signal.SIGTERM)
        process.send_signal(signal.SIGUSR1)
        assert process.stdout.readline() == f"training {signal.SIGUSR1:d}\n"
        process.send_signal(signal.SIGTERM)
        said = {process.stdout.readline(), process.stdout.readline()}
        assert said == {f"training {signal.SIGTERM:d}\n", f"around {signal.SIGTERM:d}\n"}
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "end\n"
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()


def test_a_process_without_handler_is_left_alone():
    process = subprocess.Popen(["sleep", "60"])
    try:
        assert not catches(process.pid, signal.SIGUSR1)
        assert not catches(999999999, signal.SIGUSR1)
    finally:
        process.kill()
        process.wait()
