import { Button, Group } from '@mantine/core'
import { type InfiniteData, keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'

interface PageOf<T> {
  items: T[]
  nextCursor: string | null
}

/** A list of the API, page after page. What is asked otherwise keeps what is there until the answer has come. */
export function usePaged<T>(key: readonly unknown[], ask: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  })
}

export const rowsOf = <T,>({ pages }: InfiniteData<PageOf<T>>) => pages.flatMap(({ items }) => items)

export function More({ of }: { of: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  if (!of.hasNextPage) return null
  return (
    <Group justify="center" mt="sm">
      <Button variant="default" size="xs" loading={of.isFetchingNextPage} onClick={() => void of.fetchNextPage()}>
        Show more
      </Button>
    </Group>
  )
}
