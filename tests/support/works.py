"""Files and Works, made through the API as a curator does."""

CC_BY = "http://creativecommons.org/licenses/by/4.0/"
PIECE = 4 << 20


def upload(server, session, data, name="file"):
    """The file's row; an AssertionError when it was refused."""
    answer = try_upload(server, session, data, name)
    assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
    return answer.json()


def try_upload(server, session, data, name="file"):
    """The answer to the last piece, or to the first that was refused."""
    begun = session.post(
        f"{server.base}/api/v1/uploads", params={"name": name}, data=b"", timeout=30,
        headers={"Upload-Complete": "?0", "Upload-Length": str(len(data))},
    )  # fmt: skip
    if begun.status_code != 201:
        return begun
    place = server.base + begun.headers["Location"]
    answer = begun
    for begin in range(0, max(len(data), 1), PIECE):
        last = begin + PIECE >= len(data)
        answer = session.patch(
            place, data=data[begin : begin + PIECE], timeout=120,
            headers={"Upload-Offset": str(begin), "Upload-Complete": "?1" if last else "?0",
                     "Content-Type": "application/partial-upload"},
        )  # fmt: skip
        if not answer.ok:
            return answer
    return answer


def add_work(server, session, **content):
    content = {"kind": "image", "title": {"en": "A herd", "zh": "兽群"}, "licence": CC_BY} | content
    answer = session.post(f"{server.base}/api/v1/works", json=content, timeout=30)
    assert answer.status_code == 201, answer.text
    return answer.json()


def move_work(server, session, work, *states):
    for state in states:
        answer = session.post(
            f"{server.base}/api/v1/works/{work['id']}/state", json={"state": state}, timeout=30,
            headers={"If-Match": f'"{work["version"]}"'},
        )  # fmt: skip
        assert answer.ok, answer.text
        work = answer.json() if answer.content else work
    return work


def publish(server, session, data, name="picture", role="original", **content):
    """A published Work of one file; (work, the file's SHA-256)."""
    file = upload(server, session, data, name)
    held = {"sha256": file["sha256"], "name": name, "role": role}
    work = add_work(server, session, files=[held], **content)
    return move_work(server, session, work, "in_review", "published"), file["sha256"]
