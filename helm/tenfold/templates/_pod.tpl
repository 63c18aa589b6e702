{{/* What every pod of ours has: the restricted profile, no token, one user. */}}

{{- define "tenfold.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  {{- with .Values.runAs }}
  runAsUser: {{ int64 . }}
  runAsGroup: {{ int64 . }}
  fsGroup: {{ int64 . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ quote . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "tenfold.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What a container that only copies or asks may use. */}}
{{- define "tenfold.toolResources" -}}
requests: {cpu: 10m, memory: 16Mi}
limits: {cpu: 100m, memory: 32Mi}
{{- end }}

{{/* The key files that a service is given: name → {variable, secret, key}; (list root service's data). */}}
{{- define "tenfold.keyFiles" -}}
{{- $root := index . 0 -}}
{{- $files := dict -}}
{{- range $name, $variable := (index . 1).keys -}}
  {{- $from := index $root.Values.keys $name -}}
  {{- if $from.secret }}{{ $_ := set $files $name (dict "variable" $variable "secret" $from.secret "key" $from.key) }}{{ end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end }}
