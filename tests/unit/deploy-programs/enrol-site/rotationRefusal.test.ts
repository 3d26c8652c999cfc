import { rotationRefusal } from '../../../../deploy-programs/enrol-site/rotationRefusal';

const handedOverAt = new Date('2026-11-01T08:00:00Z');
const now = new Date('2026-11-01T08:10:00Z');
const inUse = (serial: number, replaces?: number) => ({ serial, replaces, handedOverAt });
const asked = (serial: number, overlap = true) => ({ serial, overlap, takeUpSeconds: 1_800 });

it('takes any number first, the same number again, and the next one', () => {
  expect(rotationRefusal(asked(5), undefined, now)).toBeUndefined();
  expect(rotationRefusal(asked(5), inUse(5, 4), now)).toBeUndefined();
  expect(rotationRefusal(asked(2), inUse(1), now)).toBeUndefined();
});

it('skips no number, because the certificate in use would not count beside the one after the next', () => {
  expect(rotationRefusal(asked(3), inUse(1), now)).toMatch(/^expected edgeSite\.certificateSerial 2, got 3/);
  expect(rotationRefusal(asked(3, false), inUse(1), now)).toBeUndefined();
});

it('goes back to no number', () => {
  expect(rotationRefusal(asked(1), inUse(2, 1), now)).toMatch(/^expected edgeSite\.certificateSerial 3, got 1/);
  expect(rotationRefusal(asked(1, false), inUse(2, 1), now)).toMatch(/numbers go up/);
});

it('waits until the site must have switched, unless the overlap is given up', () => {
  expect(rotationRefusal(asked(3), inUse(2, 1), now)).toMatch(/until 2026-11-01T08:30:00\.000Z the site may still use certificate 1/);
  expect(rotationRefusal(asked(3, false), inUse(2, 1), now)).toBeUndefined();
  expect(rotationRefusal(asked(3), inUse(2, 1), new Date('2026-11-01T08:30:00Z'))).toBeUndefined();
});
