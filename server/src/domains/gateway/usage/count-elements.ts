/**
 * How many elements a JSON array has, without parsing them: an image in it may have millions of characters.
 * @param text an array that has been found to be whole
 */
export function countElements(text: string): number {
  let depth = 0
  let commas = 0
  let isEmpty = true
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    else if (character === ',' && depth === 1) commas++
    if (depth > 1 || (depth === 1 && /[^\s[]/.test(character ?? ''))) isEmpty = false
  }
  return isEmpty ? 0 : commas + 1
}

function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1
    while (text[before] === '\\') before--
    if ((at - before) % 2 === 1) return at
  }
  return text.length
}
