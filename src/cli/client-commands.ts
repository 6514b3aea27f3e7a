/** The commands that speak to a running Ringmaster, as one bundle. Each returns what it prints. */
export { orderCommand } from './order.ts'
export { signalCommand } from './signal.ts'
export { statusCommand } from './status.ts'
export { drainCommand, maintenanceCommand, shutdownCommand } from './supervisor.ts'
export { waitCommand } from './wait.ts'
