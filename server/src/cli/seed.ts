import type { Output } from './output.ts'

export async function seed(_output: Output): Promise<void> {}
