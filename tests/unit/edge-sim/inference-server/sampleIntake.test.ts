import { SampleIntake } from '../../../../edge-sim/inference-server/sampleIntake';

it('holds the source back when much is waiting and lets it go on when little is left, in order and without loss', async () => {
  const intake = new SampleIntake(100, 20);
  let highest = 0;
  const source = (async () => {
    for (let index = 0; index < 5_000; index += 1) {
      await intake.add(Buffer.from(String(index)));
      highest = Math.max(highest, intake.length);
    }
  })();
  const seen: number[] = [];
  while (seen.length < 5_000) seen.push(...(await intake.take(7)).map(Number));
  await source;
  expect(seen).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
  expect(highest).toBeLessThanOrEqual(100);
});

it('releases a held source and the waiting reader when it closes', async () => {
  const intake = new SampleIntake(1, 0);
  const held = intake.add(Buffer.from('1'));
  await intake.take(1);
  const taking = intake.take(1);
  intake.close();
  await held;
  expect(await taking).toEqual([]);
});
