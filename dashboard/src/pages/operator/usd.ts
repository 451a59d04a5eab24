/** A rate in full: no digit that counts is dropped, and none is added but to make cents whole. */
export function formatUsd(decimal: string): string {
  const [, whole = '0', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(decimal) ?? []
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`
}
