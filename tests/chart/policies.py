"""What every manifest of ours must keep. Each policy looks at a whole rendering and tells what breaks it, in words."""

import re

from chart import containers_of, named, pod_of

POLICIES = []
PLAIN_WORDS = re.compile(r"password|secret|token|credential|access_key|private", re.IGNORECASE)
CREDENTIALS = re.compile(r"://[^/\s:@]+:(?!\$\()[^/\s@]+@")
VOLUMES = {"configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def policy(judge):
    POLICIES.append(judge)
    return judge


def pods(manifests):
    for manifest in manifests:
        pod = pod_of(manifest)
        if pod:
            yield named(manifest), pod


def containers(manifests):
    for name, pod in pods(manifests):
        for container in containers_of(pod):
            yield f"{name}, {container['name']}", pod, container


def of_kind(manifests, kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def selects(selector, labels):
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


@policy
def restricted(manifests):
    """The pod security standard of that name."""
    for name, pod in pods(manifests):
        spec = pod["spec"]
        for setting in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(setting):
                yield f"{name} shares its node's {setting[4:].lower()}"
        for volume in spec.get("volumes", []):
            if not set(volume) - {"name"} <= VOLUMES:
                yield f"{name} mounts a volume of a kind that is not allowed: {volume['name']}"
        security = spec.get("securityContext", {})
        if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
            yield f"{name} may run as root"
        if security.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{name} has no seccomp profile"
    for name, _, container in containers(manifests):
        security = container.get("securityContext", {})
        if security.get("privileged") or security.get("allowPrivilegeEscalation") is not False:
            yield f"{name} may gain privileges"
        capabilities = security.get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield f"{name} keeps capabilities"
        if security.get("runAsNonRoot") is False or security.get("runAsUser") == 0:
            yield f"{name} may run as root"
        if any("hostPort" in port for port in container.get("ports", [])):
            yield f"{name} takes a port of its node"


@policy
def nothing_is_written_to_the_image(manifests):
    for name, _, container in containers(manifests):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield f"{name} can write to its image"


@policy
def no_token_of_the_cluster(manifests):
    for name, pod in pods(manifests):
        if pod["spec"].get("automountServiceAccountToken") is not False:
            yield f"{name} is given a token of the cluster"
        if pod["spec"].get("enableServiceLinks") is not False:
            yield f"{name} is told of every Service by its environment"
        account = pod["spec"].get("serviceAccountName")
        if account not in [one["metadata"]["name"] for one in of_kind(manifests, "ServiceAccount")]:
            yield f"{name} runs under an account that is not ours: {account}"
    for account in of_kind(manifests, "ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"{named(account)} hands out a token of the cluster"
    for manifest in manifests:
        if manifest["kind"] in ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
            yield f"{named(manifest)} gives rights in the cluster, and nothing of ours needs any"


@policy
def images_stay_what_they_are(manifests):
    for name, _, container in containers(manifests):
        image = container["image"]
        if re.search(r"@sha256:[0-9a-f]{64}$", image):
            continue
        tag = re.search(r":([\w][\w.-]*)$", image.rsplit("/", 1)[-1])
        if not tag or tag[1] in ("latest", "main", "master", "edge", "nightly", "stable"):
            yield f"{name} has an image that may change: {image}"


@policy
def limits_are_set(manifests):
    for name, _, container in containers(manifests):
        for part in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if not container.get("resources", {}).get(part, {}).get(what):
                    yield f"{name} has no {what} in its {part}"
    for name, pod in pods(manifests):
        for volume in pod["spec"].get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{name} may fill its node with {volume['name']}"


@policy
def no_plain_secret(manifests):
    for manifest in of_kind(manifests, "Secret"):
        yield f"{named(manifest)} is a Secret, and the chart only names those that are there"
    for name, _, container in containers(manifests):
        for variable in container.get("env", []):
            value = variable.get("value", "")
            if PLAIN_WORDS.search(variable["name"]) and value and not value.startswith("/"):
                yield f"{name} has {variable['name']} in plain text"
            if CREDENTIALS.search(value):
                yield f"{name} has a password in {variable['name']}"
        if container.get("envFrom"):
            yield f"{name} takes whatever a Secret or ConfigMap holds as its environment"
    for manifest in of_kind(manifests, "ConfigMap"):
        for key, value in manifest.get("data", {}).items():
            if CREDENTIALS.search(value) or "PRIVATE KEY" in value:
                yield f"{named(manifest)} holds a secret in {key}"


@policy
def each_service_is_looked_after(manifests):
    """Probes, a preStop, replicas spread, a budget of disruptions, an unbroken roll-out."""
    budgets = [one["spec"]["selector"]["matchLabels"] for one in of_kind(manifests, "PodDisruptionBudget")]
    for deployment in of_kind(manifests, "Deployment"):
        name, pod = named(deployment), pod_of(deployment)
        for container in pod["spec"]["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe not in container:
                    yield f"{name} has no {probe}"
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            # 25 s: libs/web/src/serve.rs, drain_time; then 10: WINDING_UP.
            if pause < 3 or pod["spec"].get("terminationGracePeriodSeconds", 30) < pause + 25 + 10:
                yield f"{name} has no time to end what is under way"
        spread = {one["topologyKey"] for one in pod["spec"].get("topologySpreadConstraints", [])}
        if spread != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield f"{name} is not spread over zones and nodes"
        if sum(selects(one, pod["metadata"]["labels"]) for one in budgets) != 1:
            yield f"{name} has no budget of disruptions, or several"
        if deployment["spec"]["strategy"]["rollingUpdate"] != {"maxSurge": 1, "maxUnavailable": 0}:
            yield f"{name} is short of a replica while it rolls out"
        if deployment["spec"].get("replicas", 1) < 1:
            yield f"{name} has no replica"


@policy
def names_lead_somewhere(manifests):
    """Selectors find what they are meant for, and references what is there."""
    deployments = of_kind(manifests, "Deployment")
    for deployment in deployments:
        if not selects(deployment["spec"]["selector"]["matchLabels"], pod_of(deployment)["metadata"]["labels"]):
            yield f"{named(deployment)} does not select its own pods"
    for service in of_kind(manifests, "Service"):
        found = [one for one in deployments if selects(service["spec"]["selector"], pod_of(one)["metadata"]["labels"])]
        if len(found) != 1:
            yield f"{named(service)} selects {len(found)} Deployments"
            continue
        ports = {port["name"] for port in pod_of(found[0])["spec"]["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            if port["targetPort"] not in ports:
                yield f"{named(service)} leads to a port that is not there: {port['targetPort']}"
        if service["spec"]["type"] != "ClusterIP":
            yield f"{named(service)} is reached from outside without TLS"
    for scaler in of_kind(manifests, "HorizontalPodAutoscaler"):
        target = [one for one in deployments if one["metadata"]["name"] == scaler["spec"]["scaleTargetRef"]["name"]]
        if not target or "replicas" in target[0]["spec"]:
            yield f"{named(scaler)} scales nothing, or against a fixed number"
    for name, pod in pods(manifests):
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        mounted = {mount["name"] for one in containers_of(pod) for mount in one.get("volumeMounts", [])}
        if volumes != mounted:
            yield f"{name} has volumes {sorted(volumes)} and mounts {sorted(mounted)}"
    for name, _, container in containers(manifests):
        known = set()
        for variable in container.get("env", []):
            for used in re.findall(r"\$\(([A-Za-z_0-9]+)\)", variable.get("value", "")):
                if used not in known:
                    yield f"{name} uses {used} before it is there"
            if variable["name"] in known:
                yield f"{name} sets {variable['name']} twice"
            known.add(variable["name"])


@policy
def jobs_end(manifests):
    for job in of_kind(manifests, "Job"):
        if "activeDeadlineSeconds" not in job["spec"] or "backoffLimit" not in job["spec"]:
            yield f"{named(job)} may try for ever"
        if pod_of(job)["spec"]["restartPolicy"] != "Never":
            yield f"{named(job)} loses the log of what failed"
    for manifest in manifests:
        notes = manifest["metadata"].get("annotations", {})
        if "helm.sh/hook" in notes and "before-hook-creation" not in notes.get("helm.sh/hook-delete-policy", ""):
            yield f"{named(manifest)} is in the way of the next one of its name"


@policy
def only_tls_leads_in(manifests):
    for ingress in of_kind(manifests, "Ingress"):
        hosts = {host for tls in ingress["spec"].get("tls", []) if tls.get("secretName") for host in tls["hosts"]}
        if {rule.get("host") for rule in ingress["spec"]["rules"]} - hosts:
            yield f"{named(ingress)} takes a host without TLS"
    for gateway in of_kind(manifests, "Gateway"):
        for listener in gateway["spec"]["listeners"]:
            if listener["protocol"] != "HTTPS" or not listener.get("tls", {}).get("certificateRefs"):
                yield f"{named(gateway)} listens without TLS"
    for route in of_kind(manifests, "HTTPRoute") + of_kind(manifests, "Ingress"):
        if re.search(r"-(tenants|budgets|governance)\b", str(route["spec"])):
            yield f"{named(route)} leads past the gateway"


@policy
def books_are_kept(manifests):
    for cluster in of_kind(manifests, "Cluster"):
        if cluster["metadata"].get("annotations", {}).get("helm.sh/resource-policy") != "keep":
            yield f"{named(cluster)} goes when the release goes"
        if cluster["spec"].get("enableSuperuserAccess") is not False:
            yield f"{named(cluster)} lets a superuser in"
        for role in cluster["spec"]["managed"]["roles"]:
            if any(role.get(right) for right in ("superuser", "bypassrls", "createdb", "createrole", "replication")):
                yield f"{named(cluster)} gives {role['name']} rights that break the wall between boroughs"


def faults(manifests, judges=None):
    """Everything that is found, each with the policy that found it."""
    return [f"{judge.__name__}: {told}" for judge in judges or POLICIES for told in judge(manifests)]
