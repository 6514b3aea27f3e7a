/**
 * `lines` without ANSI sequences: colours, movements of the cursor, titles and links. An escape that begins none goes too. The
 * one-byte forms of ISO 6429 stay: they are parts of characters in UTF-8.
 */
export function stripAnsi(lines: Buffer): Buffer {
  if (!lines.includes(escapeByte)) return lines
  return Buffer.from(lines.toString('latin1').replace(sequences, ''), 'latin1')
}

const escapeByte = 0x1b

// A string such as a title ends with BEL or ESC \, and at the latest with its line. No part can match in two ways: the time is linear.
const controlSequence = '\\[[0-?]*[ -/]*[@-~]?'
const controlString = '[\\]P^_X][^\\x07\\x1b\\n]*(?:\\x07|\\x1b\\\\)?'
const sequences = new RegExp(
  `\\x1b(?:${controlSequence}|${controlString}|[ -/]*[0-Z\\\\\`-~])?`,
  'g',
)
