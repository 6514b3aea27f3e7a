import { createHash, timingSafeEqual } from 'node:crypto'

/** What looks at the `Authorization` of a request. How long it takes tells nothing of the token, which is not kept. */
export function createTokenCheck(
  token: string,
): (authorization: string | undefined) => 'right' | 'wrong' | 'missing' {
  const expected = digest(token)
  return (authorization) => {
    const [, given] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    if (given === undefined) return 'missing'
    return timingSafeEqual(digest(given), expected) ? 'right' : 'wrong'
  }
}

/** Of one length, whatever was given. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
