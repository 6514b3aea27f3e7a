/** What control over TCP asks of clients: read before root is given up. */
export interface ControlHttp {
  /** As it is configured. */
  readonly host: string
  /** What clients have to show. Never to be written anywhere. */
  readonly token: string
  /** PEM; null: plain HTTP. */
  readonly tls: TlsFiles | null
}

export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** Null: clients need no certificate. */
  readonly clientCa: string | null
}
