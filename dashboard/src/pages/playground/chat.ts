export interface Turn {
  role: 'system' | 'user' | 'assistant'
  content: string
}

/** What is left out is left to the model. */
export interface Parameters {
  temperature?: number | undefined
  topP?: number | undefined
  maxTokens?: number | undefined
}

/** What both the call and the code that is copied send. */
export function bodyOf(model: string, turns: readonly Turn[], { temperature, topP, maxTokens }: Parameters) {
  return {
    model,
    messages: turns.filter(({ role, content }) => role !== 'system' || content.trim() !== ''),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  }
}
