import { deliveryIdOf, nameBasedUuid, packageIdOf } from '../../../contracts/nameBasedUuid';

it('gives the same names the same UUID for ever: role assignments, packages and deliveries are found by it', () => {
  expect([
    nameBasedUuid('role assignment', '/subscriptions/s/resourcegroups/g', 'principal', 'definition'),
    nameBasedUuid('Zürich'),
    packageIdOf('north', 'press-anomaly'),
    deliveryIdOf(packageIdOf('north', 'press-anomaly'), '1', 'aimm-1'),
  ]).toEqual([
    'da266cf7-a8af-5766-a43d-c46d51da3809',
    '9c43bdcf-c612-56a4-b51d-82869e70bd41',
    'd2b41431-7ec3-5163-8823-60784d4021ed',
    'e999016c-760a-5492-b1d1-ff3db22f97c3',
  ]);
});

it('keeps the parts of a name apart', () => {
  expect(nameBasedUuid('ab', 'c')).not.toBe(nameBasedUuid('a', 'bc'));
});
