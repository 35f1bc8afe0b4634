"""The command line: ``python -m dojo_calc``, or ``dojo_calc`` where the package is installed."""

import signal
import sys


def main() -> None:
    """Run the command line; an interrupt ends it without a word, while it still imports too."""
    try:
        from dojo_calc.commands.answer import answer

        code = answer(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130  # 128 and the number of the signal, as shells count
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one, while Python tidies up, ends it as quietly
    sys.exit(code)


if __name__ == "__main__":
    main()
