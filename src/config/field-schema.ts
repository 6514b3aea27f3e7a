import type { TSchema } from '@sinclair/typebox'

/** A schema of this folder: JSON Schema, and what is said of a field besides. */
export interface FieldSchema extends TSchema {
  readonly type?: string | undefined
  readonly properties?: Readonly<Record<string, FieldSchema>> | undefined
  readonly patternProperties?: Readonly<Record<string, FieldSchema>> | undefined
  readonly items?: FieldSchema | undefined
  readonly anyOf?: readonly FieldSchema[] | undefined
  readonly required?: readonly string[] | undefined
  readonly const?: unknown
  /** What may be written, in words, where type and range do not say it well. */
  readonly allowed?: string | undefined
  /** What the keys of the map may be, in words. */
  readonly allowedKeys?: string | undefined
  /** Keys that users bring along and that belong under `kubernetes`. */
  readonly keptElsewhere?: readonly string[] | undefined
  /** Another way in which the value may be written; `resolveValues` turns it into the one of the schema. */
  readonly writtenAs?: WrittenAs | undefined
  /** The items of the list that the map may be written as, each with the key as its `name`; `resolveValues` makes it a map. */
  readonly asList?: FieldSchema | undefined
  /**
   * Variables that every instance has its own value for may stand in it, and it stays a template, in which `$$` is a dollar.
   * `text`: all of them. `number`: `${instance.number}` alone.
   */
  readonly template?: 'text' | 'number' | undefined
  /** What is known, but has no effect yet and so is refused: the whole field (`true`), or values of this form. */
  readonly notYet?: true | FieldSchema | undefined
  /** The required field that is not missing where this one is written. */
  readonly inPlaceOf?: string | undefined
  /** Published once under this name, and referred to. */
  readonly definition?: string | undefined
}

/**
 * `seconds`: `20s`. `signal`: `SIGTERM`. `words`: a command line. `scalar`: an unquoted number or boolean, kept letter by letter.
 * `octal`: octal digits, quoted or not. `path`: relative to the folder of the file. `replicas`: a number, or `auto`.
 */
export type WrittenAs = 'seconds' | 'signal' | 'words' | 'scalar' | 'octal' | 'path' | 'replicas'
