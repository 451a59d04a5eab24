import type { Provider } from './provider.ts'

export const knownProviders = [
  {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    auth: 'bearer',
    verifyPath: '/models',
    keysAt: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com',
    auth: 'x-api-key',
    headers: { 'anthropic-version': '2023-06-01' },
    verifyPath: '/v1/models',
    keysAt: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'google',
    name: 'Google Gemini',
    aliases: ['gemini'],
    baseUrl: 'https://generativelanguage.googleapis.com',
    auth: 'x-goog-api-key',
    verifyPath: '/v1beta/models?pageSize=1',
    keysAt: 'https://aistudio.google.com/apikey',
  },
  { id: 'xai', name: 'xAI', baseUrl: 'https://api.x.ai/v1', auth: 'bearer', verifyPath: '/models', keysAt: 'https://console.x.ai' },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    auth: 'bearer',
    verifyPath: '/key', // its list of models is open to everybody
    keysAt: 'https://openrouter.ai/settings/keys',
  },
  {
    id: 'gateway',
    name: 'AI gateway',
    aliases: ['aigateway', 'vercel'],
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    auth: 'bearer',
    verifyPath: '/credits', // its list of models is open to everybody
    keysAt: 'https://vercel.com/docs/ai-gateway',
  },
  { id: 'cursor', name: 'Cursor', auth: 'bearer', keysAt: 'https://cursor.com/dashboard' },
] as const satisfies readonly Provider[]

export type KnownProviderId = (typeof knownProviders)[number]['id']
