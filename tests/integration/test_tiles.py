"""Map tiles of the museum's own: served by number, and nothing else of the disk."""


def test_a_tile_is_served_and_nothing_beside_it(oriel, tmp_path):
    folder = tmp_path / "tiles"
    (folder / "3" / "6").mkdir(parents=True)
    picture = bytes.fromhex("89504e470d0a1a0a") + b"tile"
    (folder / "3" / "6" / "2.png").write_bytes(picture)
    (folder / "secret.png").write_bytes(b"not for anyone")
    server = oriel(extra=f'tiles = "{folder}"')
    answer = server.get("/tiles/3/6/2.png")
    assert answer.ok and answer.content == picture
    assert answer.headers["Content-Type"] == "image/png"
    for path in ("/tiles/3/6/9.png", "/tiles/3/..%2f../secret.png", "/tiles/3/x/2.png"):
        assert server.get(path).status_code in (400, 404), path
    assert server.api("/about")["tiles"] == "/tiles/{z}/{x}/{y}.png"


def test_without_a_folder_no_tiles_are_named(oriel):
    server = oriel()
    assert server.api("/about")["tiles"] is None
    assert server.get("/tiles/3/6/2.png").status_code == 404
