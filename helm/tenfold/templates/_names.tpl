{{/* Names, labels, images. */}}

{{- define "tenfold.name" -}}
{{- $name := contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end }}

{{/* The services and what differs between them. */}}
{{- define "tenfold.services" -}}
{{ .Files.Get "files/services.yaml" }}
{{- end }}

{{/* What tells our pods from everybody else's. */}}
{{- define "tenfold.selector" -}}
app.kubernetes.io/name: tenfold
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of a pod: (list root component). Nothing of the chart's own version, which rolls no pod. */}}
{{- define "tenfold.podLabels" -}}
{{- $root := index . 0 -}}
{{ include "tenfold.selector" $root }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tenfold
{{- end }}

{{/* Labels of anything else: (list root component). */}}
{{- define "tenfold.labels" -}}
{{- $root := index . 0 -}}
{{ include "tenfold.podLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{/* Where a service answers, inside: (list root service). */}}
{{- define "tenfold.urlOf" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $port := (index (fromYaml (include "tenfold.services" $root)) $service).port -}}
http://{{ include "tenfold.name" $root }}-{{ $service }}:{{ $port }}
{{- end }}

{{/* Our image of a service, or of the jobs: (list root name). */}}
{{- define "tenfold.image" -}}
{{- $image := (index . 0).Values.image -}}
{{- $name := index . 1 -}}
{{- $path := eq $name "tenfold" | ternary $image.name (printf "%s-%s" $image.name $name) -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $path }}
{{- with index $image.digests $name }}@{{ . }}{{ else }}:{{ $image.tag | default (index $ 0).Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "tenfold.toolImage" -}}
{{- with .Values.toolImage }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}{{ end -}}
{{- end }}

{{/* The host of the public address. */}}
{{- define "tenfold.publicHost" -}}
{{- (urlParse .Values.publicUrl).hostname -}}
{{- end }}

{{/* The name of the Postgres cluster, where it is ours. */}}
{{- define "tenfold.cluster" -}}
{{- .Values.database.cluster.name | default (printf "%s-db" (include "tenfold.name" .)) -}}
{{- end }}

{{/* The most connections that all replicas open, with those of a release that rolls out. */}}
{{- define "tenfold.connections" -}}
{{- $root := . -}}
{{- $sum := 0 -}}
{{- range $service, $is := fromYaml (include "tenfold.services" .) -}}
  {{- $sizes := index $root.Values.services $service -}}
  {{- $replicas := add1 ($root.Values.autoscaling.enabled | ternary $sizes.maxReplicas $sizes.replicas) -}}
  {{- range $is.connections }}{{ $sum = add $sum (mul $replicas (int .)) }}{{ end -}}
{{- end -}}
{{- $sum -}}
{{- end }}

{{/* Where the bucket listens. */}}
{{- define "tenfold.bucketPort" -}}
{{- $host := "" -}}
{{- with .Values.papers.endpoint }}{{ $host = (urlParse .).host }}{{ end -}}
{{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default "443" -}}
{{- end }}

{{/* Where traces are collected: as its address says. */}}
{{- define "tenfold.tracesPort" -}}
{{- $url := urlParse .Values.monitoring.traces.endpoint -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") -}}
{{- end }}

{{/* Where Redis listens: as its address says, where we know that. */}}
{{- define "tenfold.redisPort" -}}
{{- $at := "" -}}
{{- with .Values.redis.url }}{{ $at = regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" | default "6379" }}{{ end -}}
{{- $at | default .Values.redis.port -}}
{{- end }}
