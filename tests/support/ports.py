"""TCP ports for the programs a test starts."""

import os
import socket
import time


def free_port():
    """A port nobody listens on, below the ephemeral range so that no outgoing connection takes it
    before it is used."""
    for _ in range(200):
        port = 20000 + int.from_bytes(os.urandom(2), "big") % 10000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 30000")


def wait_for_port(port, timeout_s=20, host="127.0.0.1"):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port} after {timeout_s} s")
