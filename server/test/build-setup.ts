import { execFileSync } from 'node:child_process'

/** Process tests start what is published, so it must be of this source. */
export default function setup() {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' })
}
