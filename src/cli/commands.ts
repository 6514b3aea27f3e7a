/** The commands that read a configuration, as one bundle. */
export { checkCommand } from './check.ts'
export { printYaml } from './print-yaml.ts'
export { renderCommand } from './render.ts'
export { runCommand } from './run.ts'
export { schemaCommand } from './schema.ts'
