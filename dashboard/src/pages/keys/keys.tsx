import { Anchor, Button, SimpleGrid, Stack, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { keysQuery, providersQuery } from '../../api/queries.ts'
import { Icon } from '../../parts/icon.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Loading, Shown } from '../../parts/states.tsx'
import { AddKey } from './add-key.tsx'
import { Consent } from './consent.tsx'
import { Gateway } from './gateway.tsx'
import { KeyCard } from './key-card.tsx'
import { Order } from './order.tsx'

export default function KeysPage() {
  const keys = useQuery(keysQuery)
  const providers = useQuery(providersQuery)
  const { add } = useSearch({ strict: false }) as { add?: unknown }
  const navigate = useNavigate()
  const open = (opened: boolean) =>
    void navigate({ to: '/keys', search: ((before: object) => ({ ...before, add: opened ? 1 : undefined })) as never, replace: true })
  const addButton = (
    <Button size="xs" leftSection={<Icon name="plus" size={14} />} onClick={() => open(true)}>
      Add a key
    </Button>
  )
  return (
    <>
      <PageHead title="Keys" actions={addButton}>
        Your keys at providers. Each is sealed for you alone and goes to its own provider only; nobody, not you either, is shown it again.
      </PageHead>
      <Stack gap="xl">
        <Shown query={keys} loading={<Loading rows={1} height={133} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="key" title="No keys yet" action={addButton}>
                Get one at your provider and add it here.{' '}
                <Anchor href="https://platform.openai.com/api-keys" target="_blank" rel="noopener noreferrer" size="sm">
                  OpenAI’s are here
                </Anchor>
                , for example.
              </Empty>
            ) : (
              <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
                {items.map((key) => (
                  <KeyCard key={key.id} of={key} provider={providers.data?.items.find(({ id }) => id === key.provider)} />
                ))}
              </SimpleGrid>
            )
          }
        </Shown>
        <Order keys={keys.data?.items ?? (keys.error ? [] : undefined)} />
        <section aria-labelledby="beyond">
          <Title order={2} id="beyond" mb="xs">
            Beyond your keys
          </Title>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
            <Consent />
            <Gateway />
          </SimpleGrid>
        </section>
      </Stack>
      <AddKey opened={add !== undefined} close={() => open(false)} />
    </>
  )
}
