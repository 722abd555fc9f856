import signal
import subprocess
import sys
import time

from xstilts.relay import catches

AROUND = """
import signal, subprocess, sys
from xstilts.relay import relay_signals
relay_signals()
signal.signal(signal.SIGTERM, lambda number, frame: print("around", number, flush=True))
subprocess.run(["bash", "-c", f"trap '' USR1; {sys.executable} -c '{sys.argv[1]}' | cat"])
print("end", flush=True)
"""
TRAINING = """
import signal, sys, time
def handler(number, frame):
    print("training", number, flush=True)
for number in (signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, handler)
print("ready", flush=True)
time.sleep(1)
deadline = time.monotonic() + 20
while time.monotonic() < deadline:
    if sys.stdin.readline():
        break
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
    time.sleep(0.1)
    try:
        assert not catches(process.pid, signal.SIGUSR1)
        assert not catches(999999999, signal.SIGUSR1)
    finally:
        process.kill()
        process.wait()
