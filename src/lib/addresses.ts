/** Whether what goes to `host` stays on this machine. Of names, `localhost` alone is known to. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
