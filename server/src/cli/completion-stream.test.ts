import { expect, it } from 'vitest'
import { readCompletion } from './completion-stream.ts'

const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const stream = `: a comment\n\n${event({ role: 'assistant', content: '' })}${event({ content: 'Grüße' })}${event({ content: ' 🙂' })}${event({}, 'stop')}data: [DONE]\n\n`

async function* cutAt(text: string, size: number, error?: Error) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
  if (error) throw error
}

it.each([1, 7, stream.length])('reads the same of a stream whose pieces are %i long', async (size) => {
  const shown: string[] = []
  expect(await readCompletion(cutAt(stream, size), (piece) => shown.push(piece))).toEqual({ text: 'Grüße 🙂', finishReason: 'stop' })
  expect(shown).toEqual(['Grüße', ' 🙂'])
})

it('takes one that broke off, even on its last line, for what it is', async () => {
  const broken = cutAt(stream.replace('data: [DONE]\n\n', ''), 7, new Error('cut'))
  expect(await readCompletion(broken, () => {})).toEqual({ text: 'Grüße 🙂', finishReason: undefined })
})
