import { type ChatCompletionFunctionDefinition, computeChatCompletionTokenCount } from 'gpt-tokenizer/functionCalling'

type Count = (text: string) => number
type Json = Readonly<Record<string, unknown>>

/** How many tokens a request in one of OpenAI's forms has: its texts, and what frames them. Tools are counted as they are shown to the model. */
export function countPrompt(body: unknown, count: Count): number {
  const { messages, input, prompt, instructions, tools } = toObject(body)
  if (prompt !== undefined) return count(textOf(prompt))
  const said = [
    ...(typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : []),
    ...(typeof input === 'string' ? [{ role: 'user', content: input }] : toList(messages ?? input)),
  ].map(toObject)
  const functions = toList(tools).map(toObject).map(toFunction)
  const framed = computeChatCompletionTokenCount({ messages: said.map(toMessage), functions }, count)
  return framed + said.reduce((sum, message) => sum + countCalls(message, count), 0)
}

const toObject = (given: unknown): Json => (typeof given === 'object' && given !== null ? (given as Json) : {})
const toList = (given: unknown): readonly unknown[] => (Array.isArray(given) ? given : [])
const toText = (given: unknown): string => (typeof given === 'string' ? given : '')

function toMessage({ role, name, content, output, arguments: given }: Json) {
  const isCall = typeof given === 'string' // an item of a response, and no message
  return {
    role: toText(role) || (isCall ? 'assistant' : 'tool'),
    content: isCall ? `${toText(name)}${given}` : textOf(content ?? output),
    ...(typeof name === 'string' && !isCall && { name }),
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return toList(content)
    .map((part) => (typeof part === 'string' ? part : toText(toObject(part).text)))
    .join('')
}

/** Of a call of a tool that stands in the conversation. */
const framing = 3

function countCalls({ tool_calls: calls }: Json, count: Count): number {
  return toList(calls)
    .map((call) => toObject(toObject(call).function))
    .reduce((sum, { name, arguments: given }) => sum + framing + count(toText(name)) + count(toText(given)), 0)
}

/** Chat completions have the function within the tool, responses have them as one. */
function toFunction(tool: Json): ChatCompletionFunctionDefinition {
  const { name, description, parameters } = toObject(tool.function ?? tool)
  return {
    name: toText(name),
    ...(typeof description === 'string' && { description }),
    ...(typeof parameters === 'object' && parameters !== null && { parameters: parameters as { type: 'object' } }),
  }
}
