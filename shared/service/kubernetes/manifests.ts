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
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string; optional?: boolean } }[]
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
    metadata: { name: string }
    spec: {
      replicas?: number
      selector: { matchLabels: Labels }
      strategy: { rollingUpdate?: { maxUnavailable: number } }
      template: {
        metadata: { labels: Labels; annotations?: Labels }
        spec: {
          terminationGracePeriodSeconds?: number
          securityContext?: { runAsNonRoot?: boolean; runAsUser?: number; seccompProfile?: { type: string } }
          topologySpreadConstraints?: { topologyKey: string; labelSelector: { matchLabels: Labels } }[]
          containers: [Container]
        }
      }
    }
  }
  Service: { spec: { selector: Labels; ports: { targetPort: string | number }[] } }
  HorizontalPodAutoscaler: {
    spec: {
      scaleTargetRef: { kind: string; name: string }
      minReplicas: number
      maxReplicas: number
      metrics: { resource?: { name: string; target: { type: string; averageValue?: string } } }[]
    }
  }
  NetworkPolicy: {
    spec: {
      podSelector: { matchLabels: Labels }
      policyTypes: string[]
      ingress: { from?: object[]; ports: { port: string | number }[] }[]
      egress: { to?: object[]; ports?: { port: string | number }[] }[]
    }
  }
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
