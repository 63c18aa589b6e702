"""Writes what follows from values.yaml: the chart's README, and the descriptions in its schema."""

import json
import re
import sys

import yaml

from chart import CHART, ROOT

GROUP = object()
README = CHART / "README.md"
SCHEMA = CHART / "values.schema.json"
HEAD = """<!-- Made from values.yaml and values.schema.json by `./dev chart-test --fix`; do not edit. -->
# Tenfold on Kubernetes

The gateway, the services tenants, budgets and governance, the migrations, and where wanted a Postgres cluster of their own.
How to install, upgrade, rotate Secrets and restore: [docs/operations/kubernetes.md](../../docs/operations/kubernetes.md).
Whole sets of values, each tested: [tests/chart/values](../../tests/chart/values).

Kubernetes {kube} · chart {version} · Tenfold {app}

As little as can be said:

```yaml
{minimal}```

No value holds a secret; each names a Secret that is there already. Values that cannot be used are refused with a sentence.

## Values

| value | default | is |
|---|---|---|
"""


def described(text):
    """Every value with its default and the comment above it: (path, default, comment). A group's default is GROUP."""
    lines = text.splitlines()

    def comment_above(line):
        said = []
        while line > 0 and re.match(r"\s*# ", lines[line - 1]):
            line -= 1
            said.insert(0, lines[line].strip()[2:])
        return " ".join(said)

    first_said = {}

    def walk(node, path):
        for key, value in node.value:
            here = path + [key.value]
            said = comment_above(key.start_mark.line)
            if path[:1] == ["services"]:
                # What is said of the first service is true of all.
                said = first_said.setdefault(key.value, said)
            is_group = isinstance(value, yaml.MappingNode) and value.value and not value.flow_style
            if is_group and key.value != "resources":
                if said:
                    yield here, GROUP, said
                yield from walk(value, here)
            else:
                yield here, yaml.safe_load(yaml.serialize(value)), said

    return list(walk(yaml.compose(text), []))


def shown(default):
    if default is None:
        return "null"
    if default == "":
        return ""
    return f"`{json.dumps(default, ensure_ascii=False)}`" if not isinstance(default, str) else f"`{default}`"


def readme():
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    minimal = (ROOT / "tests" / "chart" / "values" / "minimal.yaml").read_text().split("\n", 1)[1]
    text = HEAD.format(
        kube=about["kubeVersion"].removesuffix("-0").replace(">=", "") + " or newer",
        version=about["version"], app=about["appVersion"], minimal=minimal,
    )
    found = described((CHART / "values.yaml").read_text())
    for path, default, said in found:
        name = ".".join(path)
        if default is GROUP:
            text += f"| **`{name}`** | | {said} |\n"
        else:
            text += f"| `{name}` | {shown(default)} | {said} |\n".replace("|  |", "| |", 1)
    return text


def schema():
    """The schema, with each value's comment as its description."""
    whole = json.loads(SCHEMA.read_text())
    for path, _, said in described((CHART / "values.yaml").read_text()):
        here = whole
        for key in path:
            if "$ref" in here:
                break
            here = here["properties"][key]
        else:
            if said and "$ref" not in here:
                here.pop("description", None)
                rest = dict(here)
                here.clear()
                here.update({"description": said, **rest})
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def stale():
    """The files that are not what they should be, with what they should be."""
    return {path: made for path, made in ((README, readme()), (SCHEMA, schema())) if not path.exists() or path.read_text() != made}


if __name__ == "__main__":
    for path, made in stale().items():
        path.write_text(made)
        print(f"{path.relative_to(ROOT)} is written anew.", file=sys.stderr)
