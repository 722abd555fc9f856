import subprocess
import sys

LEFT_BEHIND = """
import threading
from xstilts.timers import cancel_timers
threading.Timer(600, print).start()
cancel_timers()
"""


def test_a_timer_that_still_waits_does_not_hold_the_process():
    assert subprocess.run([sys.executable, "-c", LEFT_BEHIND], timeout=60).returncode == 0
