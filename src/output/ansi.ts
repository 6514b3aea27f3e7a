/**
 * `text`, bytes as latin1, without ANSI sequences: colours, movements of the cursor, titles and links. An escape that
 * begins none goes too. The one-byte forms of ISO 6429 stay: they are parts of characters in UTF-8.
 */
export function stripAnsi(text: string): string {
  return text.includes('\x1b') ? text.replace(sequences, '') : text
}

// A string such as a title ends with BEL or ESC \, and at the latest with its line. No part can match in two ways: the time is linear.
const controlSequence = '\\[[0-?]*[ -/]*[@-~]?'
const controlString = '[\\]P^_X][^\\x07\\x1b\\n]*(?:\\x07|\\x1b\\\\)?'
const sequences = new RegExp(
  `\\x1b(?:${controlSequence}|${controlString}|[ -/]*[0-Z\\\\\`-~])?`,
  'g',
)
