import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

/** A Redis of one's own, to be stopped and frozen: never somebody else's. */
export interface OwnRedis {
  url: string
  /** It keeps its connections, and says nothing. */
  freeze(): void
  thaw(): void
  /** Ends it, as far as it has not ended yet. */
  stop(): Promise<void>
}

export const hasRedisServer = (): boolean => spawnSync('redis-server', ['--version']).status === 0

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** @param port as before, for one that is to come back; default: any that is free */
export async function startRedis(port?: number): Promise<OwnRedis> {
  const own = port ?? (await freePort())
  const args = ['--port', String(own), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  for await (const line of lines) if (line.includes('Ready to accept connections')) break
  child.stdout.resume()
  return {
    url: `redis://127.0.0.1:${own}`,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await exited
      }
    },
  }
}

/** Resolves when scripts are run, for five seconds at most: nothing waits for a connection, so it has to be there. */
export async function whenUp(run: (script: string, keys: string[], args: string[]) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 500 && !(await run('return 1', [], []).catch(() => false)); i++)
    await new Promise((resolve) => setTimeout(resolve, 10))
}

/** A way to a Redis, at the end of which all that it says comes late. */
export interface SlowRedis {
  url: string
  delayMs: number
  close(): Promise<void>
}

export async function slowDown(url: string, delayMs: number): Promise<SlowRedis> {
  const port = Number(new URL(url).port)
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    const underWay: Buffer[] = []
    redis.on('data', (said) => {
      underWay.push(said)
      // The first of them, whosever timer it is: nothing overtakes when the way becomes shorter.
      setTimeout(() => client.write(underWay.shift()!), slow.delayMs)
    })
    client.on('data', (asked) => redis.write(asked))
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const slow: SlowRedis = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs,
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
  return slow
}
