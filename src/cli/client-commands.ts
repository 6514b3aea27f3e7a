/** The commands that speak to a running Ringmaster, as one bundle. Each returns what it prints. */
export { statusCommand } from './status.ts'
