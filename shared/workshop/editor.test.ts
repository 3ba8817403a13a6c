import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { variables } from '../service/config.ts'
import { UI_PORT } from '../manifest/port.ts'
import { isTooOld } from '../manifest/node-version.mjs'
import { root } from '../manifest/target.ts'

// That their commands exist, the gate sees to (gate/commands.ts), as it does for every text.

/** JSON as editors read it; our comments have lines of their own. */
const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8').replace(/^\s*\/\/.*$/gm, ''))

test('the dev container has a Node that will do, installs, and is not root', () => {
  const { image, remoteUser, postCreateCommand } = read('.devcontainer/devcontainer.json')
  const [, version] = /:(\d+)$/.exec(image) ?? []
  expect(isTooOld(`${version}.999`), `${image}: take one of a newer Node`).toBe(false)
  expect(remoteUser).toBe('node')
  expect(postCreateCommand).toMatch(/npm install$/)
})

test('the dev container forwards the ports on which something is to be seen', () => {
  const { forwardPorts, portsAttributes } = read('.devcontainer/devcontainer.json')
  expect(forwardPorts).toEqual([variables.PORT.fallback, UI_PORT])
  expect(Object.keys(portsAttributes), 'name each of them').toEqual(forwardPorts.map(String))
})

test('an editor inside of the container recommends what one outside does', () => {
  const { customizations } = read('.devcontainer/devcontainer.json')
  expect(customizations.vscode.extensions).toEqual(read('.vscode/extensions.json').recommendations)
})

test('each task asks only for what it says how to ask for', () => {
  const { tasks, inputs } = read('.vscode/tasks.json') as { tasks: { command: string }[]; inputs: { id: string }[] }
  const asked = tasks.flatMap(({ command }) => [...command.matchAll(/\$\{input:(\w+)\}/g)].map(([, id]) => id))
  expect(new Set(asked)).toEqual(new Set(inputs.map(({ id }) => id)))
})

test('the tasks are npm commands, and one of them is the default test task', () => {
  const { tasks } = read('.vscode/tasks.json') as { tasks: { command: string; group?: { isDefault: boolean } }[] }
  for (const { command } of tasks)
    expect(command, 'the gate checks commands of npm only').toMatch(/^npm (run |test|start)/)
  expect(tasks.filter(({ group }) => group?.isDefault)).toHaveLength(1)
})

test('each dependency has its reason in CONTRIBUTING', () => {
  const { dependencies, devDependencies } = read('package.json')
  const table = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('## Dependencies')[1]!.split('## ')[0]!
  const rows = [...table.matchAll(/^\| (`.*`) \| .+ \|$/gm)].flatMap(([, names]) => names!.match(/[^`, ]+/g) ?? [])
  expect(rows.toSorted()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).toSorted())
})
