/** One clear line when this Node is too old for Pulumi's SDK, nothing otherwise. */
export function nodeVersionProblem(version: string): string | undefined {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1]);
  return major >= 22
    ? undefined
    : `The Pulumi program needs Node 22 or newer, this is ${version}; install the current Node LTS and try again.`;
}
