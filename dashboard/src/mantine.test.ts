import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = import.meta.dirname
const mantine = dirname(createRequire(import.meta.url).resolve('@mantine/core/styles.css'))
const stylesOf = (name: string) => join(mantine, 'styles', `${name}.css`)

describe('the styles of Mantine', () => {
  const listed = [...readFileSync(join(source, 'mantine.css'), 'utf8').matchAll(/core\/styles\/([\w-]+)\.css/g)].map(
    ([, name = '']) => name,
  )

  it('are there for every component that is used', () => {
    const used = globSync('**/*.{ts,tsx}', { cwd: source }).flatMap((file) =>
      [...readFileSync(join(source, file), 'utf8').matchAll(/import \{([^}]+)\} from '@mantine\/core'/g)].flatMap(([, names = '']) =>
        names.split(',').map((name) => name.replace('type ', '').trim()),
      ),
    )
    expect(used.length).toBeGreaterThan(20)
    expect(used.filter((name) => existsSync(stylesOf(name)) && !listed.includes(name))).toEqual([])
  })

  it('stand in Mantine’s order, where later ones build on earlier ones', () => {
    const whole = readFileSync(join(mantine, 'styles.css'), 'utf8')
    const placeOf = (name: string) => whole.indexOf(/\.m_[0-9a-f]+/.exec(readFileSync(stylesOf(name), 'utf8'))?.[0] ?? '')
    expect(listed).toEqual(listed.toSorted((one, other) => placeOf(one) - placeOf(other)))
  })
})
