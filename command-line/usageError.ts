/** What the person who called the command can mend: said in one line. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
