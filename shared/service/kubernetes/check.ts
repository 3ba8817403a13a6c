import { type Config, readConfig, variables } from '../config.ts'
import { environmentOf, lastOf } from './dockerfile.ts'
import type { Manifests } from './manifests.ts'

/** What does not fit together: the objects, the image that they run, and what Parcel takes for a configuration. */
export function checkManifests(manifests: Manifests, dockerfile: string): string[] {
  const wrong: string[] = []
  const check = (ok: boolean, fix: string) => void (ok || wrong.push(fix))
  const { data, metadata } = manifests.ConfigMap
  const { spec } = manifests.Deployment
  const pod = spec.template.spec
  const [container] = pod.containers

  // The environment is one that Parcel starts with.
  for (const name of Object.keys(data)) check(name in variables, `ConfigMap: Parcel knows no ${name}; remove it`)
  for (const name of ['CARRIERS', 'BALANCER_IDLE_MS'])
    check(name in data, `ConfigMap: set ${name}; what is right here, no default can know`)
  const refersTo = container.envFrom.some(({ configMapRef }) => configMapRef?.name === metadata.name)
  check(refersTo, `envFrom: refer to the ConfigMap ${metadata.name}`)
  for (const [name, { isSecret }] of Object.entries<{ isSecret?: true }>(variables))
    check(!isSecret || !(name in data), `ConfigMap: move ${name} to a Secret; this is in Git, and for many to read`)
  const isSecret = container.envFrom.some(({ secretRef }) => secretRef?.optional)
  check(isSecret, 'envFrom: refer to an optional Secret, for CARRIER_TOKENS and others')
  let config: Config
  try {
    // That there is a database nobody can see in here: it is in the Secret.
    config = readConfig({ DATABASE_URL: 'postgres://of/the/secret', ...environmentOf(dockerfile), ...data })
  } catch (error) {
    return [...wrong, ...(error as Error).message.split('\n').map((line) => `ConfigMap: ${line}`)]
  }
  const isHeard = ['::', '0.0.0.0'].includes(config.HOST)
  check(isHeard, `HOST is ${config.HOST}; in a pod it must be :: or 0.0.0.0, or no probe gets through`)

  // The end: everybody has heard before the listener closes, and Parcel is done before it is killed.
  const preStopMs = 1000 * (container.lifecycle?.preStop?.sleep?.seconds ?? 0)
  check(
    !container.lifecycle?.preStop,
    'preStop: remove it; DRAIN_DELAY_MS is that wait, and two of them are waited for',
  )
  const graceMs = 1000 * (pod.terminationGracePeriodSeconds ?? 30)
  const endMs = preStopMs + config.SHUTDOWN_MS
  check(
    graceMs > endMs,
    `terminationGracePeriodSeconds: ${graceMs} ms must be more than preStop + SHUTDOWN_MS, ${endMs}`,
  )
  const { periodSeconds = 10, timeoutSeconds = 1, failureThreshold = 3 } = container.readinessProbe ?? {}
  const noticedMs = 1000 * (periodSeconds * failureThreshold + timeoutSeconds)
  check(
    config.DRAIN_DELAY_MS >= noticedMs,
    `DRAIN_DELAY_MS: ${config.DRAIN_DELAY_MS} must be ${noticedMs} or more, the readiness probes' period × threshold + timeout`,
  )

  // Probes.
  const paths = { startupProbe: '/livez', livenessProbe: '/livez', readinessProbe: '/readyz' } as const
  for (const [name, path] of Object.entries(paths)) {
    const probe = container[name as keyof typeof paths]
    check(probe?.httpGet?.path === path, `${name}: ask ${path}, not ${probe?.httpGet?.path}`)
    check(probe?.httpGet?.port === 'metrics', `${name}: ask the port named metrics, before which no customers stand`)
    const { periodSeconds = 10, timeoutSeconds = 1 } = probe ?? {}
    check(timeoutSeconds <= periodSeconds, `${name}: its timeout is longer than its period, so that probes pile up`)
  }
  const { periodSeconds: every = 10, failureThreshold: times = 3 } = container.livenessProbe ?? {}
  const restartMs = 1000 * every * times
  check(restartMs > noticedMs, 'livenessProbe: let it take longer than readiness, which takes the traffic away first')

  // Names, numbers and labels that stand in two places.
  const portOf = (wanted: string) => container.ports.find(({ name }) => name === wanted)?.containerPort
  check(portOf('http') === config.PORT, `containerPort: ${portOf('http')} must be PORT, ${config.PORT}`)
  const metricsPort = portOf('metrics')
  check(
    metricsPort === config.METRICS_PORT,
    `containerPort: ${metricsPort} must be METRICS_PORT, ${config.METRICS_PORT}`,
  )
  const scraped = spec.template.metadata.annotations?.['prometheus.io/port']
  check(
    scraped === String(metricsPort),
    `annotations: prometheus.io/port ${scraped} must be METRICS_PORT, ${metricsPort}`,
  )
  const target = manifests.Service.spec.ports[0]?.targetPort
  check(target === 'http', `targetPort: ${target} must be http, the name of the container's port`)
  const { labels } = spec.template.metadata
  const selectors = {
    Deployment: spec.selector.matchLabels,
    Service: manifests.Service.spec.selector,
    PodDisruptionBudget: manifests.PodDisruptionBudget.spec.selector.matchLabels,
    NetworkPolicy: manifests.NetworkPolicy.spec.podSelector.matchLabels,
    topologySpreadConstraints: pod.topologySpreadConstraints?.[0]?.labelSelector.matchLabels ?? {},
  }
  for (const [kind, selector] of Object.entries(selectors)) {
    const selects = Object.entries(selector).every(([name, value]) => labels[name] === value)
    check(selects, `${kind}: its selector ${JSON.stringify(selector)} does not match the pods' labels`)
  }
  check(
    /(:(?!latest)[^:/]+|@sha256:.+)$/.test(container.image),
    `image: ${container.image} needs a version, not latest`,
  )

  wrong.push(...checkScale(manifests), ...checkNetwork(manifests.NetworkPolicy))

  const rolled = spec.strategy.rollingUpdate?.maxUnavailable
  check(rolled === 0, 'rollingUpdate: set maxUnavailable to 0, so that one comes before one goes')

  // What the container may do and take.
  const user = lastOf(dockerfile, 'USER')
  check(String(pod.securityContext?.runAsUser) === user, `runAsUser: must be ${user}, as USER in the Dockerfile`)
  check(pod.securityContext?.runAsNonRoot === true, 'securityContext: set runAsNonRoot')
  check(
    pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
    'securityContext: set seccompProfile RuntimeDefault',
  )
  const { securityContext, resources } = container
  check(securityContext?.readOnlyRootFilesystem === true, 'securityContext: set readOnlyRootFilesystem')
  check(securityContext?.allowPrivilegeEscalation === false, 'securityContext: set allowPrivilegeEscalation to false')
  check(securityContext?.capabilities?.drop?.includes('ALL') ?? false, 'securityContext: drop ALL capabilities')
  for (const what of ['cpu', 'memory']) check(what in (resources?.requests ?? {}), `resources: request ${what}`)
  check('memory' in (resources?.limits ?? {}), 'resources: limit memory, by which Node sizes its heap')
  check(
    !('cpu' in (resources?.limits ?? {})),
    'resources: no limit on cpu, which stops the event loop between two slices',
  )
  return wrong
}

/** Room to move: for a rollout, for a node that is drained, and for a wave of customers. */
function checkScale({ Deployment, HorizontalPodAutoscaler, PodDisruptionBudget }: Manifests): string[] {
  const wrong: string[] = []
  const check = (ok: boolean, fix: string) => void (ok || wrong.push(fix))
  const { replicas, template } = Deployment.spec
  check(replicas === undefined, 'replicas: remove it from the Deployment, or each apply undoes the autoscaler')

  const { scaleTargetRef, minReplicas, maxReplicas, metrics } = HorizontalPodAutoscaler.spec
  const { name } = Deployment.metadata
  check(scaleTargetRef.name === name, `HorizontalPodAutoscaler: scales ${scaleTargetRef.name}; it must be ${name}`)
  check(minReplicas >= 2, `minReplicas: ${minReplicas} is a single point of failure; have 2 or more`)
  check(maxReplicas > minReplicas, `maxReplicas: ${maxReplicas} leaves no room above minReplicas, ${minReplicas}`)
  const target = metrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.target.averageValue
  const milli = Number(/^(\d+)m$/.exec(target ?? '')?.[1])
  check(
    milli < 1000,
    `averageValue: scale by the cpu, at less than the 1000m that one event loop can use; not ${target}`,
  )
  const requested = template.spec.containers[0].resources?.requests?.cpu
  check(requested === target, `requests: cpu ${requested} must be the autoscaler's averageValue, ${target}`)

  const { minAvailable = 0, maxUnavailable = minReplicas - minAvailable } = PodDisruptionBudget.spec
  const leave = `PodDisruptionBudget: lets ${maxUnavailable} of ${minReplicas} pods go`
  check(maxUnavailable >= 1, `${leave}; let one, or no node can ever be drained`)
  check(maxUnavailable < minReplicas, `${leave}; keep one`)

  const spread = template.spec.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey) ?? []
  for (const key of ['topology.kubernetes.io/zone', 'kubernetes.io/hostname']) {
    check(spread.includes(key), `topologySpreadConstraints: spread the pods over ${key}, too`)
  }
  return wrong
}

function checkNetwork({ spec: { policyTypes, ingress, egress } }: Manifests['NetworkPolicy']): string[] {
  const wrong: string[] = []
  const check = (ok: boolean, fix: string) => void (ok || wrong.push(fix))
  for (const type of ['Ingress', 'Egress'])
    check(policyTypes.includes(type), `policyTypes: add ${type}, or all of it is open`)
  for (const port of ['http', 'metrics']) {
    const rule = ingress.find(({ ports }) => ports.some((each) => each.port === port))
    check(rule?.from !== undefined, `NetworkPolicy: say from where the port ${port} may be asked`)
  }
  const isNaming = egress.some(({ ports }) => ports?.some(({ port }) => port === 53))
  check(isNaming, 'NetworkPolicy: let port 53 out, or no carrier has an address')
  check(
    egress.every(({ to }) => to !== undefined),
    'NetworkPolicy: say to where Parcel may go',
  )
  return wrong
}
