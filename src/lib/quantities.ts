/** What a quantity of Kubernetes says, in its unit: `64Mi` is 67108864, `1.5k` is 1500, `250m` is 0.25. NaN for what is none. */
export function parseQuantity(text: string): number {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)(m|[kMGTPE]|[KMGTPE]i)?$/.exec(text) ?? []
  if (digits === undefined) return Number.NaN
  if (suffix === 'm') return Number(digits) / 1000
  const base = suffix.endsWith('i') ? 1024 : 1000
  const power = ['', 'K', 'M', 'G', 'T', 'P', 'E'].indexOf(suffix.charAt(0).toUpperCase())
  return Number(digits) * base ** power
}
