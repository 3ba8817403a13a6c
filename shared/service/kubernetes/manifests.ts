import { parseAllDocuments } from 'yaml'

type Labels = Record<string, string>
interface Probe {
  httpGet?: { path: string; port: string | number }
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
}
interface Container {
  image: string
  ports: { name: string; containerPort: number }[]
  envFrom: { configMapRef: { name: string } }[]
  startupProbe?: Probe
  livenessProbe?: Probe
  readinessProbe?: Probe
  lifecycle?: { preStop?: { sleep?: { seconds: number } } }
  resources?: Record<'requests' | 'limits', Labels | undefined>
  securityContext?: Record<string, unknown> & { capabilities?: { drop?: string[] } }
}

/** What is read of the objects in this folder. */
export interface Manifests {
  ConfigMap: { metadata: { name: string }; data: Labels }
  Deployment: {
    spec: {
      replicas: number
      selector: { matchLabels: Labels }
      strategy: { rollingUpdate?: { maxUnavailable: number } }
      template: {
        metadata: { labels: Labels }
        spec: {
          terminationGracePeriodSeconds?: number
          securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } }
          containers: [Container]
        }
      }
    }
  }
  Service: { spec: { selector: Labels; ports: { targetPort: string | number }[] } }
  PodDisruptionBudget: {
    spec: { selector: { matchLabels: Labels }; minAvailable?: number; maxUnavailable?: number }
  }
}

/** The objects by their kind; @throws when one is no YAML. */
export function parseManifests(yaml: string): Manifests {
  const objects = parseAllDocuments(yaml).map((document) => {
    if (document.errors[0]) throw document.errors[0]
    return document.toJS()
  })
  return Object.fromEntries(objects.map((object) => [object.kind, object]))
}
