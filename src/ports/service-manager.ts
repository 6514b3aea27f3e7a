/** Who has started Ringmaster and wants to hear how it is: systemd, or what speaks like it. */
export interface ServiceManager {
  /** How long Ringmaster may give no sign of life; null: for ever. */
  readonly watchdogMs: number | null
  /** Sends one message of sd_notify(3), without waiting; the name of the errno where it could not. */
  send(message: string): string | null
}
