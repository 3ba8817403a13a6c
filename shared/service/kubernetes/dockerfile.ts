import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isTooOld, wanted } from '../../manifest/node-version.mjs'

/** One instruction: `COPY a b` is `{ name: 'COPY', value: 'a b' }`. */
export interface Instruction {
  name: string
  value: string
}

/** The instructions of a Dockerfile, stage by stage: each begins with its FROM. */
export function stagesOf(dockerfile: string): Instruction[][] {
  const stages: Instruction[][] = []
  const lines = dockerfile.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, '')
  for (const [, name = '', value = ''] of lines.matchAll(/^\s*([A-Z]+)\s+(.+?)\s*$/gm)) {
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, value })
  }
  return stages
}

/** What `name` says last in the last stage, which is the one that runs. */
export const lastOf = (dockerfile: string, name: string): string | undefined =>
  stagesOf(dockerfile)
    .at(-1)
    ?.findLast((instruction) => instruction.name === name)?.value

/** The environment that the image brings along. */
export const environmentOf = (dockerfile: string): Record<string, string> =>
  Object.fromEntries(
    (stagesOf(dockerfile).at(-1) ?? [])
      .filter(({ name }) => name === 'ENV')
      .flatMap(({ value }) => [...value.matchAll(/(\w+)=(\S+)/g)].map(([, name, text]) => [name!, text!])),
  )

/** What the image takes from the repository, all stages together. */
export const copiedFrom = (dockerfile: string): string[] =>
  stagesOf(dockerfile)
    .flat()
    .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from='))
    .flatMap(({ value }) => value.split(/\s+/).slice(0, -1))

/** An instruction in exec form, as its words; undefined in shell form, which puts a shell between Docker and the program. */
export function execForm(value: string | undefined): string[] | undefined {
  try {
    return JSON.parse(value ?? '')
  } catch {
    return undefined
  }
}

/** What is wrong with a Dockerfile and its .dockerignore, each with its fix. */
export function checkDockerfile(dockerfile: string, dockerignore: string, root: string): string[] {
  const wrong: string[] = []
  const check = (ok: boolean, fix: string) => void (ok || wrong.push(fix))

  for (const [from] of stagesOf(dockerfile)) {
    const [, version] = /^node:(\d[\d.]*)/.exec(from?.value ?? '') ?? []
    // `24` is the newest 24 there is.
    const isNew = version !== undefined && !isTooOld(version.includes('.') ? version : `${version}.999`)
    check(isNew, `FROM ${from?.value}: take an image of Node ${wanted} or newer, such as node:24-slim`)
  }
  const user = lastOf(dockerfile, 'USER')
  check(/^[1-9]\d*$/.test(user ?? ''), `USER ${user}: end as a user by number, not 0 (runAsNonRoot cannot read names)`)

  const command = execForm(lastOf(dockerfile, 'CMD'))
  const program = command?.at(-1) ?? ''
  check(
    command?.[0] === 'node',
    'CMD: have ["node", …] in exec form, so that SIGTERM reaches Node and nobody in between',
  )
  check(existsSync(join(root, program)), `CMD: ${program} does not exist`)
  check(
    command?.includes('--conditions=solution') ?? false,
    'CMD: add --conditions=solution, or it wants the exercises',
  )

  const health = lastOf(dockerfile, 'HEALTHCHECK')
  check(health !== undefined && /\/livez/.test(health), 'HEALTHCHECK: ask /livez')
  check(/CMD \["node",/.test(health ?? ''), 'HEALTHCHECK: ask with ["node", "-e", …]; a slim image has no curl')

  const install = stagesOf(dockerfile)
    .flat()
    .find(({ value }) => value.startsWith('npm '))?.value
  const isLean = install === 'npm ci --omit=dev --ignore-scripts'
  check(isLean, `RUN ${install}: install by "npm ci --omit=dev --ignore-scripts"`)

  const included = [...dockerignore.matchAll(/^!(.+)$/gm)].map(([, path]) => path)
  for (const path of copiedFrom(dockerfile)) {
    check(existsSync(join(root, path)), `COPY ${path}: does not exist`)
    check(included.includes(path), `COPY ${path}: .dockerignore leaves it out; add "!${path}"`)
  }
  return wrong
}
