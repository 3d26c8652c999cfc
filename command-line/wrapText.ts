/** Lines of at most `width` characters, broken at a space where there is one in the second half, else after a slash, else within the word. */
export const wrap = (text: string, width: number): string[] => {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const [space, slash] = [rest.lastIndexOf(' ', width), rest.lastIndexOf('/', width - 1) + 1];
    const cut = space > width / 2 ? space : slash > width / 2 ? slash : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
};

/** A line that goes on indented where it is wider than `width`; without a width it stays one line. */
export function hanging(text: string, width: number | undefined, indent = 4): string[] {
  if (width === undefined || text.length <= width) return [text];
  const own = text.length - text.trimStart().length;
  const [first = '', ...rest] = wrap(text.slice(own), width - own - indent);
  return [' '.repeat(own) + first, ...rest.map((line) => ' '.repeat(own + indent) + line)];
}
