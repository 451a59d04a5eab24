import { type ChatUsage, KeyloftError, streamChat, type UsageCallDetail } from '@keyloft/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { callQuery } from '../../api/queries.ts'
import { serverUrl } from '../../place.ts'
import { type Chat, toBody } from './as-code.ts'

export interface Run {
  state: 'idle' | 'running' | 'done' | 'stopped' | 'failed'
  text: string
  credential?: string | undefined
  usage?: ChatUsage
  /** As it stands in the books; they have it when the answer has ended. */
  booked?: UsageCallDetail
  firstTokenMs?: number
  ms?: number
  error?: unknown
}

const idle: Run = { state: 'idle', text: '' }

/** One call at a time. Whoever leaves the page stops it. */
export function useRun() {
  const queries = useQueryClient()
  const [run, setRun] = useState(idle)
  const aborting = useRef<AbortController>(undefined)
  useEffect(() => () => aborting.current?.abort(), [])

  const start = async (chat: Chat) => {
    aborting.current?.abort()
    const controller = new AbortController()
    aborting.current = controller
    const begun = performance.now()
    const change = (changed: Partial<Run>) => {
      if (aborting.current === controller) setRun((before) => ({ ...before, ...changed }))
    }
    setRun({ state: 'running', text: '' })
    let requestId: string | undefined
    try {
      const answer = await streamChat({ url: serverUrl, signal: controller.signal }, toBody(chat))
      requestId = answer.requestId
      change({ credential: answer.credential })
      let text = ''
      for await (const piece of answer.pieces) {
        if (piece.text !== '') {
          if (text === '') change({ firstTokenMs: performance.now() - begun })
          text += piece.text
          change({ text })
        }
        if (piece.usage) change({ usage: piece.usage })
      }
      change({ state: 'done', ms: performance.now() - begun })
    } catch (error) {
      change({
        state: controller.signal.aborted ? 'stopped' : 'failed',
        ms: performance.now() - begun,
        error: controller.signal.aborted ? undefined : error,
      })
      if (error instanceof KeyloftError && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] })
    }
    if (requestId === undefined) return
    const booked = await findBooked(() => queries.fetchQuery({ ...callQuery(requestId), retry: false, staleTime: 0 }))
    if (booked) change({ booked })
    void queries.invalidateQueries({ queryKey: ['usage'] })
    void queries.invalidateQueries({ queryKey: ['calls'] })
  }
  return { run, start, stop: () => aborting.current?.abort() }
}

const tries = 6

/** An answer that was stopped is settled a moment later. */
async function findBooked(ask: () => Promise<UsageCallDetail>): Promise<UsageCallDetail | undefined> {
  for (let attempt = 0; attempt < tries; attempt++) {
    const found = await ask().catch(() => undefined)
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt))
  }
  return undefined
}
