"""A line to the engine on which answers and events get lost, come twice or come late."""

import contextlib
import os
import re
import socket
import threading

from vocabulary import Line

# A message that the next one is to overtake waits so long for it, seconds.
OVERTAKEN_WITHIN = 0.5


class Meddler(Line):
    """A line that understands enough HTTP to know one request from another; one request a connection."""

    def __init__(self, path, **members):
        super().__init__(path, **members)
        # Of requests (`POST /containers/create`) that match, the next so many are carried out and not answered.
        self.lose = {}
        # What is done before a request that matches is passed on, once; it is given the request.
        self.before = {}
        # What was asked, in order: `GET /events`.
        self.asked = []
        # Whether event streams are let through, and what becomes of their messages.
        self.lets_events_through = True
        self.repeats = False
        self.reorders = False
        self.streams = []

    def lose_answers(self, pattern, count):
        """From now on the next `count` requests that match are carried out, and their answers are lost."""
        with self.lock:
            self.lose[pattern] = count

    def lost(self):
        """Whether every answer that was to be lost has been."""
        return not any(self.lose.values())

    def cut_events(self):
        """Ends the event streams and lets none through; everything else goes on."""
        with self.lock:
            self.lets_events_through = False
            streams, self.streams = self.streams, []
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def mend_events(self):
        """Lets event streams through again."""
        self.lets_events_through = True

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.append(near)
            threading.Thread(target=self.serve, args=[near], daemon=True).start()

    def serve(self, near):
        with near, contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as far:
            request, head = b"", b""
            while b"\r\n\r\n" not in request:
                if not (data := near.recv(65536)):
                    return
                request += data
            head, rest = request.split(b"\r\n\r\n", 1)
            method, path = head.decode().split(" ")[:2]
            # Without the API's version and what follows the path.
            asked = f"{method} {re.sub(r'^/v[0-9.]+', '', path).split('?')[0]}"
            lost = self.meddle(asked)
            if asked == "GET /events" and not self.lets_events_through:
                return
            with self.lock:
                self.open.append(far)
            far.connect(self.engine)
            far.sendall(re.sub(rb"\r\n[Cc]onnection: [^\r]*", b"", head) + b"\r\nConnection: close\r\n\r\n" + rest)
            threading.Thread(target=self.copy_up, args=[near, far], daemon=True).start()
            if asked == "GET /events":
                with self.lock:
                    if not self.lets_events_through:
                        # They were cut just now.
                        return
                    self.streams += [near, far]
                self.events(far, near)
            elif lost:
                while far.recv(65536):
                    pass
            else:
                self.copy(far, near)
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)

    def meddle(self, asked):
        for pattern in [pattern for pattern in self.before if re.fullmatch(pattern, asked)]:
            self.before.pop(pattern)(asked)
        with self.lock:
            self.asked.append(asked)
            for pattern, left in self.lose.items():
                if left and re.fullmatch(pattern, asked):
                    self.lose[pattern] = left - 1
                    return True
        return False

    @staticmethod
    def copy_up(near, far):
        """The rest of a request; its end is no reason to end the answer."""
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                far.sendall(data)
            far.shutdown(socket.SHUT_RDWR)

    def events(self, far, near):
        """Passes a chunked stream of messages on, a line each, in whatever order and number is asked for."""
        source = far.makefile("rb")
        head = b""
        while (line := source.readline()) not in (b"\r\n", b""):
            head += line
        near.sendall(head + b"\r\n")
        # Messages that wait to be overtaken; a timer lets go of the last one.
        held, sending = [], threading.Lock()

        def send(*messages):
            for message in messages:
                for _ in range(2 if self.repeats else 1):
                    near.sendall(b"%x\r\n%s\r\n" % (len(message), message))

        def let_go():
            with sending, contextlib.suppress(OSError):
                send(*held)
                held.clear()

        while size := int(source.readline() or b"0", 16):
            message = source.read(size)
            source.readline()
            with sending:
                if held:
                    send(message, *held)
                    held.clear()
                elif self.reorders:
                    held.append(message)
                    threading.Timer(OVERTAKEN_WITHIN, let_go).start()
                else:
                    send(message)


def of_line(path):
    """A mended one at this path."""
    assert len(os.fsencode(path)) < 100, "a Unix socket's path is short"
    return Meddler(path).mend()
