import { networkInterfaces } from 'node:os'

/** Of machines within this one, and of networks that the room is not in. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vethernet|utun|tun|tap|tailscale|zt|wg|bridge|llw|awdl)/i
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
