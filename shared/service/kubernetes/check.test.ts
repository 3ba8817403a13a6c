import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkManifests } from './check.ts'
import { parseManifests } from './manifests.ts'

const folder = import.meta.dirname
const yaml = globSync('*.yaml', { cwd: folder })
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n---\n')
const dockerfile = readFileSync(join(folder, '../Dockerfile'), 'utf8')

test('the manifests fit each other, the image, and what Parcel takes for a configuration', () => {
  expect(checkManifests(parseManifests(yaml), dockerfile)).toEqual([])
})

/** What somebody may well change, and the fix that they are then told. */
const edits: [from: string, to: string, fix: string][] = [
  ['CARRIERS: >-\n', 'CARIERS: >-\n', 'ConfigMap: Parcel knows no CARIERS; remove it'],
  ['CARRIERS: >-\n', 'CARIERS: >-\n', 'ConfigMap: set CARRIERS; what is right here, no default can know'],
  ['CARRIERS: >-\n', 'CARIERS: >-\n', 'ConfigMap: CARRIERS is not set'],
  ["BALANCER_IDLE_MS: '60000'", '', 'ConfigMap: set BALANCER_IDLE_MS; what is right here, no default can know'],
  ['http://pigeon-0.carriers|', 'pigeon-0.carriers|', 'ConfigMap: CARRIERS is "pigeon=pigeon-0.carriers|'],
  ["SHUTDOWN_MS: '25000'", "SHUTDOWN_MS: '8000'", 'ConfigMap: DRAIN_DELAY_MS + HANDLER_MS is 8000; it takes less'],
  ['configMapRef: { name: parcel-1 }', 'configMapRef: { name: parcel-2 }', 'envFrom: refer to the ConfigMap parcel-1'],
  ["DRAIN_DELAY_MS: '5000'", "DRAIN_DELAY_MS: '5000'\n  HOST: '::1'", 'HOST is ::1; in a pod it must be :: or 0.0.0.0'],
  [
    'resources:\n',
    'lifecycle: { preStop: { sleep: { seconds: 5 } } }\n          resources:\n',
    'preStop: remove it; DRAIN_DELAY_MS is that wait',
  ],
  [
    'resources:\n',
    'lifecycle: { preStop: { sleep: { seconds: 5 } } }\n          resources:\n',
    'terminationGracePeriodSeconds: 30000 ms must be more than preStop + SHUTDOWN_MS, 30000',
  ],
  ['GracePeriodSeconds: 30', 'GracePeriodSeconds: 25', 'terminationGracePeriodSeconds: 25000 ms must be more than'],
  ["DRAIN_DELAY_MS: '5000'", "DRAIN_DELAY_MS: '4999'", 'DRAIN_DELAY_MS: 4999 must be 5000 or more'],
  ['failureThreshold: 2', 'failureThreshold: 3', 'DRAIN_DELAY_MS: 5000 must be 7000 or more'],
  [
    'path: /livez, port: metrics }\n            periodSeconds: 10',
    'path: /readyz, port: metrics }\n            periodSeconds: 10',
    'livenessProbe: ask /livez, not /readyz',
  ],
  ['path: /readyz', 'path: /livez', 'readinessProbe: ask /readyz, not /livez'],
  ['startupProbe:', 'startUpProbe:', 'startupProbe: ask /livez, not undefined'],
  ['path: /readyz, port: metrics', 'path: /readyz, port: http', 'readinessProbe: ask the port named metrics'],
  ['timeoutSeconds: 3', 'timeoutSeconds: 13', 'livenessProbe: its timeout is longer than its period'],
  ['periodSeconds: 10', 'periodSeconds: 1', 'livenessProbe: let it take longer than readiness'],
  ['containerPort: 3000', 'containerPort: 8080', 'containerPort: 8080 must be PORT, 3000'],
  ['targetPort: http', 'targetPort: 8080', 'targetPort: 8080 must be http'],
  [
    'DualStack\n  selector: { app: parcel }',
    'DualStack\n  selector: { app: parsel }',
    'Service: its selector {"app":"parsel"} does',
  ],
  [
    'labels: { app: parcel }\n      # For a',
    'labels: { app: other }\n      # For a',
    'Deployment: its selector {"app":"parcel"} does',
  ],
  ['matchLabels: { app: parcel }\n  # Not', 'matchLabels: { app: all }\n  # Not', 'PodDisruptionBudget: its selector'],
  ['parcel:0.1.0', 'parcel:latest', 'image: registry.example/parcel:latest needs a version, not latest'],
  ['parcel:0.1.0', 'parcel', 'image: registry.example/parcel needs a version, not latest'],
  ['minReplicas: 3', 'minReplicas: 1', 'minReplicas: 1 is a single point of failure'],
  ['maxReplicas: 12', 'maxReplicas: 3', 'maxReplicas: 3 leaves no room'],
  ['kind: Deployment, name: parcel', 'kind: Deployment, name: parsel', 'HorizontalPodAutoscaler: scales parsel'],
  ['averageValue: 600m', 'averageValue: 1200m', 'averageValue: scale by the cpu, at less than the 1000m'],
  ['averageValue: 600m', 'averageValue: 500m', "requests: cpu 600m must be the autoscaler's averageValue, 500m"],
  [
    '  selector:\n    matchLabels: { app: parcel }\n  strategy',
    '  replicas: 3\n  selector:\n    matchLabels: { app: parcel }\n  strategy',
    'replicas: remove it',
  ],
  [
    'topologyKey: topology.kubernetes.io/zone',
    'topologyKey: zone',
    'topologySpreadConstraints: spread the pods over topology.kubernetes.io/zone',
  ],
  [
    'name: metrics, containerPort: 9464',
    'name: metrics, containerPort: 3000',
    'containerPort: 3000 must be METRICS_PORT, 9464',
  ],
  [
    "prometheus.io/port: '9464'",
    "prometheus.io/port: '3000'",
    'annotations: prometheus.io/port 3000 must be METRICS_PORT',
  ],
  ['policyTypes: [Ingress, Egress]', 'policyTypes: [Ingress]', 'policyTypes: add Egress'],
  [
    'ports: [{ port: metrics }]',
    'ports: [{ port: 9090 }]',
    'NetworkPolicy: say from where the port metrics may be asked',
  ],
  ['{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }', '{ port: 80 }', 'NetworkPolicy: let port 53 out'],
  [
    'podSelector:\n    matchLabels: { app: parcel }',
    'podSelector:\n    matchLabels: { app: all }',
    'NetworkPolicy: its selector',
  ],
  [
    "DRAIN_DELAY_MS: '5000'",
    "DRAIN_DELAY_MS: '5000'\n  CARRIER_TOKENS: pigeon=swordfish",
    'ConfigMap: move CARRIER_TOKENS to a Secret',
  ],
  ["DRAIN_DELAY_MS: '5000'", "DRAIN_DELAY_MS: '5000'\n  API_KEYS: web=sk-1", 'ConfigMap: move API_KEYS to a Secret'],
  ['parcel-carriers-1, optional: true }', 'parcel-carriers-1 }', 'envFrom: refer to an optional Secret'],
  ['maxUnavailable: 0', 'maxUnavailable: 1', 'rollingUpdate: set maxUnavailable to 0'],
  ['  maxUnavailable: 1', '  maxUnavailable: 0', 'PodDisruptionBudget: lets 0 of 3 pods go; let one'],
  ['  maxUnavailable: 1', '  minAvailable: 3', 'PodDisruptionBudget: lets 0 of 3 pods go; let one'],
  ['  maxUnavailable: 1', '  maxUnavailable: 3', 'PodDisruptionBudget: lets 3 of 3 pods go; keep one'],
  ['runAsUser: 1000', 'runAsUser: 1001', 'runAsUser: must be 1000, as USER in the Dockerfile'],
  ['runAsNonRoot: true', 'runAsNonRoot: false', 'securityContext: set runAsNonRoot'],
  ['type: RuntimeDefault', 'type: Unconfined', 'securityContext: set seccompProfile RuntimeDefault'],
  ['readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', 'securityContext: set readOnlyRootFilesystem'],
  ['Escalation: false', 'Escalation: true', 'securityContext: set allowPrivilegeEscalation to false'],
  ['drop: [ALL]', 'drop: [NET_RAW]', 'securityContext: drop ALL capabilities'],
  ['cpu: 600m, ', '', 'resources: request cpu'],
  ['cpu: 600m, memory: 512Mi', 'cpu: 600m', 'resources: request memory'],
  ['limits: { memory: 512Mi }', 'limits: {}', 'resources: limit memory'],
  ['limits: { memory: 512Mi }', 'limits: { cpu: 1, memory: 512Mi }', 'resources: no limit on cpu'],
]

test.for(edits)('with %j as %j, the fix is: %s', ([from, to, fix]) => {
  expect(yaml, 'the manifests no longer say this: mend the edit').toContain(from)
  const wrong = checkManifests(parseManifests(yaml.replace(from, to)), dockerfile)
  expect(wrong.filter((line) => line.startsWith(fix))).toHaveLength(1)
})

test('what is no YAML is an error that says where', () => {
  expect(() => parseManifests(yaml.replace('spec:\n', 'spec: [\n'))).toThrow(/at line \d+/)
})
