import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Trouble } from '../core/trouble.ts'
import { membershipFor } from './membership.ts'

/** Of machines within this one, and of networks that the room is not in. */
const VIRTUAL =
  /^(docker|br-|veth|virbr|vmnet|vmware|vboxnet|virtualbox|vethernet|utun|tun|tap|tailscale|zt|wg|bridge|llw|awdl)/i
const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/

/** The addresses by which a room may reach this machine, the likeliest one first. */
export function addressesOf(interfaces = networkInterfaces()): string[] {
  const found = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))
      .map(({ address }) => ({ address, doubt: (VIRTUAL.test(name) ? 2 : 0) + (PRIVATE.test(address) ? 0 : 1) })),
  )
  return found.toSorted((a, b) => a.doubt - b.doubt).map(({ address }) => address)
}

interface Place {
  /** Where the room listens. */
  host: string
  port: number
  code: string
  /** What somebody says that this machine is called, if they do. */
  address?: string | undefined
}

/**
 * What is typed to join a room that listens there, the likeliest one first.
 *
 * @throws Trouble when there is nothing, or nothing that `npm run join` would take
 */
export function joinAddresses({ host, port, code, address }: Place, ofMachine = addressesOf()): string[] {
  const names = address ? [address] : ['0.0.0.0', '::'].includes(host) ? ofMachine : [host]
  if (names.length === 0)
    throw new Trouble('This machine is in no network: join one, or open a hotspot, and start again.')
  const addresses = names.map((name) => `http://${isIPv6(name) ? `[${name}]` : name}:${port}/${code}`)
  try {
    for (const each of addresses) membershipFor(each, '')
  } catch {
    throw new Trouble(`"${names[0]}" is no name or address of a machine: name one after --address.`)
  }
  return addresses
}
