/** `memory: 81.3 MiB, limit 64 MiB`: what a run has, and may have. Pure. */
export function describeExcess(bytes: number, limitBytes: number): string {
  return `memory: ${inMebibytes(bytes)}, limit ${inMebibytes(limitBytes)}`
}

function inMebibytes(bytes: number): string {
  return `${Math.round((bytes / 2 ** 20) * 10) / 10} MiB`
}
