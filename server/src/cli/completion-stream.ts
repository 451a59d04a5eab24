/** What a streamed chat completion said, and whether it came to its end. */
export interface Completion {
  text: string
  /** Absent where the stream broke off. */
  finishReason: string | undefined
}

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[]
}

/** Reads server-sent events piece by piece, whatever their borders. What cannot be read as one is passed over. */
export async function readCompletion(pieces: AsyncIterable<string>, onText: (text: string) => void): Promise<Completion> {
  const said: Completion = { text: '', finishReason: undefined }
  let rest = ''
  try {
    for await (const piece of pieces) {
      const lines = (rest + piece).split(/\r?\n/)
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
    }
  } catch {
    // The connection broke: what came stays, and has no finish reason.
    said.finishReason = undefined
  }
  return said

  function take(line: string) {
    const [choice] = chunkIn(line)?.choices ?? []
    const content = choice?.delta?.content
    if (typeof content === 'string' && content !== '') {
      said.text += content
      onText(content)
    }
    if (choice?.finish_reason) said.finishReason = choice.finish_reason
  }
}

function chunkIn(line: string): Chunk | undefined {
  if (!line.startsWith('data:')) return undefined
  try {
    return JSON.parse(line.slice('data:'.length)) as Chunk
  } catch {
    return undefined // [DONE], or nothing of ours
  }
}
