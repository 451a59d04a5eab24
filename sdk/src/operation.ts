import type { Operations } from './generated/operations.ts'

/** What the generator writes of a route. */
interface Operation {
  params?: object
  query?: object
  body?: unknown
  reply: unknown
  idempotent?: true
}

/** What a route is sent, beside its path. */
export type RequestOf<Name extends keyof Table, Table = Operations> = Omit<Table[Name], 'reply' | 'idempotent'> &
  (Table[Name] extends { idempotent: true }
    ? {
        /** Sent again with the same key, it happens once, and the first reply is given again. */
        idempotencyKey?: string | undefined
      }
    : unknown) & {
    signal?: AbortSignal | undefined
  }

/** What a route answers. */
export type ReplyOf<Name extends keyof Table, Table = Operations> = Table[Name] extends Operation ? Table[Name]['reply'] : never

type PathOf<Name, Method extends string> = Name extends `${Method} ${infer Path}` ? Path : never

type Send<Method extends string, Table> = <Path extends PathOf<keyof Table, Method>>(
  path: Path,
  ...request: object extends RequestOf<`${Method} ${Path}` & keyof Table, Table>
    ? [request?: RequestOf<`${Method} ${Path}` & keyof Table, Table>]
    : [request: RequestOf<`${Method} ${Path}` & keyof Table, Table>]
) => Promise<ReplyOf<`${Method} ${Path}` & keyof Table, Table>>

/** A function for each method, which takes the paths that have it. */
export interface Client<Table> {
  get: Send<'GET', Table>
  post: Send<'POST', Table>
  put: Send<'PUT', Table>
  patch: Send<'PATCH', Table>
  delete: Send<'DELETE', Table>
}
