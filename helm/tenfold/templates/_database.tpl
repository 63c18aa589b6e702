{{/* How roles reach the database. The passwords are in Secrets; the addresses are put together by the kubelet. */}}

{{- define "tenfold.needsCa" -}}
{{- if or .Values.database.cluster.enabled .Values.database.ca.secret }}yes{{ end -}}
{{- end }}

{{/* An address for a role: (list root address role). */}}
{{- define "tenfold.databaseUrl" -}}
{{- $root := index . 0 -}}
{{- $at := urlParse (index . 1) -}}
{{- $options := compact (list $at.query) -}}
{{- if not (contains "sslmode=" $at.query) }}{{ $options = append $options "sslmode=verify-full" }}{{ end -}}
{{- if include "tenfold.needsCa" $root }}{{ $options = append $options "sslrootcert=/run/tenfold/database-ca/ca.crt" }}{{ end -}}
postgres://{{ index . 2 }}:$(PASSWORD_OF_{{ index . 2 | upper }})@{{ $at.host }}{{ $at.path }}?{{ join "&" $options }}
{{- end }}

{{/* The primary's address, or that of the replicas: (list root reads). */}}
{{- define "tenfold.databaseAt" -}}
{{- $root := index . 0 -}}
{{- $database := $root.Values.database -}}
{{- if $database.cluster.enabled -}}
postgres://{{ include "tenfold.cluster" $root }}-{{ and (index . 1) $database.cluster.replicaReads | ternary "ro" "rw" }}:5432/tenfold
{{- else -}}
{{ if and (index . 1) $database.replicaUrl }}{{ $database.replicaUrl }}{{ else }}{{ $database.url }}{{ end }}
{{- end -}}
{{- end }}

{{/* A role's password and its address: (list root variable role secret reads). */}}
{{- define "tenfold.databaseEnv" -}}
{{- $root := index . 0 -}}
{{- $role := index . 2 -}}
- name: PASSWORD_OF_{{ $role | upper }}
  valueFrom:
    secretKeyRef: {name: {{ index . 3 | quote }}, key: password}
- name: {{ index . 1 }}
  value: {{ include "tenfold.databaseUrl" (list $root (include "tenfold.databaseAt" (list $root (index . 4))) $role) | quote }}
{{- end }}

{{/* The Secret with a role's password: (list root role). */}}
{{- define "tenfold.databaseSecret" -}}
{{ (index . 0).Values.database.secretPrefix }}-{{ index . 1 | replace "_" "-" }}
{{- end }}

{{- define "tenfold.databaseCaMount" -}}
- name: database-ca
  mountPath: /run/tenfold/database-ca
  readOnly: true
{{- end }}

{{/* Of a cluster of our own, only the certificate: its key lies in the same Secret. */}}
{{- define "tenfold.databaseCaVolume" -}}
- name: database-ca
  secret:
    secretName: {{ .Values.database.cluster.enabled | ternary (printf "%s-ca" (include "tenfold.cluster" .)) .Values.database.ca.secret | quote }}
    defaultMode: 0440
    items:
      - {key: {{ .Values.database.cluster.enabled | ternary "ca.crt" .Values.database.ca.key | quote }}, path: ca.crt}
{{- end }}

{{/* The ports the database listens on. */}}
{{- define "tenfold.databasePorts" -}}
{{- if .Values.database.cluster.enabled -}}
{{ list 5432 | toJson }}
{{- else -}}
{{- $ports := list -}}
{{- range compact (list .Values.database.url .Values.database.replicaUrl) -}}
  {{- $ports = append $ports (regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default "5432" | int) -}}
{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}
{{- end }}
