import { type ChatUsage, streamChat } from '@keyloft/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { serverUrl } from '../../place.ts'
import { bodyOf, type Parameters, type Turn } from './chat.ts'

interface LaneState {
  /** What was said, the present answer not among it until it has ended. */
  turns: Turn[]
  answer: string
  status: 'idle' | 'streaming' | 'stopped' | 'done' | 'failed'
  error?: unknown
  /** By which the call stands in the books. */
  requestId?: string | undefined
  reported?: ChatUsage
  firstMs?: number
  tookMs?: number
}

const nothing: LaneState = { turns: [], answer: '', status: 'idle' }

export type Lane = ReturnType<typeof useLane>

/** One conversation with one model. What was said stays when a call fails, so that it can be sent again. */
export function useLane() {
  const queries = useQueryClient()
  const [state, setState] = useState(nothing)
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const send = async (model: string, turns: Turn[], system: string, parameters: Parameters) => {
    running.current?.abort()
    const call = new AbortController()
    running.current = call
    const begun = performance.now()
    const since = () => performance.now() - begun
    const change = (changed: Partial<LaneState>) => {
      if (running.current === call) setState((before) => ({ ...before, ...changed }))
    }
    let answer = ''
    const finish = (status: LaneState['status'], error?: unknown) => {
      const said = answer === '' ? turns : [...turns, { role: 'assistant' as const, content: answer }]
      change({ status, error, tookMs: since(), turns: said, answer: '' })
      for (const key of ['usage', 'calls']) void queries.invalidateQueries({ queryKey: [key] })
    }
    setState({ ...nothing, turns, status: 'streaming' })
    try {
      const body = bodyOf(model, [{ role: 'system', content: system }, ...turns], parameters)
      const { requestId, pieces } = await streamChat({ url: serverUrl, signal: call.signal }, body)
      change({ requestId })
      for await (const { text, usage } of pieces) {
        if (answer === '' && text !== '') change({ firstMs: since() })
        answer += text
        change({ answer, ...(usage ? { reported: usage } : {}) })
      }
      finish('done')
    } catch (error) {
      if (call.signal.aborted) finish('stopped')
      else finish('failed', error)
    }
  }

  return {
    ...state,
    send,
    stop: () => running.current?.abort(),
    clear: useCallback(() => {
      running.current?.abort()
      running.current = undefined
      setState(nothing)
    }, []),
  }
}
