/** Connects by TCP, to addresses in digits and without encryption. It knows no time: who asks ends what takes too long. */
export interface Tcp {
  connect(host: string, port: number, listener: TcpListener): TcpConnection
}

export interface TcpConnection {
  /** To be called once it is connected. */
  send(bytes: Uint8Array): void
  /** Ends it; nothing is told from then on. */
  close(): void
}

/** Nothing is told before {@link Tcp.connect} has returned. */
export interface TcpListener {
  /** It is connected. */
  open(): void
  /** What the other side has sent since, as latin1. */
  data(text: string): void
  /** Nothing more comes, and it is closed: null: the other side ended it in order; else a name such as ECONNREFUSED says why. */
  end(code: string | null): void
}
