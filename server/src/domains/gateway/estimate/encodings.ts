export type Encoding = 'o200k_base' | 'cl100k_base'

/** The encoding of a model whose maker has published it; of the other models nobody but their provider can count tokens. */
export function encodingOf(provider: string, model: string): Encoding | undefined {
  const [, maker, name = ''] = /^(?:([\w-]+)\/)?(?:ft:)?(.+)$/.exec(model) ?? []
  const isOpenAi = provider === 'openai' || maker === 'openai' || name.startsWith('gpt-oss')
  if (!isOpenAi) return undefined
  return older.test(name) ? 'cl100k_base' : 'o200k_base'
}

const older = /^(?:gpt-4(?![.o])|gpt-3\.5|gpt-35|text-embedding|davinci|babbage)/

/** Of these models only the text is sent, and most of what is paid for may be thoughts. */
export const thinksUnseen = (model: string) => /(?:^|[/:])(?:o\d|gpt-5|codex|grok-[3-9])/.test(model)
