"""The chart, rendered: the cases of values/, each as an installation and as an upgrade."""

import functools
import pathlib
import re

import helm_python
import yaml

def load(text):
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "tenfold"
HERE = ROOT / "tests" / "chart"
CASES = sorted(path.stem for path in (HERE / "values").glob("*.yaml"))
RELEASE = "tenfold"
NAMESPACE = "pooled-care"


@functools.cache
def _chart():
    return helm_python.Chart.load(str(CHART))


def values_of(case):
    return load((HERE / "values" / f"{case}.yaml").read_text())


def services():
    return load((CHART / "files" / "services.yaml").read_text())


def render_values(values, upgrade=False, release=RELEASE):
    """The text of every template, by its path in the chart."""
    rendered = _chart().render(values, name=release, namespace=NAMESPACE, is_install=not upgrade, is_upgrade=upgrade)
    return {path.split("/", 1)[1]: text for path, text in rendered.items()}


@functools.cache
def render(case, upgrade=False):
    return render_values(values_of(case), upgrade)


def texts(rendered):
    """Each manifest as it is written, in a steady order, without what is empty."""
    for path in sorted(rendered):
        if path.endswith(".txt"):
            continue
        for text in re.split(r"^---\s*$", rendered[path], flags=re.MULTILINE):
            text = "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
            if load(text):
                yield text + "\n"


def manifests(case, upgrade=False):
    """The manifests of a case, made anew at each call: whoever asks may change them."""
    return [load(text) for text in texts(render(case, upgrade))]


def every_case():
    return [(case, upgrade) for case in CASES for upgrade in (False, True)]


def named(manifest):
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def pod_of(manifest):
    """The pod a manifest makes, as metadata and spec; None where it makes none."""
    if manifest["kind"] == "Pod":
        return manifest
    if manifest["kind"] in ("Deployment", "Job"):
        return manifest["spec"]["template"]
    return None


def containers_of(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]
