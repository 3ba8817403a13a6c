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
  check(container.envFrom[0]?.configMapRef.name === metadata.name, `envFrom: refer to the ConfigMap ${metadata.name}`)
  let config: Config
  try {
    config = readConfig({ ...environmentOf(dockerfile), ...data })
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
    check(probe?.httpGet?.port === 'http', `${name}: ask the port named http`)
    const { periodSeconds = 10, timeoutSeconds = 1 } = probe ?? {}
    check(timeoutSeconds <= periodSeconds, `${name}: its timeout is longer than its period, so that probes pile up`)
  }
  const { periodSeconds: every = 10, failureThreshold: times = 3 } = container.livenessProbe ?? {}
  const restartMs = 1000 * every * times
  check(restartMs > noticedMs, 'livenessProbe: let it take longer than readiness, which takes the traffic away first')

  // Names, numbers and labels that stand in two places.
  const port = container.ports.find(({ name }) => name === 'http')?.containerPort
  check(port === config.PORT, `containerPort: ${port} must be PORT, ${config.PORT}`)
  const target = manifests.Service.spec.ports[0]?.targetPort
  check(target === 'http', `targetPort: ${target} must be http, the name of the container's port`)
  const { labels } = spec.template.metadata
  const selectors = {
    Deployment: spec.selector.matchLabels,
    Service: manifests.Service.spec.selector,
    PodDisruptionBudget: manifests.PodDisruptionBudget.spec.selector.matchLabels,
  }
  for (const [kind, selector] of Object.entries(selectors)) {
    const selects = Object.entries(selector).every(([name, value]) => labels[name] === value)
    check(selects, `${kind}: its selector ${JSON.stringify(selector)} does not match the pods' labels`)
  }
  check(
    /(:(?!latest)[^:/]+|@sha256:.+)$/.test(container.image),
    `image: ${container.image} needs a version, not latest`,
  )

  // Room to move: for a rollout, and for a node that is drained.
  check(spec.replicas >= 2, `replicas: ${spec.replicas} is a single point of failure; have 2 or more`)
  const rolled = spec.strategy.rollingUpdate?.maxUnavailable
  check(rolled === 0, 'rollingUpdate: set maxUnavailable to 0, so that one comes before one goes')
  const { minAvailable = 0, maxUnavailable = spec.replicas - minAvailable } = manifests.PodDisruptionBudget.spec
  const leave = `PodDisruptionBudget: lets ${maxUnavailable} of ${spec.replicas} pods go`
  check(maxUnavailable >= 1, `${leave}; let one, or no node can ever be drained`)
  check(maxUnavailable < spec.replicas, `${leave}; keep one`)

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
