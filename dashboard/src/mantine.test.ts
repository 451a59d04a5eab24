import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'

const source = import.meta.dirname
const styles = join(dirname(createRequire(import.meta.url).resolve('@mantine/core/styles.css')), 'styles')

it('has the styles of every component that is used', () => {
  const listed = readFileSync(join(source, 'mantine.css'), 'utf8')
  const used = globSync('**/*.{ts,tsx}', { cwd: source }).flatMap((file) =>
    [...readFileSync(join(source, file), 'utf8').matchAll(/import \{([^}]+)\} from '@mantine\/core'/g)].flatMap(([, names = '']) =>
      names.split(',').map((name) => name.trim()),
    ),
  )
  expect(used.length).toBeGreaterThan(20)
  const missing = new Set(used.filter((name) => existsSync(join(styles, `${name}.css`)) && !listed.includes(`/${name}.css`)))
  expect([...missing]).toEqual([])
})
