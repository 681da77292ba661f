"""SIGKILL at many random moments, against what the cameras say they sent."""

import random
import time

from support import archive, program, stamps
from support.program import feed_toml
from support.waiting import wait_until

KILLS = 15
FEEDS = 3
FPS = 25
PART_FRAMES = 9  # a third of a second, rounded up
# One part being made, one frame held back for its duration, and what is on its way through sockets
# of a machine that is doing other things.
LOST_FRAMES_MAX = PART_FRAMES + 1 + FPS
LOST_FRAMES_MEDIAN_MAX = PART_FRAMES + 6


def test_killed_at_random_points_at_most_one_part_is_lost(oriel, camera):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")  # to repeat the moments of a failure
    moments = random.Random(seed)
    feeds = "".join(feed_toml(f"lake-{i}", camera.url(i)) for i in range(FEEDS))
    server = oriel(feeds=feeds)
    for kill in range(KILLS):
        if kill:
            server.start()
        if kill % 4 != 3:  # every fourth time it dies while it is still starting
            for i in range(FEEDS):
                server.wait_live(f"lake-{i}", 30)
        time.sleep(moments.uniform(0.0, 3.0))
        server.kill()
    server.start()
    for i in range(FEEDS):
        server.wait_live(f"lake-{i}", 30)
    wait_until(lambda: len(recorded(server, 0)) > 0)
    assert server.stop() == 0
    # The cameras tell of a connection when it has ended.
    wait_until(lambda: len(camera.connections()) >= KILLS, what="the cameras' own account")

    tails = []
    for i in range(FEEDS):
        frames = recorded(server, i)
        assert not stamps.doubled(frames), f"lake-{i}: frames recorded twice"
        assert frames == sorted(frames), f"lake-{i}: frames out of order"
        held = set(frames)
        for one in (one for one in camera.connections() if one["camera"] == i):
            inside = [frame for frame in range(one["first"], one["last"] + 1) if frame in held]
            if not inside:
                # Died before the first part was whole.
                tails.append(one["last"] - one["first"] + 1)
                assert tails[-1] <= LOST_FRAMES_MAX + FPS, one
                continue
            assert inside[0] == one["first"], f"lake-{i}: the first frames are missing: {one}"
            holes = stamps.missing(inside, inside[0], inside[-1])
            assert not holes, f"lake-{i}: frames {holes} are missing inside a run: {one}"
            tails.append(one["last"] - inside[-1])
            assert tails[-1] <= LOST_FRAMES_MAX, f"lake-{i}: {tails[-1]} frames lost: {one}"
    tails.sort()
    print(f"frames lost at the ends: median {tails[len(tails) // 2]}, most {tails[-1]}")
    assert tails[len(tails) // 2] <= LOST_FRAMES_MEDIAN_MAX, tails


def recorded(server, number):
    found = archive.frames_of_feed(server.data / "archive", f"lake-{number}", strict=False)
    return found.get(number, [])


def test_what_a_crash_tore_is_whole_after_the_restart(oriel, camera):
    """Bytes behind the last whole part, as a power cut leaves them, are cut off; the rest plays."""
    server = oriel(feeds=feed_toml("lake-0", camera.url(0)))
    server.wait_live("lake-0")
    wait_until(lambda: len(recorded(server, 0)) > 3 * FPS)
    server.kill()
    torn = archive.recordings(server.data / "archive", "lake-0")[-1]
    with torn.open("ab") as file:
        file.write(b"\0\0\x20\0moof" + b"\xa5" * 300)
    before = recorded(server, 0)
    server.start()
    server.wait_live("lake-0")
    assert server.stop() == 0
    assert archive.parts_of(torn), "the torn recording is whole boxes again"
    assert recorded(server, 0)[: len(before)] == before


def test_recordings_are_found_again_when_the_database_is_lost(oriel, camera):
    """Those of the newest days, from the files and the journal."""
    server = oriel(feeds=feed_toml("lake-0", camera.url(0)))
    server.wait_live("lake-0")
    wait_until(lambda: len(recorded(server, 0)) > 4 * FPS)
    assert server.stop() == 0
    listed = run_ls(server)
    assert listed.strip()
    server.lose_database()
    assert not run_ls(server).strip(), "it was not lost"
    server.start()
    again = wait_until(lambda: run_ls(server))
    assert again.startswith(listed.rstrip("\n"))


def run_ls(server):
    result = program.run("archive", "ls", "lake-0", "--config", server.config)
    assert result.returncode == 0, result.stderr
    return result.stdout
