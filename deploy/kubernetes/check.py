"""Checks what the overlays render to: `check` says how to run it.

Argument: the folder with the JSON schemas of one version of Kubernetes.
"""

import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from urllib.parse import urlsplit

import jsonschema
from ruamel.yaml import YAML

HERE = pathlib.Path(__file__).resolve().parent
OVERLAYS = ["overlays/single", "overlays/cluster", "site.example"]
COMPONENTS = sorted(path.parent.name for path in HERE.glob("components/*/kustomization.yaml"))

# Kinds that are no part of Kubernetes itself: there is no schema of them here.
FOREIGN = {"ScaledObject", "PodMonitor"}

# Secrets that `secrets` does not make, since they are certificates: cert-manager does, or a person.
CERTIFICATES = {name: {"tls.crt", "tls.key", "ca.crt"} for name in ["nats-tls", "redis-tls", "upload-tls"]}

# What deploy/init makes, and `secrets` reads.
INIT_MAKES = """
    nats/users.conf nats/cameras.conf redis/users.acl web/users.toml passwords/nats-upload passwords/nats-comparator
    passwords/nats-sink passwords/nats-notifier passwords/nats-camera passwords/nats-camera-demo passwords/redis-sink
    passwords/web-token passwords/camera-key
""".split()

# What is ours is built from this source; what is public is named by what it holds as well.
NAMED_WELL = re.compile(r"(^|/)framewatch:(?!latest$)[^/:]+$|:(?!latest@)[^/:@]+@sha256:[0-9a-f]{64}$")

WORKLOADS = {"Deployment", "StatefulSet"}


class Schemas:
    """The strict ones: a field that is not in them is an error."""

    def __init__(self, folder):
        self.folder = folder
        self.definitions = json.loads((folder / "_definitions.json").read_text())
        self.known = {}

    def errors(self, document):
        text = json.dumps(document)
        if text not in self.known:
            self.known[text] = list(self.find(document))
        return self.known[text]

    def find(self, document):
        group, _, version = document["apiVersion"].rpartition("/")
        name = "-".join(part for part in [document["kind"].lower(), group.split(".")[0], version] if part)
        schema = json.loads((self.folder / f"{name}.json").read_text())
        resolver = jsonschema.RefResolver("", schema, store={"_definitions.json": self.definitions})
        for error in jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(document):
            yield f"{'.'.join(map(str, error.path))}: {error.message[:200]}"


def kubectl(*arguments, **options):
    done = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, **options)
    if done.returncode or done.stderr:
        sys.exit(f"check: kubectl {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


@functools.cache
def parsed(text):
    """What most renderings have in common is read once; nobody changes it."""
    return YAML(typ="safe", pure=True).load(text)


def documents(text):
    return [parsed(part) for part in text.split("\n---\n")]


def render(overlay, components):
    """The overlay as it is, or with components as somebody would add them."""
    if not components:
        return documents(kubectl("kustomize", str(HERE / overlay)))
    with tempfile.TemporaryDirectory() as folder:
        # Kustomize takes no absolute paths.
        here = pathlib.Path(os.path.relpath(HERE, os.path.realpath(folder)))
        lines = ["resources:", f"- {here / overlay}", "components:"]
        lines += [f"- {here / 'components' / component}" for component in components]
        pathlib.Path(folder, "kustomization.yaml").write_text("\n".join(lines) + "\n")
        return documents(kubectl("kustomize", folder))


def made_secrets():
    """The names and keys of what `secrets` prints, made of a folder as deploy/init leaves it."""
    with tempfile.TemporaryDirectory() as deploy:
        script = pathlib.Path(deploy, "kubernetes", "secrets")
        script.parent.mkdir()
        script.write_text((HERE / "secrets").read_text())
        for name in INIT_MAKES:
            path = pathlib.Path(deploy, "secrets", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x\n")
        # What a person writes.
        for name in ["notify/notify.toml", "cameras/cameras.toml"]:
            path = pathlib.Path(deploy, name)
            path.parent.mkdir()
            path.write_text("x\n")
        printed = subprocess.run(["sh", script], capture_output=True, text=True, check=True).stdout
    return {secret["metadata"]["name"]: set(secret["data"]) for secret in documents(printed.removeprefix("---\n"))}


def fits(selector, labels):
    """Whether a label selector takes these labels; the empty one takes all."""
    wanted = selector.get("matchLabels", {}).items()
    among = selector.get("matchExpressions", [])
    return all(labels.get(key) == value for key, value in wanted) and all(
        each["operator"] == "In" and labels.get(each["key"]) in each["values"] for each in among
    )


def server_faults(files, environment, config):
    """What nats-server has to say about its configuration, with users whose passwords are nothing."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {f"nats/{name}": text for name, text in files.items()}
        passwords = set(re.findall(r"\$(\w+_PASSWORD)", files["accounts.conf"]))
        texts["secrets/nats/users.conf"] = "".join(f'{name}: "none"\n' for name in sorted(passwords))
        texts["secrets/nats/cameras.conf"] = "users: []\n"
        for name, text in texts.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        command = ["nats-server", "-t", "--config", f"{folder}/nats/{config}"]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
        return [done.stderr.strip().replace(folder, "")] if done.returncode else []


class Workload:
    def __init__(self, document):
        self.name = document["metadata"]["name"]
        self.kind = document["kind"]
        self.spec = document["spec"]
        self.labels = self.spec["template"]["metadata"]["labels"]
        self.pod = self.spec["template"]["spec"]
        (self.container,) = self.pod["containers"]
        self.ports = {port["name"]: port["containerPort"] for port in self.container["ports"]}


class Rendering:
    """What one combination renders to, and what is wrong with it."""

    def __init__(self, rendered, secrets):
        self.faults = []
        self.documents = rendered
        self.secrets = secrets
        self.config_maps = {each["metadata"]["name"]: each["data"] for each in self.of("ConfigMap")}
        self.workloads = [Workload(each) for kind in WORKLOADS for each in self.of(kind)]
        self.services = {each["metadata"]["name"]: each["spec"] for each in self.of("Service")}
        self.policies = [each["spec"] for each in self.of("NetworkPolicy")]

    def of(self, kind):
        return [document for document in self.documents if document["kind"] == kind]

    def require(self, holds, fault):
        if not holds:
            self.faults.append(fault)

    def selected(self, selector):
        return [workload for workload in self.workloads if fits(selector, workload.labels)]

    def check(self, schemas):
        self.check_documents(schemas)
        for workload in self.workloads:
            self.check_security(workload)
            self.check_probes(workload)
            self.check_volumes(workload)
            self.check_environment(workload)
            self.check_connections(workload)
            if workload.name == "nats":
                self.check_server(workload)
        self.check_services()
        self.check_targets()
        self.check_policies()
        return self.faults

    def check_documents(self, schemas):
        seen = set()
        for document in self.documents:
            what = f"{document['kind']} {document['metadata']['name']}"
            self.require(what not in seen, f"{what}: there twice")
            seen.add(what)
            self.require(document["kind"] != "Secret", f"{what}: no secret belongs into a manifest")
            if document["kind"] != "Namespace":
                self.require(document["metadata"].get("namespace") == "framewatch", f"{what}: in another namespace")
            if document["kind"] not in FOREIGN:
                self.faults += [f"{what}: {error}" for error in schemas.errors(document)]

    def check_security(self, workload):
        pod, container = workload.pod, workload.container
        own = container.get("securityContext", {})
        memory = container.get("resources", {})
        for holds, what in [
            (fits(workload.spec["selector"], workload.labels), "selects its own pods"),
            (pod["securityContext"].get("runAsNonRoot") is True, "runs as nobody's root"),
            (pod["securityContext"].get("seccompProfile") == {"type": "RuntimeDefault"}, "has a seccomp profile"),
            (pod.get("automountServiceAccountToken") is False, "has no token of the API server"),
            (own.get("readOnlyRootFilesystem") is True, "cannot write to its image"),
            (own.get("allowPrivilegeEscalation") is False, "gains no privileges"),
            (own.get("capabilities") == {"drop": ["ALL"]}, "has no capabilities"),
            ("cpu" in memory.get("requests", {}), "has its resources"),
            ({"cpu", "memory"} <= memory.get("limits", {}).keys(), "has limits of processor and memory"),
            (NAMED_WELL.search(container["image"]), "names the version of its image, and of one that is public its digest"),
        ]:
            self.require(holds, f"{workload.name}: not so that it {what}")

    def check_probes(self, workload):
        for name in ["startupProbe", "readinessProbe", "livenessProbe"]:
            probe = workload.container.get(name)
            self.require(probe, f"{workload.name}: no {name}")
            if probe and "httpGet" in probe:
                self.require(probe["httpGet"]["port"] in workload.ports, f"{workload.name}: {name} at no port")

    def keys_of(self, workload, volume):
        """The files that a volume has; `None` where that is not known."""
        if "secret" in volume:
            name = volume["secret"]["secretName"]
            self.require(name in self.secrets, f"{workload.name}: no secret {name}")
            there = self.secrets.get(name, set())
            items = volume["secret"].get("items")
        elif "configMap" in volume:
            name = volume["configMap"]["name"]
            self.require(name in self.config_maps, f"{workload.name}: no ConfigMap {name}")
            there = set(self.config_maps.get(name, {}))
            items = volume["configMap"].get("items")
        else:
            return None
        if items is None:
            return there
        for item in items:
            self.require(item["key"] in there, f"{workload.name}: {name} has no {item['key']}")
        return {item["path"] for item in items}

    def check_volumes(self, workload):
        volumes = {volume["name"]: volume for volume in workload.pod.get("volumes", [])}
        claims = {claim["metadata"]["name"] for claim in workload.spec.get("volumeClaimTemplates", [])}
        workload.files = {}
        for mount in workload.container.get("volumeMounts", []):
            name = mount["name"]
            self.require(name in volumes or name in claims, f"{workload.name}: no volume {name}")
            if name in volumes:
                workload.files[mount["mountPath"]] = self.keys_of(workload, volumes[name])
        used = {mount["name"] for mount in workload.container["volumeMounts"]}
        self.require(set(volumes) <= used, f"{workload.name}: volumes that nothing mounts")

    def check_environment(self, workload):
        container = workload.container
        workload.environment = {}
        for source in container.get("envFrom", []):
            name = source["configMapRef"]["name"]
            self.require(name in self.config_maps, f"{workload.name}: no ConfigMap {name}")
            workload.environment.update(self.config_maps.get(name, {}))
        for variable in container.get("env", []):
            workload.environment[variable["name"]] = variable.get("value", "")
            secret = variable.get("valueFrom", {}).get("secretKeyRef")
            if secret:
                there = self.secrets.get(secret["name"], set())
                self.require(secret["key"] in there, f"{workload.name}: no secret {secret}")
        values = [*workload.environment.values(), *container.get("args", [])]
        for value in values:
            _, _, path = value.rpartition("=")
            if not path.startswith("/etc/framewatch/"):
                continue
            folder, _, file = path.rpartition("/")
            there = workload.files.get(folder)
            self.require(there and file in there, f"{workload.name}: {path} is not there")

    def check_server(self, nats):
        files = self.config_maps[self.generated("nats-config")]
        secrets = {"POD_NAME": "nats-0", "ROUTE_PASSWORD": "r0"}
        expand = functools.partial(re.sub, r"\$\((\w+)\)", lambda name: secrets[name[1]])
        environment = {name: expand(value) for name, value in nats.environment.items()} | secrets
        _, _, config = nats.container["args"][1].rpartition("/")
        self.faults += [f"nats: {fault}" for fault in server_faults(files, environment, config)]

    def check_connections(self, workload):
        """Every URL that a pod is given leads to a port of a service, and the policies let it through."""
        for variable, value in workload.environment.items():
            url = urlsplit(value)
            if not (url.hostname and url.port) or url.scheme.startswith("otlp"):
                continue
            what = f"{workload.name}: {variable} {url.scheme}://{url.hostname}:{url.port}"
            service = self.services.get(url.hostname.partition(".")[2] if "route" in url.scheme else url.hostname)
            self.require(service, f"{what}: no such service")
            ports = [port for port in (service or {}).get("ports", []) if port["port"] == url.port]
            self.require(ports, f"{what}: the service has no such port")
            for port in ports:
                for target in self.selected({"matchLabels": service["selector"]}):
                    out = self.lets("Egress", "to", workload, target, port["targetPort"])
                    into = self.lets("Ingress", "from", target, workload, port["targetPort"])
                    self.require(out, f"{what}: no policy lets it out")
                    self.require(into, f"{what}: no policy lets it into {target.name}")

    def lets(self, direction, peers, subject, other, port):
        """Whether a policy of the subject lets it talk (or listen) to the other at this port."""
        for policy in self.policies:
            if direction not in policy["policyTypes"] or not fits(policy["podSelector"], subject.labels):
                continue
            for rule in policy.get(direction.lower(), []):
                among = rule.get(peers)
                peer = among is None or any(
                    "podSelector" in each and fits(each["podSelector"], other.labels) for each in among
                )
                if peer and any(each["port"] == port for each in rule["ports"]):
                    return True
        return False

    def check_services(self):
        for name, service in self.services.items():
            behind = self.selected({"matchLabels": service["selector"]})
            self.require(len(behind) == 1, f"Service {name}: before {[each.name for each in behind]}")
            for port in service["ports"]:
                for workload in behind:
                    self.require(port["targetPort"] in workload.ports, f"Service {name}: no port {port['targetPort']}")
        for workload in self.workloads:
            governing = workload.spec.get("serviceName", workload.name)
            if workload.kind == "StatefulSet":
                service = self.services.get(governing, {})
                self.require(service.get("clusterIP") == "None", f"{workload.name}: its service is not headless")
        for ingress in self.of("Ingress"):
            for rule in ingress["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    backend = path["backend"]["service"]
                    ports = self.services.get(backend["name"], {}).get("ports", [])
                    named = [port for port in ports if port["name"] == backend["port"]["name"]]
                    self.require(named, f"Ingress: no backend {backend}")
                hosts = self.config_maps.get(self.generated("upload"), {}).get("FRAMEWATCH_ALLOWED_HOSTS", "").split(",")
                self.require(rule["host"] in hosts, f"Ingress: upload does not answer to {rule['host']}")
            for tls in ingress["spec"]["tls"]:
                self.require(tls["secretName"] in self.secrets, f"Ingress: no secret {tls['secretName']}")

    def generated(self, name):
        """The whole name of a ConfigMap that ends in a hash of what it holds."""
        return next((each for each in self.config_maps if re.fullmatch(rf"{name}-[a-z0-9]+", each)), None)

    def check_targets(self):
        scaled = []
        for kind in ["HorizontalPodAutoscaler", "ScaledObject"]:
            for each in self.of(kind):
                target = each["spec"]["scaleTargetRef"]["name"]
                scaled.append(target)
                workload = [one for one in self.workloads if one.name == target]
                self.require(workload, f"{kind}: no {target}")
                self.require(all("replicas" not in one.spec for one in workload), f"{kind}: {target} says how many itself")
        self.require(len(set(scaled)) == len(scaled), "two autoscalers of one deployment")
        for budget in self.of("PodDisruptionBudget"):
            behind = self.selected(budget["spec"]["selector"])
            self.require(len(behind) == 1, f"PodDisruptionBudget {budget['metadata']['name']}: of {len(behind)}")
        for each in self.of("ScaledObject"):
            for trigger in each["spec"]["triggers"]:
                host, _, port = trigger["metadata"]["natsServerMonitoringEndpoint"].partition(":")
                service, namespace, *_ = host.split(".")
                ports = [one["port"] for one in self.services.get(service, {}).get("ports", [])]
                self.require(namespace == "framewatch" and int(port) in ports, f"ScaledObject: nothing at {host}:{port}")

    def check_policies(self):
        for policy in self.policies:
            subjects = self.selected(policy["podSelector"])
            self.require(subjects, f"NetworkPolicy of nobody: {policy['podSelector']}")
            for direction, peers in [("ingress", "from"), ("egress", "to")]:
                for rule in policy.get(direction, []):
                    targets = subjects
                    if direction == "egress":
                        pods = [each["podSelector"] for each in rule[peers] if "podSelector" in each]
                        targets = [workload for pod in pods for workload in self.selected(pod)]
                    for port in (port["port"] for port in rule["ports"]):
                        # A number is of somebody outside of this namespace.
                        known = isinstance(port, int) or any(port in workload.ports for workload in targets)
                        self.require(known, f"NetworkPolicy at {port}, which nobody has: {policy['podSelector']}")


def combinations():
    yield from ((overlay, []) for overlay in OVERLAYS)
    for overlay in OVERLAYS[:2]:
        yield overlay, [component for component in COMPONENTS if component != "tls"]
    yield from (("overlays/cluster", [component]) for component in COMPONENTS)


def main():
    schemas = Schemas(pathlib.Path(sys.argv[1]))
    secrets = made_secrets() | CERTIFICATES
    good = True
    for overlay, components in combinations():
        name = " + ".join([overlay, *components])
        faults = Rendering(render(overlay, components), secrets).check(schemas)
        for fault in faults:
            print(f"{name}: {fault}")
        print(f"{name}: {'wrong' if faults else 'good'}")
        good = good and not faults
    sys.exit(0 if good else 1)


main()
