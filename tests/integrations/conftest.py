import signal
import sys
from pathlib import Path

# The helpers of the other tests
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

# A shell's background job ignores Ctrl-C, and hands that on to what it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
