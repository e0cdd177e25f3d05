"""Record what a program shows on a terminal, as an asciinema file of version 2.

    python demo/record_terminal.py docs/terminal.cast 100 30 snakemake --directory demo --cores 2

What it shows is seen here, too. https://docs.asciinema.org/manual/asciicast/v2/ has the format.
"""

import fcntl
import json
import os
import pty
import shlex
import struct
import sys
import termios
import time


def record(path: str, columns: int, lines: int, command: list[str]) -> int:
    """Run a program on a terminal of a size, write its record to a file, return its exit status."""
    child, master = pty.fork()
    if not child:
        os.environ["TERM"] = "xterm-256color"
        os.execvp(command[0], command)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))
    begin = time.monotonic()
    with open(path, "w", encoding="utf-8") as cast:
        title = shlex.join(command)
        header = {"version": 2, "width": columns, "height": lines, "title": title}
        cast.write(json.dumps(header) + "\n")
        cast.write(json.dumps([0.0, "o", f"$ {title}\r\n"]) + "\n")
        rest = b""
        while piece := _read(master):
            os.write(1, piece)
            text, rest = _whole(rest + piece)
            event = [round(time.monotonic() - begin, 3), "o", text]
            cast.write(json.dumps(event, ensure_ascii=False) + "\n")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # nobody has the terminal open any more
        return b""


def _whole(piece: bytes) -> tuple[str, bytes]:
    """Return the text of a piece, and the bytes of a character whose end is still to come."""
    for cut in range(4):
        try:
            end = len(piece) - cut
            return piece[:end].decode(), piece[end:]
        except UnicodeDecodeError:
            continue
    return piece.decode(errors="replace"), b""


if __name__ == "__main__":
    _, path, columns, lines, *command = sys.argv
    sys.exit(record(path, int(columns), int(lines), command))
