import { z } from 'zod';

const timeoutMs = 10_000;
const maxPages = 50;
const page = z.object({ value: z.array(z.unknown()), nextLink: z.string().optional() });

/** Something that the service did not answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** `status` of the answer, where there was one. */
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** What is read from a service; a test answers instead. */
export type Ask = (url: string) => Promise<unknown>;

/** Asks with the token of somebody. */
export const askWith =
  (token: string): Ask =>
  async (url) => {
    const host = new URL(url).host;
    let answer: Response;
    try {
      answer = await fetch(url, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
    } catch (error) {
      throw new NoAnswer(`${host} did not answer: ${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message}`);
    }
    if (!answer.ok) {
      const text = (await answer.text().catch(() => '')).slice(0, 2_000);
      throw new NoAnswer(
        `${host} answered ${answer.status}${/"message"\s*:\s*"([^"]{1,200})/.exec(text)?.[1]?.replace(/^/, ': ') ?? ''}`,
        answer.status,
      );
    }
    return answer.json().catch(() => {
      throw new NoAnswer(`${host} answered something that is no JSON`);
    });
  };

/** All elements of a list, page by page, as far as they have the expected form. */
export async function askAll<T extends z.ZodType>(ask: Ask, url: string, element: T): Promise<z.output<T>[]> {
  const found: z.output<T>[] = [];
  let next: string | undefined = url;
  for (let pages = 0; next !== undefined && pages < maxPages; pages++) {
    const read = page.safeParse(await ask(next));
    if (!read.success) throw new NoAnswer(`${new URL(url).host} answered something that is no list`);
    for (const item of read.data.value) {
      const parsed = element.safeParse(item);
      if (parsed.success) found.push(parsed.data);
    }
    // The token goes nowhere but where it was meant for.
    next = read.data.nextLink !== undefined && new URL(read.data.nextLink).origin === new URL(url).origin ? read.data.nextLink : undefined;
  }
  return found;
}
