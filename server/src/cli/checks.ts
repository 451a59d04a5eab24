import type { Check } from '../platform/database/verify.ts'
import type { Output } from './output.ts'

const signs = { ok: '✓', warning: '!', failed: '✗' }

/** One line per check, a hint below each that did not pass. A failed one makes the command fail. */
export function reportChecks(output: Output, checks: readonly Check[]) {
  const failed = checks.filter(({ outcome }) => outcome === 'failed').length
  const lines = checks.flatMap(({ outcome, title, detail, hint }) => [
    `${signs[outcome]} ${title}${detail ? `: ${detail}` : ''}`,
    ...(outcome !== 'ok' && hint ? [`    ${hint}`] : []),
  ])
  const warned = checks.some(({ outcome }) => outcome === 'warning')
  const verdict = warned ? `Nothing failed; look at what is marked with ${signs.warning}.` : 'All is well.'
  output.result({ ok: failed === 0, checks }, [...lines, '', failed > 0 ? `${failed} of ${checks.length} checks failed.` : verdict])
  if (failed > 0) process.exitCode = 1
}
