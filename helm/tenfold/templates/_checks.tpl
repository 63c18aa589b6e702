{{/* What the schema cannot tell in words: values that contradict one another, or are missing together. */}}
{{- define "tenfold.check" -}}
{{- $v := .Values -}}
{{- $d := $v.database -}}
{{- $faults := list -}}
{{- if and $d.cluster.enabled (or $d.url $d.replicaUrl) -}}
{{- $faults = append $faults "database.url and database.replicaUrl are of a database that is there already; leave them empty, or set database.cluster.enabled to false" -}}
{{- end -}}
{{- if and $d.cluster.enabled $d.ca.secret -}}
{{- $faults = append $faults "database.ca is for a database of your own; a cluster of ours brings its certificate" -}}
{{- end -}}
{{- if and $d.cluster.enabled $d.cluster.backup.enabled (not $d.cluster.backup.objectStore) -}}
{{- $faults = append $faults "database.cluster.backup.objectStore is missing: name the ObjectStore that backups go to, or set database.cluster.backup.enabled to false where nothing is to be kept" -}}
{{- end -}}
{{- if and $d.cluster.enabled $d.cluster.replicaReads (lt (int $d.cluster.instances) 3) -}}
{{- $faults = append $faults "database.cluster.replicaReads takes three instances, so that one replica is left while another is away: set instances to 3, or replicaReads to false" -}}
{{- end -}}
{{- with $d.cluster.recover -}}
{{- if and (or .serverName .targetTime) (not .objectStore) -}}
{{- $faults = append $faults "database.cluster.recover.objectStore is missing: name the ObjectStore that the backups are in" -}}
{{- end -}}
{{- if and .objectStore (not .serverName) -}}
{{- $faults = append $faults "database.cluster.recover.serverName is missing: name the cluster that is to be restored" -}}
{{- end -}}
{{- if and .objectStore $d.cluster.backup.enabled (eq .serverName ($d.cluster.backup.serverName | default (include "tenfold.cluster" $))) (eq .objectStore $d.cluster.backup.objectStore) -}}
{{- $faults = append $faults "database.cluster would write its backups over those it is restored from: give it another database.cluster.name" -}}
{{- end -}}
{{- end -}}
{{- if and $v.redis.url $v.redis.secret -}}
{{- $faults = append $faults "redis.url and redis.secret are both set: leave one of them empty" -}}
{{- end -}}
{{- if and (hasPrefix "s3://" $v.papers.url) (not (and $v.papers.secret $v.papers.region)) -}}
{{- $faults = append $faults "papers.secret and papers.region are needed for a bucket: the Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and where the bucket is" -}}
{{- end -}}
{{- if and (hasPrefix "file://" $v.papers.url) (not $v.papers.claim) -}}
{{- $faults = append $faults "papers.claim is missing: name the PersistentVolumeClaim that holds the folder of papers, or give papers.url a bucket" -}}
{{- end -}}
{{- range $service, $sizes := $v.services -}}
{{- if gt (int $sizes.replicas) (int $sizes.maxReplicas) -}}
{{- $faults = append $faults (printf "services.%s.maxReplicas is below its replicas" $service) -}}
{{- end -}}
{{- end -}}
{{- $ours := and (eq $v.expose.by "gateway") (not $v.expose.parentRefs) -}}
{{- if and (or $ours (eq $v.expose.by "ingress")) (not $v.expose.tlsSecret) -}}
{{- $faults = append $faults "expose.tlsSecret is missing: tokens are not sent without TLS. Name the Secret with the certificate" -}}
{{- end -}}
{{- if and $ours (not $v.expose.className) -}}
{{- $faults = append $faults "expose.className is missing: name the GatewayClass, or in expose.parentRefs a Gateway that is there already" -}}
{{- end -}}
{{- if and $v.expose.parentRefs (ne $v.expose.by "gateway") -}}
{{- $faults = append $faults "expose.parentRefs names Gateways, and expose.by is not gateway" -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n\nThese values cannot be used:\n- %s\n" (join "\n- " $faults)) -}}
{{- end -}}
{{- end }}
