/**
 * The text of a template: `$(NAME)` is the value of a variable and stays as it is where there is none, `$$` is a dollar. What is put
 * in is not looked at again. Pure.
 */
export function fillReferences(
  template: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return template.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (match, name?: string) => {
    if (name === undefined) return '$'
    return Object.hasOwn(env, name) ? (env[name] ?? match) : match
  })
}
