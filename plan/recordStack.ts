import { recordProgram, type RecordedProgram } from './recordProgram';
import type { StackFile } from './stackFile';

/** What the parent process asks for. */
export interface RecordRequest extends StackFile {
  readonly preview: boolean;
}
export type RecordAnswer = { readonly recorded: RecordedProgram } | { readonly error: { readonly name: string; readonly message: string } };

/** The program runs in a process of its own, since the SDK keeps one program's state in its modules. */
function answer(message: RecordAnswer): void {
  process.send?.(message, undefined, undefined, () => process.exit(0));
}
const failed = (error: unknown) =>
  answer({
    error: { name: error instanceof Error ? error.name : 'Error', message: error instanceof Error ? error.message : String(error) },
  });

// What an apply throws reaches nobody but the process.
process.on('unhandledRejection', failed);
process.on('uncaughtException', failed);
process.on('disconnect', () => process.exit(1));
process.once('message', (request: RecordRequest) => {
  recordProgram({ ...request, program: async () => (await import('../index')).default as unknown as Record<string, unknown> }).then(
    (recorded) => answer({ recorded }),
    failed,
  );
});
