{{/* One service: Deployment, Service, budget of disruptions, scaling, network. (list root name data) */}}
{{- define "tenfold.service" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $is := index . 2 -}}
{{- $values := $root.Values -}}
{{- $sizes := index $values.services $service -}}
{{- $name := printf "%s-%s" (include "tenfold.name" $root) $service -}}
{{- $labels := include "tenfold.labels" (list $root $service) -}}
{{- $selector := printf "%s\napp.kubernetes.io/component: %s" (include "tenfold.selector" $root) $service -}}
{{- $keyFiles := fromYaml (include "tenfold.keyFiles" (list $root $is)) -}}
{{- $usesDatabase := not (empty $is.connections) -}}
{{- $bucket := and $is.papers (hasPrefix "s3://" $values.papers.url) -}}
{{- $needsCa := and $usesDatabase (include "tenfold.needsCa" $root) -}}
{{- $folder := and $is.papers $values.papers.claim -}}
{{- $volumes := or $keyFiles $is.scratch $folder $needsCa -}}
{{- $metrics := and $values.monitoring.scrape.enabled (gt (int $values.monitoring.scrape.port) 0) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
  {{- with $values.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $sizes.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {{- $selector | nindent 6 }}
  template:
    metadata:
      labels: {{- include "tenfold.podLabels" (list $root $service) | nindent 8 }}
      {{- with $values.secretsRevision }}
      annotations:
        tenfold/secrets-revision: {{ . | quote }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "tenfold.name" $root }}
      {{- include "tenfold.podBasics" $root | nindent 6 }}
      # Five seconds until no more is sent here, 25 for what is under way, 10 for its other work, and a margin.
      terminationGracePeriodSeconds: 50
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels: {{- $selector | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ $service }}
          image: {{ include "tenfold.image" (list $root $service) }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          ports:
            - {name: http, containerPort: {{ $is.port }}}
            {{- if $metrics }}
            - {name: metrics, containerPort: {{ $values.monitoring.scrape.port }}}
            {{- end }}
          env:
            - {name: TENFOLD_LOG, value: json}
            - {name: RUST_LOG, value: {{ $values.log | quote }}}
            - {name: TENFOLD_PUBLIC_URL, value: {{ trimSuffix "/" $values.publicUrl | quote }}}
            {{- range $variable, $template := $is.env }}
            {{- with tpl (toString $template) $root }}
            - {name: {{ $variable }}, value: {{ . | quote }}}
            {{- end }}
            {{- end }}
            {{- range $key, $file := $keyFiles }}
            - {name: {{ $file.variable }}, value: /run/tenfold/keys/{{ $key }}}
            {{- end }}
            {{- if $metrics }}
            - {name: TENFOLD_METRICS_ADDR, value: "0.0.0.0:{{ $values.monitoring.scrape.port }}"}
            {{- end }}
            {{- with $values.monitoring.traces.endpoint }}
            - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
            {{- end }}
            {{- if and $is.redis $values.redis.secret }}
            - name: TENFOLD_REDIS_URL
              valueFrom:
                secretKeyRef: {name: {{ quote $values.redis.secret }}, key: {{ quote $values.redis.key }}}
            {{- else if and $is.redis $values.redis.url }}
            - {name: TENFOLD_REDIS_URL, value: {{ $values.redis.url | quote }}}
            {{- end }}
            {{- if $bucket }}
            - {name: AWS_REGION, value: {{ $values.papers.region | quote }}}
            {{- with $values.papers.endpoint }}
            - {name: AWS_ENDPOINT, value: {{ . | quote }}}
            {{- end }}
            {{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
            - name: {{ . }}
              valueFrom:
                secretKeyRef: {name: {{ quote $values.papers.secret }}, key: {{ . }}}
            {{- end }}
            {{- end }}
            {{- range $kind, $_ := $is.connections }}
            {{- $role := printf "%s_%s" $service $kind }}
            {{- $variable := printf "TENFOLD_%s_DATABASE_URL" (upper $role) }}
            {{- $secret := include "tenfold.databaseSecret" (list $root $role) }}
            {{- include "tenfold.databaseEnv" (list $root $variable $role $secret (has $kind $is.reads)) | nindent 12 }}
            {{- end }}
          startupProbe:
            httpGet: {path: {{ $is.probes.startup }}, port: http}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 150
          readinessProbe:
            httpGet: {path: {{ $is.probes.readiness }}, port: http}
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 2
          livenessProbe:
            httpGet: {path: {{ $is.probes.liveness }}, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          lifecycle:
            # Whoever sends here learns only after a while that this pod ends.
            preStop:
              sleep: {seconds: 5}
          securityContext: {{- include "tenfold.containerSecurity" $root | nindent 12 }}
          resources: {{- toYaml $sizes.resources | nindent 12 }}
          {{- if $volumes }}
          volumeMounts:
            {{- if $keyFiles }}
            - {name: keys, mountPath: /run/tenfold/keys, readOnly: true}
            {{- end }}
            {{- with $is.scratch }}
            - {name: scratch, mountPath: {{ .path }}}
            {{- end }}
            {{- if $folder }}
            - {name: papers, mountPath: {{ trimPrefix "file://" $values.papers.url | quote }}}
            {{- end }}
            {{- if $needsCa }}
            {{- include "tenfold.databaseCaMount" $root | nindent 12 }}
            {{- end }}
          {{- end }}
      {{- if $volumes }}
      volumes:
        {{- if $keyFiles }}
        # Root's, and for the pod's group to read: nobody else, and nobody writes. The services take a key from no other file.
        - name: keys
          projected:
            defaultMode: 0440
            sources:
              {{- range $key, $file := $keyFiles }}
              - secret:
                  name: {{ quote $file.secret }}
                  items: [{key: {{ quote $file.key }}, path: {{ $key }}}]
              {{- end }}
        {{- end }}
        {{- with $is.scratch }}
        - name: scratch
          emptyDir: { {{- with .medium }}medium: {{ . }}, {{ end }}sizeLimit: {{ tpl .size $root }}}
        {{- end }}
        {{- if $folder }}
        - name: papers
          persistentVolumeClaim: {claimName: {{ quote $values.papers.claim }}}
        {{- end }}
        {{- if $needsCa }}
        {{- include "tenfold.databaseCaVolume" $root | nindent 8 }}
        {{- end }}
      {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- $selector | nindent 4 }}
  ports:
    - {name: http, port: {{ $is.port }}, targetPort: http, protocol: TCP, appProtocol: http}
    {{- if $metrics }}
    - {name: metrics, port: {{ $values.monitoring.scrape.port }}, targetPort: metrics, protocol: TCP}
    {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
spec:
  maxUnavailable: 1
  # One that does not work is not kept from being moved.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- $selector | nindent 6 }}
{{- if $values.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ $sizes.replicas }}
  maxReplicas: {{ $sizes.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $values.autoscaling.cpu }}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
{{- end }}
{{- if $values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ $name }}
  labels: {{- $labels | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- $selector | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if eq $service "gateway" }}
    - ports: {{- include "tenfold.ports" (list $is.port) | trim | nindent 8 }}
      {{- with $values.networkPolicy.gatewayFrom }}
      from:
        {{- toYaml . | nindent 8 }}
        {{- include "tenfold.peers" (list $root "test") | trim | nindent 8 }}
      {{- end }}
    {{- else }}
    {{- $callers := list }}
    {{- range $caller, $other := fromYaml (include "tenfold.services" $root) }}
    {{- if has $service $other.calls }}{{ $callers = append $callers $caller }}{{ end }}
    {{- end }}
    - ports: {{- include "tenfold.ports" (list $is.port) | trim | nindent 8 }}
      from: {{- include "tenfold.peers" (prepend $callers $root) | trim | nindent 8 }}
    {{- end }}
    {{- if and $metrics $values.networkPolicy.scrapeFrom }}
    - ports: {{- include "tenfold.ports" (list $values.monitoring.scrape.port) | trim | nindent 8 }}
      from: {{- toYaml $values.networkPolicy.scrapeFrom | nindent 8 }}
    {{- end }}
  egress:
    {{- include "tenfold.toNames" $root | nindent 4 }}
    {{- range $is.calls }}
    - ports: {{- include "tenfold.ports" (list (index (fromYaml (include "tenfold.services" $root)) .).port) | trim | nindent 8 }}
      to: {{- include "tenfold.peers" (list $root .) | trim | nindent 8 }}
    {{- end }}
    {{- if $usesDatabase }}
    {{- include "tenfold.toDatabase" $root | nindent 4 }}
    {{- end }}
    {{- if and $is.redis (or $values.redis.url $values.redis.secret) }}
    - ports: {{- include "tenfold.ports" (list (include "tenfold.redisPort" $root)) | trim | nindent 8 }}
      {{- with $values.networkPolicy.redisTo }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if $bucket }}
    - ports: {{- include "tenfold.ports" (list (include "tenfold.bucketPort" $root)) | trim | nindent 8 }}
      {{- with $values.networkPolicy.bucketTo }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if $values.monitoring.traces.endpoint }}
    - ports: {{- include "tenfold.ports" (list (include "tenfold.tracesPort" $root)) | trim | nindent 8 }}
      to: {{- toYaml $values.networkPolicy.tracesTo | nindent 8 }}
    {{- end }}
    {{- with $is.outbound }}
    - ports: {{- include "tenfold.ports" (fromJsonArray (tpl . $root)) | trim | nindent 8 }}
      to: {{- include "tenfold.publicPeers" $root | trim | nindent 8 }}
    {{- end }}
{{- end }}
{{- end }}
