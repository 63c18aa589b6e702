"""Who may connect to whom, by the network policies of a rendering: what a cluster's network would decide."""

import ipaddress


def _labels_match(selector, labels):
    if selector.get("matchExpressions"):
        raise NotImplementedError("expressions in selectors")
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


class End:
    """One end of a connection: a pod of this namespace, a pod of another, or an address outside."""

    def __init__(self, name, labels=None, namespace=None, address=None):
        self.name, self.labels, self.namespace, self.address = name, labels, namespace, address

    def is_peer(self, peer):
        if "ipBlock" in peer:
            if self.address is None:
                return False
            address, block = ipaddress.ip_address(self.address), peer["ipBlock"]
            inside = lambda text: address.version == ipaddress.ip_network(text).version and address in ipaddress.ip_network(text)
            return inside(block["cidr"]) and not any(inside(one) for one in block.get("except", []))
        if self.labels is None:
            return False
        if "namespaceSelector" in peer:
            here = {"kubernetes.io/metadata.name": self.namespace or "pooled-care"}
            if not _labels_match(peer["namespaceSelector"], here):
                return False
        elif self.namespace is not None:
            return False
        return _labels_match(peer.get("podSelector", {}), self.labels)


def _lets(rules, peers, other, port):
    for rule in rules:
        ports = rule.get("ports")
        if ports is not None and not any(one["port"] == port and one.get("protocol", "TCP") == "TCP" for one in ports):
            continue
        if peers not in rule or any(other.is_peer(peer) for peer in rule[peers]):
            return True
    return False


def may_connect(policies, source, target, port):
    """Whether both ends' policies let a TCP connection through."""
    for end, other, direction, rules, peers in (
        (source, target, "Egress", "egress", "to"),
        (target, source, "Ingress", "ingress", "from"),
    ):
        if end.labels is None or end.namespace is not None:
            continue
        about = [p for p in policies if direction in p["spec"]["policyTypes"] and _labels_match(p["spec"]["podSelector"], end.labels)]
        if about and not any(_lets(policy["spec"].get(rules, []), peers, other, port) for policy in about):
            return False
    return True
