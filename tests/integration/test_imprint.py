"""Credits inside files: each format read back with a program that is none of ours, and what it
shows or sounds like is the same as before."""

import json
import pathlib
import subprocess

import pytest
from support.program import feed_toml

from test_commons import CC_BY, WORD, add, move, upload

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
BIRD = "audio/birds-five-codings/21100_36_48"
TITLE = "Antelopes & <the> lake"
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"

needs_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not there")


@pytest.fixture(scope="module")
def server(shared):
    made = shared(lambda cameras: feed_toml("lake", cameras.url(0)))
    made.add_user("the-curator", "curator", WORD)
    return made


@pytest.fixture(scope="module")
def curator(server):
    return server.login("the-curator", WORD)


@pytest.fixture(scope="module")
def source(server, curator):
    """What the others were made from, by somebody else."""
    work = add(server, curator, title={"en": "Old map"}, licence=CC0,
               makers=[{"party": "", "name": "Sven", "role": "author"}])  # fmt: skip
    return move(server, curator, work, "in_review", "published")


def share(server, curator, source, data, name):
    """A published Work of one file; the Work and that file."""
    file = upload(server, curator, data, piece=4 << 20)
    held = {"sha256": file["sha256"], "name": name, "role": "original"}
    work = add(
        server, curator, title={"en": TITLE, "zh": "湖边的藏羚羊"}, licence=CC_BY, files=[held],
        derived_from=[source["id"]],
        makers=[{"party": "", "name": "Zhang Wei", "role": "photographer"}],
    )  # fmt: skip
    work = move(server, curator, work, "in_review", "published")
    return work, work["files"][0]


def take(server, curator, source, sample, folder, name=None):
    """The sample with its credits inside, as a visitor takes it; and what it was."""
    original = sample if isinstance(sample, pathlib.Path) else SAMPLES / sample
    data = original.read_bytes()
    work, file = share(server, curator, source, data, name or original.name)
    assert file["credits_url"] == f"/works/{work['id']}/files/{file['sha256']}"
    answer = server.get(file["credits_url"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Oriel-Credits"] == "inside"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    path = folder / (name or original.name)
    path.write_bytes(answer.content)
    assert server.get(file["url"]).content == data, "the original stays as it was"
    return path, work, answer


def exif(path):
    """All that exiftool reads, by group and name; it finds nothing wrong with the file."""
    done = subprocess.run(
        ["exiftool", "-json", "-G0", "-struct", str(path)], capture_output=True, check=True
    )
    return json.loads(done.stdout)[0]


def tags(path):
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-show_entries", "format_tags:stream_tags",
         str(path)], capture_output=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    all_tags = dict(found["format"].get("tags", {}))
    for stream in found["streams"]:
        all_tags |= stream.get("tags", {})
    return {name.lower(): value for name, value in all_tags.items()}


def shown(path):
    """Sums of every decoded picture and stretch of sound."""
    done = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v?", "-map", "0:a?",
         "-f", "framemd5", "-"], capture_output=True, check=True,
    )  # fmt: skip
    return [line for line in done.stdout.decode().splitlines() if not line.startswith("#")]


def check_xmp(found, work):
    assert found["XMP:Title"] == TITLE or found["XMP:Title"]["en"] == TITLE
    assert found["XMP:Creator"] in ("Zhang Wei", ["Zhang Wei"])
    assert "Zhang Wei" in found["XMP:Credit"] and work["address"] in found["XMP:Credit"]
    assert found["XMP:WebStatement"].startswith("http://creativecommons.org/licenses/by/4.0")
    assert "Sven" in json.dumps(found["XMP:Rights"]), "all that it came from is credited"
    assert found["XMP:AttributionURL"] == work["address"]
    assert found["XMP:Marked"] is True


@needs_samples
@pytest.mark.parametrize(
    "sample",
    ["images/burst-serengeti/S1_D04_R6_PICT0020.JPG", "images/odd/tokyo-gps.jpg",
     "images/odd/motion-photo.jpg",
     "library/iiif-image/67352ccc-d1b0-11e1-89ae-279075081939.png"],
)  # fmt: skip
def test_a_picture_carries_its_credits_and_is_the_same_picture(
    server, curator, source, sample, tmp_path
):
    path, work, _ = take(server, curator, source, sample, tmp_path)
    found, before = exif(path), exif(SAMPLES / sample)
    check_xmp(found, work)
    assert shown(path) == shown(SAMPLES / sample)
    for name, value in before.items():
        kept = name.startswith("EXIF:") or (name.startswith("XMP:") and "MotionPhoto" in name)
        if kept and "Offset" not in name:
            assert found[name] == value, f"{name} is not about credits, and stays"


@needs_samples
@pytest.mark.parametrize(
    "sample",
    ["video/formats/h264-aac.mp4", "video/formats/fragmented-seekable.mp4",
     "video/wildlife/cockatoo-yuv420.mp4", "video/field/arbimon-guardian.mp4",
     "video/odd/rotated-180.mp4", "video/formats/bt601.mov"],
)  # fmt: skip
def test_a_film_carries_its_credits_and_plays_the_same(server, curator, source, sample, tmp_path):
    path, work, _ = take(server, curator, source, sample, tmp_path)
    check_xmp(exif(path), work)
    if path.suffix == ".mp4":
        found = tags(path)
        assert found["title"] == TITLE and found["artist"] == "Zhang Wei"
        assert work["address"] in found["copyright"] and "Sven" in found["comment"]
    assert shown(path) == shown(SAMPLES / sample)
    # Jumping into it finds the same pictures, too.
    seek = ["ffmpeg", "-v", "error", "-ss", "1", "-i", None, "-frames:v", "3"]
    seek += ["-f", "framemd5", "-"]
    jumped = [
        subprocess.run([part or str(file) for part in seek], capture_output=True, check=True).stdout
        for file in (path, SAMPLES / sample)
    ]
    assert jumped[0] == jumped[1]


@needs_samples
@pytest.mark.parametrize(
    "sample",
    [BIRD + ".mp3", "audio/silence_10s.mp3", BIRD + ".flac", "audio/odd/bear.flac", BIRD + ".ogg",
     BIRD + ".opus", BIRD + ".wav", "audio/audiomoth-metadata.wav", "audio/odd/ima-adpcm.wav"],
)  # fmt: skip
def test_a_sound_carries_its_credits_and_sounds_the_same(
    server, curator, source, sample, tmp_path
):
    mutagen = pytest.importorskip("mutagen")
    path, work, _ = take(server, curator, source, sample, tmp_path)
    found = tags(path)
    assert found["title"] == TITLE and found["artist"] == "Zhang Wei"
    assert work["address"] in found["copyright"]
    read = mutagen.File(path)
    if path.suffix in (".mp3", ".wav"):
        assert str(read.tags["TIT2"]) == TITLE
        assert read.tags["WCOP"].url.startswith("http://creativecommons.org/licenses/by/4.0")
        assert "Sven" in str(read.tags["COMM:credits:eng"])
    else:
        assert read.tags["title"] == [TITLE] and read.tags["artist"] == ["Zhang Wei"]
        assert "Sven" in " ".join(read.tags["credits"])
    assert shown(path) == shown(SAMPLES / sample)
    if "audiomoth" in sample:
        assert exif(path)["RIFF:Comment"] == exif(SAMPLES / sample)["RIFF:Comment"]


@needs_samples
@pytest.mark.parametrize(
    "sample", ["library/gltf/ShapeCollection.glb", "library/gltf/BoxTextured/BoxTextured.gltf"]
)
def test_a_model_carries_its_credits_and_has_the_same_shapes(
    server, curator, source, sample, tmp_path
):
    path, work, _ = take(server, curator, source, sample, tmp_path)

    def parts(file):
        data = file.read_bytes()
        if file.suffix != ".glb":
            return json.loads(data), b""
        length = int.from_bytes(data[12:16], "little")
        assert int.from_bytes(data[8:12], "little") == len(data) and length % 4 == 0
        return json.loads(data[20 : 20 + length]), data[20 + length :]

    document, shapes = parts(path)
    before, shapes_before = parts(SAMPLES / sample)
    assert work["address"] in document["asset"]["copyright"]
    assert document["asset"]["extras"]["author"] == "Zhang Wei"
    assert document["asset"]["extras"]["sources"], "what it came from is named"
    assert shapes == shapes_before
    assert {k: v for k, v in document.items() if k != "asset"} == {
        k: v for k, v in before.items() if k != "asset"
    }


def plain_pdf(catalog="", trailer=""):
    """One page with a word on it, with a table as its index."""
    drawing = b"BT /F1 24 Tf 72 720 Td (Lake) Tj ET"
    objects = [
        f"<</Type /Catalog /Pages 2 0 R {catalog}>>".encode(),
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources <</Font <</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    index = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = f"trailer\n<</Size {len(objects) + 1} /Root 1 0 R {trailer}>>\nstartxref\n{index}\n%%EOF"
    return data + tail.encode()


def test_a_document_carries_its_credits_and_all_that_was_there(
    server, curator, source, tmp_path
):
    original = tmp_path / "lake.pdf"
    original.write_bytes(plain_pdf())
    folder = tmp_path / "taken"
    folder.mkdir()
    path, work, _ = take(server, curator, source, original, folder)
    check_xmp(exif(path), work)
    assert path.read_bytes().startswith(original.read_bytes()), "what was there is not touched"
    assert exif(path)["PDF:PageCount"] == 1


@pytest.mark.parametrize(
    "name, data, reason",
    [("secret.pdf", plain_pdf(trailer="/Encrypt 9 0 R"), "encrypted"),
     ("signed.pdf", plain_pdf(catalog="/AcroForm <</SigFlags 3>>"), "signed"),
     ("cut.pdf", plain_pdf()[:-40], "end"),
     ("words.txt", b"Nothing but words.\n", "no place"),
     ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "cut short")],
)  # fmt: skip
def test_a_file_without_a_place_is_given_as_it_is_and_the_answer_says_so(
    server, curator, source, name, data, reason
):
    work, file = share(server, curator, source, data, name)
    answer = server.get(f"/works/{work['id']}/files/{file['sha256']}")
    assert answer.status_code == 200 and answer.content == data
    assert answer.headers["Oriel-Credits"].startswith("none; ")
    assert reason in answer.headers["Oriel-Credits"]
    if name == "words.txt":
        assert file["credits_url"] == ""


@needs_samples
def test_a_range_is_of_the_file_with_its_credits_and_the_tag_moves_with_the_work(
    server, curator, source, tmp_path
):
    sample = "video/formats/h264-aac.mp4"
    path, work, answer = take(server, curator, source, sample, tmp_path)
    whole, url, tag = path.read_bytes(), work["files"][0]["credits_url"], answer.headers["ETag"]
    joined = b""
    for begin in range(0, len(whole), 30_000):
        end = min(begin + 30_000, len(whole)) - 1
        part = server.get(url, headers={"Range": f"bytes={begin}-{end}", "If-Range": tag})
        assert part.status_code == 206 and part.headers["ETag"] == tag
        joined += part.content
    assert joined == whole
    assert server.get(url, headers={"If-None-Match": tag}).status_code == 304
    assert server.get(url + "?language=zh").headers["ETag"] != tag
    content = {k: work[k] for k in ("kind", "licence", "makers", "files", "derived_from")}
    content["files"] = [{k: file[k] for k in ("sha256", "name", "role")} for file in work["files"]]
    changed = curator.put(
        f"{server.base}/api/v1/works/{work['id']}", json=content | {"title": {"en": "Renamed"}},
        headers={"If-Match": f'"{work["version"]}"'}, timeout=30,
    )  # fmt: skip
    assert changed.ok, changed.text
    assert server.get(url).headers["ETag"] != tag


def test_a_draft_gives_nobody_its_files_with_credits(server, curator, source):
    file = upload(server, curator, plain_pdf(catalog="/Lang (en)"))
    held = {"sha256": file["sha256"], "name": "draft.pdf", "role": "original"}
    work = add(server, curator, files=[held])
    url = f"/works/{work['id']}/files/{file['sha256']}"
    assert server.get(url).status_code == 404
    answer = curator.get(server.base + url, timeout=30)
    assert answer.ok and answer.headers["Cache-Control"] == "no-store"
    other = f"/works/{source['id']}/files/{file['sha256']}"
    assert curator.get(server.base + other, timeout=30).status_code == 404, "it is not its file"
