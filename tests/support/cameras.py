"""Cameras as real programs, each a process that is ended by its own id."""

import json
import pathlib
import signal
import subprocess
import threading

from support import media
from support.ports import free_port, wait_for_port

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"


class Process:
    """A program that runs until it is stopped; what it printed is kept."""

    def __init__(self, command):
        self.command = [str(word) for word in command]
        self.process = None
        self.lines = []
        self.reader = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self.reader.start()
        return self

    def _read(self, pipe):
        for line in pipe:
            self.lines.append(line.rstrip("\n"))

    def stop(self, with_signal=signal.SIGTERM):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(with_signal)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.reader is not None:
            self.reader.join()
            self.reader = None

    def freeze(self):
        """Half-open: the connection stays, nothing comes."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class StampedCameras(Process):
    """RTSP cameras whose frames can be counted in the recordings (stamped_camera.py)."""

    def __init__(self, cameras=1, user="", password="", clips=None, switch_after=0, fps=25,
                 ahead_ms=0, precise=False):  # fmt: skip
        self.port = free_port()
        self.user = user
        self.password = password
        clips = clips or [media.clip("plain", fps=fps)]
        command = [
            PYTHON, HERE / "stamped_camera.py", "--port", self.port, "--cameras", cameras,
            "--media", ",".join(map(str, clips)), "--switch-after", switch_after, "--fps", fps,
            "--ahead-ms", ahead_ms, *(["--precise"] if precise else []),
        ]  # fmt: skip
        if user:
            command += ["--user", user, "--password", password]
        super().__init__(command)

    def start(self):
        super().start()
        wait_for_port(self.port)
        return self

    def url(self, number=0):
        login = f"{self.user}:{self.password}@" if self.user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/cam{number}"

    def connections(self):
        """[{camera, first, last}] of the connections that have ended."""
        found = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [entry for entry in found if "camera" in entry]


class Ffmpeg(Process):
    """ffmpeg as a peer; `arguments` follow the program's name."""

    def __init__(self, *arguments):
        super().__init__(["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "warning", *arguments])


def test_picture(size="320x180", rate=25, gop=25, sound=True):
    """ffmpeg's input and encoder words for a lively H.264 picture with AAC sound, in real time."""
    words = ["-re", "-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}"]
    if sound:
        words += ["-f", "lavfi", "-i", "sine=f=440:r=48000", "-c:a", "aac", "-b:a", "64k"]
    words += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt",
              "yuv420p", "-g", str(gop), "-b:v", "400k"]  # fmt: skip
    return words


test_picture.__test__ = False


class GstCamera(Process):
    """A GStreamer RTSP camera (tests/peers/rtsp_camera.py); the options are its own."""

    def __init__(self, *options, port=None):
        self.port = port or free_port()
        peer = HERE.parent / "peers" / "rtsp_camera.py"
        super().__init__([PYTHON, peer, "--port", self.port, *options])

    def start(self):
        super().start()
        wait_for_port(self.port)
        return self

    def url(self, path="stream", login=""):
        return f"rtsp://{login}127.0.0.1:{self.port}/{path}"
