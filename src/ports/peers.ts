/** Who is at the other end of a connection. */
export interface Peer {
  /** 0: in no PID namespace of ours. */
  readonly pid: number
  readonly uid: number
  /** Root, or the user that Ringmaster is or was started as. */
  readonly isOwn: boolean
  /** It comes of Ringmaster: a process that it has started, directly or not. True also where that cannot be told. */
  readonly isDescendant: boolean
}

export interface Peers {
  /** Of the connected UNIX socket `fd`; undefined when the kernel does not tell. */
  of(fd: number): Peer | undefined
}
