export interface Chat {
  model: string
  system: string
  prompt: string
  temperature: number | ''
  maxTokens: number | ''
}

/** What is sent, and nothing that was left empty. */
export function toBody({ model, system, prompt, temperature, maxTokens }: Chat) {
  return {
    model,
    messages: [...(system.trim() === '' ? [] : [{ role: 'system', content: system }]), { role: 'user', content: prompt }],
    ...(temperature === '' ? {} : { temperature }),
    ...(maxTokens === '' ? {} : { max_tokens: maxTokens }),
  }
}

export function asCode(url: string, chat: Chat): string {
  return `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${url}/v1', apiKey: process.env.KEYLOFT_TOKEN })
const stream = await client.chat.completions.create(${JSON.stringify({ ...toBody(chat), stream: true }, null, 2)})
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '')`
}
