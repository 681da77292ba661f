"""What every benchmark needs: processes ended by their own id, what they used, tables."""

import json
import os
import pathlib
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
PROGRAM = pathlib.Path(os.environ.get("ORIEL_PROGRAM", ROOT / "build/release/oriel"))
# The load harness: many cameras and many viewers from one thread each.
HARNESS = pathlib.Path(os.environ.get("ORIEL_LOAD_HARNESS", ROOT.parent / "shared" / "bench"))
TICK = os.sysconf("SC_CLK_TCK")

sys.path.insert(0, str(ROOT / "tests"))


def harness(name):
    """The path of a compiled program of the harness; ends the benchmark when there is none."""
    source = HARNESS / f"{name}.cpp"
    if not source.exists():
        sys.exit(f"no load harness at {HARNESS}: name its folder in ORIEL_LOAD_HARNESS")
    return compiled(source)


def compiled(source):
    """A single-file C++ program, compiled when its source is newer."""
    program = WORK / "bin" / source.stem
    program.parent.mkdir(parents=True, exist_ok=True)
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["g++", "-O2", "-std=c++17", "-o", str(program), str(source)], check=True)
    return program


def camera_media():
    """Four FLV files like cameras make (1280x720, 25 frames/s, 2 s GOP, three of 2.1 Mbit/s)."""
    folder = WORK / "media"
    files = [folder / f"cam{i}.flv" for i in range(4)]
    if not all(path.exists() for path in files):
        folder.mkdir(parents=True, exist_ok=True)
        print("making the cameras' media (two minutes, once)", file=sys.stderr)
        subprocess.run([str(HARNESS / "media.sh"), str(folder)], check=True)
    return ",".join(map(str, files))


class Running:
    """A process that is ended by its own id when the benchmark leaves the block."""

    def __init__(self, command, log, **options):
        self.log = pathlib.Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.out = self.log.open("w")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=self.out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, **options,
        )  # fmt: skip
        self.pid = self.process.pid

    def stop(self, timeout_s=20):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.out.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()


def wait_for_port(port, timeout_s=30):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nobody listens on {port}")


def family(pids):
    """These processes and all that descend from them."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = pathlib.Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            parent = int(stat[stat.rindex(")") + 2 :].split()[1])
            parents.setdefault(parent, []).append(int(name))
    found, todo = [], list(pids)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def usage(pids):
    """{cpu_s, rss_bytes, written_bytes} of processes and their children, and the time."""
    total = {"at": time.monotonic(), "cpu_s": 0.0, "rss_bytes": 0, "written_bytes": 0}
    for pid in family(pids):
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            fields = stat[stat.rindex(")") + 2 :].split()
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            io = pathlib.Path(f"/proc/{pid}/io").read_text()
        except OSError:
            continue  # ended meanwhile
        total["cpu_s"] += (int(fields[11]) + int(fields[12])) / TICK
        for line in status.split("\n"):
            if line.startswith("VmRSS:"):
                total["rss_bytes"] += int(line.split()[1]) * 1024
        for line in io.split("\n"):
            if line.startswith("wchar:"):
                total["written_bytes"] += int(line.split()[1])
    return total


def thread_cpu_s(pids, names=("",)):
    """CPU-seconds, to the nanosecond, of the threads of processes and their children whose name
    begins with one of `names`."""
    total_ns = 0
    for pid in family(pids):
        for task in pathlib.Path(f"/proc/{pid}/task").glob("*"):
            try:
                if (task / "comm").read_text().startswith(tuple(names)):
                    total_ns += int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue  # ended meanwhile
    return total_ns / 1e9


def watch(pids, seconds, every_s=5):
    """Samples of `usage` over a window, the first at once."""
    samples = [usage(pids)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(every_s, max(0.0, end - time.monotonic())))
        samples.append(usage(pids))
    return samples


def rates(samples, key):
    """The rise of `key` a second, between each two samples."""
    return [
        (b[key] - a[key]) / (b["at"] - a["at"])
        for a, b in zip(samples, samples[1:])
        if b["at"] > a["at"]
    ]


def median(values):
    return statistics.median(values) if values else float("nan")


def p99(values):
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def where():
    """The machine and the commit, one line."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT,
                            capture_output=True, text=True).stdout.strip()  # fmt: skip
    model = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {model}, Linux {platform.release()}, load {load:.1f} before;"
        f" commit {commit}; {time.strftime('%Y-%m-%d %H:%M')}"
    )


def report(title, head, rows, place):
    """Prints a table for people, and keeps the same as a JSON line in build/bench/results.jsonl."""
    print(f"\n{title}\n{place}\n")
    table = [head] + [[format_cell(cell) for cell in row] for row in rows]
    widths = [max(len(str(row[i])) for row in table) for i in range(len(head))]
    for number, row in enumerate(table):
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "results.jsonl").open("a") as file:
        line = {"title": title, "where": place, "head": head, "rows": rows}
        file.write(json.dumps(line) + "\n")


def format_cell(cell):
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:.1f}"
    return str(cell)
