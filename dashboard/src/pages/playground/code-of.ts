import type { bodyOf, Turn } from './chat.ts'

type Body = ReturnType<typeof bodyOf>

export const languages = [
  { value: 'curl', label: 'curl' },
  { value: 'openai', label: 'openai' },
  { value: 'python', label: 'openai (Python)' },
  { value: 'ai', label: 'AI SDK' },
] as const
export type Language = (typeof languages)[number]['value']

/** The same call from a program. The token is named and never written: an API token is shown once, when it is made. */
export function codeOf(language: Language, base: string, body: Body): string {
  return { curl, openai, python, ai }[language](base, { ...body, stream: true })
}

type Sent = Body & { stream: true }

const indented = (value: unknown, by: number) => JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(by)}`)

function curl(base: string, body: Sent): string {
  const quoted = JSON.stringify(body, null, 2).replaceAll("'", `'\\''`)
  return `curl -N ${base}/v1/chat/completions \\
  -H "authorization: Bearer $KEYLOFT_TOKEN" \\
  -H 'content-type: application/json' \\
  -d '${quoted}'`
}

function openai(base: string, body: Sent): string {
  return `import OpenAI from 'openai'

const openai = new OpenAI({ baseURL: '${base}/v1', apiKey: process.env.KEYLOFT_TOKEN })
const stream = await openai.chat.completions.create(${indented(body, 0)})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '')`
}

function python(base: string, { stream: _, ...body }: Sent): string {
  const given = Object.entries(body).map(([name, value]) => `    ${name}=${indented(value, 4)},`)
  return `import os
from openai import OpenAI

client = OpenAI(base_url="${base}/v1", api_key=os.environ["KEYLOFT_TOKEN"])
stream = client.chat.completions.create(
${given.join('\n')}
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)`
}

function ai(base: string, { model, messages, temperature, top_p, max_tokens }: Sent): string {
  const system = messages.find(({ role }: Turn) => role === 'system')?.content
  const options = {
    ...(system === undefined ? {} : { system }),
    messages: messages.filter(({ role }: Turn) => role !== 'system'),
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { topP: top_p }),
    ...(max_tokens === undefined ? {} : { maxOutputTokens: max_tokens }),
  }
  const lines = Object.entries(options).map(([name, value]) => `  ${name}: ${indented(value, 2)},`)
  return `import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText } from 'ai'

const keyloft = createOpenAICompatible({ name: 'keyloft', baseURL: '${base}/v1', apiKey: process.env.KEYLOFT_TOKEN })
const { textStream } = streamText({
  model: keyloft(${JSON.stringify(model)}),
${lines.join('\n')}
})
for await (const text of textStream) process.stdout.write(text)`
}
