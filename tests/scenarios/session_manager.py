"""The client's side of a session manager's data channel, as session-manager-plugin speaks it."""

import contextlib
import hashlib
import json
import struct
import threading
import time
import uuid

import websocket

from vocabulary import wait_for

HEADER = struct.Struct(">I32sIQqQ16s32sII")
BYTES, SIZE, HANDSHAKE_REQUEST, HANDSHAKE_RESPONSE, HANDSHAKE_COMPLETE, FLAG = 1, 3, 5, 6, 7, 10
TERMINATE = struct.pack(">I", 2)


def pack(kind, sequence, payload_type, payload):
    """A message's bytes."""
    id = uuid.uuid4().bytes
    head = HEADER.pack(
        HEADER.size - 4, kind.encode().ljust(32), 1, int(time.time() * 1000), sequence, 0, id[8:] + id[:8],
        hashlib.sha256(payload).digest(), payload_type, len(payload),
    )
    return head + payload


def unpack(message):
    """Kind, number, id, what the payload is, and the payload."""
    length, kind, _, _, sequence, _, id, digest, payload_type, size = HEADER.unpack_from(message)
    payload = message[length + 4 :]
    assert length == HEADER.size - 4 and len(payload) == size
    assert hashlib.sha256(payload).digest() == digest
    return kind.decode().strip(), sequence, str(uuid.UUID(bytes=id[8:] + id[:8])), payload_type, payload


class Session:
    """A session that `execute_command` answered with; `deaf_to` first messages are not acknowledged."""

    def __init__(self, answer, deaf_to=0, token=None, begin=True):
        self.answer = answer["session"]
        self.shown = ""
        self.kinds = []
        self.repeated = 0
        self.closed = None
        self.ended = threading.Event()
        self.deaf_to = deaf_to
        self.expected, self.waiting = 0, {}
        self.number, self.unacknowledged = 0, set()
        self.socket = websocket.create_connection(self.answer["streamUrl"], timeout=60)
        self.close_code = None
        if begin:
            self.open(token or self.answer["tokenValue"])
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()

    def open(self, token):
        self.socket.send(json.dumps({
            "MessageSchemaVersion": "1.0", "RequestId": str(uuid.uuid4()), "TokenValue": token,
            "ClientId": str(uuid.uuid4()), "ClientVersion": "1.2.0.0",
        }))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            self.socket.close()

    def pump(self):
        with contextlib.suppress(Exception):  # Its end comes in one of several ways.
            while True:
                code, data = self.socket.recv_data()
                if code == websocket.ABNF.OPCODE_CLOSE:
                    self.close_code = struct.unpack_from(">H", data)[0] if data else None
                    break
                self.take(*unpack(data))
        self.ended.set()

    def take(self, kind, sequence, id, payload_type, payload):
        if kind == "acknowledge":
            self.unacknowledged.discard(json.loads(payload)["AcknowledgedMessageSequenceNumber"])
        elif kind == "channel_closed":
            self.closed = json.loads(payload)
        elif kind == "output_stream_data":
            if self.deaf_to:
                self.deaf_to -= 1
                return
            self.send("acknowledge", 0, 0, json.dumps({
                "AcknowledgedMessageType": kind, "AcknowledgedMessageId": id,
                "AcknowledgedMessageSequenceNumber": sequence, "IsSequentialMessage": True,
            }).encode())
            if sequence < self.expected or sequence in self.waiting:
                self.repeated += 1
            else:
                self.waiting[sequence] = (payload_type, payload)
            while self.expected in self.waiting:
                self.read(*self.waiting.pop(self.expected))
                self.expected += 1

    def read(self, payload_type, payload):
        self.kinds.append(payload_type)
        if payload_type == HANDSHAKE_REQUEST:
            actions = json.loads(payload)["RequestedClientActions"]
            self.give(HANDSHAKE_RESPONSE, json.dumps({
                "ClientVersion": "1.2.0.0", "Errors": None,
                "ProcessedClientActions": [
                    {"ActionType": action["ActionType"], "ActionStatus": 1, "ActionResult": None, "Error": ""}
                    for action in actions
                ],
            }).encode())
        elif payload_type == BYTES:
            self.shown += payload.decode()

    def send(self, kind, sequence, payload_type, payload):
        self.socket.send_binary(pack(kind, sequence, payload_type, payload))

    def give(self, payload_type, payload):
        """Sends the next message of the client's stream."""
        self.unacknowledged.add(self.number)
        self.send("input_stream_data", self.number, payload_type, payload)
        self.number += 1

    # What a person does.

    def type(self, text):
        self.give(BYTES, text.encode())

    def resize(self, columns, rows):
        self.give(SIZE, json.dumps({"cols": columns, "rows": rows}).encode())

    def terminate(self):
        self.give(FLAG, TERMINATE)

    def vanish(self):
        """Goes without a word."""
        self.socket.sock.close()

    def shows(self, text):
        """Waits until the text is on the screen."""
        wait_for(f"{text!r} on the screen ({self.shown!r})", lambda: text in self.shown)
        return self.shown

    def ends(self):
        """Waits for the end, and gives what was said about it."""
        wait_for("end of the session", self.ended.is_set)
        return self.closed
