"""What packaging/ ships is what the program takes."""

import re

from support import program


def test_the_example_configuration_is_taken(tmp_path):
    text = (program.ROOT / "packaging/oriel.toml.example").read_text()
    uncommented = "".join(
        line[2:] if re.match(r"# \w+ = ", line) and "…" not in line else line
        for line in text.splitlines(keepends=True)
    )
    for name, content in (("shipped", text), ("uncommented", uncommented)):
        if name == "uncommented":
            # Keys that name files or folders of a real installation stay as they are shipped.
            content = "".join(
                line for line in content.splitlines(keepends=True)
                if not line.startswith(("tls_", "tiles"))
            )  # fmt: skip
        for old, new in (("/var/lib/oriel", f"{tmp_path}/{name}"), ("/srv/oriel/v1",
                         f"{tmp_path}/{name}/v1"), ("127.0.0.1:8080", "127.0.0.1:0")):  # fmt: skip
            assert old in content
            content = content.replace(old, new)
        path = tmp_path / f"{name}.toml"
        path.write_text(content)
        result = program.run("check", "--config", path)
        assert result.returncode == 0, f"{name}: {result.stderr}{result.stdout}"
