/**
 * The text of a template: `$(NAME)` is the value of a variable and stays as it is where there is none, `$$` is a dollar. What is put
 * in is not looked at again. Pure.
 */
export function fillReferences(
  template: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return template.replace(references, (match, name?: string) => {
    if (name === undefined) return '$'
    return Object.hasOwn(env, name) ? (env[name] ?? match) : match
  })
}

/**
 * The variables in an order in which each comes after those that it refers to, so that it can have their values; else as they are.
 * One that refers to itself means what was there before, and a circle is cut where it is entered. Pure.
 */
export function inReferenceOrder(
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!Object.values(env).some((template) => template.includes('$('))) return env
  const ordered = new Map<string, string>()
  const entered = new Set<string>()
  // Not by recursion: a chain may be longer than the stack.
  const waiting = Object.keys(env).reverse()
  for (let name = waiting.at(-1); name !== undefined; name = waiting.at(-1)) {
    const template = env[name] ?? ''
    if (entered.has(name)) {
      ordered.set(name, template)
      waiting.pop()
    } else {
      entered.add(name)
      const others = namesIn(template).filter((other) => Object.hasOwn(env, other))
      waiting.push(...others.filter((other) => !entered.has(other)).reverse())
    }
  }
  return Object.fromEntries(ordered)
}

function namesIn(template: string): readonly string[] {
  return [...template.matchAll(references)].flatMap(([, name]) => name ?? [])
}

const references = /\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g
