import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { keysQuery, modelsQuery } from '../../api/queries.ts'
import { useFilters } from '../../parts/filters.ts'
import { Icon } from '../../parts/icon.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Failed } from '../../parts/states.tsx'
import type { Parameters, Turn } from './chat.ts'
import { Composer } from './composer.tsx'
import { LaneColumn } from './lane.tsx'
import styles from './playground.module.css'
import { type Lane, useLane } from './use-lane.ts'

/** One prompt, to one model or to two beside each other. Which ones stands in the address; what was said stays in this page. */
export default function PlaygroundPage() {
  const { usual, error, retry } = useUsualModel()
  const [{ model = usual, beside }, setModels] = useFilters(['model', 'beside'])
  const [draft, setDraft] = useState('')
  const [system, setSystem] = useState('')
  const [parameters, setParameters] = useState<Parameters>({})
  const first = useLane()
  const second = useLane()
  const lanes = [
    {
      lane: first,
      model,
      onModel: (name: string) => setModels({ model: name }, 'keep'),
      label: 'Model',
    },
    ...(beside === undefined
      ? []
      : [{ lane: second, model: beside, onModel: (name: string) => setModels({ beside: name }, 'keep'), label: 'Beside it' }]),
  ]
  const isBusy = lanes.some(({ lane }) => lane.status === 'streaming')
  const close = () => {
    second.clear()
    setModels({ beside: undefined })
  }
  const send = () => {
    for (const { lane, model } of lanes) void lane.send(model.trim(), nextTurns(lane, draft), system, parameters)
    setDraft('')
  }
  const clear = () => {
    first.clear()
    second.clear()
  }
  return (
    <>
      <PageHead
        title="Playground"
        actions={
          <>
            {beside === undefined && (
              <Button
                variant="default"
                size="xs"
                leftSection={<Icon name="plus" size={14} />}
                onClick={() => setModels({ beside: '' }, 'keep')}
                disabled={isBusy}
              >
                Compare with another
              </Button>
            )}
            <Button variant="default" size="xs" onClick={clear} disabled={first.status === 'idle' && second.status === 'idle'}>
              Begin anew
            </Button>
          </>
        }
      >
        Real calls, with your keys and at their cost. They stand in your usage like any other.
      </PageHead>
      {error && <Failed error={error} retry={retry} />}
      <div className={styles.lanes}>
        {lanes.map((lane) => (
          <LaneColumn
            key={lane.label === 'Beside it' ? 'second' : 'first'}
            {...lane}
            system={system}
            draft={draft}
            parameters={parameters}
            onRemove={lane.label === 'Beside it' ? close : undefined}
          />
        ))}
      </div>
      <Composer
        draft={draft}
        onDraft={setDraft}
        system={system}
        onSystem={setSystem}
        parameters={parameters}
        onParameters={setParameters}
        isBusy={isBusy}
        hindrance={hindranceOf(
          lanes.map(({ model }) => model),
          draft,
        )}
        send={send}
        stop={() => lanes.map(({ lane }) => lane.stop())}
      />
    </>
  )
}

/** The first that somebody could try: of the provider whose key they have. */
function useUsualModel() {
  const keys = useQuery(keysQuery)
  const provider = keys.data?.items.find(({ isEnabled }) => isEnabled)?.provider
  const models = useQuery({ ...modelsQuery({ limit: 1, ...(provider ? { provider } : {}) }), enabled: provider !== undefined })
  const failed = keys.error ? keys : models
  return { usual: models.data?.items[0]?.model ?? '', error: failed.error, retry: failed.refetch }
}

/** What failed before anything was answered is replaced, not repeated. */
function nextTurns({ turns }: Lane, draft: string): Turn[] {
  const said = turns.at(-1)?.role === 'user' ? turns.slice(0, -1) : turns
  return [...said, { role: 'user', content: draft }]
}

function hindranceOf(models: string[], draft: string): string | undefined {
  if (models.some((model) => model.trim() === '')) return 'Choose a model first.'
  return draft.trim() === '' ? 'Write something first.' : undefined
}
