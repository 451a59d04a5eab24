import { execFileSync } from 'node:child_process'

/** Tests of processes and pages run what is published, so it must be of this source. Once a run, whoever asks first. */
export default function setup() {
  if (process.env.KEYLOFT_TEST_BUILT === String(process.pid)) return
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' })
  process.env.KEYLOFT_TEST_BUILT = String(process.pid)
}
