{{/* What jobs share: they run as the owner of the database, and nothing else does. */}}

{{/* When something runs, beside the release: (list events weight). Nothing: it is part of the release. */}}
{{- define "tenfold.hook" -}}
{{- with index . 0 }}
annotations:
  helm.sh/hook: {{ . }}
  helm.sh/hook-weight: {{ index $ 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
{{- end }}

{{/* Migrations come before everything else; but a database of our own has to be there first. */}}
{{- define "tenfold.migratesAt" -}}
{{- if not .Values.database.cluster.enabled -}}
pre-install,pre-upgrade
{{- else if .Release.IsUpgrade -}}
pre-upgrade
{{- end -}}
{{- end }}

{{/* When what a job needs is made: beside it where the database is not ours, else with the release. */}}
{{- define "tenfold.jobNeedsAt" -}}
{{- if not .Values.database.cluster.enabled }}pre-install,pre-upgrade{{ end -}}
{{- end }}

{{/* A job: (list root command name hook weight tries). */}}
{{- define "tenfold.job" -}}
{{- $root := index . 0 -}}
{{- $command := index . 1 -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ index . 2 }}
  labels: {{- include "tenfold.labels" (list $root "jobs") | nindent 4 }}
  {{- with include "tenfold.hook" (list (index . 3) (index . 4)) }}{{ trim . | nindent 2 }}{{ end }}
spec:
  backoffLimit: {{ index . 5 }}
  activeDeadlineSeconds: {{ int $root.Values.jobs.deadlineSeconds }}
  template:
    metadata:
      labels: {{- include "tenfold.podLabels" (list $root "jobs") | nindent 8 }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "tenfold.name" $root }}-jobs
      {{- include "tenfold.podBasics" $root | nindent 6 }}
      containers:
        - name: {{ $command }}
          image: {{ include "tenfold.image" (list $root "tenfold") }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ $command }}]
          env:
            - {name: TENFOLD_LOG, value: json}
            - {name: RUST_LOG, value: {{ $root.Values.log | quote }}}
            {{- $secret := include "tenfold.databaseSecret" (list $root "owner") }}
            {{- include "tenfold.databaseEnv" (list $root "TENFOLD_DATABASE_URL" $root.Values.database.owner $secret false) | nindent 12 }}
          securityContext: {{- include "tenfold.containerSecurity" $root | nindent 12 }}
          resources: {{- toYaml $root.Values.jobs.resources | nindent 12 }}
          {{- if include "tenfold.needsCa" $root }}
          volumeMounts: {{- include "tenfold.databaseCaMount" $root | nindent 12 }}
          {{- end }}
      {{- if include "tenfold.needsCa" $root }}
      volumes: {{- include "tenfold.databaseCaVolume" $root | nindent 8 }}
      {{- end }}
{{- end }}
