{{/* Pieces of network policies. */}}

{{/* A list of ports: (list port…). */}}
{{- define "tenfold.ports" -}}
{{- range . }}
- {protocol: TCP, port: {{ int . }}}
{{- end }}
{{- end }}

{{/* Pods of ours, by component: (list root component…). */}}
{{- define "tenfold.peers" -}}
{{- $root := first . -}}
{{- range rest . }}
- podSelector:
    matchLabels:
      {{- include "tenfold.selector" $root | nindent 6 }}
      app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* Looking up names. */}}
{{- define "tenfold.toNames" -}}
- to: {{- toYaml .Values.networkPolicy.dnsTo | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{/* Reaching the database. */}}
{{- define "tenfold.toDatabase" -}}
- ports: {{- include "tenfold.ports" (fromJsonArray (include "tenfold.databasePorts" .)) | trim | nindent 4 }}
  {{- if .Values.database.cluster.enabled }}
  to:
    - podSelector:
        matchLabels: {cnpg.io/cluster: {{ include "tenfold.cluster" . }}}
  {{- else if .Values.networkPolicy.databaseTo }}
  to: {{- toYaml .Values.networkPolicy.databaseTo | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Public addresses only: what is private, ours or the cloud's own is left out. */}}
{{- define "tenfold.publicPeers" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 198.18.0.0/15]
- ipBlock:
    cidr: ::/0
    except: ["::1/128", "fc00::/7", "fe80::/10"]
{{- end }}
