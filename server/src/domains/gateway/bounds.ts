import type { Call } from '../ledger/call.ts'
import type { CallRequest } from './call-request.ts'
import type { OperationName } from './operations/operations.ts'
import type { Candidate } from './ports.ts'
import type { CallShape } from './relay.ts'
import { multiplyDecimal } from './usage/decimal-text.ts'

/** The most that a call may use, as an operator says of a route where nobody else can. */
export interface CallBound {
  readonly provider: string
  /** As it is sent to the provider; with a * at its end, every model whose name begins so. */
  readonly model: string
  readonly tokens: number
  /** Decimal text. */
  readonly costUsd: string
}

type Bounds = Pick<Call, 'mostInputTokens' | 'mostOutputTokens' | 'mostChoices' | 'mostCostUsd'>

/** What each kind of call makes of tokens. Of one that is not here (images, sounds, batches, whatever is proxied) nobody can tell. */
const makes: Partial<Record<OperationName, 'answers' | 'nothing'>> = {
  'chat.completions': 'answers',
  responses: 'answers',
  completions: 'answers',
  messages: 'answers',
  'gemini.generate_content': 'answers',
  'gemini.stream_generate_content': 'answers',
  embeddings: 'nothing',
  'gemini.embed_content': 'nothing',
  'gemini.batch_embed_contents': 'nothing',
}

/** Of one that says in a form how many images it wants, behind them perhaps: as many as there may be. */
const mostAnswers: Partial<Record<OperationName, number>> = { 'images.edits': 10, 'images.variations': 10 }

/** As keyloft.reserve_quotas understands it: as much as the model takes at all. */
const wholeContext = 1_000_000_000_000

/** What providers put before a prompt without showing it, such as how tools are used. */
const hiddenTokens: Readonly<Record<string, number>> = { anthropic: 3_000 }
const usuallyHidden = 200

/**
 * Upper bounds of a call, on which hard limits stand; docs/guides/quotas.md has the formula. A token is at least a byte
 * long, so there are never more of them than bytes. What is left out here (how long an answer gets that nobody limited, how
 * much an image is) is filled in from the catalogue, where the prices are, in keyloft.open_calls; and where nothing is known
 * there, the call is refused.
 */
export function boundsOf(
  { name, isFree }: Pick<CallShape, 'name' | 'isFree'>,
  { asked, isDetached, namesOtherModels }: Pick<CallRequest, 'asked' | 'isDetached' | 'namesOtherModels'>,
  { provider, modelId }: Pick<Candidate, 'provider' | 'modelId'>,
  set: readonly CallBound[],
): Bounds {
  if (isFree) return { mostInputTokens: 0, mostOutputTokens: 0, mostCostUsd: '0' }
  const bound = set.find((one) => one.provider === provider && isNamed(modelId, one.model))
  if (bound && !namesOtherModels && !asked.isAnyNumber) {
    const answers = Math.max(1, asked.choices ?? mostAnswers[name as OperationName] ?? 1)
    return { mostInputTokens: answers * bound.tokens, mostOutputTokens: 0, mostCostUsd: multiplyDecimal(bound.costUsd, answers) }
  }
  const made = makes[name as OperationName]
  if (made === undefined || isDetached || asked.isOpenEnded) return {}
  const { inputBytes, hasMedia, mostOutputTokens, choices } = asked
  return {
    mostInputTokens: hasMedia ? wholeContext : inputBytes + (hiddenTokens[provider] ?? usuallyHidden),
    mostOutputTokens: made === 'nothing' ? 0 : mostOutputTokens,
    mostChoices: choices === undefined ? undefined : Math.max(1, choices),
  }
}

const isNamed = (model: string, pattern: string) => (pattern.endsWith('*') ? model.startsWith(pattern.slice(0, -1)) : model === pattern)
