import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from './cli.ts'

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap((child) => everyCommand(child as Command))]
const nameOf = (command: Command): string => [command.parent ? nameOf(command.parent) : '', command.name()].join(' ').trim()

describe('the command line', () => {
  const commands = everyCommand(buildProgram())
  const leaves = commands.filter((command) => command.commands.length === 0)

  it.each(leaves.map((command) => [nameOf(command), command] as const))(
    '%s describes itself, and speaks JSON when asked',
    (_name, command) => {
      expect(command.description()).toMatch(/\w{3,}/)
      expect(command.options.map(({ long }) => long)).toContain('--json')
    },
  )

  it('takes no secret as an argument, where every process of the machine could read it', () => {
    const taken = commands.flatMap((command) => [
      ...command.options.map(({ long }) => long ?? ''),
      ...command.registeredArguments.map((argument) => argument.name()),
    ])
    // Where a gateway is; an address with credentials in it is refused. And how many tokens somebody may use.
    const telling = taken.filter((name) => /key|secret|password|token|url|credential/i.test(name))
    expect([...new Set(telling)]).toEqual(['--base-url', '--tokens'])
  })
})
