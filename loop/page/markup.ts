const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it may stand in markup: file names and reasons come from outside. */
export const text = (value: unknown): string => String(value).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

/** A value as a script may hold it, whatever the value's text contains. */
export const scriptValue = (value: unknown): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

export const table = (head: readonly string[], rows: readonly (readonly string[])[], name: string): string =>
  `<div class="scroll"><table class="${name}"><thead><tr>${head.map((heading) => `<th>${text(heading)}</th>`).join('')}</tr></thead><tbody>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`;
