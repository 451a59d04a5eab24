import { z } from 'zod'

/** How every refusal of ours looks (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string().describe('A sentence for the person.'),
    status: z.int(),
    code: z.string().describe('Stable, for programs: domain.name.'),
    hint: z.string().optional().describe('What can be done about it.'),
    requestId: z.string().optional(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('One per field that was wrong.'),
  })
  .meta({ id: 'Problem' })

export type Problem = z.infer<typeof problemSchema>
