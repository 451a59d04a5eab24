import type { Usage } from '../../ledger/call.ts'
import { type Counts, count, partsOf } from './counts.ts'

/**
 * Usage in OpenAI's two forms, `prompt_tokens` and `input_tokens`, and as those write it who imitate OpenAI:
 *
 * - DeepSeek says `prompt_cache_hit_tokens`, Mistral `num_cached_tokens`, others `cached_tokens` without any details.
 * - Writing to a cache is `cache_write_tokens` among the details; Vercel's gateway says `cache_creation_input_tokens`.
 * - xAI counts reasoning beside the completion, everybody else within it. The total tells which.
 * - Google's compatible endpoint leaves thoughts out of the completion and the details, and counts them in the total.
 */
export function readOpenAiUsage(counts: Counts, provider: string): Usage | undefined {
  if (!names.some((name) => name in counts)) return undefined
  const given = partsOf(
    counts.prompt_tokens_details ?? counts.prompt_token_details ?? counts.input_tokens_details ?? counts.input_token_details,
  )
  const made = partsOf(counts.completion_tokens_details ?? counts.output_tokens_details)
  const input = count(counts.prompt_tokens ?? counts.input_tokens)
  const output = count(counts.completion_tokens ?? counts.output_tokens)
  const cached = count(given.cached_tokens ?? counts.prompt_cache_hit_tokens ?? counts.num_cached_tokens ?? counts.cached_tokens)
  const reasoning = count(made.reasoning_tokens)
  const beside = counts.total_tokens === undefined ? 0 : count(counts.total_tokens) - input - output
  const besideOutput = provider === 'google' && beside > 0 ? beside : reasoning > 0 && reasoning === beside ? reasoning : 0
  // xAI has left the cached tokens out of the prompt at times. Only the total proves it.
  const besideInput = cached > input && beside - besideOutput === cached ? cached : 0
  return {
    inputTokens: input + besideInput,
    cachedInputTokens: cached,
    cacheWrite5mTokens: count(given.cache_write_tokens ?? counts.cache_creation_input_tokens),
    cacheWrite1hTokens: 0,
    audioInputTokens: count(given.audio_tokens),
    outputTokens: output + besideOutput,
    reasoningTokens: Math.max(reasoning, besideOutput),
    audioOutputTokens: count(made.audio_tokens),
    images: 0,
    searches: searchesOf(counts),
  }
}

/** OpenRouter and xAI count them; OpenAI does not, and lists them in the answer. */
function searchesOf(counts: Counts): number {
  const { web_search_calls: ofWeb, x_search_calls: ofX } = partsOf(counts.server_side_tool_usage_details)
  return count(partsOf(counts.server_tool_use_details).web_search_requests) + count(ofWeb) + count(ofX)
}

const names = ['prompt_tokens', 'completion_tokens', 'input_tokens', 'output_tokens']
