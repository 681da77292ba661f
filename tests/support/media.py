"""Small clips, made once by ffmpeg into build/test-media."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "test-media"


def clip(name, width=320, height=180, fps=25, gop=25, seconds=10, options=()):
    """An Annex B H.264 file without B-frames, a key frame with parameter sets every `gop`."""
    path = FOLDER / f"{name}-{width}x{height}-{fps}-{gop}-{seconds}.h264"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i",
             f"testsrc2=s={width}x{height}:r={fps}", "-t", str(seconds), "-c:v", "libx264",
             "-preset", "veryfast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-bf", "0",
             "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", *options,
             "-f", "h264", str(part)],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        part.rename(path)
    return path


ENTRIES = "stream=codec_name,codec_type,width,height:format=duration"


def probe(target, entries=ENTRIES, timeout_s=60, count_frames=False):
    """ffprobe's view of a file or URL, as JSON; `count_frames` decodes all of it."""
    count = ["-count_frames"] if count_frames else []
    result = subprocess.run(
        ["ffprobe", "-v", "error", *count, "-of", "json", "-show_entries", entries, str(target)],
        capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if result.returncode != 0:
        raise AssertionError(f"ffprobe {target}: {result.stderr.strip()}")
    return json.loads(result.stdout)
