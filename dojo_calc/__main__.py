"""The command line: ``python -m dojo_calc``, or ``dojo_calc`` where the package is installed."""

import os
import signal
import sys

INTERRUPTED = 130  # 128 and the number of the signal, as shells count


def main() -> None:
    """Run the command line; an interrupt ends it without a word, while it still imports too."""
    try:
        from dojo_calc.commands.answer import answer

        code = answer(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:
        os._exit(code)  # at once: Python would wait for threads, or end itself by another signal
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nor is there a word while Python tidies up
    sys.exit(code)


if __name__ == "__main__":
    main()
