import type { Provider, Providers } from '../providers/providers.ts'

/*
 * Which provider has a model, and under which name. A name tells its maker by how it begins (`claude-`), or by a prefix
 * (`anthropic/…`). Makers know their models by the bare name; OpenRouter and gateways sell everybody's, as
 * `maker/name`. What the catalogue lists (ai_models) goes before every rule.
 */

/** Who lists which model. */
export interface Catalogue {
  has(provider: string, model: string): boolean
  isListed(model: string): boolean
  /** The provider's own name of a model of Anthropic's, whose names differ by dots and endings. */
  spelling(provider: string, model: string): string | undefined
}

export function createCatalogue(rows: readonly { provider: string; model: string }[]): Catalogue {
  const listed = new Set(rows.map(({ provider, model }) => `${provider} ${model}`))
  const models = new Set(rows.map(({ model }) => model))
  const spellings = new Map(
    rows.filter(({ model }) => /(^|\/)claude-/.test(model)).map(({ provider, model }) => [`${provider} ${plain(model)}`, model]),
  )
  return {
    has: (provider, model) => listed.has(`${provider} ${model}`),
    isListed: (model) => models.has(model),
    spelling: (provider, model) => spellings.get(`${provider} ${plain(model)}`),
  }
}

const plain = (model: string) =>
  model
    .replace(/-latest$/, '')
    .replaceAll('.', '-')
    .replace(/-0$/, '')

/** Of every maker, how the names of its models begin. */
const makers: readonly [maker: string, beginnings: RegExp][] = [
  ['anthropic', /^claude-/],
  ['google', /^(?:gemini|gemma|imagen|veo|learnlm)-|^text-embedding-0/],
  ['xai', /^grok-/],
  [
    'openai',
    /^(?:gpt|chatgpt|codex|computer-use|dall-e|omni|sora|tts|whisper|babbage|davinci)-|^o\d(?:$|-)|^text-embedding-(?:3|ada)-|^text-moderation-|^ft:/,
  ],
]

/** They sell models of all makers, each maker under a prefix. */
const resellers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  openrouter: { openai: 'openai', anthropic: 'anthropic', google: 'google', xai: 'x-ai' },
  gateway: { openai: 'openai', anthropic: 'anthropic', google: 'google', xai: 'xai' },
}

/** They invent their answers, so nothing goes there that was not meant for them. */
const forTrying = new Set(['mock'])

/** For calls that name no model. Other providers need one. */
const defaults: Readonly<Record<string, string>> = {
  openai: 'gpt-5-mini',
  openrouter: 'openai/gpt-4o-mini',
  anthropic: 'claude-haiku-4-5',
  xai: 'grok-4-fast',
  gateway: 'openai/gpt-5-mini',
}

/** What a model hint says, before it is known who will serve it. */
export type Wanted =
  | { readonly kind: 'any' }
  /** Of a maker whom we know. */
  | { readonly kind: 'made'; readonly hint: string; readonly maker: string; readonly bare: string; readonly isPrefixed: boolean }
  /** Something that one reseller alone has. */
  | { readonly kind: 'sold'; readonly hint: string; readonly by: string }
  /** With a prefix that we do not know. */
  | { readonly kind: 'foreign'; readonly hint: string }
  | { readonly kind: 'unknown'; readonly hint: string }

export function readHint(text: string | undefined, providers: Pick<Providers, 'find'>): Wanted {
  const hint = text?.trim() ?? ''
  if (hint === '') return { kind: 'any' }
  const slash = hint.indexOf('/')
  if (slash < 0) {
    const maker = makers.find(([, beginnings]) => beginnings.test(hint))?.[0]
    return maker === undefined ? { kind: 'unknown', hint } : { kind: 'made', hint, maker, bare: hint, isPrefixed: false }
  }
  const maker = providers.find(hint.slice(0, slash))?.id
  const bare = hint.slice(slash + 1)
  if (maker === undefined) return { kind: 'foreign', hint }
  if (maker in resellers) return { kind: 'sold', hint, by: maker }
  // `:free` and the like are OpenRouter's own.
  if (bare.includes(':') && !bare.startsWith('ft:')) return { kind: 'sold', hint, by: 'openrouter' }
  return { kind: 'made', hint, maker, bare, isPrefixed: true }
}

/** The name to send to this provider; undefined where it does not have the model. */
export function nameAt({ id }: Pick<Provider, 'id'>, wanted: Wanted, catalogue: Catalogue): string | undefined {
  if (wanted.kind === 'any') return defaults[id]
  const { hint } = wanted
  if (catalogue.has(id, hint)) return hint
  const isReseller = id in resellers
  switch (wanted.kind) {
    case 'made': {
      if (id === wanted.maker) return wanted.isPrefixed ? ownName(wanted, catalogue) : hint
      return isReseller ? resoldName(id, wanted, catalogue) : undefined
    }
    case 'sold':
      return id === wanted.by ? hint : undefined
    case 'foreign':
      return isReseller || !(isMaker(id) || forTrying.has(id)) ? hint : undefined
    case 'unknown':
      return catalogue.isListed(hint) || forTrying.has(id) ? undefined : hint
  }
}

const isMaker = (id: string) => makers.some(([maker]) => maker === id)

interface Made {
  maker: string
  bare: string
}

function ownName({ maker, bare }: Made, catalogue: Catalogue): string {
  if (maker !== 'anthropic' || catalogue.has(maker, bare)) return bare
  return catalogue.spelling(maker, bare) ?? bare.replaceAll('.', '-')
}

function resoldName(reseller: string, { maker, bare }: Made, catalogue: Catalogue): string | undefined {
  const prefix = resellers[reseller]?.[maker]
  // The makers that an operator added are nobody's to sell, and a fine-tuned model is its owner's.
  if (prefix === undefined || bare.startsWith('ft:')) return undefined
  if (maker !== 'anthropic') return `${prefix}/${bare}`
  const listed = catalogue.spelling(reseller, `${prefix}/${bare}`)
  if (listed !== undefined) return listed
  // A dated one is not sold as such, and another one in its place was not asked for.
  if (/-\d{8}$/.test(bare)) return undefined
  return `${prefix}/${bare
    .replace(/-latest$/, '')
    .replace(/-(\d+)-(\d{1,2})(?=-|$)/, '-$1.$2')
    .replace(/(\d)\.0(?=-|$)/, '$1')}`
}

/** One spelling for all names of a model, to compare what a token may call with what is called. */
export function canonicalName(text: string, providers: Pick<Providers, 'find'>): string {
  const wanted = readHint(text, providers)
  if (wanted.kind === 'any') return ''
  return wanted.kind === 'made' ? `${wanted.maker}/${wanted.maker === 'anthropic' ? plain(wanted.bare) : wanted.bare}` : wanted.hint
}
