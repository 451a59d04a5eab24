import { noUsage, type Usage } from '../../ledger/call.ts'
import { type Counts, count, partsOf } from './counts.ts'

/**
 * Usage as Gemini's own API writes it (`usageMetadata`). What its tools brought in is input too, and thoughts are output,
 * both beside the prompt and the candidates. Cached tokens are in the prompt, also by modality.
 */
export function readGeminiUsage(counts: Counts): Usage | undefined {
  if (!('promptTokenCount' in counts) && !('candidatesTokenCount' in counts) && !('totalTokenCount' in counts)) return undefined
  const thoughts = count(counts.thoughtsTokenCount)
  return {
    ...noUsage,
    inputTokens: count(counts.promptTokenCount) + count(counts.toolUsePromptTokenCount),
    cachedInputTokens: count(counts.cachedContentTokenCount),
    audioInputTokens: audioIn(counts.promptTokensDetails) + audioIn(counts.toolUsePromptTokensDetails) - audioIn(counts.cacheTokensDetails),
    outputTokens: count(counts.candidatesTokenCount) + thoughts,
    reasoningTokens: thoughts,
    audioOutputTokens: audioIn(counts.candidatesTokensDetails),
  }
}

function audioIn(details: unknown): number {
  if (!Array.isArray(details)) return 0
  return details
    .map(partsOf)
    .filter(({ modality }) => modality === 'AUDIO')
    .reduce((sum, { tokenCount }) => sum + count(tokenCount), 0)
}
