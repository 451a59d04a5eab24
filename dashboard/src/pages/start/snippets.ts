export interface Snippet {
  id: string
  label: string
  /** What one installs for it. */
  install?: string
  code: string
  /** For the app’s backend, whose key is not a person’s. */
  note?: string
}

interface Facts {
  url: string
  token: string
  model: string
  userId: string
}

const messages = `[{ role: 'user', content: 'Say hello in one sentence.' }]`

/** As they run: nothing of a client changes but its base URL and its key. */
export function snippetsFor({ url, token, model, userId }: Facts): Snippet[] {
  return [
    {
      id: 'curl',
      label: 'curl',
      code: `curl ${url}/v1/chat/completions \\
  -H 'authorization: Bearer ${token}' \\
  -H 'content-type: application/json' \\
  -d '{"model":"${model}","messages":[{"role":"user","content":"Say hello in one sentence."}]}'`,
    },
    {
      id: 'openai',
      label: 'openai',
      install: 'npm install openai',
      code: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${token}' })
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: ${messages},
})
console.log(answer.choices[0].message.content)`,
    },
    {
      id: 'anthropic',
      label: 'anthropic',
      install: 'npm install @anthropic-ai/sdk',
      code: `import Anthropic from '@anthropic-ai/sdk'

const client = new Anthropic({ baseURL: '${url}', apiKey: '${token}' })
const answer = await client.messages.create({
  model: '${model}',
  max_tokens: 200,
  messages: ${messages},
})
console.log(answer.content[0].text)`,
      note: 'It speaks Anthropic’s own protocol, so the model is one whose provider does.',
    },
    {
      id: 'ai',
      label: 'ai SDK',
      install: 'npm install ai @ai-sdk/openai-compatible',
      code: `import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { streamText } from 'ai'

const keyloft = createOpenAICompatible({ name: 'keyloft', baseURL: '${url}/v1', apiKey: '${token}' })
const { textStream } = streamText({ model: keyloft('${model}'), prompt: 'Say hello in one sentence.' })
for await (const text of textStream) process.stdout.write(text)`,
    },
    {
      id: 'supabase',
      label: 'supabase-js',
      install: 'npm install @supabase/supabase-js',
      code: `import { createClient } from '@supabase/supabase-js'

const supabase = createClient('${url}', process.env.KEYLOFT_SERVICE_KEY)
const { data, error } = await supabase.rpc('get_user_allow_gateway_fallback', {
  p_user_id: '${userId}',
})
console.log(error ?? data)`,
      note: 'For your app’s own backend. Its key comes from `keyloft jwt --role service_role` and never goes into a page.',
    },
  ]
}
