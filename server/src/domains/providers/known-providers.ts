import { openAiPaths, type Provider, resellerPaths } from './provider.ts'

export const knownProviders = [
  {
    id: 'openai',
    name: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    auth: 'bearer',
    paths: openAiPaths,
    verifyPath: '/models',
    keysAt: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    baseUrl: 'https://api.anthropic.com',
    auth: 'x-api-key',
    headers: { 'anthropic-version': '2023-06-01' },
    paths: {
      'chat.completions': '/v1/chat/completions',
      messages: '/v1/messages',
      'messages.count_tokens': '/v1/messages/count_tokens',
    },
    verifyPath: '/v1/models',
    keysAt: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'google',
    name: 'Google Gemini',
    aliases: ['gemini'],
    baseUrl: 'https://generativelanguage.googleapis.com',
    auth: 'x-goog-api-key',
    paths: {
      'chat.completions': '/v1beta/openai/chat/completions',
      embeddings: '/v1beta/openai/embeddings',
      'images.generations': '/v1beta/openai/images/generations',
      'gemini.models': '/v1beta/models',
    },
    // It goes on when nobody listens any more, and charges for it: docs/decisions/0030.
    whenClientLeaves: 'drain',
    verifyPath: '/v1beta/models?pageSize=1',
    keysAt: 'https://aistudio.google.com/apikey',
  },
  {
    id: 'xai',
    name: 'xAI',
    aliases: ['x-ai'],
    baseUrl: 'https://api.x.ai/v1',
    auth: 'bearer',
    paths: { 'chat.completions': '/chat/completions', responses: '/responses', 'images.generations': '/images/generations' },
    verifyPath: '/models',
    keysAt: 'https://console.x.ai',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    auth: 'bearer',
    paths: resellerPaths,
    verifyPath: '/key', // its list of models is open to everybody
    keysAt: 'https://openrouter.ai/settings/keys',
  },
  {
    id: 'gateway',
    name: 'AI gateway',
    aliases: ['aigateway', 'vercel'],
    baseUrl: 'https://ai-gateway.vercel.sh/v1',
    auth: 'bearer',
    paths: resellerPaths,
    verifyPath: '/credits', // its list of models is open to everybody
    keysAt: 'https://vercel.com/docs/ai-gateway',
  },
  { id: 'cursor', name: 'Cursor', auth: 'bearer', keysAt: 'https://cursor.com/dashboard' },
] as const satisfies readonly Provider[]

export type KnownProviderId = (typeof knownProviders)[number]['id']
