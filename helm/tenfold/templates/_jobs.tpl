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
{{ include "tenfold.jobHead" (list $root (index . 2) (index . 3) (index . 4) (index . 5) 0) }}
      containers:
        {{- include "tenfold.jobContainer" (list $root (list (index . 1))) | nindent 8 }}
      {{- if include "tenfold.needsCa" $root }}
      volumes: {{- include "tenfold.databaseCaVolume" $root | nindent 8 }}
      {{- end }}
{{- end }}

{{/* All of a job but its containers: (list root name hook weight tries seconds-beyond-its-deadline). */}}
{{- define "tenfold.jobHead" -}}
{{- $root := index . 0 -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ index . 1 }}
  labels: {{- include "tenfold.labels" (list $root "jobs") | nindent 4 }}
  {{- with include "tenfold.hook" (list (index . 2) (index . 3)) }}{{ trim . | nindent 2 }}{{ end }}
spec:
  backoffLimit: {{ index . 4 }}
  activeDeadlineSeconds: {{ add (int $root.Values.jobs.deadlineSeconds) (int (index . 5)) }}
  template:
    metadata:
      labels: {{- include "tenfold.podLabels" (list $root "jobs") | nindent 8 }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ include "tenfold.name" $root }}-jobs
      {{- include "tenfold.podBasics" $root | nindent 6 }}
{{- end }}

{{/* The container of a job: (list root arguments), and where it writes the first client: (list root arguments file). */}}
{{- define "tenfold.jobContainer" -}}
{{- $root := index . 0 -}}
{{- $file := "" -}}
{{- if gt (len .) 2 }}{{ $file = index . 2 }}{{ end -}}
- name: {{ first (index . 1) }}
  image: {{ include "tenfold.image" (list $root "tenfold") }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: [{{ join ", " (index . 1) }}]
  env:
    - {name: TENFOLD_LOG, value: json}
    - {name: RUST_LOG, value: {{ $root.Values.log | quote }}}
    {{- $secret := include "tenfold.databaseSecret" (list $root "owner") }}
    {{- include "tenfold.databaseEnv" (list $root "TENFOLD_DATABASE_URL" $root.Values.database.owner $secret false) | nindent 4 }}
    {{- with $file }}
    - {name: TENFOLD_FIRST_CLIENT_FILE, value: {{ . }}}
    {{- end }}
  securityContext: {{- include "tenfold.containerSecurity" $root | nindent 4 }}
  resources: {{- toYaml $root.Values.jobs.resources | nindent 4 }}
  {{- if or $file (include "tenfold.needsCa" $root) }}
  volumeMounts:
    {{- with $file }}
    - {name: first-client, mountPath: {{ dir . }}}
    {{- end }}
    {{- if include "tenfold.needsCa" $root }}
    {{- include "tenfold.databaseCaMount" $root | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{/*
The first client: (list root name). Its secret is in no log and no Secret, but in the memory of a pod that waits to be
read; so it is no hook, which an installation would wait for.
*/}}
{{- define "tenfold.bootstrapJob" -}}
{{- $root := index . 0 -}}
{{- $file := "/run/tenfold/first-client/first-client.toml" -}}
{{- $hold := int $root.Values.bootstrap.holdSeconds -}}
{{ include "tenfold.jobHead" (list $root (index . 1) "" 0 10 $hold) }}
      initContainers:
        {{- include "tenfold.jobContainer" (list $root (list "bootstrap" "--if-needed") $file) | nindent 8 }}
      containers:
        - name: hold
          image: {{ include "tenfold.toolImage" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          command:
            - sh
            - -euc
            - |
              if [ ! -e {{ $file }} ]; then echo 'There was a platform client already.'; exit 0; fi
              echo 'The first platform client is made. Read it, then delete this job:'
              echo '  kubectl exec job/{{ index . 1 }} -c hold -- cat {{ $file }}'
              trap 'exit 0' TERM
              sleep {{ $hold }} & wait $!
          securityContext: {{- include "tenfold.containerSecurity" $root | nindent 12 }}
          resources: {{- include "tenfold.toolResources" $root | nindent 12 }}
          volumeMounts:
            - {name: first-client, mountPath: {{ dir $file }}, readOnly: true}
      volumes:
        - name: first-client
          emptyDir: {medium: Memory, sizeLimit: 1Mi}
        {{- if include "tenfold.needsCa" $root }}
        {{- include "tenfold.databaseCaVolume" $root | nindent 8 }}
        {{- end }}
{{- end }}
