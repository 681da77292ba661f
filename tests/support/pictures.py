"""Pictures made and looked at in tests: small writers of our own, ffmpeg as the other decoder."""

import json
import struct
import subprocess
import zlib


def png(width, height, rgb):
    """8-bit RGB, `rgb` row by row."""
    rows = b"".join(
        b"\0" + rgb[y * width * 3 : (y + 1) * width * 3] for y in range(height)
    )  # fmt: skip
    return png_of_parts(width, height, zlib.compress(rows, 1))


def png_of_parts(width, height, data):
    """A head of that size, whatever the data are."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def cmyk_tiff(width, height, ink):
    """One colour of ink (c, m, y, k) of 0 to 255, not packed."""
    pixels = bytes(ink) * (width * height)
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 4, 0), (259, 3, 1, 1),
            (262, 3, 1, 5), (273, 4, 1, 0), (277, 3, 1, 4), (278, 4, 1, height),
            (279, 4, 1, len(pixels)), (284, 3, 1, 1)]  # fmt: skip
    bits_at = 8 + 2 + 12 * len(tags) + 4
    values = {258: bits_at, 273: bits_at + 8}
    out = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags))
    for tag, kind, count, value in tags:
        out += struct.pack("<HHII", tag, kind, count, values.get(tag, value))
    return out + struct.pack("<I4H", 0, 8, 8, 8, 8) + pixels


def with_orientation(jpeg, orientation):
    """The same JPEG with an EXIF segment that says how it is turned."""
    tiff = struct.pack("<2sHIH", b"II", 42, 8, 1) + struct.pack("<HHII", 274, 3, 1, orientation)
    exif = b"Exif\0\0" + tiff + struct.pack("<I", 0)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def ffmpeg(*words, data=None):
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin" if data is None else "-y", *map(str, words)],
        input=data, capture_output=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def synthetic_jpeg(width, height, path):
    """ffmpeg's test pattern; the file's bytes."""
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={width}x{height}:rate=1", "-frames:v", 1,
           "-q:v", 4, "-y", path)  # fmt: skip
    return path.read_bytes()


class Decoded:
    """What ffmpeg sees in the bytes of a JPEG or PNG."""

    def __init__(self, data):
        about = json.loads(subprocess.run(
            ["ffprobe", "-v", "error", "-show_streams", "-of", "json", "-i", "pipe:"],
            input=data, capture_output=True, check=True, timeout=60,
        ).stdout)["streams"][0]  # fmt: skip
        self.size = about["width"], about["height"]
        self.codec = about["codec_name"]
        self.grey = about["pix_fmt"].startswith("gray")
        self.rgb = ffmpeg("-i", "pipe:", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:", data=data)

    def at(self, x, y):
        place = (y * self.size[0] + x) * 3
        return tuple(self.rgb[place : place + 3])


def square_colour(column, row):
    """Of the 10 x 10 squares: no two alike, none like its neighbours."""
    number = column * 10 + row
    return (number * 83 + 40) % 256, (number * 149 + 90) % 256, (number * 211 + 10) % 256


def squares(side=1000):
    """A PNG of 10 x 10 coloured squares, as the IIIF image validator has its picture."""
    step = side // 10
    rgb = b""
    for row in range(10):
        line = b"".join(bytes(square_colour(column, row)) * step for column in range(10))
        rgb += line * step
    return png(side, side, rgb)


def close(one, other, tolerance=5):
    return all(abs(a - b) <= tolerance for a, b in zip(one, other))
