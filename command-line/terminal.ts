import { styleText } from 'node:util';

export interface Paint {
  ok(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

/** What a person sees. Colours only on a terminal that wants them; one live line only on a terminal. */
export interface Terminal {
  readonly paint: Paint;
  /** Columns of a terminal; a file or a pipe has none, and gets every row on one line. */
  readonly width: number | undefined;
  line(text: string): void;
  /** Replaces the live line; nothing on a pipe. */
  live(text: string): void;
}

export function createTerminal(stream: NodeJS.WriteStream, options: { quiet: boolean; environment: NodeJS.ProcessEnv }): Terminal {
  const coloured = stream.isTTY && (options.environment['NO_COLOR'] ?? '') === '' && options.environment['TERM'] !== 'dumb';
  const style = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  const width = Math.min(stream.columns ?? 80, 100);
  let shown = false;
  const clear = () => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  return {
    width: stream.isTTY ? stream.columns : undefined,
    paint: { ok: style('green'), bad: style('red'), dim: style('dim'), bold: style('bold') },
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    live(text) {
      if (!stream.isTTY || options.quiet) return;
      stream.write(`\r\u001b[2K${text.slice(0, width - 1)}`);
      shown = true;
    },
  };
}
