"""Programs in terminals of their own, with their screens as a person sees them."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading

import pyte

from vocabulary import LIMIT, wait_for


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command, environment, columns=80, rows=24):
        self.near, far = pty.openpty()
        self.shown = ""
        self.resize(columns, rows)
        self.before = termios.tcgetattr(far)
        self.far = far
        self.process = subprocess.Popen(
            command,
            env={**environment, "TERM": "xterm"},
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()

    def pump(self):
        try:
            while data := os.read(self.near, 65536):
                self.shown += data.decode(errors="replace")
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.far)
        self.thread.join(5)
        os.close(self.near)

    def type(self, text):
        os.write(self.near, text.encode())

    def resize(self, columns, rows):
        fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def shows(self, text):
        wait_for(f"{text!r} on the screen ({self.shown!r})", lambda: text in self.shown)

    def ends(self):
        return self.process.wait(LIMIT)

    def is_raw(self):
        return not termios.tcgetattr(self.far)[3] & termios.ICANON


def environment(daemon):
    return {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_ECS": daemon.url}


class Screen(Terminal):
    """A program that draws the whole screen."""

    def __init__(self, command, environment, columns=120, rows=30):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        super().__init__(command, environment, columns, rows)

    def pump(self):
        try:
            while data := os.read(self.near, 65536):
                self.stream.feed(data)
                self.shown += data.decode(errors="replace")
        except OSError:
            pass

    def text(self):
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def has(self, *parts):
        """Waits until all of these are on the screen at once."""
        self.comes_to(f"all of {parts}", lambda text: all(part in text for part in parts))

    def has_not(self, part):
        self.comes_to(f"no {part!r}", lambda text: part not in text)

    def comes_to(self, what, condition):
        try:
            wait_for(what, lambda: condition(self.text()))
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.text()}") from None
