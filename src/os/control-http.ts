import { messageOf, SupervisorError } from '../lib/errors.ts'
import type { ControlHttpSpec, TlsSpec } from '../plan/plan.ts'
import type { ControlHttp, TlsFiles } from '../ports/control-http.ts'
import { type NamedFile, readNamedFile, refuseFile } from './secret-file.ts'
import { bindTcp, listen, type TcpSocket } from './tcp.ts'

/** Reads what control over TCP asks of clients. At the start to be called before root is given up: the files may be root's alone. Throws `START_REFUSED`. */
export async function readControlHttp(spec: ControlHttpSpec): Promise<ControlHttp> {
  const token = readToken({ field: 'control.http.tokenFile', path: spec.tokenFile })
  return { host: spec.host, token, tls: spec.tls && (await readTls(spec.tls)) }
}

/** Takes the address of control over TCP; nobody can connect before {@link listenForControl}. `own`: as of {@link bindTcp}. Throws `START_REFUSED`. */
export function bindForControl(
  { host, port }: ControlHttpSpec,
  own: readonly TcpSocket[] = [],
): Promise<TcpSocket> {
  return bindTcp({ host, port, isBlocking: false, reusesPort: false }, remedy, own)
}

/** Has clients of control over TCP come in. Throws `START_REFUSED`. */
export function listenForControl(socket: TcpSocket, own: readonly TcpSocket[] = []): void {
  listen(socket, mostWaiting, remedy, own)
}

const remedy = 'Choose another "control.http.port" (0: any free one) or host'
const mostWaiting = 128

/** As many as nobody guesses; 16 random bytes are 32 hexadecimal digits. */
const leastCharacters = 32
const mostCharacters = 1024

/** Without the newline at the end. */
function readToken(file: NamedFile): string {
  const token = readNamedFile(file, 'secret').trim()
  const make = '"openssl rand -hex 32" makes one'
  if (token === '') throw refuseFile(file, `it is empty; ${make}`)
  if (token.length < leastCharacters) {
    throw refuseFile(file, `its token has less than ${leastCharacters} characters; ${make}`)
  }
  if (token.length > mostCharacters) {
    throw refuseFile(file, `its token has more than ${mostCharacters} characters`)
  }
  // What RFC 6750 lets a client send.
  if (!/^[\w.~+/-]+=*$/.test(token)) {
    throw refuseFile(
      file,
      'its token has characters that no bearer token has: letters, digits and -._~+/ only',
    )
  }
  return token
}

async function readTls({ certFile, keyFile, clientCaFile }: TlsSpec): Promise<TlsFiles> {
  const field = (name: string) => `control.http.tls.${name}`
  const files = {
    cert: readNamedFile({ field: field('certFile'), path: certFile }, 'public'),
    key: readNamedFile({ field: field('keyFile'), path: keyFile }, 'secret'),
    clientCa:
      clientCaFile === null
        ? null
        : readNamedFile({ field: field('clientCaFile'), path: clientCaFile }, 'public'),
  }
  const [{ createSecureContext }, { X509Certificate }] = await Promise.all([
    import('node:tls'),
    import('node:crypto'),
  ])
  attempt(`${field('certFile')} ${certFile}`, () => new X509Certificate(files.cert))
  attempt(`${field('keyFile')} ${keyFile}`, () => createSecureContext(files))
  // OpenSSL takes what is no certificate for none at all: nobody would be let in.
  const { clientCa } = files
  if (clientCa !== null) {
    attempt(`${field('clientCaFile')} ${clientCaFile}`, () => new X509Certificate(clientCa))
  }
  return files
}

/** What OpenSSL says of a file has nothing of what is in it. */
function attempt(what: string, use: () => unknown): void {
  try {
    use()
  } catch (error) {
    throw new SupervisorError('START_REFUSED', `cannot use ${what}: ${messageOf(error)}`)
  }
}
