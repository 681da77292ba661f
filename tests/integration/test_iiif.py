"""IIIF: the Image API at level 2 as its validator checks it, Manifests by the official JSON Schema,
pyramids, and pictures that are not what they say."""

import hashlib
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import requests

from support import pictures, works
from support.pictures import Decoded, close, square_colour
from support.program import Oriel
from support.waiting import wait_until

WORD = "a word long enough"
SAMPLES = pathlib.Path(__file__).resolve().parents[3] / "shared" / "samples"
# schema/iiif_3_0.json of github.com/IIIF/presentation-validator
SCHEMA = pathlib.Path(
    os.environ.get("ORIEL_IIIF_SCHEMA", SAMPLES / "library" / "iiif-context" / "iiif_3_0.json")
)
IMAGE = "http://iiif.io/api/image/3/context.json"
PRESENTATION = "http://iiif.io/api/presentation/3/context.json"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Oriel(tmp_path_factory.mktemp("iiif") / "server", http="public_metrics = true\n").start()
    try:
        made.add_user("the-curator", "curator", WORD)
        yield made
    finally:
        print(made.output()[-4000:])
        assert made.stop() == 0


@pytest.fixture(scope="module")
def curator(server):
    return server.login("the-curator", WORD)


@pytest.fixture(scope="module")
def squares(server, curator):
    """The SHA-256 of the validator's kind of picture, 1000 x 1000."""
    _, sha256 = works.publish(server, curator, pictures.squares(), "squares.png")
    return sha256


@pytest.fixture(scope="module")
def large(server, curator, tmp_path_factory):
    """A JPEG of 4000 x 2600 with its pyramid: (SHA-256, bytes)."""
    data = pictures.synthetic_jpeg(4000, 2600, tmp_path_factory.mktemp("large") / "large.jpg")
    _, sha256 = works.publish(server, curator, data, "large.jpg")
    wait_ready(server, sha256)
    return sha256, data


def wait_ready(server, sha256):
    def ready():
        answer = server.get(f"/api/v1/files/{sha256}/picture")
        assert answer.status_code in (200, 202), answer.text
        assert answer.status_code == (202 if answer.json()["state"] in ("waiting", "working")
                                      else 200)  # fmt: skip
        return answer.json()["state"] == "ready"

    wait_until(ready, 120, "the pyramid")


def get(server, sha256, words, **options):
    return server.get(f"/iiif/image/3/{sha256}/{words}", **options)


def image(server, sha256, words):
    answer = get(server, sha256, words)
    assert answer.status_code == 200, f"{words}: {answer.status_code} {answer.text}"
    return Decoded(answer.content)


def square_at(picture, column, row, step, wanted):
    """The middle of a square; `step` pixels a square in this picture."""
    x, y = int((column + 0.5) * step), int((row + 0.5) * step)
    assert close(picture.at(x, y), wanted), f"{picture.at(x, y)} at {x},{y}, not {wanted}"


PLACES = [(0, 0), (9, 0), (3, 7), (9, 9), (5, 4)]


# ---- the 33 checks of the IIIF image validator at version 3.0, level 2, on 10 x 10 squares


def test_info_says_what_the_image_is(server, squares):
    answer = get(server, squares, "info.json", headers={"Origin": "http://iiif.io"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith("application/json")
    info = answer.json()
    assert info["@context"] == IMAGE
    assert info["id"] == f"{server.base}/iiif/image/3/{squares}"
    assert info["type"] == "ImageService3"
    assert info["protocol"] == "http://iiif.io/api/image"
    assert info["profile"] == "level2"
    assert (info["width"], info["height"]) == (1000, 1000)
    assert {"color", "gray", "bitonal"} == set(info["extraQualities"])
    for size in info["sizes"]:
        assert size["width"] * size["height"] <= info["maxArea"]
    assert len({(tile["width"], tile["height"]) for tile in info["tiles"]}) == len(info["tiles"])
    linked = get(server, squares, "info.json", headers={"Accept": "application/ld+json"})
    assert linked.headers["Content-Type"] == f'application/ld+json;profile="{IMAGE}"'
    assert linked.json() == info


def test_base_redirects_to_info(server, squares):
    answer = server.get(f"/iiif/image/3/{squares}", allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{server.base}/iiif/image/3/{squares}/info.json"


def test_the_id_is_right_behind_a_proxy(oriel):
    proxied = oriel(http='public_url = "https://window.example"\n')
    proxied.add_user("the-curator", "curator", WORD)
    session = proxied.login("the-curator", WORD)
    session.headers["Origin"] = "https://window.example"
    _, sha256 = works.publish(proxied, session, pictures.squares(100), "squares.png")
    info = get(proxied, sha256, "info.json").json()
    assert info["id"] == f"https://window.example/iiif/image/3/{sha256}"


def test_unknown_ids_are_not_found(server):
    # id_error_random, id_error_unescaped, id_error_escapedslash
    for name in ("frob", "[frob]", "a%2Fb", "0" * 64, "%5Bfrob%5D"):
        for rest in ("info.json", "full/max/0/default.jpg"):
            answer = server.get(f"/iiif/image/3/{name}/{rest}")
            assert answer.status_code in (400, 404), f"{name}/{rest}: {answer.status_code}"


def test_an_escaped_id_is_the_same(server, squares):
    escaped = f"%{ord(squares[0]):02X}{squares[1:]}"
    assert get(server, escaped, "full/100,/0/default.jpg").status_code == 200


def test_squares_are_where_they_belong(server, squares):
    # id_squares, region_pixels, format_jpg, format_png
    for ending, codec in (("jpg", "mjpeg"), ("png", "png")):
        whole = image(server, squares, f"full/max/0/default.{ending}")
        assert whole.size == (1000, 1000) and whole.codec == codec
        for column, row in PLACES:
            square_at(whole, column, row, 100, square_colour(column, row))
    for column, row in PLACES:
        piece = image(server, squares, f"{column * 100},{row * 100},100,100/max/0/default.jpg")
        assert piece.size == (100, 100)
        assert close(piece.at(50, 50), square_colour(column, row))


def test_regions(server, squares):
    # region_percent, region_square, and what is over the edge
    piece = image(server, squares, "pct:30,70,10,10/max/0/default.jpg")
    assert piece.size == (100, 100) and close(piece.at(50, 50), square_colour(3, 7))
    assert image(server, squares, "square/max/0/default.jpg").size == (1000, 1000)
    over = image(server, squares, "950,950,200,200/max/0/default.jpg")
    assert over.size == (50, 50) and close(over.at(25, 25), square_colour(9, 9))


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("500,", (500, 500)), (",300", (300, 300)), ("pct:50", (500, 500)), ("480,320", (480, 320)),
        ("!400,600", (400, 400)), ("!2000,3000", (1000, 1000)), ("max", (1000, 1000)),
        ("1,1", (1, 1)), ("pct:0.001", (1, 1)),
    ],
)  # fmt: skip
def test_sizes(server, squares, words, size):
    # size_wc, size_ch, size_percent, size_wh, size_bwh, size_region
    picture = image(server, squares, f"full/{words}/0/default.jpg")
    assert picture.size == size
    if size[0] >= 300:
        for column, row in PLACES:
            x = int((column + 0.5) * size[0] / 10)
            y = int((row + 0.5) * size[1] / 10)
            assert close(picture.at(x, y), square_colour(column, row))


@pytest.mark.parametrize("words", ["1100,1100", ",1100", "1100,", "pct:200", "full", "0,", "frob",
                                   ",", "!5,", "abc,5", "5.0,", "-1,"])  # fmt: skip
def test_wrong_sizes_are_refused(server, squares, words):
    # size_noup, size_error_random
    assert get(server, squares, f"full/{words}/0/default.jpg").status_code == 400


def test_making_larger_is_not_implemented(server, squares):
    assert get(server, squares, "full/^2000,/0/default.jpg").status_code == 501


@pytest.mark.parametrize("words", [
    "0,0,0,10/max/0/default.jpg", "1000,0,10,10/max/0/default.jpg", "frob/max/0/default.jpg",
    "pct:1e1,0,5,5/max/0/default.jpg", "full/max/45/default.jpg", "full/max/361/default.jpg",
    "full/max/frob/default.jpg", "full/max/0/native.jpg", "full/max/0/default.gif",
    "full/max/0/default.frob", "full/max/0/default",
])  # fmt: skip
def test_wrong_words_are_refused(server, squares, words):
    # region_error_random, rot_error_random, quality_error_random, format_error_random
    answer = get(server, squares, words)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 360])
def test_turns(server, squares, turn):
    # rot_full_basic, rot_region_basic
    whole = image(server, squares, f"full/max/{turn}/default.jpg")
    for column, row in PLACES:
        there = (column, row)
        for _ in range(turn % 360 // 90):
            there = (9 - there[1], there[0])
        square_at(whole, *there, 100, square_colour(column, row))
    piece = image(server, squares, f"300,400,200,100/max/{turn}/default.jpg")
    assert piece.size == ((200, 100) if turn % 180 == 0 else (100, 200))


def test_a_mirrored_picture(server, squares):
    whole = image(server, squares, "full/max/!90/default.jpg")
    for column, row in PLACES:  # mirrored first, then turned
        square_at(whole, 9 - row, 9 - column, 100, square_colour(column, row))


def test_qualities(server, squares):
    # quality_color, quality_grey, quality_bitonal
    colour = image(server, squares, "full/max/0/color.jpg")
    square_at(colour, 3, 7, 100, square_colour(3, 7))
    assert image(server, squares, "full/max/0/gray.jpg").grey
    for ending in ("jpg", "png"):
        bitonal = image(server, squares, f"full/max/0/bitonal.{ending}")
        sure = sum(1 for value in bitonal.rgb[::3] if value < 5 or value > 250)
        assert sure > 0.95 * 1_000_000
        assert 0.05 < sum(value > 250 for value in bitonal.rgb[::3]) / 1_000_000 < 0.95


def test_links_name_the_canonical_form_and_the_profile(server, squares):
    answer = get(server, squares, "0,0,1000,1000/500,/360/default.jpg")
    assert (f'<{server.base}/iiif/image/3/{squares}/full/500,500/0/default.jpg>;rel="canonical"'
            in answer.headers["Link"])  # fmt: skip
    assert '<http://iiif.io/api/image/3/level2.json>;rel="profile"' in answer.headers["Link"]
    again = get(server, squares, "full/500,/0/default.jpg",
                headers={"If-None-Match": answer.headers["ETag"]})  # fmt: skip
    assert again.status_code == 304, "it is the same picture"


# ---- pyramids


def test_tiles_are_the_pieces_that_they_say(server, large):
    sha256, data = large
    whole = Decoded(data)
    info = get(server, sha256, "info.json").json()
    assert info["tiles"] == [{"width": 512, "height": 512, "scaleFactors": [1, 2, 4, 8]}]
    for scale in info["tiles"][0]["scaleFactors"]:
        for column, row in ((0, 0), (1, 1), (4000 // 512 // scale, 2600 // 512 // scale)):
            x, y = column * 512 * scale, row * 512 * scale
            width, height = min(512 * scale, 4000 - x), min(512 * scale, 2600 - y)
            if width <= 0 or height <= 0:
                continue
            size = -(-width // scale), -(-height // scale)
            words = f"{x},{y},{width},{height}/{size[0]},{size[1]}/0/default.jpg"
            tile = image(server, sha256, words)
            assert tile.size == size, words
            wanted = mean(whole, x, y, width, height)
            assert close(mean(tile, 0, 0, *size), wanted, 3), words


def mean(picture, x, y, width, height):
    """The mean colour of the stretch."""
    sums = [0, 0, 0]
    for row in range(y, y + height):
        begin = (row * picture.size[0] + x) * 3
        line = picture.rgb[begin : begin + width * 3]
        for channel in range(3):
            sums[channel] += sum(line[channel::3])
    return tuple(total / (width * height) for total in sums)


def test_a_stored_tile_goes_out_as_it_lies_and_others_are_made(server, large):
    sha256, _ = large
    pyramid = next((server.data / "cache").rglob(f"{sha256}.pyramid")).read_bytes()
    made = cuts(server)
    stored = get(server, sha256, "512,512,512,512/512,512/0/default.jpg").content
    assert stored in pyramid and cuts(server) == made
    other = image(server, sha256, "100,300,1024,700/512,350/90/gray.png")
    assert other.size == (350, 512) and other.grey and cuts(server) == made + 1


def cuts(server):
    return server.metrics().get(("oriel_pictures_cut_total", ()), 0)


def test_a_pyramid_is_kept_over_a_restart_and_made_again_when_it_is_lost(oriel, tmp_path):
    server = oriel()
    server.add_user("the-curator", "curator", WORD)
    data = pictures.synthetic_jpeg(2000, 1200, tmp_path / "kept.jpg")
    _, sha256 = works.publish(server, server.login("the-curator", WORD), data, "kept.jpg")
    wait_ready(server, sha256)
    path = next((server.data / "cache").rglob("*.pyramid"))
    first = path.read_bytes()
    server.stop()
    server.start()
    assert server.get(f"/api/v1/files/{sha256}/picture").json()["state"] == "ready"
    server.stop()
    path.write_bytes(first[: len(first) // 2])
    server.start()
    wait_ready(server, sha256)
    assert path.read_bytes() == first
    server.stop()
    path.unlink()
    server.start()
    assert get(server, sha256, "full/500,/0/default.jpg").status_code == 200
    wait_ready(server, sha256)


def test_what_is_withdrawn_has_no_pieces(server, curator, tmp_path):
    data = pictures.synthetic_jpeg(1900, 1300, tmp_path / "gone.jpg")
    work, sha256 = works.publish(server, curator, data, "gone.jpg")
    wait_ready(server, sha256)
    tile = "0,0,512,512/512,512/0/default.jpg"
    answer = get(server, sha256, tile)
    assert answer.ok and "max-age" in answer.headers["Cache-Control"]
    works.move_work(server, curator, work, "withdrawn")
    # Hot tiles look again after a second.
    wait_until(lambda: get(server, sha256, tile).status_code == 404, 10)
    for words in ("info.json", "full/100,/0/default.jpg", "full/max/frob/default.jpg"):
        assert get(server, sha256, words).status_code == 404
    assert server.get(f"/api/v1/files/{sha256}/picture").status_code == 404
    assert server.get(f"/iiif/presentation/3/{work['id']}/manifest").status_code == 404
    kept = curator.get(f"{server.base}/iiif/image/3/{sha256}/{tile}", timeout=30)
    assert kept.ok and kept.headers["Cache-Control"] == "no-store"


# ---- pictures that are not what they say


def refused_because(server, sha256, reason, words="info.json"):
    # A Response of an error is false.
    [answer] = wait_until(
        lambda: (found := get(server, sha256, words)).status_code not in (200, 503) and [found], 60
    )
    assert answer.status_code == 422, answer.text
    assert reason in answer.json()["detail"], answer.text
    assert server.data.as_posix() not in answer.text
    assert server.get("/healthz").ok


def test_sixteen_thousand_by_nine_thousand_is_looked_into(server, curator, tmp_path):
    data = pictures.synthetic_jpeg(16_000, 9_000, tmp_path / "wide.jpg")
    _, sha256 = works.publish(server, curator, data, "wide.jpg")
    info = get(server, sha256, "info.json").json()
    assert (info["width"], info["height"]) == (16_000, 9_000)
    assert all(size["width"] * size["height"] <= info["maxArea"] for size in info["sizes"])
    wait_ready(server, sha256)
    tile = image(server, sha256, "15872,8704,128,296/128,296/0/default.jpg")
    assert tile.size == (128, 296)
    most = get(server, sha256, "full/max/0/default.jpg")
    width, height = Decoded(most.content).size
    assert 24_000_000 < width * height <= info["maxArea"]
    assert get(server, sha256, "full/16000,9000/0/default.jpg").status_code == 400
    row = server.api(f"/files/{sha256}")
    assert (row["width"], row["height"]) == (16_000, 9_000)


def test_two_gigapixels_are_refused_with_the_reason(server, curator):
    data = pictures.png_of_parts(65_536, 32_768, b"")
    _, sha256 = works.publish(server, curator, data, "huge.png")
    refused_because(server, sha256, "65536 x 32768")


def test_ink_becomes_light_by_its_profile(server, curator):
    _, sha256 = works.publish(
        server, curator, pictures.cmyk_tiff(300, 200, (0, 255, 255, 0)), "ink.tif"
    )
    picture = image(server, sha256, "full/max/0/default.jpg")
    red, green, blue = picture.at(150, 100)
    assert picture.size == (300, 200)
    # Magenta and yellow in full: a red, and not the pure one that sums without a profile give.
    assert 180 < red < 252 and green < 90 and blue < 90, (red, green, blue)


def test_one_that_ends_early_is_refused_with_the_reason(server, curator, tmp_path):
    data = pictures.synthetic_jpeg(2400, 1600, tmp_path / "half.jpg")
    _, sha256 = works.publish(server, curator, data[: len(data) // 2], "half.jpg")
    refused_because(server, sha256, "cut short", "full/max/0/default.png")
    refused_because(server, sha256, "cut short")
    small = pictures.squares(200)
    _, sha256 = works.publish(server, curator, small[: len(small) * 2 // 3], "small.png")
    refused_because(server, sha256, "cut short", "full/max/0/default.jpg")


def test_heic_is_refused_with_the_reason(server, curator):
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(4000)
    _, sha256 = works.publish(server, curator, data, "still.heic")
    refused_because(server, sha256, "image/heic are not decoded")


def test_a_drawing_is_not_drawn_and_one_with_a_script_is_not_taken(server, curator):
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0"/></svg>'
    _, sha256 = works.publish(server, curator, drawing, "drawing.svg")
    refused_because(server, sha256, "image/svg+xml")
    scripted = drawing.replace(b"<path", b"<script>alert(1)</script><path")
    answer = works.try_upload(server, curator, scripted, "drawing.svg")
    assert answer.status_code == 422 and "script" in answer.text


def test_a_film_called_jpg_is_no_picture(server, curator, tmp_path):
    pictures.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=2", "-y",
                    tmp_path / "film.mp4")  # fmt: skip
    data = (tmp_path / "film.mp4").read_bytes()
    file = works.upload(server, curator, data, "herd.jpg")
    assert file["type"] == "video/mp4"
    held = {"sha256": file["sha256"], "name": "herd.jpg", "role": "original"}
    content = {"kind": "image", "title": {"en": "x"}, "files": [held]}
    refused = curator.post(f"{server.base}/api/v1/works", timeout=30, json=content)
    assert refused.status_code == 400 and "herd.jpg" in refused.text
    _, sha256 = works.publish(server, curator, data, "herd.mp4", kind="clip")
    refused_because(server, sha256, "video/mp4 is no picture")


def test_bytes_that_break_a_decoder_break_nothing_else(server, curator, squares):
    for name, data in (
        ("noise.jpg", b"\xff\xd8\xff\xe0" + hashlib.sha512(b"x").digest() * 200),
        ("noise.webp", b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(500)),
        ("noise.tif", b"II*\0\x08\0\0\0" + b"\xff" * 500),
        ("noise.gif", b"GIF89a\xff\xff\xff\xff\xf7" + bytes(50)),
    ):
        _, sha256 = works.publish(server, curator, data, name)
        answer = get(server, sha256, "full/max/0/default.jpg")
        assert answer.status_code in (422, 503), f"{name}: {answer.status_code} {answer.text}"
    assert get(server, squares, "full/200,/0/default.jpg").status_code == 200


def test_a_turned_photograph_is_shown_upright(server, curator, tmp_path):
    upright = pictures.synthetic_jpeg(2400, 1000, tmp_path / "upright.jpg")
    data = pictures.with_orientation(upright, 6)
    _, sha256 = works.publish(server, curator, data, "turned.jpg")
    info = get(server, sha256, "info.json").json()
    assert (info["width"], info["height"]) == (1000, 2400)
    wanted = Decoded(upright)
    wait_ready(server, sha256)
    for words in ("full/500,1200/0/default.jpg", "full/500,1200/0/default.png"):
        shown = image(server, sha256, words)
        assert shown.size == (500, 1200)
        # Turned clockwise: what was at the left below is at the left above.
        assert close(mean(shown, 0, 0, 200, 200), mean(wanted, 0, 600, 400, 400), 6)


# ---- Presentation


def official(document):
    """Against the JSON Schema of the IIIF presentation validator."""
    if SCHEMA.exists():
        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(document)


def test_what_official_validates_with_refuses_a_manifest_without_items():
    if not SCHEMA.exists():
        pytest.skip(f"without the JSON Schema of IIIF Presentation 3.0 official() sees nothing: "
                    f"{SCHEMA}")  # fmt: skip
    with pytest.raises(jsonschema.ValidationError):
        official({"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest",
                  "id": "https://window.example/m", "label": {"en": ["x"]}})  # fmt: skip


def manifest(server, work, name="manifest"):
    answer = server.get(f"/iiif/presentation/3/{work['id']}/{name}",
                        headers={"Accept": "application/ld+json"})  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"] == f'application/ld+json;profile="{PRESENTATION}"'
    document = answer.json()
    assert document["@context"] == PRESENTATION
    assert document["id"] == f"{server.base}/iiif/presentation/3/{work['id']}/{name}"
    return document


def body_of(canvas):
    [page] = canvas["items"]
    [annotation] = page["items"]
    assert annotation["motivation"] == "painting" and annotation["target"] == canvas["id"]
    return annotation["body"]


def check_image(server, sha256, document):
    [canvas] = document["items"]
    body = body_of(canvas)
    assert (canvas["width"], canvas["height"]) == (1000, 1000)
    assert body["service"][0] == {
        "id": f"{server.base}/iiif/image/3/{sha256}", "type": "ImageService3", "profile": "level2"
    }  # fmt: skip
    shown = requests.get(body["id"], timeout=30)
    assert shown.headers["Content-Type"] == body["format"] == "image/jpeg"
    assert Decoded(shown.content).size == (body["width"], body["height"])
    thumbnail = requests.get(document["thumbnail"][0]["id"], timeout=30)
    assert Decoded(thumbnail.content).size == (256, 256)


def test_a_picture_is_a_manifest(server, curator):
    work, sha256 = works.publish(
        server, curator, pictures.squares(), "squares.png",
        title={"en": "Squares", "zh": "方格", "es-419": "Cuadros"}, date="1932-05",
        about={"en": "<Ten> by ten"},
        makers=[{"party": "", "name": "A. Painter", "role": "author"}],
        licence="https://creativecommons.org/licenses/by-sa/4.0/",
        identifiers={"accession": "1932.7"},
    )  # fmt: skip
    document = manifest(server, work)
    check_image(server, sha256, document)
    assert document["rights"] == "http://creativecommons.org/licenses/by-sa/4.0/"
    assert document["label"] == {"en": ["Squares"], "zh": ["方格"], "es": ["Cuadros"]}
    assert "A. Painter" in document["requiredStatement"]["value"]["en"][0]
    assert document["homepage"][0]["id"] == f"{server.base}/works/{work['id']}"
    official(document)


def test_a_book_is_a_manifest_of_its_pages_in_order(server, curator, tmp_path):
    held = []
    for number in range(4):
        data = pictures.synthetic_jpeg(300 + 2 * number, 400, tmp_path / f"page{number}.jpg")
        file = works.upload(server, curator, data)
        held.append({"sha256": file["sha256"], "name": f"page{number}.jpg", "role": "page",
                     "about": {"en": f"Page {number + 1}"}})  # fmt: skip
    work = works.add_work(server, curator, kind="book", files=held)
    work = works.move_work(server, curator, work, "in_review", "published")
    document = manifest(server, work)
    assert document["behavior"] == ["paged"]
    assert [canvas["width"] for canvas in document["items"]] == [300, 302, 304, 306]
    assert document["items"][2]["label"] == {"en": ["Page 3"]}
    official(document)


def test_a_film_and_a_sound_are_manifests_with_their_length(server, curator, tmp_path):
    pictures.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10:duration=3", "-y",
                    tmp_path / "film.mp4")  # fmt: skip
    pictures.ffmpeg("-f", "lavfi", "-i", "sine=duration=2.5", "-y", tmp_path / "sound.wav")
    captions = works.upload(server, curator, b"WEBVTT\n\n00:00.000 --> 00:02.000\nA herd\n")
    film = works.upload(server, curator, (tmp_path / "film.mp4").read_bytes())
    work = works.add_work(server, curator, kind="clip", files=[
        {"sha256": film["sha256"], "name": "film.mp4", "role": "original"},
        {"sha256": captions["sha256"], "name": "film.vtt", "role": "caption", "language": "en"},
    ])  # fmt: skip
    work = works.move_work(server, curator, work, "in_review", "published")
    document = manifest(server, work)
    [canvas] = document["items"]
    body = body_of(canvas)
    assert (canvas["width"], canvas["height"], canvas["duration"]) == (320, 240, 3)
    assert body["type"] == "Video" and body["format"] == "video/mp4" and body["duration"] == 3
    caption = canvas["annotations"][0]["items"][0]
    assert caption["motivation"] == "supplementing" and caption["body"]["format"] == "text/vtt"
    official(document)
    work, sha256 = works.publish(
        server, curator, (tmp_path / "sound.wav").read_bytes(), "sound.wav", kind="sound"
    )
    document = manifest(server, work)
    [canvas] = document["items"]
    assert canvas["duration"] == 2.5 and "width" not in canvas
    assert body_of(canvas)["type"] == "Sound"
    official(document)
    # Found out without being asked for, a few seconds after it came.
    wait_until(lambda: server.api(f"/files/{sha256}")["duration_ms"] == 2500, 20)


def test_a_work_of_works_is_a_collection(server, curator):
    first, _ = works.publish(server, curator, pictures.squares(300), "a.png", title={"en": "A"})
    second, _ = works.publish(server, curator, pictures.squares(310), "b.png", title={"en": "B"})
    hidden = works.add_work(server, curator, title={"en": "Soon withdrawn"})
    hidden = works.move_work(server, curator, hidden, "in_review", "published")
    inner = works.add_work(server, curator, kind="pack", parts=[second["id"]])
    inner = works.move_work(server, curator, inner, "in_review", "published")
    work = works.add_work(
        server, curator, kind="pack", parts=[first["id"], hidden["id"], inner["id"]]
    )
    work = works.move_work(server, curator, work, "in_review", "published")
    works.move_work(server, curator, hidden, "withdrawn")
    document = manifest(server, work, "collection")
    assert [(item["type"], item["id"].rsplit("/", 2)[1]) for item in document["items"]] == [
        ("Manifest", first["id"]), ("Collection", inner["id"])
    ]  # fmt: skip
    official(document)
    for item in document["items"]:
        assert requests.get(item["id"], timeout=30).json()["type"] == item["type"]
    assert manifest(server, first)["partOf"] == [{"id": document["id"], "type": "Collection"}]
    assert server.get(f"/iiif/presentation/3/{work['id']}/manifest").status_code == 404
    assert server.get(f"/iiif/presentation/3/{first['id']}/collection").status_code == 404


def test_dimensions_are_found_out_after_a_file_came(server, curator):
    file = works.upload(server, curator, pictures.squares(170))
    assert file["width"] is None
    wait_until(
        lambda: curator.get(f"{server.base}/api/v1/files/{file['sha256']}", timeout=30).json()[
            "width"
        ] == 170,
        20,
    )  # fmt: skip


def test_the_serving_process_decodes_nothing(server, large):
    """Its own memory does not grow by a picture, and workers are children that are limited."""
    sha256, _ = large
    image(server, sha256, "full/max/0/default.jpg")
    children = subprocess.run(["pgrep", "-P", str(server.process.pid), "-af", "worker picture"],
                              capture_output=True, text=True, timeout=20).stdout.split("\n")
    pids = [line.split()[0] for line in children if line]
    assert pids
    for pid in pids:
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        [memory] = [line for line in limits.split("\n") if line.startswith("Max address space")]
        assert "unlimited" not in memory
