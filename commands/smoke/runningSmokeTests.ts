/** Raw files of smoke tests by data set, with their creation times: each lies there as long as its test is under way. */
export type TestsUnderWay = ReadonlyMap<string, Date>;

/**
 * The test that goes first where two began at once: the one whose raw file is older. Services tell creation times in whole seconds, so both
 * of the same second give way; none of a pair that has seen each other may go on beside the other.
 */
export function testBefore(underWay: TestsUnderWay, dataset: string): string | undefined {
  const own = underWay.get(dataset)?.getTime() ?? Infinity;
  return [...underWay].find(([other, since]) => other !== dataset && since.getTime() <= own)?.[0];
}
